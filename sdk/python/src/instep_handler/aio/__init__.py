"""The same for asyncio: every method of a handler is a coroutine, and all of them run on one event loop, so that they can
share what lives on it.

What the center asks to stop cancels nothing by force: ``await work.progress(...)`` and ``work.check()`` raise
:class:`~instep_handler.Canceled`. Only when the center is gone are coroutines that still run cancelled.

What tells and waits for no answer is the same as for threads: :class:`~instep_handler.Look`,
:class:`~instep_handler.Decided`.
"""

from .._serve import keep_serving, serve
from ._center import Center, Hello, Runner
from ._handler import Collection, Handler
from ._session import Session, Work

__all__ = ["Center", "Collection", "Handler", "Hello", "Runner", "Session", "Work", "keep_serving", "serve"]
