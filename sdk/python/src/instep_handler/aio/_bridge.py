"""From the threads that questions come on to the event loop of a handler."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError
from typing import Any, Callable, Coroutine, Mapping, Optional, Sequence, TypeVar

from .._collection import Collection as _Collection
from .._conflict import Choice, Conflict, Decided, Merge
from .._follow import Runner as _Runner
from .._handler import Handler as _Handler
from .._handler import Hello as _Hello
from .._handler import Properties
from .._look import Look, Preview, Verification
from .._model import Cancel, Canceled, Event, Icon, Item, Operation
from .._session import Session as _Session
from ._center import Center, Hello, Runner
from ._handler import Collection, Handler
from ._session import Session

T = TypeVar("T")


class Loop:
    """An event loop on a thread of its own, which begins with the first coroutine."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="coroutines", daemon=True)
        self._lock = threading.Lock()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine there, and waits for its end."""
        with self._lock:
            if self._thread.ident is None:
                self._thread.start()
        if self._loop.is_closed():
            coroutine.close()
            raise Canceled(Cancel.ALL)
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()
        except CancelledError:
            # The process is about to exit.
            raise Canceled(Cancel.ALL) from None

    def end(self, last: Coroutine[Any, Any, None]) -> None:
        """Cancels what still runs, and ends after a last coroutine."""

        async def end() -> None:
            rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)
            await last

        try:
            self.run(end())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


def _greeting(hello: _Hello) -> Hello:
    return Hello(hello.handler, hello.partner, hello.settings, hello.items, Center(hello.center))


class Bridge(_Handler):
    """A handler of coroutines, as it is served."""

    def __init__(self, handler: Handler, loop: Optional[Loop] = None) -> None:
        self._of = handler
        self._loop = Loop() if loop is None else loop

    def _properties(self) -> Properties:
        return self._of

    def _has(self, method: str) -> bool:
        return getattr(type(self._of), method) is not getattr(Handler, method)

    def hello(self, hello: _Hello) -> None:
        self._loop.run(self._of.hello(_greeting(hello)))

    def shutdown(self) -> None:
        self._loop.end(self._of.shutdown())

    def items(self) -> Sequence[Item]:
        return self._loop.run(self._of.items())

    def enable(self, item: Optional[str], enabled: bool) -> None:
        self._loop.run(self._of.enable(item, enabled))

    def activate(self, active: bool) -> None:
        self._loop.run(self._of.activate(active))

    def delete_item(self, item: str) -> None:
        self._loop.run(self._of.delete_item(item))

    def adopt(self, item: str, name: Optional[str]) -> None:
        self._loop.run(self._of.adopt(item, name))

    def icon(self, item: Optional[str]) -> Optional[Icon]:
        return self._loop.run(self._of.icon(item))

    def ui_operation(self, action: str, item: Optional[str]) -> Optional[Operation]:
        return self._loop.run(self._of.ui_operation(action, item))

    def event_link(self, event: Event) -> Optional[Operation]:
        return self._loop.run(self._of.event_link(event))

    def synchronize(self, session: _Session) -> None:
        self._loop.run(self._of.synchronize(Session(session)))

    def check_options(self, options: Mapping[str, Any]) -> None:
        self._loop.run(self._of.check_options(options))

    def command_line(self, item: str) -> Optional[str]:
        return self._loop.run(self._of.command_line(item))

    def preview(self, item: str, options: Mapping[str, Any], look: Look) -> Preview:
        return self._loop.run(self._of.preview(item, options, look))

    def verify(self, item: str, options: Mapping[str, Any], look: Look) -> Verification:
        return self._loop.run(self._of.verify(item, options, look))

    def undo_options(self, run: int) -> Optional[Mapping[str, Any]]:
        return self._loop.run(self._of.undo_options(run))

    def follow(self, item: str, runner: _Runner) -> Optional[Callable[[], None]]:
        ends = self._loop.run(self._of.follow(item, Runner(runner)))
        if ends is None:
            return None

        async def end() -> None:
            await ends()

        return lambda: self._loop.run(end())

    def resolve(self, conflict: Conflict, choice: Choice) -> Optional[str]:
        return self._loop.run(self._of.resolve(conflict, choice))

    def settle(self, session: _Session, decided: Sequence[Decided]) -> None:
        self._loop.run(self._of.settle(Session(session), decided))

    def abilities(self, conflict: Conflict) -> Sequence[str]:
        return self._loop.run(self._of.abilities(conflict))

    def content(self, conflict: Conflict, version: Optional[int], limit: int) -> Optional[bytes]:
        return self._loop.run(self._of.content(conflict, version, limit))

    def merge(self, conflict: Conflict) -> Optional[Merge]:
        return self._loop.run(self._of.merge(conflict))

    def look_again(self, conflict: Conflict) -> Optional[Conflict]:
        return self._loop.run(self._of.look_again(conflict))

    def find_copies(self, item: str) -> Sequence[Conflict]:
        return self._loop.run(self._of.find_copies(item))

    def conflicts(self, item: Optional[str]) -> Sequence[Conflict]:
        return self._loop.run(self._of.conflicts(item))

    def remove_conflicts(self, item: str, conflicts: Sequence[str]) -> None:
        self._loop.run(self._of.remove_conflicts(item, conflicts))

    def events(self, item: Optional[str]) -> Sequence[Event]:
        return self._loop.run(self._of.events(item))

    def remove_events(self, item: Optional[str], events: Sequence[int]) -> None:
        self._loop.run(self._of.remove_events(item, events))


class CollectionBridge(_Collection):
    """A collection of coroutines, as it is served."""

    def __init__(self, collection: Collection) -> None:
        self._of = collection
        self._loop = Loop()
        self.stays = collection.stays

    def _program(self) -> str:
        return type(self._of).__name__

    def hello(self, hello: _Hello) -> None:
        self._loop.run(self._of.hello(_greeting(hello)))

    def shutdown(self) -> None:
        self._loop.end(self._of.shutdown())

    def partners(self) -> Sequence[str]:
        return self._loop.run(self._of.partners())

    def handler(self, partner: str) -> _Handler:
        return Bridge(self._loop.run(self._of.handler(partner)), self._loop)
