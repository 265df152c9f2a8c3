"""Write handlers for the Instep sync center in Python.

A handler says which items it keeps in sync (:meth:`Handler.items`) and does so (:meth:`Handler.synchronize`);
:func:`serve` runs it. ``instep_handler.aio`` has the same for asyncio.
"""

from ._handler import Handler, Hello
from ._model import (
    Cancel,
    Canceled,
    Center,
    Conflict,
    Counts,
    Item,
    Level,
    Outcome,
    Phase,
    Problem,
    ProblemClass,
    Refused,
    Status,
    Version,
)
from ._serve import default_socket, keep_serving, serve
from ._session import Session, Work

__all__ = [
    "Cancel",
    "Canceled",
    "Center",
    "Conflict",
    "Counts",
    "Handler",
    "Hello",
    "Item",
    "Level",
    "Outcome",
    "Phase",
    "Problem",
    "ProblemClass",
    "Refused",
    "Session",
    "Status",
    "Version",
    "Work",
    "default_socket",
    "keep_serving",
    "serve",
]
