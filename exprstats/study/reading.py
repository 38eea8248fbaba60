"""What all readers of a study file's values share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Reader = Callable[[Any, Path], Any]


class Unreadable(ValueError):
    """A value that its key cannot take; the text says what the key wants."""


def show_value(value: Any) -> str:
    """Return a TOML value as the user wrote it, near enough to find it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
