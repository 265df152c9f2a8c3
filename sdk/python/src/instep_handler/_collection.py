"""Many partners (devices, computers, accounts), each of which is a handler of its own."""

from __future__ import annotations

from typing import Sequence

from ._handler import Handler, Hello


class Collection:
    """A provider that knows many partners. The center makes a handler for each of them when it needs one: in a process of
    its own, which is this program started again. Subclass it; both :meth:`partners` and :meth:`handler` must be written.
    """

    #: Whether the process that lists wants to run all the time, because it notices partners that come and go; it says so
    #: with ``hello.center.update_partners()``. Otherwise it is asked now and then.
    stays: bool = False

    def _served(self) -> Collection:
        return self

    def _program(self) -> str:
        return type(self).__name__

    def hello(self, hello: Hello) -> None:
        """The center has introduced itself; settings are in ``hello``. Raise a :class:`Problem` to refuse them."""

    def shutdown(self) -> None:
        """The process that lists is about to exit."""

    def partners(self) -> Sequence[str]:
        """The identifiers of all that there are now. With the collection's and a colon before it each is a handler's, of
        63 characters at most."""
        raise NotImplementedError

    def handler(self, partner: str) -> Handler:
        """The handler of a partner, in whose process this is. Raise a :class:`Problem` if there is none."""
        raise NotImplementedError


class Lister(Handler):
    """A collection in the process that lists: it is asked for the partners and nothing else."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self.stays = collection.stays

    def shutdown(self) -> None:
        self.collection.shutdown()
