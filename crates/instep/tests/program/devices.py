"""A collection of devices: each directory below the first argument is one, and has a folder of photos to be counted."""

import os
import sys

from instep_handler import Collection, Handler, Item, serve

PLACE = sys.argv[1]


class Device(Handler):
    def __init__(self, device):
        self.device = device
        self.name = f"The {device}"

    def items(self):
        return [Item("photos", f"Photos of the {self.device}"), Item("music", "Music")]

    def synchronize(self, session):
        for item in session.items:
            with session.item(item) as work:
                with open(os.path.join(PLACE, self.device, item), "a") as done:
                    done.write("synchronized\n")
                work.done(updated=1)


class Devices(Collection):
    stays = True

    def partners(self):
        return sorted(os.listdir(PLACE))

    def handler(self, partner):
        return Device(partner)


serve(Devices())
