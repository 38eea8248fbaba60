"""The progress bar of a command: what is done, how much is left, and for how long."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 2.0


@contextmanager
def show_progress(*, wanted: bool = True) -> Iterator[None]:
    """Draw what `exprstats.parallel.report_progress` tells while the work inside lasts."""
    if not (wanted and sys.stderr.isatty()):
        yield
        return
    from exprstats.parallel import watching

    bar = _Bar()
    try:
        with watching(bar.update):
            yield
    finally:
        bar.close()


class _Bar:
    """The latest state of each labelled work, drawn from the second second on."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.state: dict[str, tuple[int, int]] = {}
        self.drawn: Progress | None = None
        self.tasks: dict[str, TaskID] = {}
        self.timer = threading.Timer(PATIENCE, self.draw)
        self.timer.daemon = True
        self.timer.start()

    def update(self, label: str, done: int, total: int) -> None:
        with self.lock:
            self.state[label] = (done, total)
            if self.drawn is not None:
                self._show(label)

    def draw(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        bar = Progress(
            *columns,
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with self.lock:
            self.drawn = bar
            bar.start()
            for label in self.state:
                self._show(label)

    def close(self) -> None:
        self.timer.cancel()
        with self.lock:
            if self.drawn is not None:
                self.drawn.stop()

    def _show(self, label: str) -> None:
        if self.drawn is None:
            return
        done, total = self.state[label]
        if label not in self.tasks:
            self.tasks[label] = self.drawn.add_task(label, total=total)
        self.drawn.update(self.tasks[label], completed=done, total=total)
