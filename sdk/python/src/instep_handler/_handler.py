"""What a handler implements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Mapping, Optional, Sequence

from ._conflict import Choice, Conflict, Decided, Merge
from ._follow import Runner
from ._look import Look, Preview, Verification
from ._model import Event, Icon, Item, Operation

if TYPE_CHECKING:
    from ._center import Center
    from ._session import Session


@dataclass(frozen=True)
class Hello:
    """What the center said in the handshake."""

    handler: str
    #: The partner whose handler this is; none: it lists the partners, or is no collection.
    partner: Optional[str]
    settings: Mapping[str, Any]
    items: Mapping[str, Mapping[str, Any]]
    center: Center


class Properties:
    """What a handler says of itself."""

    #: What a person reads.
    name: str = ""
    #: What it is: ``application``, ``device``, ``folder``, ``service``, ``computer`` or ``unspecified``.
    kind: str = "unspecified"
    #: Shown while nothing syncs.
    comment: str = ""
    #: For instance ``supports_concurrent_sessions``.
    capabilities: Sequence[str] = ()
    policies: Sequence[str] = ()
    #: Whether it wants to run all the time, because it watches something.
    stays: bool = False


class Handler(Properties):
    """A provider of synchronization. Subclass it; only :meth:`items` and :meth:`synchronize` must be written.

    What else you write, the center knows of by itself, and asks for. Methods are called on threads of their own. Raise a
    :class:`~instep_handler.Problem` for a person to read, or :class:`~instep_handler.Refused` for a caller.
    """

    def _served(self) -> Handler:
        return self

    def _properties(self) -> Properties:
        return self

    def _has(self, method: str) -> bool:
        """Whether a method was written."""
        return getattr(type(self), method) is not getattr(Handler, method)

    def hello(self, hello: Hello) -> None:
        """The center has introduced itself; settings are in ``hello``. Raise a :class:`Problem` to refuse them."""

    def shutdown(self) -> None:
        """The process is about to exit."""

    # ---- Items, and what a person does with them ----

    def items(self) -> Sequence[Item]:
        """What it keeps in sync."""
        raise NotImplementedError

    def enable(self, item: Optional[str], enabled: bool) -> None:
        """A person enabled or disabled an item, or the handler."""

    def activate(self, active: bool) -> None:
        """A person set the handler up, or took it out."""

    def delete_item(self, item: str) -> None:
        """A person takes an item with the capability ``can_delete`` out."""
        raise NotImplementedError

    def adopt(self, item: str, name: Optional[str]) -> None:
        """Takes in an item that another program reports, or gives a known one another name."""
        raise NotImplementedError

    def icon(self, item: Optional[str]) -> Optional[Icon]:
        """The picture of the handler, or of an item; with the capability ``provides_icon``."""
        raise NotImplementedError

    def ui_operation(self, action: str, item: Optional[str]) -> Optional[Operation]:
        """What is shown or asked for an action: ``browse_content``, ``show_schedule``, ``query_before_disable`` and so
        on; with the capability for it."""
        raise NotImplementedError

    def event_link(self, event: Event) -> Optional[Operation]:
        """What a click on the link of an event does; none opens its reference."""
        raise NotImplementedError

    # ---- Synchronizing ----

    def synchronize(self, session: Session) -> None:
        """Synchronizes ``session.items``."""
        raise NotImplementedError

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Accepts the options of a start, or raises :class:`ValueError` with a sentence. They are in
        ``session.options`` then."""
        if options:
            raise ValueError("this handler knows no options")

    def command_line(self, item: str) -> Optional[str]:
        """The command that a plain start runs, without secrets."""
        return None

    def preview(self, item: str, options: Mapping[str, Any], look: Look) -> Preview:
        """What a start with these options would do; touches nothing."""
        raise NotImplementedError

    def verify(self, item: str, options: Mapping[str, Any], look: Look) -> Verification:
        """Whether an item is as its last run left it; touches nothing."""
        raise NotImplementedError

    def undo_options(self, run: int) -> Optional[Mapping[str, Any]]:
        """The options of a start that takes a run back; none: it cannot be."""
        raise NotImplementedError

    def follow(self, item: str, runner: Runner) -> Optional[Callable[[], None]]:
        """Watches an item from now on, on a thread of your own: :meth:`Runner.run` when it changed. Gives what ends that,
        and returns when nothing of it is left; none: changes of this item cannot be noticed."""
        raise NotImplementedError

    # ---- Conflicts ----

    def resolve(self, conflict: Conflict, choice: Choice) -> Optional[str]:
        """Settles a conflict as a person chose. Gives ``refresh`` when a version is another than the one that was shown,
        and ``cancel`` when no more of the same set can be settled."""
        raise NotImplementedError

    def settle(self, session: Session, decided: Sequence[Decided]) -> None:
        """Settles many conflicts in one session, instead of :meth:`resolve`; does nothing else."""
        raise NotImplementedError

    def abilities(self, conflict: Conflict) -> Sequence[str]:
        """Which choices can be carried out: ``keep_single``, ``keep_multiple``, ``keep_recent``, ``keep_other``,
        ``remove_from_sync_set``."""
        return ("keep_single", "keep_multiple", "keep_recent")

    def content(self, conflict: Conflict, version: Optional[int], limit: int) -> Optional[bytes]:
        """The content of a version, or (none) of the last one that all have in common, to be shown; none when there is
        none, it is larger than ``limit`` bytes, or is not to be shown."""
        raise NotImplementedError

    def merge(self, conflict: Conflict) -> Optional[Merge]:
        """What the choice ``merged`` would make of it; none when it cannot be merged."""
        raise NotImplementedError

    def look_again(self, conflict: Conflict) -> Optional[Conflict]:
        """What is there now of a conflict that was shown; none when there is none any more."""
        raise NotImplementedError

    def find_copies(self, item: str) -> Sequence[Conflict]:
        """Conflict copies that other programs have left in an item."""
        raise NotImplementedError

    # ---- Stores of its own, with the capabilities ``conflict_store`` and ``event_store`` ----

    def conflicts(self, item: Optional[str]) -> Sequence[Conflict]:
        """Those that are open, of an item or of all."""
        raise NotImplementedError

    def remove_conflicts(self, item: str, conflicts: Sequence[str]) -> None:
        """A person took them out of the list."""
        raise NotImplementedError

    def events(self, item: Optional[str]) -> Sequence[Event]:
        """Events, oldest first, of an item or of the handler."""
        raise NotImplementedError

    def remove_events(self, item: Optional[str], events: Sequence[int]) -> None:
        """A person took them out of the list."""
        raise NotImplementedError


#: Which methods must be written for an ability.
_ABILITIES: Mapping[str, Sequence[str]] = {
    "adopt": ["adopt"],
    "content": ["content", "merge"],
    "copies": ["find_copies"],
    "follow": ["follow"],
    "look_again": ["look_again"],
    "preview": ["preview"],
    "resolve": ["resolve"],
    "settle": ["settle"],
    "ui": ["ui_operation", "event_link"],
    "undo": ["undo_options"],
    "verify": ["verify"],
}


def abilities(handler: Handler) -> list[str]:
    """What a handler can do beside what each must."""
    written = [ability for ability, methods in _ABILITIES.items() if any(handler._has(name) for name in methods)]
    return ["options", "command_line", *written, *(["stay"] if handler._properties().stays else [])]
