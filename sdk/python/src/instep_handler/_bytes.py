"""Bytes that are nearly always text, and bytes that are longer than a line."""

from __future__ import annotations

import base64
from typing import Any, Union

#: The longest line, with its line feed.
MAX_LINE = 64 * 1024
#: So many bytes go into one line, whatever they are: at worst each of them is written with six characters.
PART = 8 * 1024


def text_of(told: Any) -> str:
    """A path or an identity as it was read; what is no UTF-8 becomes a string as file names do (:func:`os.fsdecode`)."""
    return bytes_of(told).decode("utf-8", "surrogateescape")


def bytes_of(told: Any) -> bytes:
    """Bytes as they were read."""
    if isinstance(told, dict):
        return base64.b64decode(told["base64"])
    return str(told).encode("utf-8", "surrogateescape")


def to_json(value: Union[str, bytes]) -> Any:
    """A path, an identity or bytes as they travel: text, or their base64."""
    data = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}
