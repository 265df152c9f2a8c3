"""The center beside a synchronization: what a handler can tell and ask it at any time."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence

from ._bytes import to_json
from ._conflict import Conflict
from ._model import Json
from ._peer import Peer, paged
from ._session import Session


class Center:
    """The center. Every call waits for its answer, and raises :class:`~instep_handler.Refused`."""

    def __init__(self, peer: Peer, sessions: dict[int, Session]) -> None:
        self._peer = peer
        self._sessions = sessions

    def _call(self, method: str, **params: Any) -> Json:
        return self._peer.call(method, {name: value for name, value in params.items() if value is not None})

    # ---- Something changed ----

    def update_handler(self) -> None:
        """The handler's items or properties changed."""
        self._call("update_handler")

    def update_partners(self) -> None:
        """Partners of the collection came or went."""
        self._call("update_partners")

    def update_item(self, item: str) -> None:
        """An item's properties changed."""
        self._call("update_item", item=item)

    def update_events(self, item: Optional[str] = None) -> None:
        """Events were added to the handler's own store."""
        self._call("update_events", item=item)

    def update_conflict(self, conflict: str, item: Optional[str] = None, reason: str = "changed") -> None:
        """A conflict of the handler's own store was ``added``, ``changed`` or ``removed``."""
        self._call("update_conflict", conflict=to_json(conflict), item=item, reason=reason)

    def update_conflicts(self, item: Optional[str] = None) -> None:
        """Conflicts were added to, or removed from, the handler's own store."""
        self._call("update_conflicts", item=item)

    # ---- Control of the handler's own items ----

    def start_sync(
        self,
        items: Optional[Sequence[str]] = None,
        options: Optional[Mapping[str, Any]] = None,
        ignore_if_already_syncing: bool = False,
    ) -> None:
        """Asks for a synchronization of these items, or of all."""
        self._call(
            "start_sync",
            items=None if items is None else list(items),
            options=None if options is None else dict(options),
            ignore_if_already_syncing=ignore_if_already_syncing,
        )

    def stop_sync(self, items: Optional[Sequence[str]] = None) -> None:
        """Asks for a stop of these items, or of all."""
        self._call("stop_sync", items=None if items is None else list(items))

    def activate_handler(self, active: bool) -> None:
        """Sets the handler up, or takes it out."""
        self._call("activate_handler", active=active)

    def enable_handler(self, enabled: bool) -> None:
        """Enables or disables the handler."""
        self._call("enable_handler", enabled=enabled)

    def enable_item(self, item: str, enabled: bool) -> None:
        """Enables or disables an item."""
        self._call("enable_item", item=item, enabled=enabled)

    def begin(self, items: Sequence[str]) -> Session:
        """Begins a session that nobody asked for; :meth:`Session.end` ends it."""
        answer = self._call("create_session", items=list(items))
        session = Session(self._peer, None, items, {}, answer)
        self._sessions[session.number] = session
        session.on_end = lambda: self._sessions.pop(session.number, None)
        return session

    # ---- The conflicts that the center keeps for the handler ----

    def conflicts(self, item: Optional[str] = None) -> list[Conflict]:
        """Those that are open, of an item or of all."""
        found: list[Conflict] = []
        after: Optional[str] = None
        while True:
            page = self._call("list_conflicts", item=item, after=after)
            found += [Conflict.from_json(told) for told in page.get("conflicts", [])]
            after = page.get("next")
            if after is None:
                return found

    def replace_conflicts(self, item: str, conflicts: Sequence[Conflict]) -> None:
        """These are the open conflicts of the item now: new ones are added, others are closed."""
        rest = [conflict.to_json() for conflict in conflicts]
        while True:
            page = paged(rest)
            rest = rest[len(page) :]
            self._call("replace_conflicts", item=item, conflicts=page, more=bool(rest))
            if not rest:
                return

    def put_conflicts(self, conflicts: Sequence[Conflict]) -> None:
        """Opens these beside those that are open; known ones get the versions that they have now."""
        rest = [conflict.to_json() for conflict in conflicts]
        while rest:
            page = paged(rest)
            rest = rest[len(page) :]
            self._call("put_conflicts", conflicts=page)

    def remove_conflicts(self, item: str, conflicts: Sequence[str]) -> None:
        """Closes these."""
        self._call("remove_conflicts", item=item, conflicts=[to_json(conflict) for conflict in conflicts])
