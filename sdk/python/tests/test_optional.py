"""What a handler may write beside what it must, against a center that is played by the test."""

from __future__ import annotations

import threading
import unittest
from typing import Any, Callable, Mapping, Optional, Sequence

from instep_handler import (
    Action,
    Choice,
    Conflict,
    Counts,
    Decided,
    Difference,
    Event,
    Handler,
    Hello,
    Icon,
    Level,
    Look,
    Merge,
    Note,
    Operation,
    Outcome,
    Preview,
    Problem,
    ProblemClass,
    Runner,
    Session,
    Verification,
    Version,
)

from test_handler import Center, Shelves

TEXT = ("a line, and an \u00e4\u0001\n" * 3000).encode()


def conflict(name: str = "p", item: str = "s0") -> Conflict:
    return Conflict(name, item, name, versions=[Version("here", size=1, stamp="\udcff"), Version("there", deleted=True)])


class Able(Shelves):
    """Has everything."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.runner: Optional[Runner] = None
        self.ended = threading.Event()

    def hello(self, hello: Hello) -> None:
        super().hello(hello)
        self.center = hello.center

    def preview(self, item: str, options: Mapping[str, Any], look: Look) -> Preview:
        if "fails" in options:
            raise Problem(ProblemClass.SAFETY, "It is not there.")
        while "waits" in options:
            look.looked_at(1, "somewhere")
        actions = [Action("create", f"dir/{n}-{'x' * 200}") for n in range(500)]
        return Preview(
            counts=Counts(created=500), actions=actions, conflicts=[conflict()], notes=[Note("\udcff", "odd")]
        )

    def verify(self, item: str, options: Mapping[str, Any], look: Look) -> Verification:
        return Verification([Difference("a", "missing", side="b")], looked_at=(1, 2**60))

    def undo_options(self, run: int) -> Optional[Mapping[str, Any]]:
        return {"undo": run} if run == 7 else None

    def follow(self, item: str, runner: Runner) -> Optional[Callable[[], None]]:
        if item == "s9":
            return None
        self.runner = runner
        return self.ended.set

    def settle(self, session: Session, decided: Sequence[Decided]) -> None:
        self.heard += [(one.conflict.path, one.choice.keep, one.choice.content) for one in decided]
        for one, answer in zip(decided, (Decided.settled, Decided.changed)):
            answer(one)

    def resolve(self, conflict: Conflict, choice: Choice) -> Optional[str]:
        self.heard.append((conflict.versions[0].stamp, choice))
        return "refresh"

    def abilities(self, conflict: Conflict) -> Sequence[str]:
        return ["keep_other", "keep_recent"]

    def content(self, conflict: Conflict, version: Optional[int], limit: int) -> Optional[bytes]:
        return None if version is None else TEXT

    def merge(self, conflict: Conflict) -> Optional[Merge]:
        return Merge(b"both", overlaps=1)

    def look_again(self, conflict: Conflict) -> Optional[Conflict]:
        return None if conflict.path == "gone" else conflict

    def find_copies(self, item: str) -> Sequence[Conflict]:
        return [conflict(f"{n:03}-{'x' * 300}", item) for n in range(300)]

    def conflicts(self, item: Optional[str]) -> Sequence[Conflict]:
        return [conflict(f"{n:03}-{'x' * 300}") for n in range(300)]

    def remove_conflicts(self, item: str, conflicts: Sequence[str]) -> None:
        self.heard.append((item, conflicts))

    def events(self, item: Optional[str]) -> Sequence[Event]:
        return [Event(n, 1, Level.WARNING, "Seen", "x" * 200, item) for n in range(500)]

    def remove_events(self, item: Optional[str], events: Sequence[int]) -> None:
        self.heard.append((item, events))

    def icon(self, item: Optional[str]) -> Optional[Icon]:
        return Icon("image/png", b"\xff\x00") if item is None else None

    def adopt(self, item: str, name: Optional[str]) -> None:
        self.heard.append((item, name))

    def delete_item(self, item: str) -> None:
        self.heard.append(item)

    def ui_operation(self, action: str, item: Optional[str]) -> Optional[Operation]:
        return Operation.confirm("Really?", self.heard.append) if action == "query_before_disable" else None

    def event_link(self, event: Event) -> Optional[Operation]:
        return Operation.open(str(event.link_reference))


class WhatMayBeWritten(unittest.TestCase):
    """Asked for when it is written, and not otherwise."""

    def setUp(self) -> None:
        self.handler = Able()
        self.center = Center(self.handler)
        self.addCleanup(self.center.close)
        self.abilities = set(self.center.hello()["result"]["abilities"])

    def ask(self, method: str, **params: Any) -> Any:
        return self.center.ask(method, **params)["result"]

    def whole(self, look: int, first: Mapping[str, Any], of: str = "bytes") -> str:
        text: str = first[of]
        more = first["more"]
        while more:
            part = self.ask("part", look=look, **{"from": len(text.encode())})
            text, more = text + part["bytes"], part["more"]
        self.ask("forget_parts", look=look)
        return text

    def pages(self, of: str, method: str) -> list[Any]:
        found: list[Any] = []
        after: Optional[str] = None
        while True:
            page = self.ask(method, **({} if after is None else {"after": after}))
            found, after = found + page[of], page.get("next")
            if after is None:
                return found

    def test_what_is_written_is_what_the_center_hears_of(self) -> None:
        common = {"options", "command_line"}
        optional = {"adopt", "content", "copies", "follow", "look_again", "preview", "resolve", "settle", "ui", "undo", "verify"}
        self.assertEqual(self.abilities, common | optional)
        plain = Center(Shelves())
        self.addCleanup(plain.close)
        self.assertEqual(set(plain.hello()["result"]["abilities"]), common)
        error = plain.ask("preview", look=1, item="s0", options={})["error"]
        self.assertEqual((error["code"], "preview" in error["message"]), (-32003, True))

    def test_a_preview_comes_with_rows_in_pages(self) -> None:
        found = self.ask("preview", look=1, item="s0", options={})
        self.assertEqual((found["expected"], found["actions"], found["notes"]), ("done", 500, 1))
        rows: list[Any] = []
        while len(rows) < 500:
            rows += self.ask("rows", look=1, of="actions", **{"from": len(rows)})["actions"]
        self.assertEqual(len({row["path"] for row in rows}), 500)
        notes = self.ask("rows", look=1, of="notes", **{"from": 0})["notes"]
        self.assertEqual(notes[0]["path"], {"base64": "/w=="})
        self.ask("forget_rows", look=1)
        self.assertIn("error", self.center.ask("rows", look=1, of="notes", **{"from": 0}))
        error = self.center.ask("preview", look=2, item="s0", options={"fails": 1})["error"]
        self.assertEqual(error["data"]["class"], "safety")

    def test_a_look_that_nobody_waits_for_is_given_up(self) -> None:
        stop = threading.Event()

        def cancel() -> None:
            while not stop.wait(0.01):
                self.center.send(method="cancel_look", params={"look": 3})

        pusher = threading.Thread(target=cancel)
        pusher.start()
        error = self.center.ask("preview", look=3, item="s0", options={"waits": 1})["error"]
        stop.set()
        pusher.join()
        self.assertEqual(error["data"]["outcome"], "canceled")

    def test_a_check_says_what_differs(self) -> None:
        found = self.ask("verify", look=1, item="s0", options={})
        self.assertEqual(found["differences"], [{"path": "a", "kind": "missing", "side": "b"}])
        self.assertEqual(found["looked_at"], [1, str(2**60)])

    def test_content_comes_in_parts(self) -> None:
        params = {"conflict": conflict().to_json(), "limit": 1 << 20}
        self.assertEqual(self.whole(4, self.ask("content", look=4, version=0, **params)), TEXT.decode())
        self.assertEqual(self.ask("content", look=5, **params), {})
        found = self.ask("merge", look=6, conflict=conflict().to_json())
        self.assertEqual((self.whole(6, found, "text"), found["overlaps"]), ("both", 1))
        self.assertEqual(self.ask("icon", look=7)["bytes"], {"base64": "/wA="})
        self.assertEqual(self.ask("icon", look=8, item="s0"), {})

    def test_conflicts_are_settled_and_each_is_answered_for(self) -> None:
        self.ask("send_content", sent=9, bytes="ab")
        self.ask("send_content", sent=9, bytes={"base64": "/w=="})
        choices = [{"keep": "other", "sent": 9}, {"keep": "recent"}, {"keep": "items", "items": [{"index": 1}]}]
        decided = [
            {"place": place, "conflict": conflict(str(place)).to_json(), "choice": choice}
            for place, choice in enumerate(choices)
        ]
        self.ask("settle_more", turn=1, decided=decided[:2])
        self.ask("settle_more", turn=1, decided=decided[2:])
        self.center.ask("synchronize", turn=1, items=["s0"], settle=True)
        self.assertEqual(self.handler.heard[:2], [("0", "other", b"ab\xff"), ("1", "recent", None)])
        told = [params for method, params in self.center.told if method == "report_settlement"]
        said = [(params["place"], params["settlement"]["is"]) for params in told]
        self.assertEqual(said, [(0, "settled"), (1, "changed")])

    def test_one_conflict_is_settled(self) -> None:
        told = conflict().to_json()
        self.assertEqual(self.ask("get_abilities", conflict=told)["abilities"], ["keep_other", "keep_recent"])
        answer = self.ask("resolve_conflict", conflict=told, choice={"keep": "one", "index": 1})
        stamp, choice = self.handler.heard[0]
        self.assertEqual((answer["feedback"], stamp, choice.index), ("refresh", "\udcff", 1))
        self.assertEqual(self.ask("look_again", conflict=told)["conflict"]["path"], "p")
        self.assertEqual(self.ask("look_again", conflict=conflict("gone").to_json()), {})
        self.assertEqual(self.ask("find_copies", look=2, item="s0")["conflicts"], 300)
        self.assertTrue(self.ask("rows", look=2, of="conflicts", **{"from": 299})["conflicts"])

    def test_a_choice_that_makes_no_sense_reaches_no_handler(self) -> None:
        told = conflict().to_json()
        wrong: Mapping[str, Mapping[str, Any]] = {
            "version 2 was chosen, but there are 2": {"keep": "one", "index": 2},
            "version -1 was chosen": {"keep": "one", "index": -1},
            "no version was chosen": {"keep": "items", "items": []},
            "version 0 was chosen twice": {"keep": "items", "items": [{"index": 0}, {"index": 0}]},
            "cannot be settled this way": {"keep": "all"},
        }
        for why, choice in wrong.items():
            error = self.center.ask("resolve_conflict", conflict=told, choice=choice)["error"]
            self.assertEqual((error["data"]["class"], why in error["message"]), ("config", True), error)
        same = Version("here", size=1, modified=7), Version("there", size=1, modified=7)
        for keep in ("recent", "largest"):
            tie = Conflict("p", "s0", "p", versions=same).to_json()
            error = self.center.ask("resolve_conflict", conflict=tie, choice={"keep": keep})["error"]
            self.assertIn("than all others", error["message"])
        decided = [{"place": 0, "conflict": told, "choice": {"keep": "all"}}]
        self.ask("settle_more", turn=1, decided=decided)
        self.center.ask("synchronize", turn=1, items=["s0"], settle=True)
        said = [params["settlement"] for method, params in self.center.told if method == "report_settlement"]
        self.assertEqual((self.handler.heard, said[0]["is"], said[0]["problem"]["class"]), ([], "failed", "config"))

    def test_an_item_is_followed_until_it_is_not(self) -> None:
        self.assertFalse(self.ask("follow", follow=1, item="s9")["follows"])
        self.assertTrue(self.ask("follow", follow=2, item="s0")["follows"])
        runner = self.handler.runner
        assert runner is not None
        runner.following()
        ran: list[Any] = []
        self.center.answers["item_changed"] = {"ran": {"outcome": "done", "counts": {"b": {"updated": 1}}}}
        thread = threading.Thread(target=lambda: ran.append(runner.run({"only": ["a"]})))
        thread.start()
        while not ran:
            self.ask("get_handler")
        thread.join()
        self.assertEqual(ran[0].outcome, Outcome.DONE)
        told = [(method, params) for method, params in self.center.told if "follow" in params]
        self.assertEqual(
            told,
            [
                ("report_following", {"follow": 2, "news": {"is": "following"}}),
                ("item_changed", {"follow": 2, "options": {"only": ["a"]}}),
            ],
        )
        self.ask("unfollow", follow=2)
        self.assertTrue(self.handler.ended.is_set())

    def test_stores_are_listed_in_pages_and_emptied(self) -> None:
        self.assertEqual(len(self.pages("conflicts", "list_conflicts")), 300)
        self.assertEqual(len(self.pages("events", "list_events")), 500)
        self.ask("remove_conflicts", item="s0", conflicts=["a", {"base64": "/w=="}])
        self.ask("remove_events", item="s0", events=[1, str(2**60)])
        self.assertEqual(self.handler.heard, [("s0", ["a", "\udcff"]), ("s0", [1, 2**60])])

    def test_a_person_is_asked(self) -> None:
        found = self.ask("ui_operation", action="query_before_disable", item="s0")["operation"]
        self.assertEqual(found["request"], {"show": "confirm", "text": "Really?"})
        self.ask("ui_answer", operation=found["operation"], yes=True)
        self.assertEqual(self.handler.heard, [True])
        self.assertIn("error", self.center.ask("ui_answer", operation=found["operation"], yes=True))
        self.assertEqual(self.ask("ui_operation", action="browse_content"), {})
        event = Event(1, 2, Level.ERROR, "n", "d", link_reference="/x").to_json()
        self.assertEqual(self.ask("event_link", event=event)["operation"]["request"]["reference"], "/x")

    def test_items_come_and_go(self) -> None:
        self.ask("adopt", item="new", name="New")
        self.ask("delete_item", item="s0")
        self.assertEqual(self.handler.heard, [("new", "New"), "s0"])
        self.assertEqual(self.ask("undo_options", run=7)["options"], {"undo": 7})
        self.assertEqual(self.ask("undo_options", run="8"), {})

    def test_the_center_is_told_and_asked_at_any_time(self) -> None:
        center = self.handler.center
        many = [conflict(f"{n:03}-{'x' * 300}") for n in range(300)]
        page = {"conflicts": [conflict().to_json()]}
        self.center.answers["list_conflicts"] = page
        found: list[Conflict] = []

        def talk() -> None:
            center.update_item("s0")
            center.update_conflict("p", "s0", "added")
            center.start_sync(["s0"], {"deep": True})
            center.stop_sync()
            center.put_conflicts(many)
            center.replace_conflicts("s0", [])
            center.remove_conflicts("s0", ["\udcff"])
            found.extend(center.conflicts("s0"))
            with center.begin(["s1"]).item("s1") as work:
                work.done(created=1)

        thread = threading.Thread(target=talk)
        thread.start()
        while thread.is_alive():
            self.ask("get_handler")
        told = dict(self.center.told)
        self.assertEqual([one.to_json() for one in found], page["conflicts"])
        self.assertEqual(told["start_sync"]["options"], {"deep": True})
        self.assertEqual(told["stop_sync"], {})
        self.assertEqual(told["replace_conflicts"], {"item": "s0", "conflicts": [], "more": False})
        self.assertEqual(told["remove_conflicts"]["conflicts"], [{"base64": "/w=="}])
        put = [params["conflicts"] for method, params in self.center.told if method == "put_conflicts"]
        self.assertEqual((len(put) > 1, sum(map(len, put))), (True, 300))
        self.assertEqual(self.center.last_words(), {"s1": "succeeded"})


if __name__ == "__main__":
    unittest.main()
