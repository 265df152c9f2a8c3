"""Serves a handler: reads what the center asks, and answers."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
import traceback
from typing import Any, BinaryIO, Callable, Mapping, Optional, Protocol, Union

from ._bytes import MAX_LINE, bytes_of
from ._calls import Calls
from ._center import Center
from ._collection import Collection, Lister
from ._handler import Handler, Hello, abilities
from ._model import Canceled, Json, Problem, ProblemClass, Refused
from ._peer import Peer

VERSION = (1, 0)
#: Pauses between connections grow to so many seconds.
LONGEST_PAUSE = 60.0
#: The question of a program that started itself, which is asked before all others.
_REGISTER = 0


class Served(Protocol):
    """A handler or a collection, for threads or for asyncio."""

    def _served(self) -> Union[Handler, Collection]: ...


def serve(handler: Served, *, path: Optional[str] = None, identifier: Optional[str] = None) -> None:
    """Serves until the center says goodbye or is gone: on descriptors 3 and 4, or (``path``) over the center's socket as
    a program that started itself and is known as ``identifier``. The process should exit then. Raises :class:`Refused`
    when the center does not let it in. A program that starts itself has no collection: it connects once for each of its
    partners."""
    if path is not None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(path)
            with connection.makefile("rb") as reads, connection.makefile("wb") as writes:
                run(handler, reads, writes, identifier or type(handler).__name__.lower())
        return
    try:
        inward, outward = os.fdopen(3, "rb"), os.fdopen(4, "wb")
    except OSError as error:
        raise SystemExit(f"no connection with the sync center ({error}): a handler is started by Instep") from None
    # What the handler starts itself has no part in the protocol.
    os.set_inheritable(3, False)
    os.set_inheritable(4, False)
    run(handler, inward, outward)


def keep_serving(
    make: Callable[[], Served],
    *,
    path: Optional[str] = None,
    identifier: Optional[str] = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Serves a program that started itself for as long as it runs: whenever the connection ends, or there is no center,
    it tries again after a pause that grows to a minute, with a handler of its own for each connection."""
    in_a_row = 0
    while True:
        begun = time.monotonic()
        try:
            serve(make(), path=path or default_socket(), identifier=identifier)
        except (OSError, Refused) as error:
            print(f"no connection with the sync center: {error}", file=sys.stderr, flush=True)
        in_a_row = 1 if time.monotonic() - begun >= LONGEST_PAUSE else in_a_row + 1
        sleep(min(LONGEST_PAUSE, 2.0 ** (in_a_row - 1)))


def default_socket(environment: Mapping[str, str] = os.environ) -> str:
    """Where the daemon of this user listens for programs that start themselves."""
    if environment.get("INSTEP_HOME"):
        place = os.path.join(environment["INSTEP_HOME"], "state")
    elif environment.get("XDG_RUNTIME_DIR"):
        place = os.path.join(environment["XDG_RUNTIME_DIR"], "instep")
    else:
        state = environment.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
        place = os.path.join(state, "instep")
    return os.path.join(place, "handlers.sock")


def run(handler: Served, reads: BinaryIO, writes: BinaryIO, register: Optional[str] = None) -> None:
    """Serves over two streams."""
    peer = Peer(writes)
    if register is not None:
        version = f"{VERSION[0]}.{VERSION[1]}"
        params = {"handler": register, "protocol": version}
        peer.send({"id": _REGISTER, "method": "register", "params": params})
    server = _Server(handler._served(), peer)
    try:
        while not server.ended:
            line = reads.readline(MAX_LINE + 1)
            if not line:
                break
            if not line.endswith(b"\n"):
                # Longer than any message: passed over to its end.
                while line and not line.endswith(b"\n"):
                    line = reads.readline(MAX_LINE + 1)
                continue
            server.line(line)
    finally:
        peer.over()
        server.calls.over()
        server.calls.handler.shutdown()


class _Server:
    def __init__(self, served: Union[Handler, Collection], peer: Peer) -> None:
        self._collection = served if isinstance(served, Collection) else None
        self._peer = peer
        self.calls = Calls(Lister(served) if isinstance(served, Collection) else served, peer)
        self.ended = False
        self._greeted = False

    def line(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        method = message.get("method")
        if not isinstance(method, str):
            if message.get("id") == _REGISTER and isinstance(message.get("error"), dict):
                error = message["error"]
                raise Refused(int(error.get("code", -32005)), str(error.get("message", "")))
            if "id" in message:
                self._peer.answered(message)
            return
        params = message.get("params")
        params = params if isinstance(params, dict) else {}
        at_once = self._AT_ONCE.get(method)
        if at_once is not None:
            self._answer(message, lambda: at_once(self, params))
        elif method in Calls.ASKED and self._greeted:
            asked = Calls.ASKED[method]
            threading.Thread(
                target=self._answer, args=(message, lambda: asked(self.calls, params)), name=method, daemon=True
            ).start()
        elif "id" in message:
            error = {"code": -32601, "message": f"there is no method '{method[:80]}'"}
            self._peer.send({"id": message["id"], "error": error})

    def _answer(self, message: Json, serve: Callable[[], Optional[Json]]) -> None:
        error: Json
        try:
            result = serve() or {}
            if "id" in message:
                self._peer.send({"id": message["id"], "result": result})
            return
        except Problem as problem:
            data = {"class": problem.kind.value, **({} if problem.fix is None else {"fix": problem.fix})}
            error = {"code": -32010, "message": problem.text, "data": data}
        except Refused as refused:
            error = {"code": refused.code, "message": str(refused)}
        except NotImplementedError:
            error = {"code": -32003, "message": f"this handler has no '{message['method']}'"}
        except Canceled:
            text, data = "It was given up.", {"class": "transient", "outcome": "canceled"}
            error = {"code": -32010, "message": text, "data": data}
        except (KeyError, TypeError, ValueError) as wrong:
            # Its author finds it in the log, whoever is wrong.
            traceback.print_exc()
            known = message["method"] == "synchronize"
            error = _bug(wrong) if known else {"code": -32602, "message": str(wrong)}
        except Exception as wrong:
            traceback.print_exc()
            error = _bug(wrong)
        if "id" in message:
            self._peer.send({"id": message["id"], "error": error})

    # ---- At once, on the reading thread ----

    def _initialize(self, params: Json) -> Json:
        major = str(params["protocol"]).split(".")[0]
        if major != str(VERSION[0]):
            text = f"this handler speaks version {VERSION[0]}.{VERSION[1]} of the protocol"
            raise Problem(ProblemClass.CONFIG, text)
        hello = Hello(
            handler=str(params["handler"]),
            partner=params.get("partner"),
            settings=params.get("settings", {}),
            items=params.get("items", {}),
            center=Center(self._peer, self.calls.sessions),
        )
        if self._collection is not None:
            self._collection.hello(hello)
            if hello.partner is not None:
                self.calls.handler = self._collection.handler(hello.partner)
        handler = self.calls.handler
        handler.hello(hello)
        self._greeted = True
        can = (["collection"] + ["stay"] * handler.stays) if isinstance(handler, Lister) else abilities(handler)
        name = type(handler._properties()).__name__ if self._collection is None else self._collection._program()
        program = {"name": name, "version": ""}
        return {"protocol": f"{VERSION[0]}.{VERSION[1]}", "program": program, "abilities": can}

    def _shutdown(self, params: Json) -> None:
        self.ended = True

    def _cancel(self, params: Json) -> None:
        session = self.calls.sessions.get(params.get("session", 0))
        if session is not None:
            session.cancel(params.get("item"))

    def _session_ended(self, params: Json) -> None:
        session = self.calls.sessions.get(params.get("session", 0))
        if session is not None:
            session.cancel(None)

    def _synchronize_more(self, params: Json) -> None:
        self.calls.more.setdefault(params["turn"], []).extend(params["items"])

    def _settle_more(self, params: Json) -> None:
        self.calls.decided.setdefault(params["turn"], []).extend(params["decided"])

    def _send_content(self, params: Json) -> None:
        self.calls.sent.setdefault(params["sent"], bytearray()).extend(bytes_of(params["bytes"]))

    def _cancel_look(self, params: Json) -> None:
        look = self.calls.looks.get(params.get("look", 0))
        if look is not None:
            look.canceled = True

    _AT_ONCE: Mapping[str, Callable[[_Server, Json], Optional[Json]]] = {
        "initialize": _initialize,
        "shutdown": _shutdown,
        "cancel": _cancel,
        "session_ended": _session_ended,
        "synchronize_more": _synchronize_more,
        "settle_more": _settle_more,
        "send_content": _send_content,
        "cancel_look": _cancel_look,
    }


def _bug(error: Exception) -> Json:
    text = f"The handler broke down: {type(error).__name__}: {error}."
    return {"code": -32010, "message": text, "data": {"class": "bug", "fix": "report it to the handler's author"}}

