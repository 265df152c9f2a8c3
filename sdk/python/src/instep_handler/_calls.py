"""What the center asks of the handler, question by question."""

from __future__ import annotations

import json
import threading
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence

from ._bytes import PART, text_of, to_json
from ._collection import Lister
from ._conflict import Choice, Conflict, Decided
from ._follow import Runner
from ._handler import Handler
from ._look import Look
from ._model import Event, Json, Operation, Problem, ProblemClass, Refused, number
from ._peer import Peer, paged
from ._session import Session


class Calls:
    """Asks the handler. Each method is called on a thread of its own."""

    def __init__(self, handler: Handler, peer: Peer) -> None:
        #: Another one from the handshake on where it is a collection's.
        self.handler = handler
        self._peer = peer
        self._lock = threading.Lock()
        self.sessions: dict[int, Session] = {}
        #: Of turns that are about to begin.
        self.more: dict[int, list[str]] = {}
        self.decided: dict[int, list[Json]] = {}
        #: The content of other versions, before the choice that names it.
        self.sent: dict[int, bytearray] = {}
        #: Looks that go on, rows and bytes that were not forgotten, by the center's numbers.
        self.looks: dict[int, Look] = {}
        self._rows: dict[int, Mapping[str, Sequence[Any]]] = {}
        self._parts: dict[int, bytes] = {}
        self._operations: dict[int, Operation] = {}
        self._follows: dict[int, Callable[[], None]] = {}

    def over(self) -> None:
        """The connection is over: nothing is followed any more."""
        with self._lock:
            follows, self._follows = list(self._follows.values()), {}
        for end in follows:
            end()

    # ---- Properties and items ----

    def _get_handler(self, params: Json) -> Json:
        handler = self.handler._properties()
        return {
            "name": handler.name or type(handler).__name__,
            "kind": handler.kind,
            "comment": handler.comment,
            "capabilities": list(handler.capabilities),
            "policies": list(handler.policies),
        }

    def _list_items(self, params: Json) -> Json:
        return _page("items", params, (item.to_json() for item in self.handler.items()))

    def _get_item(self, params: Json) -> Json:
        wanted = str(params["item"]).upper()
        for item in self.handler.items():
            if item.id.upper() == wanted:
                return {"item": item.to_json()}
        return {"item": None}

    def _list_partners(self, params: Json) -> Json:
        if not isinstance(self.handler, Lister):
            raise NotImplementedError
        return _page("partners", params, self.handler.collection.partners())

    def _enable(self, params: Json) -> None:
        self.handler.enable(params.get("item"), bool(params["enabled"]))

    def _activate(self, params: Json) -> None:
        self.handler.activate(bool(params["active"]))

    def _delete_item(self, params: Json) -> None:
        self.handler.delete_item(str(params["item"]))

    def _adopt(self, params: Json) -> None:
        name = params.get("name")
        self.handler.adopt(str(params["item"]), None if name is None else str(name))

    def _icon(self, params: Json) -> Json:
        icon = self.handler.icon(params.get("item"))
        if icon is None:
            return {}
        return {"media_type": icon.media_type, **self._tell(params["look"], icon.data)}

    # ---- Asking a person ----

    def _ui_operation(self, params: Json) -> Json:
        # Written or not: the capability says whether it is asked for.
        written = self.handler._has("ui_operation")
        item = params.get("item")
        return self._operation(self.handler.ui_operation(str(params["action"]), item) if written else None)

    def _event_link(self, params: Json) -> Json:
        written = self.handler._has("event_link")
        return self._operation(self.handler.event_link(Event.from_json(params["event"])) if written else None)

    def _operation(self, operation: Optional[Operation]) -> Json:
        if operation is None:
            return {}
        with self._lock:
            place = max(self._operations, default=0) + 1
            self._operations[place] = operation
        return {"operation": {"operation": place, "request": dict(operation.request)}}

    def _ui_answer(self, params: Json) -> None:
        with self._lock:
            operation = self._operations.pop(params["operation"], None)
        if operation is None:
            raise Refused(-32001, "no such operation")
        operation.answered(bool(params["yes"]))

    # ---- Synchronizing ----

    def _synchronize(self, params: Json) -> None:
        turn = params["turn"]
        items = [*self.more.pop(turn, []), *params["items"]]
        decided = [one for told in self.decided.pop(turn, []) if (one := self._one_decided(turn, told)) is not None]
        first, rest = items[:200], items[200:]
        answer = self._peer.call("create_session", {"turn": turn, "items": first})
        session = Session(self._peer, turn, first, params.get("options") or {}, answer)
        self.sessions[session.number] = session
        try:
            for item in rest:
                session.add_item(item)
            if params.get("settle"):
                self.handler.settle(session, decided)
            else:
                self.handler.synchronize(session)
            session.finish_stopped()
        finally:
            self.sessions.pop(session.number, None)

    def _one_decided(self, turn: int, told: Json) -> Optional[Decided]:
        """What makes no sense is answered for, and reaches no handler."""
        conflict, choice = Conflict.from_json(told["conflict"]), Choice.from_json(told["choice"], self.sent)
        decided = Decided(self._peer, turn, int(told["place"]), conflict, choice)
        why = choice.hindrance(conflict, self.handler.abilities(conflict))
        if why is None:
            return decided
        decided.failed(Problem(ProblemClass.CONFIG, why))
        return None

    def _check_options(self, params: Json) -> None:
        try:
            self.handler.check_options(params["options"])
        except ValueError as wrong:
            raise Refused(-32001, str(wrong)) from wrong

    def _command_line(self, params: Json) -> Json:
        return {"command": self.handler.command_line(str(params["item"]))}

    def _undo_options(self, params: Json) -> Json:
        options = self.handler.undo_options(int(params["run"]))
        return {} if options is None else {"options": dict(options)}

    def _follow(self, params: Json) -> Json:
        follow = params["follow"]
        ends = self.handler.follow(str(params["item"]), Runner(self._peer, follow))
        if ends is not None:
            with self._lock:
                self._follows[follow] = ends
        return {"follows": ends is not None}

    def _unfollow(self, params: Json) -> None:
        with self._lock:
            ends = self._follows.pop(params["follow"], None)
        if ends is not None:
            ends()

    # ---- Previews and checks ----

    def _look(self, params: Json) -> Look:
        look = Look(self._peer, params["look"])
        self.looks[params["look"]] = look
        return look

    def _preview(self, params: Json) -> Json:
        look = self._look(params)
        try:
            preview = self.handler.preview(str(params["item"]), params.get("options") or {}, look)
        finally:
            del self.looks[params["look"]]
        self._rows[params["look"]] = {
            "actions": preview.actions,
            "conflicts": preview.conflicts,
            "notes": preview.notes,
        }
        return preview.to_json()

    def _get_rows(self, params: Json) -> Json:
        rows = self._rows.get(params["look"])
        if rows is None:
            raise Refused(-32001, "no such look")
        of = str(params["of"])
        return {of: paged(row.to_json() for row in rows.get(of, ())[params["from"] :])}

    def _forget_rows(self, params: Json) -> None:
        self._rows.pop(params["look"], None)

    def _verify(self, params: Json) -> Json:
        look = self._look(params)
        try:
            found = self.handler.verify(str(params["item"]), params.get("options") or {}, look)
        finally:
            del self.looks[params["look"]]
        differences = paged(difference.to_json() for difference in found.differences)
        more = len(differences) < len(found.differences)
        room = len(json.dumps(differences)) < PART
        return {
            "differences": differences,
            "unknown": paged(note.to_json() for note in found.unknown) if room else [],
            "looked_at": [number(count) for count in found.looked_at],
            "compared_bytes": number(found.compared_bytes),
            "more": more,
        }

    # ---- Conflicts ----

    def _get_abilities(self, params: Json) -> Json:
        return {"abilities": list(self.handler.abilities(Conflict.from_json(params["conflict"])))}

    def _resolve(self, params: Json) -> Json:
        conflict, choice = Conflict.from_json(params["conflict"]), Choice.from_json(params["choice"], self.sent)
        why = choice.hindrance(conflict, self.handler.abilities(conflict))
        if why is not None:
            raise Problem(ProblemClass.CONFIG, why)
        return {"feedback": self.handler.resolve(conflict, choice) or "continue"}

    def _look_again(self, params: Json) -> Json:
        now = self.handler.look_again(Conflict.from_json(params["conflict"]))
        return {} if now is None else {"conflict": now.to_json()}

    def _find_copies(self, params: Json) -> Json:
        found = self.handler.find_copies(str(params["item"]))
        self._rows[params["look"]] = {"conflicts": found}
        return {"conflicts": len(found)}

    def _content(self, params: Json) -> Json:
        if not self.handler._has("content"):
            return {}
        conflict, limit = Conflict.from_json(params["conflict"]), int(params["limit"])
        return self._tell(params["look"], self.handler.content(conflict, params.get("version"), limit))

    def _merge(self, params: Json) -> Json:
        if not self.handler._has("merge"):
            return {}
        merge = self.handler.merge(Conflict.from_json(params["conflict"]))
        if merge is None:
            return {}
        told = self._tell(params["look"], merge.text)
        return {"text": told["bytes"], "more": told["more"], "overlaps": merge.overlaps}

    def _tell(self, look: int, data: Optional[bytes]) -> Json:
        if data is None:
            return {}
        if len(data) > PART:
            self._parts[look] = data
        return {"bytes": to_json(data[:PART]), "more": len(data) > PART}

    def _part(self, params: Json) -> Json:
        data = self._parts.get(params["look"])
        if data is None:
            raise Refused(-32001, "no such look")
        start = int(params["from"])
        return {"bytes": to_json(data[start : start + PART]), "more": len(data) > start + PART}

    def _forget_parts(self, params: Json) -> None:
        self._parts.pop(params["look"], None)

    # ---- Stores ----

    def _list_conflicts(self, params: Json) -> Json:
        conflicts = self.handler.conflicts(params.get("item"))
        return _page("conflicts", params, (conflict.to_json() for conflict in conflicts))

    def _remove_conflicts(self, params: Json) -> None:
        self.handler.remove_conflicts(str(params["item"]), [text_of(told) for told in params["conflicts"]])

    def _list_events(self, params: Json) -> Json:
        return _page("events", params, (event.to_json() for event in self.handler.events(params.get("item"))))

    def _remove_events(self, params: Json) -> None:
        self.handler.remove_events(params.get("item"), [int(event) for event in params["events"]])

    ASKED: Mapping[str, Callable[[Calls, Json], Optional[Json]]] = {
        "get_handler": _get_handler,
        "list_items": _list_items,
        "get_item": _get_item,
        "list_partners": _list_partners,
        "enable": _enable,
        "activate": _activate,
        "delete_item": _delete_item,
        "adopt": _adopt,
        "icon": _icon,
        "ui_operation": _ui_operation,
        "event_link": _event_link,
        "ui_answer": _ui_answer,
        "synchronize": _synchronize,
        "check_options": _check_options,
        "command_line": _command_line,
        "undo_options": _undo_options,
        "follow": _follow,
        "unfollow": _unfollow,
        "preview": _preview,
        "rows": _get_rows,
        "forget_rows": _forget_rows,
        "verify": _verify,
        "get_abilities": _get_abilities,
        "resolve_conflict": _resolve,
        "look_again": _look_again,
        "find_copies": _find_copies,
        "content": _content,
        "merge": _merge,
        "part": _part,
        "forget_parts": _forget_parts,
        "list_conflicts": _list_conflicts,
        "remove_conflicts": _remove_conflicts,
        "list_events": _list_events,
        "remove_events": _remove_events,
    }


def _page(of: str, params: Json, rows: Iterable[Any]) -> Json:
    """A page of a list, with the name of the next one."""
    start = int(params.get("after") or 0)
    rest = list(rows)[start:]
    page = paged(rest)
    return {of: page, **({"next": str(start + len(page))} if len(page) < len(rest) else {})}
