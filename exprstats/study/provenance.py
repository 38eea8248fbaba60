"""Provenance of a study: files, exclusions, warnings, seeds, versions and seconds."""

from __future__ import annotations

import platform
import re
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from exprstats.apa import count_things
from exprstats.errors import DataError, ExprStatsError, ExprStatsWarning, Style
from exprstats.io.guards.tables import trust_readers
from exprstats.parallel import report_progress, spawn_seeds

_COLUMN = re.compile(r"column '(context|clip|subject|rater)'")
MOST_CAUSES = 2  # of one failure that are told in full
STAGES = (
    *("read", "reliability", "split", "factor", "signing", "evoked", "estimates"),
    *("join", "models", "networks"),
    *("baselines", "weights", "contrasts", "importance", "compare"),
)
# Appended to, never reordered: a stage keeps its seed when later versions add stages.
_SEEDED = (
    *("reliability", "split", "uniform", "normal", "compare"),
    *("forest", "weights", "contrasts", "importance", "folds", "pooling", "networks"),
    *("signing", "evoked", "estimates"),
)


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that was read: which table it gave, its hash, and how it was understood."""

    table: str
    file: str
    sha256: str
    rows: int
    columns: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Rows that a stage could not use: how many of how many, why, and the first of them."""

    stage: str
    table: str
    rows_in: int
    rows_out: int
    reason: str
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the exclusion as a sentence."""
        left = self.rows_in - self.rows_out
        text = f"{left:,} of {self.rows_in:,} {self.table} left out: {self.reason}"
        if not self.examples:
            return f"{text}."
        more = f" and {left - len(self.examples):,} more" if left > len(self.examples) else ""
        return f"{text} ({', '.join(self.examples)}{more})."


@dataclass(frozen=True, slots=True)
class CaughtWarning:
    """A warning, the stage that gave it, and its class."""

    stage: str
    category: str
    message: str

    def __str__(self) -> str:
        """Return the warning's own words."""
        return self.message


@dataclass(frozen=True, slots=True)
class Failure:
    """A part of the analysis that failed: its stage, what it was about, and the cause."""

    stage: str
    about: str
    cause: str
    kind: str

    def __str__(self) -> str:
        """Return the failure as a sentence."""
        about = f" of {self.about}" if self.about else ""
        return f"The stage '{self.stage}'{about} failed: {self.cause.rstrip('.')}."


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a reader needs to trace a number back.

    Attributes
    ----------
    inputs
        The files, in the order of reading.
    rows
        Table or file name to its number of rows.
    exclusions
        Every row that some stage left out, with the reason.
    warnings
        Every warning, by stage.
    notes
        Choices that the study made for the user, such as the span that metrics are divided by.
    seed, seeds
        The study's seed, and the seed that each stage took from it.
    draws
        Bootstrap draws asked for; 0 where nothing was resampled.
    versions
        Name to version: exprstats, Python, libraries, R and lavaan where they took part.
    seconds
        Wall-clock seconds by stage.
    failures
        Every stage that failed while the others went on, with its cause.
    """

    inputs: tuple[InputFile, ...]
    rows: dict[str, int]
    exclusions: tuple[Exclusion, ...]
    warnings: tuple[CaughtWarning, ...]
    notes: tuple[str, ...]
    seed: int
    seeds: dict[str, int]
    draws: int
    versions: dict[str, str]
    seconds: dict[str, float]
    failures: tuple[Failure, ...] = ()


def list_versions(
    receipts: Iterable[Any] = (), *, learned: bool = False, deep: bool = False
) -> dict[str, str]:
    """Return versions of what takes part.

    Parameters
    ----------
    receipts
        Of results that R computed; theirs join.
    learned
        Whether models were fitted, which scikit-learn does.
    deep
        Whether networks or videos took part: torch and OpenCV, as far as they are loaded.
    """
    import sys

    import numpy as np
    import pandas as pd
    import scipy

    from exprstats import __version__

    versions = {
        "exprstats": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "scipy": scipy.__version__,
    }
    if learned:
        import sklearn

        versions["scikit-learn"] = sklearn.__version__
    for module, name in (("torch", "torch"), ("cv2", "opencv")):
        if deep and module in sys.modules:
            versions[name] = str(sys.modules[module].__version__)
    for receipt in receipts:
        versions.update(getattr(receipt, "versions", None) or {})
    return versions


@dataclass(slots=True)
class Logbook:
    """What a running study writes down; `close` turns it into a `Provenance`.

    ``passed`` are columns of the clips that are no features, because they hold no numbers, and
    ``joined`` those that the file of people lent them;
    ``errors`` are those behind the failures, in the same order; ``columns`` are the user's names
    of columns, by ours; ``reached`` is the stage up to which was told of progress; ``style`` is
    that of whoever reads the notes, as `Option.spell` takes it.
    """

    seed: int
    inputs: list[InputFile] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    exclusions: list[Exclusion] = field(default_factory=list)
    warnings: list[CaughtWarning] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    passed: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    reached: int = 0
    failures: list[Failure] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    style: Style = "study"

    @contextmanager
    def isolate(self, stage: str, about: str = "", *, style: Style = "study") -> Iterator[None]:
        """Write down whatever fails inside, so that the rest of the analysis goes on."""
        try:
            yield
        except ExprStatsError as error:
            self._fail(stage, about, error, self.tell(error, style=style))
        except Exception as error:
            cause = f"{type(error).__name__}: {error} (a fault of exprstats; please report it)"
            self._fail(stage, about, error, cause)

    def tell(self, error: ExprStatsError, *, style: Style = "study") -> str:
        """Return an error as one paragraph in the words of whoever runs the analysis."""
        if not isinstance(error, DataError):
            return " ".join(error.speak(style).split())
        named = [replace(one, column=self.name_column(one.column)) for one in error.problems]
        told = [" ".join(one.speak(style).split()) for one in named]
        rest = count_things(len(told) - MOST_CAUSES, "more problem")
        more = f" And {rest}." if told[MOST_CAUSES:] else ""
        return f"{' '.join(told[:MOST_CAUSES])}{more}"

    def name_column(self, column: str | None) -> str | None:
        """Return what the user calls a column."""
        return self.columns.get(column or "", column)

    def _fail(self, stage: str, about: str, error: Exception, cause: str) -> None:
        if any(one.stage == stage and one.cause == cause for one in self.failures):
            return
        self.failures.append(Failure(stage, about, cause, type(error).__name__))
        self.errors.append(error)

    @contextmanager
    def attempt(self, name: str, about: str = "") -> Iterator[None]:
        """Run a stage whose failure does not end the others."""
        with self.isolate(name, about), self.stage(name):
            yield

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, tell whoever watches, and write down its warnings before passing them on.

        Each different warning is passed on once, so that a model fitted fifty times does not
        repeat itself fifty times.
        """
        # A stage that comes in two steps does not go back.
        self.reached = max(self.reached, STAGES.index(name))
        report_progress("Study", self.reached, len(STAGES))
        started = time.perf_counter()
        caught: list[warnings.WarningMessage] = []
        try:
            with trust_readers(), warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", UserWarning)
                warnings.simplefilter("always", RuntimeWarning)
                yield
        finally:
            # Also of a stage that fails: its warnings often say why.
            self._keep_warnings(name, caught)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
        self.reached = max(self.reached, STAGES.index(name) + 1)
        report_progress("Study", self.reached, len(STAGES))

    def note_file(self, table: str, folder: Path, path: Path, sha256: str, rows: int) -> None:
        """Write down a file, under its path from the study's folder where it lies there."""
        shown = path.relative_to(folder) if path.is_relative_to(folder) else path
        self.inputs.append(InputFile(table, shown.as_posix(), sha256, rows, 0))

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
        self,
        *,
        draws: int = 0,
        receipts: Iterable[Any] = (),
        learned: bool = False,
        deep: bool = False,
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
            versions=list_versions(receipts, learned=learned, deep=deep),
            seconds=dict(self.seconds),
            failures=tuple(self.failures),
        )

    def _keep_warnings(self, stage: str, caught: Sequence[warnings.WarningMessage]) -> None:
        fresh = {}
        for one in caught:
            message = one.message
            told = message.speak("study") if isinstance(message, ExprStatsWarning) else str(message)
            told = _COLUMN.sub(lambda found: f"column '{self.name_column(found[1])}'", told)
            kept = CaughtWarning(stage, one.category.__name__, told)
            if issubclass(one.category, RuntimeWarning):
                # What arithmetic says of itself tells a reader nothing; developers hear it.
                fresh[kept] = one
            elif kept not in self.warnings:
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
