"""Results: what each holds and prints, and the one ordered registry of an analysis."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd

from exprstats.apa import MISSING, write_number
from exprstats.errors import OptionError

# Names of results in the order of reports, results.json and provenance. A new kind of result needs
# its name here, as the class attribute ``place``, and nothing else to be stored.
PLACES = (
    *("reliability", "factor", "models", "comparison", "human"),
    *("descriptives", "columns", "means", "feature_correlations"),
    *("raters", "decisions", "plan", "differences", "errors", "subjects", "agreement", "choice"),
    *("invariance", "restrictions", "resampled", "ordered", "factors", "levels"),
    *("score_reliability", "scorecard"),
    *("clip_features", "sensitivity"),
    *("networks", "ceiling", "weights", "contrasts", "pooling"),
    *("equivalence", "permutation", "contexts", "precision", "training", "calibration"),
    *("nested", "leakage", "design", "importance", "dependence"),
    *("event_counts", "cooccurrence", "label_prediction"),
    *("evoked_labels", "evoked_split", "evoked_annotators", "evoked_scores"),
    *("estimates", "structure", "maps", "leed", "transfer"),
    *("adaptation", "tasks", "ablation"),
)
# Of these there may be several, one for each model or each kind of columns.
KEYED = frozenset({"models", "networks", "importance", "dependence", "columns", "evoked_scores"})
# These are printed in the table of another result; without it they are results like others.
_BESIDE = {"ceiling": "comparison", "score_reliability": "factor"}


class Result(ABC):
    """A frozen holder of frames and scalars that can tell what it found.

    A result is read through `tidy` (one row an estimate), `glance` (one row a result) and
    `sentence` (APA style); everything else is a verb that takes the result.

    Attributes
    ----------
    table
        One row for each estimate.
    """

    __slots__ = ()

    place: ClassVar[str] = ""
    table: pd.DataFrame

    def __init_subclass__(cls, **options: Any) -> None:
        # Ahead of the dataclass decorator, which would print all fields.
        super().__init_subclass__(**options)
        cls.__repr__ = Result.__repr__

    def __repr__(self) -> str:
        rows, names = len(self.table), ", ".join(map(str, self.table.columns[:4]))
        return f"<{type(self).__name__}: {rows} rows of {names}, …; print it to read it>"

    @property
    def key(self) -> str | None:
        """What tells results of one place apart, such as the name of a model; usually None."""
        return None

    def find_place(self) -> str:
        """Return the name of the result in `PLACES`; empty where it has none."""
        return self.place

    def export(self) -> dict[str, Any]:
        """Return what ``results.json`` holds of the result, by name."""
        return {self.find_place(): self.tidy()}

    def tidy(self) -> pd.DataFrame:
        """Return a copy of the table, one row for each estimate."""
        return self.table.copy()

    @abstractmethod
    def glance(self) -> pd.DataFrame:
        """Return one row for the whole."""

    @abstractmethod
    def sentence(self) -> str:
        """Return what was found, in APA style."""

    def __str__(self) -> str:
        return f"{self.sentence()}\n\n{write_cells(self.tidy()).to_string(index=False)}"

    def _repr_html_(self) -> str:
        return write_cells(self.tidy()).to_html(index=False, border=0)


def refuse_stranger(thing: object) -> OptionError:
    """Return the error on what is no result."""
    return OptionError(f"a report cannot be made of {type(thing).__name__}; pass results.")


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Results of one analysis by name, in one order; `Results.collect` makes it.

    Attributes
    ----------
    held
        The results by (place, key), in the order of `PLACES`.
    others
        Results without a place, in the order in which they came.
    """

    held: Mapping[tuple[str, str | None], Result] = field(default_factory=dict)
    others: tuple[Result, ...] = ()

    @classmethod
    def collect(cls, results: Iterable[Any]) -> Results:
        """Return the registry of some results, in whatever order they come, each name once."""
        found: dict[tuple[str, str | None], Result] = {}
        others: list[Result] = []
        results = list(results)
        given = {result.find_place() for result in results if isinstance(result, Result)}
        for result in results:
            if not isinstance(result, Result):
                raise refuse_stranger(result)
            place = result.find_place()
            if not place or _BESIDE.get(place, place) not in given:
                others += [] if any(one is result for one in others) else [result]
            elif (place, result.key) in found:
                kind = type(result).__name__
                message = f"there are two results of kind {kind}; pass one."
                if result.key is not None:
                    message = f"there are two {kind} of model '{result.key}'; rename one."
                raise OptionError(message)
            else:
                found[place, result.key] = result
        ordered = sorted(found.items(), key=lambda one: PLACES.index(one[0][0]))
        return cls(dict(ordered), tuple(others))

    def __iter__(self) -> Iterator[Result]:
        yield from self.held.values()
        yield from self.others

    def add(self, *results: Result | None) -> Results:
        """Return the registry with further results; None is passed over."""
        return Results.collect([*self, *(one for one in results if one is not None)])

    def get(self, place: str) -> Any:
        """Return the result of a place, or None; of `KEYED` places a dictionary by key."""
        if place in KEYED:
            return {key: one for (name, key), one in self.held.items() if name == place}
        return self.held.get((place, None))


class Registered:
    """What holds a registry ``results`` and gives its results as attributes, by their places."""

    __slots__ = ()

    results: Results

    @property
    def others(self) -> tuple[Result, ...]:
        """Results without a place, in the order in which they came."""
        return self.results.others

    def __getattr__(self, name: str) -> Any:
        if name in PLACES:
            return self.results.get(name)
        message = f"{type(self).__name__} has no attribute '{name}'"
        raise AttributeError(message)


def write_cells(frame: pd.DataFrame, decimals: int = 3) -> pd.DataFrame:
    """Return a frame of texts: numbers with fixed decimals, empty columns left out.

    A row without a context is the pooled one, "All".
    """
    filled = frame.loc[:, frame.notna().any().to_numpy()]
    if "context" in filled.columns:
        filled = filled.assign(context=filled["context"].astype(object).fillna("All"))
    return pd.DataFrame(
        {name: [_write_cell(value, decimals) for value in filled[name]] for name in filled}
    )


def _write_cell(value: object, decimals: int) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)):
        return MISSING
    return write_number(value, decimals, style="plain") if isinstance(value, float) else str(value)
