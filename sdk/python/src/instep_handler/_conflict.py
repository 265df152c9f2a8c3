"""Conflicts: what disagrees, what was chosen for it, and what became of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Optional, Sequence

from ._bytes import bytes_of, text_of, to_json
from ._model import Json, Problem, number
from ._peer import Peer


@dataclass(frozen=True)
class Version:
    """One of the competing versions of a conflict."""

    location: str
    deleted: bool = False
    kind: str = "file"
    size: int = 0
    modified: int = 0
    #: What the handler needs to recognise this very version again.
    stamp: str = ""
    #: Where it is, if that is not the conflict's path.
    path: Optional[str] = None

    def to_json(self) -> Json:
        """As it travels."""
        told: Json = {
            "location": self.location,
            "type": "deleted" if self.deleted else "updated",
            "kind": "" if self.deleted else self.kind,
            "size": number(self.size),
            "modified": self.modified,
            "stamp": to_json(self.stamp),
        }
        if self.path is not None:
            told["path"] = to_json(self.path)
        return told


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
            "id": to_json(self.id),
            "item": self.item,
            "path": to_json(self.path),
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
                stamp=text_of(version.get("stamp", "")),
                path=None if version.get("path") is None else text_of(version["path"]),
            )
            for version in told.get("versions", [])
        ]
        return Conflict(
            id=text_of(told["id"]),
            item=str(told["item"]),
            path=text_of(told["path"]),
            kind=str(told.get("kind", "edit-edit")),
            versions=versions,
            detected=told.get("detected"),
        )


@dataclass(frozen=True)
class Choice:
    """What a person chose for a conflict."""

    #: ``one``, ``all``, ``recent``, ``largest``, ``items``, ``other``, ``merged``, ``remove_from_sync_set``, or a word of a
    #: later version.
    keep: str
    #: For ``one``: the version.
    index: int = 0
    #: For ``items``: the versions, each with the name it is to have; none: its own.
    items: Sequence[tuple[int, Optional[str]]] = ()
    #: For ``other``: where it is to be found, or (none) :attr:`content`.
    reference: Optional[str] = None
    #: For ``other``: what is to stand instead of all versions.
    content: Optional[bytes] = None
    #: As it was read.
    told: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def from_json(told: Mapping[str, Any], sent: dict[int, bytearray]) -> Choice:
        """As it was read, with the content that came before it."""
        content = None if told.get("content") is None else bytes_of(told["content"])
        if told.get("sent") is not None:
            content = bytes(sent.pop(int(told["sent"])))
        return Choice(
            keep=str(told.get("keep", "")),
            index=int(told.get("index", 0)),
            items=[(int(item["index"]), item.get("new_name")) for item in told.get("items", [])],
            reference=told.get("reference"),
            content=content,
            told=told,
        )


    def winner(self, conflict: Conflict) -> Optional[int]:
        """The version that stays, where that is one of those that compete; none: another or several, or a tie."""
        if self.keep == "one":
            return self.index
        if self.keep == "recent":
            return _only_greatest(conflict, lambda version: version.modified)
        if self.keep == "largest":
            return _only_greatest(conflict, lambda version: version.size)
        return self.items[0][0] if self.keep == "items" and len(self.items) == 1 else None

    def hindrance(self, conflict: Conflict, abilities: Sequence[str]) -> Optional[str]:
        """Why it cannot settle this conflict by a handler that has these abilities, as far as that can be told without
        looking; none when it can."""
        chosen = [self.index] if self.keep == "one" else [index for index, _ in self.items]
        if self.keep == "items" and not chosen:
            return "no version was chosen to be kept"
        for place, index in enumerate(chosen):
            if not 0 <= index < len(conflict.versions):
                return f"version {index} was chosen, but there are {len(conflict.versions)}"
            if index in chosen[:place]:
                return f"version {index} was chosen twice"
        needs = "keep_multiple" if self.keep == "items" and len(chosen) > 1 else _NEEDS.get(self.keep)
        if needs is not None and needs not in abilities:
            return f"the conflict of '{conflict.path}' cannot be settled this way"
        if self.keep in ("recent", "largest") and self.winner(conflict) is None:
            return f"no version of '{conflict.path}' is {'newer' if self.keep == 'recent' else 'larger'} than all others"
        return None


#: What a handler must be able to do for a choice.
_NEEDS: Mapping[str, str] = {
    "all": "keep_multiple",
    "recent": "keep_recent",
    "other": "keep_other",
    "merged": "keep_other",
    "remove_from_sync_set": "remove_from_sync_set",
}


def _only_greatest(conflict: Conflict, key: Callable[[Version], int]) -> Optional[int]:
    # The time and the size of a directory say nothing of what is in it, and a deleted version has none.
    if any(version.kind == "directory" for version in conflict.versions):
        return None
    there = [(key(version), index) for index, version in enumerate(conflict.versions) if not version.deleted]
    greatest = [index for value, index in there if value == max(there)[0]]
    return greatest[0] if len(greatest) == 1 else None


@dataclass(frozen=True)
class Merge:
    """What a merge of the versions comes to."""

    #: The merged text; where both changed the same place it holds both, between markers.
    text: bytes
    #: In how many places both changed the same.
    overlaps: int = 0


class Decided:
    """A conflict as it was shown, and what was chosen for it. Say what became of it: what is not said was not reached."""

    def __init__(self, peer: Peer, turn: int, place: int, conflict: Conflict, choice: Choice) -> None:
        self._peer = peer
        self._turn = turn
        self._place = place
        #: With the versions that the person saw: only those are to be settled.
        self.conflict = conflict
        self.choice = choice

    def _report(self, settlement: Json) -> None:
        params = {"turn": self._turn, "place": self._place, "settlement": settlement}
        self._peer.tell("report_settlement", params)

    def settled(self) -> None:
        """The choice was carried out."""
        self._report({"is": "settled", "choice": {k: v for k, v in self.choice.told.items() if k != "sent"}})

    def left(self) -> None:
        """It is left for later."""
        self._report({"is": "left"})

    def failed(self, problem: Problem) -> None:
        """It could not be carried out; the conflict stands."""
        self._report({"is": "failed", "problem": problem.to_json()})

    def changed(self) -> None:
        """A version is another than the one that was shown: nothing was done."""
        self._report({"is": "changed"})

    def gone(self) -> None:
        """It was no open conflict any more."""
        self._report({"is": "gone"})
