"""Write handlers for the Instep sync center in Python.

A handler says which items it keeps in sync (:meth:`Handler.items`) and does so (:meth:`Handler.synchronize`);
:func:`serve` runs it. ``instep_handler.aio`` has the same for asyncio.
"""

from ._center import Center
from ._collection import Collection
from ._conflict import Choice, Conflict, Decided, Merge, Version
from ._follow import Ran, Runner
from ._handler import Handler, Hello
from ._look import Action, Difference, Look, Note, Preview, Verification
from ._model import (
    Cancel,
    Canceled,
    Counts,
    Event,
    Icon,
    Item,
    Level,
    Operation,
    Outcome,
    Phase,
    Problem,
    ProblemClass,
    Refused,
    Status,
)
from ._serve import default_socket, keep_serving, serve
from ._session import Session, Work

__all__ = [
    "Action",
    "Cancel",
    "Canceled",
    "Center",
    "Choice",
    "Collection",
    "Conflict",
    "Counts",
    "Decided",
    "Difference",
    "Event",
    "Handler",
    "Hello",
    "Icon",
    "Item",
    "Level",
    "Look",
    "Merge",
    "Note",
    "Operation",
    "Outcome",
    "Phase",
    "Preview",
    "Problem",
    "ProblemClass",
    "Ran",
    "Refused",
    "Runner",
    "Session",
    "Status",
    "Verification",
    "Version",
    "Work",
    "default_socket",
    "keep_serving",
    "serve",
]
