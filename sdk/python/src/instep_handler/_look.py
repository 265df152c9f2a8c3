"""Previews and checks: what a run would do, and whether all is as the last one left it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Optional, Sequence

from ._bytes import to_json
from ._conflict import Conflict
from ._model import Cancel, Canceled, Counts, Json, Outcome, number
from ._peer import Peer

#: The center is told this often how far a look is, in seconds.
TELL = 0.1


@dataclass(frozen=True)
class Action:
    """One thing that a run would do."""

    #: ``create``, ``update``, ``delete``, ``replace``, ``move``, ``keep-both`` or ``metadata``.
    verb: str
    path: str
    #: ``a`` or ``b``; handlers without sides change B.
    side: str = "b"
    #: The name it has now, where it gets another one.
    from_path: Optional[str] = None
    #: ``file``, ``directory``, ``link`` or ``other``.
    kind: str = "file"
    #: Files, directories and links that it touches in all.
    entries: int = 1
    size: int = 0
    #: Why, in a few words.
    why: str = ""

    def to_json(self) -> Json:
        """As it travels."""
        told: Json = {
            "verb": self.verb,
            "path": to_json(self.path),
            "side": self.side,
            "kind": self.kind,
            "entries": number(self.entries),
            "size": number(self.size),
            "why": self.why,
        }
        if self.from_path is not None:
            told["from"] = to_json(self.from_path)
        return told


@dataclass(frozen=True)
class Note:
    """Something to know about a path, which no action comes from."""

    path: str
    text: str
    #: Whether a run would count it as an error.
    is_error: bool = False

    def to_json(self) -> Json:
        """As it travels."""
        return {"path": to_json(self.path), "text": self.text, "is_error": self.is_error}


@dataclass
class Preview:
    """What a run would come to."""

    counts: Counts = field(default_factory=Counts)
    expected: Outcome = Outcome.DONE
    actions: Sequence[Action] = ()
    #: The conflicts that would be open afterwards.
    conflicts: Sequence[Conflict] = ()
    notes: Sequence[Note] = ()
    #: What guards say to it, each a sentence; a run would do nothing without approval.
    stops: Sequence[str] = ()
    #: What a person should know before believing the rest, each a sentence.
    warnings: Sequence[str] = ()
    #: What a start's options name to have exactly this carried out.
    plan: Optional[str] = None
    #: Something that is there would go, and nobody has agreed to that yet.
    needs_consent: bool = False
    first_run: bool = False
    #: What the person calls A and B.
    sides: Optional[tuple[str, str]] = None

    def to_json(self) -> Json:
        """As it travels; its rows are asked for."""
        told: Json = {
            "counts": self.counts.to_json(),
            "expected": self.expected.value,
            "stops": list(self.stops),
            "warnings": list(self.warnings),
            "needs_consent": self.needs_consent,
            "first_run": self.first_run,
            "actions": len(self.actions),
            "conflicts": len(self.conflicts),
            "notes": len(self.notes),
        }
        if self.plan is not None:
            told["plan"] = self.plan
        if self.sides is not None:
            told["sides"] = list(self.sides)
        return told


@dataclass(frozen=True)
class Difference:
    """Where an item is not as its last run left it."""

    path: str
    #: ``missing``, ``content``, ``metadata``, ``renamed`` or ``conflict``.
    kind: str
    #: The side that lacks it, or has the old name.
    side: Optional[str] = None
    from_path: Optional[str] = None

    def to_json(self) -> Json:
        """As it travels."""
        told: Json = {"path": to_json(self.path), "kind": self.kind}
        if self.side is not None:
            told["side"] = self.side
        if self.from_path is not None:
            told["from"] = to_json(self.from_path)
        return told


@dataclass
class Verification:
    """Whether an item is as its last run left it."""

    #: Where it is not, sorted by path.
    differences: Sequence[Difference] = ()
    #: What could not be looked at.
    unknown: Sequence[Note] = ()
    #: Entries that were looked at, on A and on B.
    looked_at: tuple[int, int] = (0, 0)
    compared_bytes: int = 0


class Look:
    """A look that may take long: tells how far it is, and hears when nobody waits for it any more."""

    def __init__(self, peer: Peer, number: int) -> None:
        self._peer = peer
        self._number = number
        self._entries = 0
        self._told = time.monotonic()
        #: Whether to give up.
        self.canceled = False

    def check(self) -> None:
        """Raises :class:`~instep_handler.Canceled` if nobody waits for it any more."""
        if self.canceled:
            raise Canceled(Cancel.ALL)

    def looked_at(self, entries: int, place: str) -> None:
        """So many entries more were looked at; ``place`` is where."""
        self.check()
        self._entries += entries
        now = time.monotonic()
        if now - self._told >= TELL:
            params = {"look": self._number, "entries": number(self._entries), "place": to_json(place)}
            self._entries, self._told = 0, now
            self._peer.tell("looked_at", params)
