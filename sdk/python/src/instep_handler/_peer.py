"""The connection: lines out, and answers to questions."""

from __future__ import annotations

import json
import threading
from typing import Any, BinaryIO, Iterable, Optional

from ._bytes import MAX_LINE
from ._model import Json, Refused


class Peer:
    """The writing half and the open questions. Safe for any thread."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self._write = threading.Lock()
        self._lock = threading.Lock()
        self._last = 0
        self._open: dict[int, _Waiter] = {}
        self._over = False

    def send(self, message: Json) -> None:
        """Sends one message."""
        line = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        if len(line) > MAX_LINE:
            raise ValueError(f"a message of {len(line)} bytes does not fit into a line of {MAX_LINE}")
        with self._write:
            try:
                self._output.write(line)
                self._output.flush()
            except OSError:
                # The end of the other direction says the same.
                pass

    def tell(self, method: str, params: Json) -> None:
        """Tells something that is not answered."""
        self.send({"method": method, "params": params})

    def call(self, method: str, params: Json) -> Json:
        """Asks, and waits for the answer."""
        waiter = _Waiter()
        with self._lock:
            if self._over:
                raise Refused(-32004, "the center is gone")
            self._last += 1
            number = self._last
            self._open[number] = waiter
        try:
            self.send({"id": number, "method": method, "params": params})
        except ValueError:
            self._open.pop(number, None)
            raise
        waiter.done.wait()
        if waiter.error is not None:
            raise Refused(int(waiter.error.get("code", -32005)), str(waiter.error.get("message", "")))
        return waiter.result if isinstance(waiter.result, dict) else {}

    def answered(self, message: Json) -> None:
        """An answer has come."""
        with self._lock:
            waiter = self._open.pop(message["id"], None) if isinstance(message["id"], int) else None
        if waiter is not None:
            waiter.result, waiter.error = message.get("result"), message.get("error")
            waiter.done.set()

    def over(self) -> None:
        """The center is gone: whoever waits hears of it."""
        with self._lock:
            self._over = True
            waiters, self._open = list(self._open.values()), {}
        for waiter in waiters:
            waiter.error = {"code": -32004, "message": "the center is gone"}
            waiter.done.set()


def paged(all: Iterable[Any]) -> list[Any]:
    """The beginning of a list that surely fits into one line, with at least one element if there is one."""
    page: list[Any] = []
    room = MAX_LINE // 2
    for one in all:
        size = len(json.dumps(one)) + 1
        if page and size > room:
            break
        room -= size
        page.append(one)
    return page


class _Waiter:
    def __init__(self) -> None:
        self.done = threading.Event()
        self.result: Any = None
        self.error: Optional[Json] = None
