"""A session as the handler sees it."""

from __future__ import annotations

import threading
import time
import traceback
from types import TracebackType
from typing import Any, Callable, Mapping, Optional, Sequence, Type

from ._model import (
    Cancel,
    Canceled,
    Counts,
    Item,
    Json,
    Level,
    Outcome,
    Phase,
    Problem,
    ProblemClass,
    Refused,
    Status,
    number,
)
from ._peer import Peer

#: Reports of work in progress are sent this often; of more frequent ones the latest wins.
INTERVAL = 0.05


class Session:
    """One synchronization of some items. Every method may be called from any thread."""

    def __init__(
        self,
        peer: Peer,
        turn: Optional[int],
        items: Sequence[str],
        options: Mapping[str, Any],
        answer: Mapping[str, Any],
    ) -> None:
        self._peer = peer
        self.turn = turn
        #: The identifiers of the items.
        self.items = list(items)
        #: The options of the start.
        self.options = dict(options)
        self.number: int = answer["session"]
        #: The run that it is recorded as.
        self.run: int = int(answer["run"])
        self._lock = threading.Lock()
        self._all = False
        self._canceled: set[str] = set()
        self._begun: set[str] = set()
        self._complete: set[str] = set()
        self._sent: dict[str, float] = {}
        #: Called when the session was ended.
        self.on_end: Callable[[], object] = lambda: None

    # ---- What is asked to stop ----

    def cancel(self, item: Optional[str]) -> None:
        """A stop was pushed."""
        with self._lock:
            if item is None:
                self._all = True
            else:
                self._canceled.add(item)

    def asked(self, item: Optional[str] = None) -> Cancel:
        """What is asked to stop: of an item, or of everything."""
        with self._lock:
            if self._all:
                return Cancel.ALL
            return Cancel.ITEM if item is not None and item in self._canceled else Cancel.NONE

    def check(self, item: Optional[str] = None) -> None:
        """Raises :class:`Canceled` if a stop was asked for."""
        asked = self.asked(item)
        if asked is not Cancel.NONE:
            raise Canceled(asked)

    # ---- The callback's methods ----

    def _call(self, method: str, **params: Any) -> Json:
        told = {name: value for name, value in params.items() if value is not None}
        return self._peer.call(method, {"session": self.number, **told})

    def _told(self, item: Optional[str], answer: Json) -> Cancel:
        cancel = answer.get("cancel", "none")
        if cancel == "all":
            self.cancel(None)
        elif cancel == "item" and item is not None:
            self.cancel(item)
        return self.asked(item)

    def report_progress(
        self, item: str, status: Status, text: Optional[str] = None, step: int = 0, maximum: int = 0
    ) -> Cancel:
        """The state of an item. Work in progress is told and not waited for."""
        params: Json = {
            "session": self.number,
            "item": item,
            "status": status.value,
            "step": number(step),
            "max": number(maximum),
        }
        if text is not None:
            params["text"] = text[:259]
        with self._lock:
            known = item in self._begun and item not in self._complete
            self._begun.add(item)
            now = time.monotonic()
            if known and not status.completes:
                if now - self._sent.get(item, 0.0) < INTERVAL:
                    params = {}
                else:
                    self._sent[item] = now
        if known and not status.completes:
            if params:
                self._peer.tell("report_progress", params)
            return self.asked(item)
        answer = self._peer.call("report_progress", params)
        if status.completes:
            with self._lock:
                self._complete.add(item)
                self._canceled.discard(item)
        return self._told(item, answer)

    def set_text(self, text: str) -> Cancel:
        """The handler's own line."""
        return self._told(None, self._call("set_handler_progress_text", text=text[:259]))

    def report_event(
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
        answer = self._call(
            "report_event",
            item=item,
            level=level.value,
            name=name,
            description=description,
            fix=fix,
            link_text=link_text,
            link_reference=link_reference,
            context=context,
        )
        return int(answer["event"])

    def report_phase(self, item: str, phase: Phase) -> Cancel:
        """What the handler is doing with an item."""
        return self._told(item, self._call("report_phase", item=item, phase=phase.value))

    def report_outcome(
        self, item: str, outcome: Outcome, counts: Optional[Counts] = None, problem: Optional[Problem] = None
    ) -> None:
        """What the item's run came to, said before its final status."""
        self._call(
            "report_outcome",
            item=item,
            outcome=outcome.value,
            counts=(counts or Counts()).to_json(),
            problem=problem.to_json() if problem else None,
        )

    def additional(self) -> tuple[list[str], list[Json]]:
        """What waits for this handler: items, and requests with options (R9)."""
        answer = self._call("query_for_additional_items")
        return list(answer.get("items", [])), list(answer.get("requests", []))

    def add_item(self, item: str) -> None:
        """Takes one more item in (R9)."""
        self._call("add_item_to_session", item=item)
        self.items.append(item)

    def add_request(self, request: int) -> None:
        """Takes a waiting request in (R9)."""
        self._call("add_request_to_session", request=request)

    def propose(self, item: Item) -> None:
        """Offers a new item, which stays invisible until :meth:`commit` (R8)."""
        self._call("propose_item", item=item.to_json())

    def commit(self, item: str) -> None:
        """The proposed item becomes one of the handler's (R8)."""
        self._call("commit_item", item=item)

    def manual(self) -> None:
        """A person started this elsewhere (R13)."""
        self._call("report_manual_sync")

    def extend_lease(self, seconds: int) -> None:
        """Asks for leave to be silent for longer than 60 s (R12)."""
        self._call("extend_lease", seconds=seconds)

    def can_continue(self, item: Optional[str] = None) -> bool:
        """Asks the center itself, which renews the lease."""
        return bool(self._call("can_continue", item=item)["go_on"])

    def end(self) -> None:
        """Ends the session; the return of ``synchronize`` does the same."""
        self._call("end_session")
        self.on_end()

    def finish_stopped(self) -> None:
        """After a stop of everything: items that were not begun any more are acknowledged too (R3)."""
        if self.asked() is Cancel.ALL:
            for item in self.items:
                if item not in self._complete:
                    self.report_progress(item, Status.CANCELED, "")

    # ---- The easy way ----

    def item(self, item: str) -> Work:
        """Work on one item: ``with session.item(item) as work``. Whatever happens, the item gets its final word."""
        return Work(self, item)


class Work:
    """Work on one item, which ends with a final word: done, failed (an exception), or canceled."""

    def __init__(self, session: Session, item: str) -> None:
        self._session = session
        #: The item's identifier.
        self.id = item
        #: What was changed so far.
        self.counts = Counts()
        self._outcome: Optional[Outcome] = None
        self._problem: Optional[Problem] = None

    def __enter__(self) -> Work:
        self._session.report_progress(self.id, Status.UPDATING_INDETERMINATE, "")
        return self

    def progress(self, text: Optional[str] = None, step: int = 0, maximum: int = 0) -> None:
        """How far it is; without a maximum nobody knows. Raises :class:`Canceled` when it is to stop."""
        status = Status.UPDATING if maximum else Status.UPDATING_INDETERMINATE
        asked = self._session.report_progress(self.id, status, text, step, maximum)
        if asked is not Cancel.NONE:
            raise Canceled(asked)

    def check(self) -> None:
        """Raises :class:`Canceled` when it is to stop."""
        self._session.check(self.id)

    def phase(self, phase: Phase) -> None:
        """What is being done."""
        self._session.report_phase(self.id, phase)

    def event(self, level: Level, name: str, description: str, fix: Optional[str] = None) -> None:
        """A line of the results; an error makes the run one with gaps."""
        self._session.report_event(level, name, description, self.id, fix)
        if level is Level.ERROR:
            self.counts.errors += 1

    def done(self, **counts: int) -> None:
        """What was changed (as in :class:`Counts`), added to what was counted before."""
        for name, value in counts.items():
            setattr(self.counts, name, getattr(self.counts, name) + value)

    def fail(self, problem: Problem, outcome: Outcome = Outcome.FAILED) -> None:
        """Ends it with a problem, without raising it."""
        self._problem, self._outcome = problem, outcome

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> bool:
        if isinstance(error, Refused) and error.ended:
            return False
        if isinstance(error, Canceled):
            self._finish(Status.CANCELED, Outcome.CANCELED)
            # A stop of everything goes on to the items that have not been begun.
            return True
        if isinstance(error, Exception):
            if isinstance(error, Problem):
                self._problem = error
            elif isinstance(error, OSError):
                self._problem = Problem(_class_of(error), f"{error}.")
            else:
                traceback.print_exception(kind, error, trace)
                self._problem = Problem(ProblemClass.BUG, f"The handler broke down: {kind and kind.__name__}: {error}.")
            self._finish(Status.FAILED, self._outcome or Outcome.FAILED)
            return True
        if error is not None:
            return False
        if self._outcome is not None:
            self._finish(Status.FAILED, self._outcome)
        elif self.counts.errors:
            self._finish(Status.FAILED, Outcome.GAPS)
        elif self.counts.conflicts:
            self._finish(Status.SUCCEEDED, Outcome.NEEDS_DECISION)
        else:
            self._finish(Status.SUCCEEDED, Outcome.DONE)
        return False

    def _finish(self, status: Status, outcome: Outcome) -> None:
        self._session.report_outcome(self.id, outcome, self.counts, self._problem)
        self._session.report_progress(self.id, status, "")


def _class_of(error: OSError) -> ProblemClass:
    import errno

    if isinstance(error, PermissionError):
        return ProblemClass.PERMISSION
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ProblemClass.SPACE
    if isinstance(error, FileNotFoundError):
        return ProblemClass.CONFIG
    return ProblemClass.TRANSIENT
