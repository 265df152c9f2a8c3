"""What a handler implements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Mapping, Optional, Sequence

from ._model import Center, Conflict, Item

if TYPE_CHECKING:
    from ._session import Session


@dataclass(frozen=True)
class Hello:
    """What the center said in the handshake."""

    handler: str
    settings: Mapping[str, Any]
    items: Mapping[str, Mapping[str, Any]]
    center: Center


class Handler:
    """A provider of synchronization. Subclass it; only :meth:`items` and :meth:`synchronize` must be written."""

    #: What a person reads.
    name: str = ""
    #: What it is: ``application``, ``device``, ``folder``, ``service``, ``computer`` or ``unspecified``.
    kind: str = "unspecified"
    #: Shown while nothing syncs.
    comment: str = ""
    #: For instance ``supports_concurrent_sessions``.
    capabilities: Sequence[str] = ()
    policies: Sequence[str] = ()
    #: Whether :meth:`resolve` is written.
    resolves: bool = False
    #: Whether it wants to run all the time, because it watches something.
    stays: bool = False

    def hello(self, hello: Hello) -> None:
        """The center has introduced itself; settings are in ``hello``. Raise a :class:`Problem` to refuse them."""

    def items(self) -> Sequence[Item]:
        """What it keeps in sync."""
        raise NotImplementedError

    def synchronize(self, session: Session) -> None:
        """Synchronizes ``session.items``, on a thread of its own."""
        raise NotImplementedError

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Accepts the options of a start, or raises :class:`ValueError` with a sentence. They are in
        ``session.options`` then."""
        if options:
            raise ValueError("this handler knows no options")

    def resolve(self, conflict: Conflict, keep: str, choice: Mapping[str, Any]) -> None:
        """Settles a conflict; ``keep`` is ``one`` (then ``choice["index"]``), ``all``, ``recent``, ``largest`` and so on."""
        raise NotImplementedError

    def enable(self, item: Optional[str], enabled: bool) -> None:
        """A person enabled or disabled an item, or the handler."""

    def activate(self, active: bool) -> None:
        """A person set the handler up, or took it out."""

    def command_line(self, item: str) -> Optional[str]:
        """The command that a plain start runs, without secrets."""
        return None

    def shutdown(self) -> None:
        """The process is about to exit."""
