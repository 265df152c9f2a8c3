"""A session as the handler sees it, for coroutines."""

from __future__ import annotations

from asyncio import to_thread
from types import TracebackType
from typing import Optional, Type

from .._model import Cancel, Counts, Item, Json, Level, Outcome, Phase, Problem, Status
from .._session import Session as _Session
from .._session import Work as _Work


class Session:
    """A session whose questions do not hold up the event loop."""

    def __init__(self, session: _Session) -> None:
        #: The same session for threads.
        self.plain = session
        #: The identifiers of the items.
        self.items = session.items
        #: The options of the start.
        self.options = session.options
        #: The run that it is recorded as.
        self.run = session.run

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
        return await to_thread(self.plain.report_progress, item, status, text, step, maximum)

    async def set_text(self, text: str) -> Cancel:
        """The handler's own line."""
        return await to_thread(self.plain.set_text, text)

    async def report_event(
        self,
        level: Level,
        name: str,
        description: str,
        item: Optional[str] = None,
        fix: Optional[str] = None,
        link_text: Optional[str] = None,
        link_reference: Optional[str] = None,
        context: Optional[str] = None,
    ) -> int:
        """A line of the results; gives its number."""
        return await to_thread(
            self.plain.report_event, level, name, description, item, fix, link_text, link_reference, context
        )

    async def report_phase(self, item: str, phase: Phase) -> Cancel:
        """What the handler is doing with an item."""
        return await to_thread(self.plain.report_phase, item, phase)

    async def report_outcome(
        self, item: str, outcome: Outcome, counts: Optional[Counts] = None, problem: Optional[Problem] = None
    ) -> None:
        """What the item's run came to, said before its final status."""
        await to_thread(self.plain.report_outcome, item, outcome, counts, problem)

    async def additional(self) -> tuple[list[str], list[Json]]:
        """What waits for this handler: items, and requests with options (R9)."""
        return await to_thread(self.plain.additional)

    async def add_item(self, item: str) -> None:
        """Takes one more item in (R9)."""
        await to_thread(self.plain.add_item, item)

    async def add_request(self, request: int) -> None:
        """Takes a waiting request in (R9)."""
        await to_thread(self.plain.add_request, request)

    async def propose(self, item: Item) -> None:
        """Offers a new item, which stays invisible until :meth:`commit` (R8)."""
        await to_thread(self.plain.propose, item)

    async def commit(self, item: str) -> None:
        """The proposed item becomes one of the handler's (R8)."""
        await to_thread(self.plain.commit, item)

    async def manual(self) -> None:
        """A person started this elsewhere (R13)."""
        await to_thread(self.plain.manual)

    async def can_continue(self, item: Optional[str] = None) -> bool:
        """Asks the center itself, which renews the lease."""
        return await to_thread(self.plain.can_continue, item)

    async def end(self) -> None:
        """Ends the session; the return of ``synchronize`` does the same."""
        await to_thread(self.plain.end)

    async def extend_lease(self, seconds: int) -> None:
        """Asks for leave to be silent for longer than 60 s (R12)."""
        await to_thread(self.plain.extend_lease, seconds)

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
        await to_thread(self.plain.__enter__)
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> bool:
        return await to_thread(self.plain.__exit__, kind, error, trace)

    async def progress(self, text: Optional[str] = None, step: int = 0, maximum: int = 0) -> None:
        """How far it is. Raises :class:`~instep_handler.Canceled` when it is to stop."""
        await to_thread(self.plain.progress, text, step, maximum)

    def check(self) -> None:
        """Raises :class:`~instep_handler.Canceled` when it is to stop."""
        self.plain.check()

    async def phase(self, phase: Phase) -> None:
        """What is being done."""
        await to_thread(self.plain.phase, phase)

    async def event(self, level: Level, name: str, description: str, fix: Optional[str] = None) -> None:
        """A line of the results."""
        await to_thread(self.plain.event, level, name, description, fix)

    def done(self, **counts: int) -> None:
        """What was changed."""
        self.plain.done(**counts)

    def fail(self, problem: Problem, outcome: Outcome = Outcome.FAILED) -> None:
        """Ends it with a problem."""
        self.plain.fail(problem, outcome)
