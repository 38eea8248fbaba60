"""Leakage: the apparent gain of a split by rows over a split by subjects."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import write_number
from exprstats.contracts import CLIPS, arrange_rows, check_table
from exprstats.errors import ExprStatsWarning, OptionError
from exprstats.io.guards.tables import guard_table
from exprstats.models.data.splits import split_subjects
from exprstats.models.fitting.outcomes import KEYS
from exprstats.models.fitting.result import Models
from exprstats.options import check_count, take_columns, tell_kind
from exprstats.parallel import Seed, report_progress, spawn_seeds
from exprstats.results import Result


@dataclass(frozen=True, slots=True, eq=False)
class Leakage(Result):
    """Test scores of the same model under splits by subjects and by rows.

    Attributes
    ----------
    table
        Tidy rows: term ``rmse`` and ``correlation``, split ``subjects``, ``rows``, and
        ``rows - subjects``; the mean over repeated splits, with the standard deviation between
        them as ``split_sd``.
    scores
        Every repeat: context, split, repeat, rmse, correlation.
    """

    place: ClassVar[str] = "leakage"
    table: pd.DataFrame
    scores: pd.DataFrame

    def glance(self) -> pd.DataFrame:
        """Return one row: the inflation of the pooled model."""
        pooled = self.table[self.table["context"].isna()]
        value = pooled[pooled["split"] == "rows - subjects"].set_index("term")["estimate"]
        row = {"repeats": int(self.scores["repeat"].max()), **value.add_suffix("_change")}
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return what splitting rows would have shown, in APA style."""
        pooled = self.table[self.table["context"].isna()].set_index(["split", "term"])["estimate"]
        honest, leaky = (pooled[split, "correlation"] for split in ("subjects", "rows"))
        if np.isnan(honest) or np.isnan(leaky):
            return (
                "What splitting rows would have shown cannot be told as a correlation: in a split "
                "all test clips get the same prediction, so that nothing was learned to leak."
            )
        errors = (pooled[split, "rmse"] for split in ("subjects", "rows"))
        first, second = (write_number(error) for error in errors)
        return (
            "With clips of one person on both sides of the split, the test correlation would have "
            f"been {write_number(leaky, bounded=True)} in place of "
            f"{write_number(honest, bounded=True)}, and the RMSE {second} in place of {first} "
            f"(mean of {self.glance()['repeats'].item()} splits of each kind)."
        )


def measure_leakage(
    fit: Callable[..., Models],
    clips: pd.DataFrame,
    *,
    target: str,
    features: Sequence[str],
    by: str | None = None,
    repeats: int = 10,
    seed: Seed = None,
    **options: Any,
) -> Leakage:
    """Fit a model under splits by subjects and under splits by rows, and compare its test scores.

    A split by rows puts clips of one person on both sides; what the model then knows of the person
    passes for knowledge of the behaviour. exprstats never splits so; this verb measures what the
    usual mistake would be worth on these data.

    Parameters
    ----------
    fit
        `fit_elastic` or `fit_forest`.
    clips, target, features, by
        As in ``fit``.
    repeats
        Splits of each kind.
    seed
        Of the splits, and of ``fit`` where it has one.
    **options
        Passed on to ``fit``; splits are drawn here, so that ``folds`` are none of them.

    Returns
    -------
    Leakage

    Raises
    ------
    DataError
        As in ``fit``.
    OptionError
        No repeat, a target of classes, or ``folds`` among the options.

    References
    ----------
    Kapoor, S., & Narayanan, A. (2023). Leakage and the reproducibility crisis in
    machine-learning-based science.

    Examples
    --------
    >>> from exprstats.models import fit_elastic
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame(rng.normal(size=(200, 2)), columns=["motion", "noise"])
    >>> clips = clips.assign(clip=range(200), subject=np.repeat(range(20), 10))
    >>> clips["score"] = clips["motion"] + 0.1 * rng.normal(size=200)
    >>> data = {"target": "score", "features": ["motion", "noise"]}
    >>> clips["score"] += clips["subject"] % 5  # what a person has beside the features
    >>> found = measure_leakage(fit_elastic, clips, repeats=3, seed=1, **data)
    >>> found.tidy()["split"].unique().tolist()
    ['subjects', 'rows', 'rows - subjects']
    """
    check_count(repeats, "repeats")
    features = take_columns(features, "features")
    if not callable(fit):
        message = f"fit must be fit_elastic, fit_forest or alike; got {tell_kind(fit)}."
        raise OptionError(message)
    if "folds" in options:
        message = "folds name subjects, and a split by rows has others. Leave folds out."
        raise OptionError(message)
    clips = guard_table(clips, ids=("context", "clip", "subject"), numbers=[target, *features])
    check_table(clips, CLIPS)
    # Rows are known by their clips, so that their order does not matter to the split.
    keys = [clips[name].astype(str) for name in CLIPS.key if name in clips]
    rowwise = clips.assign(subject=[f"row {key}" for key in zip(*keys, strict=True)])
    data = {"target": target, "features": features, "by": by, **options}
    scores = []
    for again, one in enumerate(spawn_seeds(seed, repeats), start=1):
        for split, table in (("subjects", clips), ("rows", rowwise)):
            rows = _fit_quietly(fit, table, np.random.default_rng(one), data).table
            rows = rows[rows["part"].eq("test") & rows["term"].isin(["rmse", "correlation"])]
            kept = rows[["context", "term", "estimate", "n_clips"]]
            scores.append(kept.assign(split=split, repeat=again))
        report_progress("Measuring leakage", again, repeats)
    frame = pd.concat(scores, ignore_index=True)
    return Leakage(_summarise(frame), frame)


def _fit_quietly(
    fit: Callable[..., Models], clips: pd.DataFrame, seed: np.random.Generator, data: dict[str, Any]
) -> Models:
    if "seed" in signature(fit).parameters:
        data = {**data, "seed": np.random.default_rng(seed.integers(2**63))}
    # What is odd about the data is said once, by the analysis itself.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExprStatsWarning)
        models = fit(clips, parts=split_subjects(clips, seed=seed), **data)
    if models.design.classes:
        message = f"'{models.design.target}' holds classes; leakage is told in RMSE and r."
        raise OptionError(message)
    return models


def _summarise(scores: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (context, term), own in scores.groupby(["context", "term"], sort=False, dropna=False):
        values = {
            str(split): part.set_index("repeat")["estimate"]
            for split, part in own.groupby("split", sort=False)
        }
        values["rows - subjects"] = values["rows"] - values["subjects"]
        for split, found in values.items():
            key = {"context": context, "term": term, "split": split}
            spread = {"split_sd": found.std(), "splits": int(found.notna().sum())}
            rows.append({**key, **spread, "estimate": found.mean()})
    return arrange_rows(rows, (*KEYS, "split"))
