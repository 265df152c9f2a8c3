"""The center beside a synchronization, for coroutines."""

from __future__ import annotations

import asyncio
import threading
from asyncio import to_thread
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence

from .._center import Center as _Center
from .._conflict import Conflict
from .._follow import Ran
from .._follow import Runner as _Runner
from .._model import Problem
from ._session import Session


class Center:
    """The center. Every call waits for its answer, and raises :class:`~instep_handler.Refused`."""

    def __init__(self, center: _Center) -> None:
        #: The same for threads.
        self.plain = center

    # ---- Something changed ----

    async def update_handler(self) -> None:
        """The handler's items or properties changed."""
        await to_thread(self.plain.update_handler)

    async def update_partners(self) -> None:
        """Partners of the collection came or went."""
        await to_thread(self.plain.update_partners)

    async def update_item(self, item: str) -> None:
        """An item's properties changed."""
        await to_thread(self.plain.update_item, item)

    async def update_events(self, item: Optional[str] = None) -> None:
        """Events were added to the handler's own store."""
        await to_thread(self.plain.update_events, item)

    async def update_conflict(self, conflict: str, item: Optional[str] = None, reason: str = "changed") -> None:
        """A conflict of the handler's own store was ``added``, ``changed`` or ``removed``."""
        await to_thread(self.plain.update_conflict, conflict, item, reason)

    async def update_conflicts(self, item: Optional[str] = None) -> None:
        """Conflicts were added to, or removed from, the handler's own store."""
        await to_thread(self.plain.update_conflicts, item)

    # ---- Control of the handler's own items ----

    async def start_sync(
        self,
        items: Optional[Sequence[str]] = None,
        options: Optional[Mapping[str, Any]] = None,
        ignore_if_already_syncing: bool = False,
    ) -> None:
        """Asks for a synchronization of these items, or of all."""
        await to_thread(self.plain.start_sync, items, options, ignore_if_already_syncing)

    async def stop_sync(self, items: Optional[Sequence[str]] = None) -> None:
        """Asks for a stop of these items, or of all."""
        await to_thread(self.plain.stop_sync, items)

    async def activate_handler(self, active: bool) -> None:
        """Sets the handler up, or takes it out."""
        await to_thread(self.plain.activate_handler, active)

    async def enable_handler(self, enabled: bool) -> None:
        """Enables or disables the handler."""
        await to_thread(self.plain.enable_handler, enabled)

    async def enable_item(self, item: str, enabled: bool) -> None:
        """Enables or disables an item."""
        await to_thread(self.plain.enable_item, item, enabled)

    async def begin(self, items: Sequence[str]) -> Session:
        """Begins a session that nobody asked for; :meth:`Session.end` ends it."""
        return Session(await to_thread(self.plain.begin, items))

    # ---- The conflicts that the center keeps for the handler ----

    async def conflicts(self, item: Optional[str] = None) -> list[Conflict]:
        """Those that are open, of an item or of all."""
        return await to_thread(self.plain.conflicts, item)

    async def replace_conflicts(self, item: str, conflicts: Sequence[Conflict]) -> None:
        """These are the open conflicts of the item now: new ones are added, others are closed."""
        await to_thread(self.plain.replace_conflicts, item, conflicts)

    async def put_conflicts(self, conflicts: Sequence[Conflict]) -> None:
        """Opens these beside those that are open; known ones get the versions that they have now."""
        await to_thread(self.plain.put_conflicts, conflicts)

    async def remove_conflicts(self, item: str, conflicts: Sequence[str]) -> None:
        """Closes these."""
        await to_thread(self.plain.remove_conflicts, item, conflicts)


@dataclass(frozen=True)
class Hello:
    """What the center said in the handshake."""

    handler: str
    #: The partner whose handler this is; none: it lists the partners, or is no collection.
    partner: Optional[str]
    settings: Mapping[str, Any]
    items: Mapping[str, Mapping[str, Any]]
    center: Center


class Runner:
    """The center, for a handler that follows an item."""

    def __init__(self, runner: _Runner) -> None:
        #: The same for threads.
        self.plain = runner

    async def run(self, options: Optional[Mapping[str, Any]] = None) -> Optional[Ran]:
        """As :meth:`instep_handler.Runner.run`."""
        ran: Future[Optional[Ran]] = Future()

        def run() -> None:
            try:
                ran.set_result(self.plain.run(options))
            except Exception as error:
                ran.set_exception(error)

        # It may take hours: none of the threads that all other questions share.
        threading.Thread(target=run, name="item_changed", daemon=True).start()
        return await asyncio.wrap_future(ran)

    def following(self) -> None:
        """Changes are noticed at once."""
        self.plain.following()

    def away(self, problem: Problem) -> None:
        """The item is not there: it is followed again when it is back."""
        self.plain.away(problem)

    def periodic(self, problem: Problem, seconds: int) -> None:
        """Changes cannot be noticed: you look for them now and then."""
        self.plain.periodic(problem, seconds)
