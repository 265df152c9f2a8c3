"""Handlers in coroutines, against a center that is played by the test."""

from __future__ import annotations

import asyncio
import json
import threading
import unittest
from typing import Any, Awaitable, Callable, Mapping, Optional, Sequence

from instep_handler import (
    Action,
    Choice,
    Conflict,
    Counts,
    Decided,
    Difference,
    Event,
    Icon,
    Item,
    Level,
    Look,
    Merge,
    Note,
    Operation,
    Outcome,
    Phase,
    Preview,
    Problem,
    ProblemClass,
    Ran,
    Verification,
    aio,
)

from test_handler import Center
from test_optional import conflict


class Able(aio.Handler):
    """Has everything."""

    name = "Able"
    stays = True

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.ran: list[Optional[Ran]] = []
        self.at_work = threading.Event()

    async def hello(self, hello: aio.Hello) -> None:
        if "wrong" in hello.settings:
            raise Problem(ProblemClass.CONFIG, "That is wrong.", "correct it")
        self.center = hello.center
        #: Lives on the one event loop.
        self.meeting = asyncio.Event()

    async def shutdown(self) -> None:
        self.heard.append("shutdown")

    async def items(self) -> Sequence[Item]:
        return [Item("a", "A"), Item("b", "B")]

    async def check_options(self, options: Mapping[str, Any]) -> None:
        if set(options) - {"deep"}:
            raise ValueError("there is only 'deep'")

    async def synchronize(self, session: aio.Session) -> None:
        if "whole" in session.options:
            await self.everything(session)
            return
        try:
            async with session.item("a") as work:
                self.at_work.set()
                while True:
                    await work.progress("waiting", 1, 2)
        except asyncio.CancelledError:
            self.heard.append("cancelled")
            raise

    async def everything(self, session: aio.Session) -> None:
        items, _ = await session.additional()
        for item in items:
            await session.add_item(item)
        await session.propose(Item("c", "C"))
        await session.report_phase("a", Phase.MOVING)
        await session.report_event(Level.WARNING, "Seen", "A thing.", "a", context="x")
        await session.report_outcome("a", Outcome.GAPS, Counts(errors=1))
        await session.commit("c")
        await session.manual()
        await session.extend_lease(90)
        await session.set_text("all")
        self.heard.append(await session.can_continue())
        for item in [*session.items, "c"]:
            async with session.item(item) as work:
                work.done(updated=1)
        await session.end()

    async def command_line(self, item: str) -> Optional[str]:
        return f"copy {item}"

    async def preview(self, item: str, options: Mapping[str, Any], look: Look) -> Preview:
        if "fails" in options:
            raise Problem(ProblemClass.SAFETY, "It is not there.")
        # Each waits for the other one.
        if "first" in options:
            await self.meeting.wait()
        self.meeting.set()
        return Preview(actions=[Action("create", "x")], notes=[Note("y", "odd")])

    async def verify(self, item: str, options: Mapping[str, Any], look: Look) -> Verification:
        return Verification([Difference("a", "missing", side="b")])

    async def undo_options(self, run: int) -> Optional[Mapping[str, Any]]:
        return {"undo": run}

    async def follow(self, item: str, runner: aio.Runner) -> Optional[Callable[[], Awaitable[None]]]:
        if item == "b":
            return None

        async def watch() -> None:
            runner.following()
            self.ran.append(await runner.run({"only": ["x"]}))

        task = asyncio.ensure_future(watch())

        async def end() -> None:
            await task
            self.heard.append("unfollowed")

        return end

    async def resolve(self, conflict: Conflict, choice: Choice) -> Optional[str]:
        await self.center.remove_conflicts(conflict.item, [conflict.id])
        return None

    async def settle(self, session: aio.Session, decided: Sequence[Decided]) -> None:
        for one in decided:
            one.settled()
        async with session.item("a"):
            pass

    async def abilities(self, conflict: Conflict) -> Sequence[str]:
        return ["keep_recent"]

    async def content(self, conflict: Conflict, version: Optional[int], limit: int) -> Optional[bytes]:
        return b"text"

    async def merge(self, conflict: Conflict) -> Optional[Merge]:
        return Merge(b"both", overlaps=1)

    async def look_again(self, conflict: Conflict) -> Optional[Conflict]:
        return None

    async def find_copies(self, item: str) -> Sequence[Conflict]:
        return [conflict(item=item)]

    async def conflicts(self, item: Optional[str]) -> Sequence[Conflict]:
        return [conflict()]

    async def remove_conflicts(self, item: str, conflicts: Sequence[str]) -> None:
        self.heard.append((item, conflicts))

    async def events(self, item: Optional[str]) -> Sequence[Event]:
        return [Event(1, 1, Level.WARNING, "Seen", "x", item)]

    async def remove_events(self, item: Optional[str], events: Sequence[int]) -> None:
        self.heard.append((item, events))

    async def icon(self, item: Optional[str]) -> Optional[Icon]:
        return Icon("image/png", b"x")

    async def adopt(self, item: str, name: Optional[str]) -> None:
        self.heard.append((item, name))

    async def delete_item(self, item: str) -> None:
        self.heard.append(item)

    async def enable(self, item: Optional[str], enabled: bool) -> None:
        self.heard.append((item, enabled))

    async def activate(self, active: bool) -> None:
        self.heard.append(active)

    async def ui_operation(self, action: str, item: Optional[str]) -> Optional[Operation]:
        return Operation.text(action)

    async def event_link(self, event: Event) -> Optional[Operation]:
        return Operation.open("x")


class Plain(aio.Handler):
    """Has what each must have."""

    async def items(self) -> Sequence[Item]:
        return []


class Rooms(aio.Collection):
    """Two partners."""

    stays = True

    async def hello(self, hello: aio.Hello) -> None:
        self.center = hello.center

    async def partners(self) -> Sequence[str]:
        return ["one", "two"]

    async def handler(self, partner: str) -> aio.Handler:
        if partner not in await self.partners():
            raise Problem(ProblemClass.CONFIG, f"There is no {partner}.")
        return Able()


class Coroutines(unittest.TestCase):
    """Every method may be one."""

    def setUp(self) -> None:
        self.handler = Able()
        self.center = Center(self.handler)
        self.addCleanup(self.center.close)
        self.hello = self.center.hello()["result"]

    def ask(self, method: str, **params: Any) -> Any:
        return self.center.ask(method, **params)["result"]

    def test_what_is_written_is_what_the_center_hears_of(self) -> None:
        common = {"options", "command_line"}
        optional = {"adopt", "content", "copies", "follow", "look_again", "preview", "resolve", "settle", "ui", "undo", "verify"}
        self.assertEqual(set(self.hello["abilities"]), common | optional | {"stay"})
        self.assertEqual(self.hello["program"]["name"], "Able")
        plain = Center(Plain())
        self.addCleanup(plain.close)
        self.assertEqual(set(plain.hello()["result"]["abilities"]), common)
        self.assertEqual(plain.ask("preview", look=1, item="a", options={})["error"]["code"], -32003)

    def test_each_question_is_answered_by_its_coroutine(self) -> None:
        told = conflict().to_json()
        cases: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
            ("get_handler", {}, {"name": "Able"}),
            ("get_item", {"item": "A"}, {"item": Item("a", "A").to_json()}),
            ("check_options", {"options": {"deep": 1}}, {}),
            ("command_line", {"item": "a"}, {"command": "copy a"}),
            ("preview", {"look": 1, "item": "a", "options": {}}, {"actions": 1, "notes": 1}),
            ("verify", {"look": 2, "item": "a"}, {"differences": [{"path": "a", "kind": "missing", "side": "b"}]}),
            ("undo_options", {"run": 7}, {"options": {"undo": 7}}),
            ("get_abilities", {"conflict": told}, {"abilities": ["keep_recent"]}),
            ("content", {"look": 3, "conflict": told, "version": 0, "limit": 9}, {"bytes": "text"}),
            ("merge", {"look": 4, "conflict": told}, {"text": "both", "overlaps": 1}),
            ("look_again", {"conflict": told}, {}),
            ("find_copies", {"look": 5, "item": "a"}, {"conflicts": 1}),
            ("list_conflicts", {}, {"conflicts": [told]}),
            ("remove_conflicts", {"item": "a", "conflicts": ["p"]}, {}),
            ("list_events", {}, {}),
            ("remove_events", {"item": "a", "events": [1]}, {}),
            ("icon", {"look": 6}, {"media_type": "image/png"}),
            ("adopt", {"item": "n", "name": "N"}, {}),
            ("delete_item", {"item": "a"}, {}),
            ("enable", {"item": "a", "enabled": True}, {}),
            ("activate", {"active": False}, {}),
            ("ui_operation", {"action": "browse_content"}, {}),
            ("event_link", {"event": Event(1, 2, Level.ERROR, "n", "d").to_json()}, {}),
        ]
        for method, params, answer in cases:
            with self.subTest(method):
                found = self.ask(method, **params)
                self.assertEqual({key: found.get(key) for key in answer}, answer)
        heard = [("a", ["p"]), ("a", [1]), ("n", "N"), "a", ("a", True), False]
        self.assertEqual(self.handler.heard, heard)

    def test_what_a_coroutine_raises_is_told_like_any_other(self) -> None:
        error = self.center.ask("preview", look=1, item="a", options={"fails": 1})["error"]
        self.assertEqual(error["data"]["class"], "safety")
        error = self.center.ask("check_options", options={"x": 1})["error"]
        self.assertEqual((error["code"], error["message"]), (-32001, "there is only 'deep'"))
        refused = Center(Able())
        self.addCleanup(refused.close)
        self.assertEqual(refused.hello(wrong=True)["error"]["data"]["class"], "config")

    def test_all_run_on_one_event_loop_and_wait_for_each_other(self) -> None:
        self.center.send(id="first", method="preview", params={"look": 1, "item": "a", "options": {"first": 1}})
        self.center.send(id="second", method="preview", params={"look": 2, "item": "a", "options": {}})
        answers = [json.loads(self.center.into.readline()) for _ in range(2)]
        self.assertEqual({answer["id"]: answer["result"]["actions"] for answer in answers}, {"first": 1, "second": 1})

    def test_a_session_has_all_that_one_for_threads_has(self) -> None:
        self.center.answers["query_for_additional_items"] = {"items": ["b"], "requests": []}
        self.center.answers["can_continue"] = {"go_on": True}
        self.ask("synchronize", turn=1, items=["a"], options={"whole": True})
        told = [method for method, _ in self.center.told if method != "report_progress"]
        asked = [
            "create_session", "query_for_additional_items", "add_item_to_session", "propose_item", "report_phase",
            "report_event", "report_outcome", "commit_item", "report_manual_sync", "extend_lease",
            "set_handler_progress_text", "can_continue", "report_outcome", "report_outcome", "report_outcome", "end_session",
        ]
        self.assertEqual(told, asked)
        self.assertEqual(self.center.last_words(), {"a": "succeeded", "b": "succeeded", "c": "succeeded"})

    def test_conflicts_are_settled_by_coroutines(self) -> None:
        told, choice = conflict().to_json(), {"keep": "one", "index": 0}
        self.assertEqual(self.ask("resolve_conflict", conflict=told, choice=choice), {"feedback": "continue"})
        self.assertEqual(dict(self.center.told)["remove_conflicts"], {"item": "s0", "conflicts": ["p"]})
        self.ask("settle_more", turn=1, decided=[{"place": 0, "conflict": told, "choice": choice}])
        self.ask("synchronize", turn=1, items=["a"], settle=True)
        self.assertEqual(dict(self.center.told)["report_settlement"]["settlement"]["is"], "settled")

    def test_an_item_is_followed_by_a_task(self) -> None:
        self.assertFalse(self.ask("follow", follow=1, item="b")["follows"])
        self.center.answers["item_changed"] = {"ran": {"outcome": "gaps"}}
        self.assertTrue(self.ask("follow", follow=2, item="a")["follows"])
        self.ask("unfollow", follow=2)
        self.assertEqual([ran and ran.outcome for ran in self.handler.ran], [Outcome.GAPS])
        self.assertEqual(self.handler.heard, ["unfollowed"])

    def test_a_stop_is_acknowledged(self) -> None:
        self.center.cancel = "item"
        self.center.ask("synchronize", turn=1, items=["a"])
        self.assertEqual(self.center.last_words(), {"a": "canceled"})

    def test_when_the_center_is_gone_what_runs_is_cancelled_and_shutdown_comes_last(self) -> None:
        self.center.send(id="s", method="synchronize", params={"turn": 1, "items": ["a"]})
        while not self.handler.at_work.is_set():
            self.ask("get_handler")
        self.center.close()
        self.assertEqual(self.handler.heard, ["cancelled", "shutdown"])

    def test_a_collection_lists_its_partners_and_is_each_of_them(self) -> None:
        lists = Center(Rooms())
        self.addCleanup(lists.close)
        hello = lists.hello()["result"]
        self.assertEqual((hello["abilities"], hello["program"]["name"]), (["collection", "stay"], "Rooms"))
        self.assertEqual(lists.ask("list_partners")["result"], {"partners": ["one", "two"]})
        for partner, found in {"one": "result", "none": "error"}.items():
            one = Center(Rooms())
            self.addCleanup(one.close)
            self.assertIn(found, one.hello(partner=partner))


if __name__ == "__main__":
    unittest.main()
