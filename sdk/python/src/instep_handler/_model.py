"""The things that a handler and the center speak of."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Mapping, Optional, Protocol, Sequence, Union

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


@dataclass(frozen=True)
class Version:
    """One of the competing versions of a conflict."""

    location: str
    deleted: bool = False
    kind: str = "file"
    size: int = 0
    modified: int = 0
    stamp: str = ""

    def to_json(self) -> Json:
        """As it travels."""
        return {
            "location": self.location,
            "type": "deleted" if self.deleted else "updated",
            "kind": "" if self.deleted else self.kind,
            "size": number(self.size),
            "modified": self.modified,
            "stamp": self.stamp,
        }


@dataclass(frozen=True)
class Conflict:
    """One disagreement that needs a decision."""

    id: str
    item: str
    path: str
    kind: str = "edit-edit"
    versions: Sequence[Version] = field(default_factory=tuple)
    detected: Optional[int] = None

    def to_json(self) -> Json:
        """As it travels."""
        told: Json = {
            "id": self.id,
            "item": self.item,
            "path": self.path,
            "kind": self.kind,
            "versions": [version.to_json() for version in self.versions],
        }
        if self.detected is not None:
            told["detected"] = self.detected
        return told

    @staticmethod
    def from_json(told: Mapping[str, Any]) -> Conflict:
        """As it was read; members of later versions are passed over."""
        versions = [
            Version(
                location=str(version.get("location", "")),
                deleted=version.get("type") == "deleted",
                kind=str(version.get("kind", "")),
                size=int(version.get("size", 0)),
                modified=int(version.get("modified", 0)),
                stamp=_text(version.get("stamp", "")),
            )
            for version in told.get("versions", [])
        ]
        return Conflict(
            id=_text(told["id"]),
            item=str(told["item"]),
            path=_text(told["path"]),
            kind=str(told.get("kind", "edit-edit")),
            versions=versions,
            detected=told.get("detected"),
        )


def _text(told: Any) -> str:
    """Bytes that are no UTF-8 come as base64; they become a string as file names do."""
    if isinstance(told, dict):
        import base64

        return base64.b64decode(told["base64"]).decode("utf-8", "surrogateescape")
    return str(told)


def number(value: int) -> Union[int, str]:
    """A whole number as it travels: its digits where other readers would round it."""
    return value if value <= MAX_EXACT else str(value)


class Center(Protocol):
    """What a handler can ask the center at any time."""

    def update_handler(self) -> None:
        """The handler's items or properties changed."""

    def start_sync(self, items: Optional[Sequence[str]] = None) -> None:
        """Asks for a synchronization of these items, or of all."""

    def replace_conflicts(self, item: str, conflicts: Sequence[Conflict]) -> None:
        """These are the open conflicts of the item now."""
