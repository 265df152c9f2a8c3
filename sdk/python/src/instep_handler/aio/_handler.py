"""What a handler implements, in coroutines."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Mapping, Optional, Sequence

from .._collection import Collection as _Collection
from .._conflict import Choice, Conflict, Decided, Merge
from .._handler import Handler as _Handler
from .._handler import Properties
from .._look import Look, Preview, Verification
from .._model import Event, Icon, Item, Operation
from ._center import Hello, Runner
from ._session import Session


class Handler(Properties):
    """As :class:`instep_handler.Handler`, method for method: a coroutine each. Several of them may run at once."""

    def _served(self) -> _Handler:
        from ._bridge import Bridge

        return Bridge(self)

    async def hello(self, hello: Hello) -> None:
        """The center has introduced itself; settings are in ``hello``. Raise a :class:`Problem` to refuse them."""

    async def shutdown(self) -> None:
        """The process is about to exit."""

    # ---- Items, and what a person does with them ----

    async def items(self) -> Sequence[Item]:
        """What it keeps in sync."""
        raise NotImplementedError

    async def enable(self, item: Optional[str], enabled: bool) -> None:
        """A person enabled or disabled an item, or the handler."""

    async def activate(self, active: bool) -> None:
        """A person set the handler up, or took it out."""

    async def delete_item(self, item: str) -> None:
        """A person takes an item with the capability ``can_delete`` out."""
        raise NotImplementedError

    async def adopt(self, item: str, name: Optional[str]) -> None:
        """Takes in an item that another program reports, or gives a known one another name."""
        raise NotImplementedError

    async def icon(self, item: Optional[str]) -> Optional[Icon]:
        """The picture of the handler, or of an item; with the capability ``provides_icon``."""
        raise NotImplementedError

    async def ui_operation(self, action: str, item: Optional[str]) -> Optional[Operation]:
        """What is shown or asked for an action; with the capability for it."""
        raise NotImplementedError

    async def event_link(self, event: Event) -> Optional[Operation]:
        """What a click on the link of an event does; none opens its reference."""
        raise NotImplementedError

    # ---- Synchronizing ----

    async def synchronize(self, session: Session) -> None:
        """Synchronizes ``session.items``."""
        raise NotImplementedError

    async def check_options(self, options: Mapping[str, Any]) -> None:
        """Accepts the options of a start, or raises :class:`ValueError` with a sentence. They are in
        ``session.options`` then."""
        if options:
            raise ValueError("this handler knows no options")

    async def command_line(self, item: str) -> Optional[str]:
        """The command that a plain start runs, without secrets."""
        return None

    async def preview(self, item: str, options: Mapping[str, Any], look: Look) -> Preview:
        """What a start with these options would do; touches nothing."""
        raise NotImplementedError

    async def verify(self, item: str, options: Mapping[str, Any], look: Look) -> Verification:
        """Whether an item is as its last run left it; touches nothing."""
        raise NotImplementedError

    async def undo_options(self, run: int) -> Optional[Mapping[str, Any]]:
        """The options of a start that takes a run back; none: it cannot be."""
        raise NotImplementedError

    async def follow(self, item: str, runner: Runner) -> Optional[Callable[[], Awaitable[None]]]:
        """Watches an item from now on, in a task of your own: :meth:`Runner.run` when it changed. Gives what ends that, a
        coroutine that returns when nothing of it is left; none: changes of this item cannot be noticed."""
        raise NotImplementedError

    # ---- Conflicts ----

    async def resolve(self, conflict: Conflict, choice: Choice) -> Optional[str]:
        """Settles a conflict as a person chose. Gives ``refresh`` when a version is another than the one that was shown,
        and ``cancel`` when no more of the same set can be settled."""
        raise NotImplementedError

    async def settle(self, session: Session, decided: Sequence[Decided]) -> None:
        """Settles many conflicts in one session, instead of :meth:`resolve`; does nothing else."""
        raise NotImplementedError

    async def abilities(self, conflict: Conflict) -> Sequence[str]:
        """Which choices can be carried out."""
        return ("keep_single", "keep_multiple", "keep_recent")

    async def content(self, conflict: Conflict, version: Optional[int], limit: int) -> Optional[bytes]:
        """The content of a version, or (none) of the last one that all have in common, to be shown; none when there is
        none, it is larger than ``limit`` bytes, or is not to be shown."""
        raise NotImplementedError

    async def merge(self, conflict: Conflict) -> Optional[Merge]:
        """What the choice ``merged`` would make of it; none when it cannot be merged."""
        raise NotImplementedError

    async def look_again(self, conflict: Conflict) -> Optional[Conflict]:
        """What is there now of a conflict that was shown; none when there is none any more."""
        raise NotImplementedError

    async def find_copies(self, item: str) -> Sequence[Conflict]:
        """Conflict copies that other programs have left in an item."""
        raise NotImplementedError

    # ---- Stores of its own, with the capabilities ``conflict_store`` and ``event_store`` ----

    async def conflicts(self, item: Optional[str]) -> Sequence[Conflict]:
        """Those that are open, of an item or of all."""
        raise NotImplementedError

    async def remove_conflicts(self, item: str, conflicts: Sequence[str]) -> None:
        """A person took them out of the list."""
        raise NotImplementedError

    async def events(self, item: Optional[str]) -> Sequence[Event]:
        """Events, oldest first, of an item or of the handler."""
        raise NotImplementedError

    async def remove_events(self, item: Optional[str], events: Sequence[int]) -> None:
        """A person took them out of the list."""
        raise NotImplementedError


class Collection:
    """As :class:`instep_handler.Collection`, in coroutines."""

    #: Whether the process that lists wants to run all the time, because it notices partners that come and go; it says so
    #: with ``await hello.center.update_partners()``.
    stays: bool = False

    def _served(self) -> _Collection:
        from ._bridge import CollectionBridge

        return CollectionBridge(self)

    async def hello(self, hello: Hello) -> None:
        """The center has introduced itself; settings are in ``hello``. Raise a :class:`Problem` to refuse them."""

    async def shutdown(self) -> None:
        """The process that lists is about to exit."""

    async def partners(self) -> Sequence[str]:
        """The identifiers of all that there are now."""
        raise NotImplementedError

    async def handler(self, partner: str) -> Handler:
        """The handler of a partner, in whose process this is. Raise a :class:`Problem` if there is none."""
        raise NotImplementedError
