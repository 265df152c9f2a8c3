"""The things that a handler and the center speak of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Callable, Mapping, Optional, Sequence, Union

MAX_EXACT = 2**53 - 1

Json = dict[str, Any]


class Status(str, Enum):
    """The state of an item."""

    UPDATING = "updating"
    UPDATING_INDETERMINATE = "updating-indeterminate"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    DISCONNECTED = "disconnected"

    @property
    def completes(self) -> bool:
        """Whether it is a final word (R1)."""
        return self in (Status.SUCCEEDED, Status.FAILED, Status.CANCELED)


class Cancel(str, Enum):
    """What is asked to stop (R3)."""

    NONE = "none"
    ITEM = "item"
    ALL = "all"


class Level(str, Enum):
    """How serious an event is; only errors are counted (R16)."""

    INFORMATION = "information"
    WARNING = "warning"
    ERROR = "error"


class Phase(str, Enum):
    """What the handler is doing with an item."""

    LOOKING = "looking"
    COMPARING = "comparing"
    MOVING = "moving"
    FINISHING = "finishing"


class Outcome(str, Enum):
    """What a run of an item came to."""

    DONE = "done"
    PENDING = "pending"
    WAITING = "waiting"
    DISCONNECTED = "disconnected"
    CANCELED = "canceled"
    NEEDS_DECISION = "needs_decision"
    GAPS = "gaps"
    FAILED = "failed"
    SAFETY_STOP = "safety_stop"


class ProblemClass(str, Enum):
    """The kind of a problem: decides whether it is retried, and who must act."""

    CONFIG = "config"
    AUTH = "auth"
    TRANSIENT = "transient"
    CONFLICT = "conflict"
    SPACE = "space"
    PERMISSION = "permission"
    SAFETY = "safety"
    CONSENT = "consent"
    BUG = "bug"


class Problem(Exception):
    """Something that went wrong, as a person reads it. Raised, it fails the item or the synchronization."""

    def __init__(self, kind: ProblemClass, text: str, fix: Optional[str] = None) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text
        self.fix = fix

    def to_json(self) -> Json:
        """As it travels in an outcome."""
        told: Json = {"class": self.kind.value, "text": self.text}
        if self.fix is not None:
            told["fix"] = self.fix
        return told


class Refused(Exception):
    """The center refused a call; ``code`` is the number of the protocol."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def ended(self) -> bool:
        """Whether the session has ended."""
        return self.code == -32004


class Canceled(Exception):
    """A stop was asked for. Let it through: leaving :meth:`Session.item` by it acknowledges the stop."""

    def __init__(self, cancel: Cancel) -> None:
        super().__init__("everything is to stop" if cancel is Cancel.ALL else "the item is to stop")
        self.cancel = cancel


@dataclass(frozen=True)
class Item:
    """One thing that the handler keeps in sync."""

    id: str
    name: str
    comment: str = ""
    type_label: str = ""
    connected: bool = True
    enabled: Optional[bool] = None
    capabilities: Sequence[str] = ()
    policies: Sequence[str] = ()

    def to_json(self) -> Json:
        """As it travels."""
        told: Json = {
            "id": self.id,
            "name": self.name,
            "comment": self.comment,
            "type_label": self.type_label,
            "connected": self.connected,
            "capabilities": list(self.capabilities),
            "policies": list(self.policies),
        }
        if self.enabled is not None:
            told["enabled"] = self.enabled
        return told


@dataclass
class Counts:
    """What a run of an item changed. Handlers without sides change B."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    moved: int = 0
    conflicts: int = 0
    errors: int = 0
    skipped: int = 0
    bytes: int = 0

    def to_json(self) -> Json:
        """As it travels."""
        side = {"created": self.created, "updated": self.updated, "deleted": self.deleted, "moved": self.moved}
        rest = {"conflicts": self.conflicts, "errors": self.errors, "skipped": self.skipped, "bytes": self.bytes}
        return {
            "b": {name: number(count) for name, count in side.items()},
            **{name: number(count) for name, count in rest.items()},
        }


def number(value: int) -> Union[int, str]:
    """A whole number as it travels: its digits where other readers would round it."""
    return value if value <= MAX_EXACT else str(value)


@dataclass(frozen=True)
class Event:
    """An event in a store that the handler keeps itself, oldest first."""

    id: int
    time: int
    level: Level
    name: str
    description: str
    item: Optional[str] = None
    run: int = 0
    link_text: Optional[str] = None
    link_reference: Optional[str] = None
    context: Optional[str] = None

    def to_json(self) -> Json:
        """As it travels."""
        told: Json = {
            "id": number(self.id),
            "run": number(self.run),
            "time": self.time,
            "level": self.level.value,
            "name": self.name,
            "description": self.description,
        }
        for key in ("item", "link_text", "link_reference", "context"):
            if getattr(self, key) is not None:
                told[key] = getattr(self, key)
        return told

    @staticmethod
    def from_json(told: Mapping[str, Any]) -> Event:
        """As it was read; a level of a later version is an information."""
        known = {level.value for level in Level}
        level = str(told.get("level"))
        return Event(
            id=int(told["id"]),
            time=int(told["time"]),
            level=Level(level) if level in known else Level.INFORMATION,
            name=str(told["name"]),
            description=str(told["description"]),
            item=told.get("item"),
            run=int(told.get("run", 0)),
            link_text=told.get("link_text"),
            link_reference=told.get("link_reference"),
            context=told.get("context"),
        )


@dataclass(frozen=True)
class Icon:
    """A picture of the handler or of an item."""

    #: For instance ``image/svg+xml``.
    media_type: str
    data: bytes


@dataclass(frozen=True)
class Operation:
    """Something that is shown to a person, or asked."""

    request: Mapping[str, Any]
    #: Hears the answer; for a question, no (or nobody to ask) means: do not.
    answered: Callable[[bool], None] = lambda yes: None

    @staticmethod
    def confirm(text: str, answered: Callable[[bool], None]) -> Operation:
        """A question that is answered with yes or no."""
        return Operation({"show": "confirm", "text": text}, answered)

    @staticmethod
    def text(text: str) -> Operation:
        """Something to read."""
        return Operation({"show": "text", "text": text})

    @staticmethod
    def open(reference: str) -> Operation:
        """Something to open: a path or URL."""
        return Operation({"show": "open", "reference": reference})

    @staticmethod
    def schedule() -> Operation:
        """The center's own schedule page of the handler."""
        return Operation({"show": "schedule"})
