"""Following: who has a followed item synchronized."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional

from ._model import Json, Outcome, Problem, Refused
from ._peer import Peer


@dataclass(frozen=True)
class Ran:
    """What a run for a change came to."""

    outcome: Outcome
    #: What it changed, as it was told.
    counts: Mapping[str, Any]


class Runner:
    """The center, for a handler that follows an item."""

    def __init__(self, peer: Peer, follow: int) -> None:
        self._peer = peer
        self._follow = follow

    def run(self, options: Optional[Mapping[str, Any]] = None) -> Optional[Ran]:
        """The item may have changed: has it synchronized, with these options in ``session.options`` (a process that was
        started since gets none of them), waits for the end and gives what it came to. None: it was not, for following is
        over. This may take as long as the item is paused; what changes meanwhile is yours to remember."""
        params: Json = {"follow": self._follow}
        if options is not None:
            params["options"] = dict(options)
        try:
            ran = self._peer.call("item_changed", params).get("ran")
        except Refused:
            return None
        if ran is None:
            return None
        known = {outcome.value for outcome in Outcome}
        outcome = str(ran.get("outcome"))
        return Ran(Outcome(outcome) if outcome in known else Outcome.FAILED, ran.get("counts", {}))

    def _tell(self, news: Json) -> None:
        self._peer.tell("report_following", {"follow": self._follow, "news": news})

    def following(self) -> None:
        """Changes are noticed at once."""
        self._tell({"is": "following"})

    def away(self, problem: Problem) -> None:
        """The item is not there: it is followed again when it is back."""
        self._tell({"is": "away", "problem": problem.to_json()})

    def periodic(self, problem: Problem, seconds: int) -> None:
        """Changes cannot be noticed: you look for them now and then."""
        self._tell({"is": "periodic", "problem": problem.to_json(), "seconds": seconds})
