"""The SDK against a center that is played by the test."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import tempfile
import threading
import unittest
from typing import Any, BinaryIO, Optional, Sequence

from instep_handler import (
    Cancel,
    Canceled,
    Collection,
    Handler,
    Hello,
    Item,
    Level,
    Problem,
    ProblemClass,
    Session,
    Status,
    aio,
    default_socket,
    keep_serving,
)
from instep_handler._bytes import MAX_LINE
from instep_handler._model import number
from instep_handler._serve import Served, run


class Shelves(Handler):
    """Does with its items what their names say."""

    name = "Shelves"
    many = 3

    def hello(self, hello: Hello) -> None:
        self.settings = hello.settings
        if "wrong" in hello.settings:
            raise Problem(ProblemClass.CONFIG, "That is wrong.", "correct it")

    def items(self) -> Sequence[Item]:
        return [Item(f"s{n}", "x" * 100) for n in range(self.many)]

    def check_options(self, options: Any) -> None:
        if set(options) - {"deep"}:
            raise ValueError("there is only 'deep'")

    def synchronize(self, session: Session) -> None:
        for item in session.items:
            with session.item(item) as work:
                if item == "breaks":
                    raise RuntimeError("oh")
                if item == "full":
                    raise OSError(28, "No space left on device")
                if item == "waits":
                    while True:
                        work.progress("waiting", 1, 2)
                if item == "gaps":
                    work.event(Level.ERROR, "Gap", "One is missing.", fix="find it")
                work.done(created=2**60)


class Patient(aio.Handler):
    """The same with coroutines."""

    name = "Patient"

    async def items(self) -> Sequence[Item]:
        return [Item("a", "A"), Item("b", "B")]

    async def synchronize(self, session: aio.Session) -> None:
        async def one(item: str) -> None:
            async with session.item(item) as work:
                for step in range(3):
                    await work.progress(str(step), step, 3)
                work.done(updated=1)

        await asyncio.gather(*(one(item) for item in session.items))


class Rooms(Collection):
    """Many partners, each of which has shelves."""

    many = 1500

    def partners(self) -> Sequence[str]:
        return [f"room {n}" for n in range(self.many)]

    def handler(self, partner: str) -> Handler:
        if partner not in self.partners():
            raise Problem(ProblemClass.CONFIG, f"There is no {partner}.")
        shelves = Shelves()
        shelves.name = partner
        return shelves


class Center:
    """Plays the center: answers everything, keeps what was told."""

    def __init__(self, handler: Served) -> None:
        reads, to_handler = os.pipe()
        from_handler, writes = os.pipe()
        self.out: BinaryIO = os.fdopen(to_handler, "wb")
        self.into: BinaryIO = os.fdopen(from_handler, "rb")
        self.thread = threading.Thread(target=run, args=(handler, os.fdopen(reads, "rb"), os.fdopen(writes, "wb")))
        self.thread.start()
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, dict[str, Any]] = {}
        self.cancel = "none"
        self.refuse: dict[str, dict[str, Any]] = {}
        self.last = 0

    def raw(self, text: bytes) -> None:
        self.out.write(text)
        self.out.flush()

    def send(self, **message: Any) -> None:
        self.raw(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Asks, and serves the handler until it has answered."""
        self.last += 1
        self.send(id=self.last, method=method, params=params)
        while True:
            line = self.into.readline()
            if not line:
                raise EOFError
            message: dict[str, Any] = json.loads(line)
            if "method" not in message:
                if message["id"] == self.last:
                    return message
                continue
            self.told.append((message["method"], message["params"]))
            if "id" in message:
                self.serve(message)

    def serve(self, message: dict[str, Any]) -> None:
        method = message["method"]
        if method in self.refuse:
            self.send(id=message["id"], error=self.refuse[method])
            return
        answers: dict[str, dict[str, Any]] = {
            "create_session": {"session": 1, "run": "9007199254740993"},
            "report_progress": {"cancel": self.cancel},
            "report_event": {"event": 5},
        }
        self.send(id=message["id"], result=self.answers.get(method, answers.get(method, {})))

    def hello(self, version: str = "1.0", partner: Optional[str] = None, **settings: Any) -> dict[str, Any]:
        more = {} if partner is None else {"partner": partner}
        return self.ask("initialize", protocol=version, handler="test", settings=settings, items={}, joke=1, **more)

    def sync(self, *items: str) -> dict[str, Any]:
        return self.ask("synchronize", turn=1, items=list(items))

    def last_words(self) -> dict[str, str]:
        return {
            params["item"]: params["status"]
            for method, params in self.told
            if method == "report_progress" and Status(params["status"]).completes
        }

    def close(self) -> None:
        self.out.close()
        self.thread.join(10)
        self.into.close()


class TheProtocol(unittest.TestCase):
    """What the SDK says and takes."""

    def center(self, handler: Optional[Served] = None) -> Center:
        center = Center(handler or Shelves())
        self.addCleanup(center.close)
        return center

    def test_the_handshake_and_the_properties(self) -> None:
        center = self.center()
        self.assertEqual(center.hello()["result"]["protocol"], "1.0")
        self.assertEqual(center.ask("get_handler")["result"]["name"], "Shelves")
        self.assertEqual(center.ask("get_item", item="S1")["result"]["item"]["id"], "s1")
        self.assertIsNone(center.ask("get_item", item="none")["result"]["item"])

    def test_a_newer_minor_version_is_answered_with_ours_and_a_major_one_refused(self) -> None:
        self.assertEqual(self.center().hello("1.9")["result"]["protocol"], "1.0")
        self.assertEqual(self.center().hello("2.0")["error"]["data"]["class"], "config")

    def test_wrong_settings_are_explained(self) -> None:
        error = self.center().hello(wrong=True)["error"]
        self.assertEqual((error["message"], error["data"]["fix"]), ("That is wrong.", "correct it"))

    def test_lists_come_in_pages_that_fit(self) -> None:
        handler = Shelves()
        handler.many = 2000
        center = self.center(handler)
        center.hello()
        found: list[str] = []
        after: Optional[str] = None
        while True:
            params = {} if after is None else {"after": after}
            page = center.ask("list_items", **params)["result"]
            self.assertLess(len(json.dumps(page)), MAX_LINE)
            found += [item["id"] for item in page["items"]]
            after = page.get("next")
            if after is None:
                break
        self.assertEqual(found, [f"s{n}" for n in range(2000)])

    def test_a_collection_lists_its_partners_in_pages_and_is_the_handler_of_one(self) -> None:
        lister = self.center(Rooms())
        self.assertEqual(lister.hello()["result"]["abilities"], ["collection"])
        found: list[str] = []
        after: dict[str, str] = {}
        while True:
            page = lister.ask("list_partners", **after)["result"]
            self.assertLess(len(json.dumps(page)), MAX_LINE)
            found += page["partners"]
            if "next" not in page:
                break
            after = {"after": page["next"]}
        self.assertEqual(found, [f"room {n}" for n in range(Rooms.many)])
        self.assertEqual(lister.ask("list_items")["error"]["code"], -32003)

        room = self.center(Rooms())
        self.assertIn("options", room.hello(partner="room 7")["result"]["abilities"])
        self.assertEqual(room.ask("get_handler")["result"]["name"], "room 7")
        self.assertEqual(room.sync("s0")["result"], {})
        self.assertEqual(room.last_words(), {"s0": "succeeded"})
        self.assertEqual(room.ask("list_partners")["error"]["code"], -32003)
        self.assertEqual(self.center(Rooms()).hello(partner="attic")["error"]["message"], "There is no attic.")

    def test_every_item_gets_its_final_word_whatever_happens(self) -> None:
        center = self.center()
        center.hello()
        answer = center.sync("fine", "breaks", "full", "gaps")
        self.assertEqual(answer["result"], {})
        self.assertEqual(
            center.last_words(), {"fine": "succeeded", "breaks": "failed", "full": "failed", "gaps": "failed"}
        )
        outcomes = {p["item"]: p for m, p in center.told if m == "report_outcome"}
        self.assertEqual(outcomes["breaks"]["problem"]["class"], "bug")
        self.assertEqual(outcomes["full"]["problem"]["class"], "space")
        self.assertEqual(outcomes["gaps"]["outcome"], "gaps")
        self.assertEqual(outcomes["fine"]["counts"]["b"]["created"], str(2**60))

    def test_a_stop_in_an_answer_ends_the_items(self) -> None:
        center = self.center()
        center.hello()
        center.cancel = "all"
        center.sync("waits", "s1")
        self.assertEqual(center.last_words(), {"waits": "canceled", "s1": "succeeded"})

    def test_a_stop_that_is_pushed_ends_the_item(self) -> None:
        center = self.center()
        center.hello()
        threading.Timer(0.0, lambda: center.send(method="cancel", params={"session": 1})).start()
        # A stop for a session that is not there is passed over, so it is sent until it hits.
        stop = threading.Event()

        def push() -> None:
            while not stop.wait(0.01):
                center.send(method="cancel", params={"session": 1, "item": "waits"})

        pusher = threading.Thread(target=push)
        pusher.start()
        center.sync("waits", "s1")
        stop.set()
        pusher.join()
        self.assertEqual(center.last_words()["waits"], "canceled")

    def test_reports_are_spared(self) -> None:
        center = self.center(Patient())
        center.hello()
        center.sync("a", "b")
        self.assertEqual(center.last_words(), {"a": "succeeded", "b": "succeeded"})

    def test_bad_lines_and_unknown_methods_end_nothing(self) -> None:
        center = self.center()
        center.hello()
        for line in (b"garbage", b"[]", b"7", b"{}", b'{"id":{}}', b"x" * 200_000, b'{"id":99,"result":1}'):
            center.raw(line + b"\n")
        self.assertEqual(center.ask("foretell")["error"]["code"], -32601)
        self.assertEqual(center.ask("get_item")["error"]["code"], -32602)
        self.assertEqual(center.ask("check_options", options={"x": 1})["error"]["code"], -32001)
        self.assertEqual(center.ask("check_options", options={"deep": 1})["result"], {})

    def test_a_session_that_has_ended_ends_the_work(self) -> None:
        center = self.center()
        center.hello()
        center.refuse["report_progress"] = {"code": -32004, "message": "ended"}
        self.assertEqual(center.sync("fine")["error"]["code"], -32004)

    def test_it_ends_when_it_is_asked_to_and_when_the_center_is_gone(self) -> None:
        center = self.center()
        center.hello()
        self.assertEqual(center.ask("shutdown")["result"], {})
        center.thread.join(10)
        self.assertFalse(center.thread.is_alive())
        other = self.center()
        other.hello()
        other.out.close()
        other.thread.join(10)
        self.assertFalse(other.thread.is_alive())

    def test_numbers_that_some_readers_would_round_are_digits(self) -> None:
        self.assertEqual((number(2**53 - 1), number(2**53)), (9007199254740991, "9007199254740992"))


class TheModel(unittest.TestCase):
    """Small things."""

    def test_a_stop_says_what_it_stops(self) -> None:
        self.assertIs(Canceled(Cancel.ALL).cancel, Cancel.ALL)


class TestSocket(unittest.TestCase):
    """A program that starts itself."""

    def test_it_says_who_it_is_is_let_in_and_comes_back_after_growing_pauses(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            path = os.path.join(place, "handlers.sock")
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen()
            said = []

            def center() -> None:
                refused = {"code": -32002, "message": "handler 'shelves' is connected already"}
                answers: Sequence[dict[str, Any]] = ({"result": {}}, {"error": refused}, {"result": {}})
                for answer in answers:
                    connection, _ = listener.accept()
                    with connection, connection.makefile("rwb") as stream:
                        said.append(json.loads(stream.readline()))
                        stream.write(json.dumps({"jsonrpc": "2.0", "id": said[-1]["id"], **answer}).encode() + b"\n")
                        stream.flush()

            pauses: list[float] = []

            class Enough(Exception):
                pass

            def sleep(seconds: float) -> None:
                pauses.append(seconds)
                if len(pauses) == 3:
                    raise Enough

            thread = threading.Thread(target=center)
            thread.start()
            with self.assertRaises(Enough):
                keep_serving(Shelves, path=path, sleep=sleep)
            thread.join()
            listener.close()
        self.assertEqual(pauses, [1.0, 2.0, 4.0])
        self.assertEqual([message["method"] for message in said], ["register"] * 3)
        self.assertEqual(said[0]["params"], {"handler": "shelves", "protocol": "1.0"})

    def test_the_socket_is_beside_that_of_the_daemon(self) -> None:
        self.assertEqual(default_socket({"INSTEP_HOME": "/x"}), "/x/state/handlers.sock")
        self.assertEqual(default_socket({"XDG_RUNTIME_DIR": "/run/me"}), "/run/me/instep/handlers.sock")
        self.assertEqual(default_socket({"XDG_STATE_HOME": "/s"}), "/s/instep/handlers.sock")


if __name__ == "__main__":
    unittest.main()
