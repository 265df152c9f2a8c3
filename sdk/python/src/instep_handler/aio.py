"""The same for asyncio: each synchronization is a coroutine, on an event loop of its own.

What the center asks to stop cancels nothing by force: ``await work.progress(...)`` and ``work.check()`` raise
:class:`~instep_handler.Canceled`.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Optional, Type

from ._handler import Handler as _Handler
from ._model import Cancel, Level, Outcome, Phase, Problem, Status
from ._serve import serve
from ._session import Session as _Session
from ._session import Work as _Work

__all__ = ["Handler", "Session", "Work", "serve"]


class Handler(_Handler):
    """As :class:`instep_handler.Handler`, with a coroutine that synchronizes."""

    async def synchronize_async(self, session: Session) -> None:
        """Synchronizes ``session.items``."""
        raise NotImplementedError

    def synchronize(self, session: _Session) -> None:
        """Runs the coroutine."""
        asyncio.run(self.synchronize_async(Session(session)))


class Session:
    """A session whose questions do not hold up the event loop."""

    def __init__(self, session: _Session) -> None:
        #: The same session for threads; everything of it can be called through :func:`asyncio.to_thread`.
        self.plain = session
        self.items = session.items
        self.options = session.options

    def asked(self, item: Optional[str] = None) -> Cancel:
        """What is asked to stop."""
        return self.plain.asked(item)

    def check(self, item: Optional[str] = None) -> None:
        """Raises :class:`~instep_handler.Canceled` if a stop was asked for."""
        self.plain.check(item)

    async def report_progress(
        self, item: str, status: Status, text: Optional[str] = None, step: int = 0, maximum: int = 0
    ) -> Cancel:
        """The state of an item."""
        return await asyncio.to_thread(self.plain.report_progress, item, status, text, step, maximum)

    async def report_event(
        self, level: Level, name: str, description: str, item: Optional[str] = None, fix: Optional[str] = None
    ) -> int:
        """A line of the results; gives its number."""
        return await asyncio.to_thread(self.plain.report_event, level, name, description, item, fix)

    async def extend_lease(self, seconds: int) -> None:
        """Asks for leave to be silent for longer than 60 s (R12)."""
        await asyncio.to_thread(self.plain.extend_lease, seconds)

    def item(self, item: str) -> Work:
        """Work on one item: ``async with session.item(item) as work``."""
        return Work(self.plain.item(item))


class Work:
    """Work on one item, which ends with a final word."""

    def __init__(self, work: _Work) -> None:
        self.plain = work
        self.id = work.id
        self.counts = work.counts

    async def __aenter__(self) -> Work:
        await asyncio.to_thread(self.plain.__enter__)
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> bool:
        return await asyncio.to_thread(self.plain.__exit__, kind, error, trace)

    async def progress(self, text: Optional[str] = None, step: int = 0, maximum: int = 0) -> None:
        """How far it is. Raises :class:`~instep_handler.Canceled` when it is to stop."""
        await asyncio.to_thread(self.plain.progress, text, step, maximum)

    def check(self) -> None:
        """Raises :class:`~instep_handler.Canceled` when it is to stop."""
        self.plain.check()

    async def phase(self, phase: Phase) -> None:
        """What is being done."""
        await asyncio.to_thread(self.plain.phase, phase)

    async def event(self, level: Level, name: str, description: str, fix: Optional[str] = None) -> None:
        """A line of the results."""
        await asyncio.to_thread(self.plain.event, level, name, description, fix)

    def done(self, **counts: int) -> None:
        """What was changed."""
        self.plain.done(**counts)

    def fail(self, problem: Problem, outcome: Outcome = Outcome.FAILED) -> None:
        """Ends it with a problem."""
        self.plain.fail(problem, outcome)
