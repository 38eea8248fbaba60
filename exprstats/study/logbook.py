"""What a running study writes down: stages with their seeds, warnings and rows left out."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from exprstats.parallel import report_progress, spawn_seeds
from exprstats.study.provenance import (
    CaughtWarning,
    Exclusion,
    InputFile,
    Provenance,
    list_versions,
)

STAGES = (
    *("read", "reliability", "split", "factor", "join", "models", "baselines"),
    *("weights", "contrasts", "importance", "compare"),
)
# Appended to, never reordered: a stage keeps its seed when later versions add stages.
_SEEDED = (
    *("reliability", "split", "uniform", "normal", "compare"),
    *("forest", "weights", "contrasts", "importance", "folds", "pooling"),
)


@dataclass(slots=True)
class Logbook:
    """What a running study writes down; `close` turns it into a `Provenance`."""

    seed: int
    inputs: list[InputFile] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    exclusions: list[Exclusion] = field(default_factory=list)
    warnings: list[CaughtWarning] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, tell whoever watches, and write down its warnings before passing them on.

        Each different warning is passed on once, so that a model fitted fifty times does not
        repeat itself fifty times.
        """
        report_progress("Study", STAGES.index(name), len(STAGES))
        started = time.perf_counter()
        caught: list[warnings.WarningMessage] = []
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", UserWarning)
                warnings.simplefilter("always", RuntimeWarning)
                yield
        finally:
            # Also of a stage that fails: its warnings often say why.
            self._keep_warnings(name, caught)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
        report_progress("Study", STAGES.index(name) + 1, len(STAGES))

    def exclude(
        self, stage: str, table: str, rows_in: int, reason: str, *, left_out: Sequence[Any]
    ) -> None:
        """Write down rows that a stage could not use; none, no entry."""
        if len(left_out):
            examples = tuple(str(one) for one in left_out[:5])
            rows_out = rows_in - len(left_out)
            self.exclusions.append(Exclusion(stage, table, rows_in, rows_out, reason, examples))

    def draw_seed(self, name: str) -> int:
        """Return the seed of one random step: the same whatever else the study does."""
        return draw_seeds(self.seed)[name]

    def close(
        self, *, draws: int = 0, receipts: Iterable[Any] = (), learned: bool = False
    ) -> Provenance:
        """Return what was written down."""
        return Provenance(
            inputs=tuple(self.inputs),
            rows=dict(self.rows),
            exclusions=tuple(self.exclusions),
            warnings=tuple(self.warnings),
            notes=tuple(self.notes),
            seed=self.seed,
            seeds=draw_seeds(self.seed),
            draws=draws,
            versions=list_versions(receipts, learned=learned),
            seconds=dict(self.seconds),
        )

    def _keep_warnings(self, stage: str, caught: Sequence[warnings.WarningMessage]) -> None:
        fresh = {}
        for one in caught:
            kept = CaughtWarning(stage, one.category.__name__, str(one.message))
            if kept not in self.warnings:
                self.warnings.append(kept)
                fresh[kept] = one
        for one in fresh.values():
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


def draw_seeds(seed: int) -> dict[str, int]:
    """Return a whole-number seed for each random step of a study, all from one.

    Examples
    --------
    >>> list(draw_seeds(1))[:5]
    ['reliability', 'split', 'uniform', 'normal', 'compare']
    """
    spawned = spawn_seeds(seed, len(_SEEDED))
    return {name: int(one.generate_state(1)[0]) for name, one in zip(_SEEDED, spawned, strict=True)}
