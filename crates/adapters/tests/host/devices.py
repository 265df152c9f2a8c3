"""A collection of devices: each directory in PLACE/devices is one."""

import os
import sys
import threading

from instep_handler import Collection, Handler, Item, Problem, ProblemClass, serve

PLACE, MODE = sys.argv[1:3]


class Device(Handler):
    def __init__(self, device):
        self.device = device
        self.name = f"The {device}" if MODE != "loud" else f"THE {device.upper()}"

    def items(self):
        return [Item("photos", "Photos")]

    def synchronize(self, session):
        if self.device == "broken":
            os._exit(9)
        with session.item("photos") as work:
            work.progress("copying", 0, 1)
            with open(os.path.join(PLACE, "devices", self.device, "pid"), "w") as file:
                file.write(str(os.getpid()))
            work.done(created=1)


class Devices(Collection):
    stays = MODE == "watches"

    def hello(self, hello):
        assert hello.handler.split(":")[1:] == ([] if hello.partner is None else [hello.partner]), hello
        if MODE == "watches" and hello.partner is None:
            threading.Thread(target=self.watch, args=(hello.center,), daemon=True).start()

    def watch(self, center):
        known, over = self.partners(), threading.Event()
        while not over.wait(0.02):
            now = self.partners()
            if now != known:
                known = now
                center.update_partners()

    def partners(self):
        if MODE == "fails":
            raise Problem(ProblemClass.AUTH, "The bus is locked.")
        if MODE == "twice":
            return ["phone", "PHONE"]
        if MODE == "flickers":
            return [f"phone{os.getpid()}"]
        return sorted(os.listdir(os.path.join(PLACE, "devices")))

    def handler(self, partner):
        return Device(partner)


serve(Device("single") if MODE == "single" else Devices())
