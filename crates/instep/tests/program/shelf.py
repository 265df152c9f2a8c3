"""A program that starts itself and keeps shelves: what lies in HOME/SHELF/here is copied to HOME/SHELF/there.

It has all that a handler may have: options, previews, checks, conflicts that a person settles, undoing, following."""

import os
import shutil
import sys
import threading

from instep_handler import (
    Action, Conflict, Counts, Difference, Handler, Item, Outcome, Preview, Problem, ProblemClass, Verification, Version,
    serve,
)

HOME, SOCKET, *CALLED = sys.argv[1:]
SHELVES = {"top": "Top shelf", "low": "Low shelf"}


def files(shelf, side):
    place = os.path.join(HOME, shelf, side)
    return {name: open(os.path.join(place, name)).read() for name in sorted(os.listdir(place))}


class Shelves(Handler):
    name = "Shelves"

    def hello(self, hello):
        self.center = hello.center

    def items(self):
        return [Item(shelf, name) for shelf, name in SHELVES.items()]

    def check_options(self, options):
        if not set(options) <= {"only", "undo", "checksum"}:
            raise ValueError("there are the options `only` and `undo`")

    def changes(self, shelf, options):
        """What is to be copied, and what was changed there."""
        here, there = files(shelf, "here"), files(shelf, "there")
        wanted = {name for name in here if options.get("only", name) == name}
        new = sorted(wanted - set(there))
        both = sorted(name for name in wanted & set(there) if here[name] != there[name])
        return new, both

    def preview(self, item, options, look):
        new, both = self.changes(item, options)
        outcome = Outcome.NEEDS_DECISION if both else Outcome.DONE
        actions = [Action("create", name, why="new here") for name in new]
        return Preview(Counts(created=len(new), conflicts=len(both)), outcome, actions)

    def verify(self, item, options, look):
        here, there = files(item, "here"), files(item, "there")
        differences = [Difference(name, "missing" if name not in there else "content", "b")
                       for name in here if there.get(name) != here[name]]
        return Verification(differences, looked_at=(len(here), len(there)))

    def synchronize(self, session):
        for item in session.items:
            with session.item(item) as work:
                if "undo" in session.options:
                    for name in session.options["undo"]:
                        os.remove(os.path.join(HOME, item, "there", name))
                    work.done(deleted=len(session.options["undo"]))
                    continue
                new, both = self.changes(item, session.options)
                for name in new:
                    work.progress(name, 1, len(new))
                    shutil.copy(os.path.join(HOME, item, "here", name), os.path.join(HOME, item, "there", name))
                self.center.replace_conflicts(item, [
                    Conflict(name, item, name, versions=[Version("here", size=1), Version("there", size=1)])
                    for name in both])
                with open(os.path.join(HOME, f"run-{session.run}"), "w") as made:
                    made.write("\n".join([item, *new]))
                work.done(created=len(new))
                if both:
                    work.fail(Problem(ProblemClass.CONFLICT, "Both changed."), Outcome.NEEDS_DECISION)

    def undo_options(self, run):
        try:
            with open(os.path.join(HOME, f"run-{run}")) as made:
                return {"undo": made.read().split("\n")[1:]}
        except FileNotFoundError:
            return None

    def resolve(self, conflict, choice):
        if choice.keep != "one":
            raise Problem(ProblemClass.CONFIG, "A shelf can keep one of both.")
        sides = ["here", "there"] if choice.index == 0 else ["there", "here"]
        source, target = (os.path.join(HOME, conflict.item, side, conflict.path) for side in sides)
        shutil.copy(source, target)
        self.center.remove_conflicts(conflict.item, [conflict.id])

    def content(self, conflict, version, limit):
        if version is None:
            return None
        with open(os.path.join(HOME, conflict.item, ["here", "there"][version], conflict.path), "rb") as file:
            return file.read(limit)

    def follow(self, item, runner):
        over = threading.Event()

        def watch():
            runner.following()
            known = None
            while not over.wait(0.02):
                now = files(item, "here")
                if now != known:
                    known = now
                    if runner.run() is None:
                        return

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()

        def end():
            over.set()
            watching.join()

        return end


serve(Shelves(), path=SOCKET, identifier=CALLED[0] if CALLED else "shelves")
