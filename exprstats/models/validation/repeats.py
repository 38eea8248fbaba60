"""Repeated splits of subjects, beyond the luck of one, and the leakage of splits by rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from exprstats.apa import tell_p, write_interval, write_level, write_number
from exprstats.contracts import CLIPS, arrange_rows, check_table
from exprstats.errors import ExprStatsWarning, OptionError
from exprstats.io.guards.tables import guard_table
from exprstats.models.data.splits import split_subjects
from exprstats.models.fitting.outcomes import SCORES, group_contexts
from exprstats.models.fitting.result import Models
from exprstats.options import check_count, check_level, take_columns, tell_kind
from exprstats.parallel import Seed, report_progress, spawn_seeds
from exprstats.results import Result

FLAT = "splits in which all clips got one prediction count as r = 0"
STILL = "no interval: the same in all splits"
KEYS = ("context", "term", "model", "versus")


@dataclass(frozen=True, slots=True, eq=False)
class RepeatedSplits(Result):
    """Test scores of models over repeated splits by subjects.

    Attributes
    ----------
    table
        Tidy rows of ``rmse`` and ``correlation``: the mean over splits of each model (``versus``
        None) and of each difference, with the corrected standard error, t limits, p of
        differences, ``split_sd``, ``splits`` (one in which a model gives all clips the same
        prediction counts as r = 0), and of differences ``share``, the part of the splits
        in which the first model was the better one.
    scores
        Every split: context, split, model, term, estimate.
    level
        Confidence level.
    """

    table: pd.DataFrame
    scores: pd.DataFrame
    level: float

    def glance(self) -> pd.DataFrame:
        """Return one row for the whole."""
        models = self.scores["model"].nunique()
        row = {"models": models, "splits": int(self.scores["split"].max()), "level": self.level}
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return what the differences are and in how many splits they hold, in APA style."""
        splits = self.glance()["splits"].item()
        rows = self.table[self.table["term"].eq("rmse")]
        corrected = f"{write_level(self.level)} intervals corrected for the overlap of the splits:"
        if rows["versus"].isna().all():
            parts = [
                f"{name}: {write_number(row['estimate'])} {_tell_limits(row)}."
                for name, own in group_contexts(rows)
                for row in own.to_dict("records")
            ]
            model = rows["model"].iloc[0]
            start = f"Test RMSE of {model} over {splits} splits by subjects, with {corrected}"
            return " ".join([start, *parts])
        rows, told = rows[rows["versus"].notna()], []
        for name, own in group_contexts(rows):
            parts = [
                f"{row['model']} minus {row['versus']} {write_number(row['estimate'])} "
                f"{_tell_limits(row)}, "
                f"better in {round(row['share'] * row['splits'])} of {row['splits']} splits"
                for row in own.to_dict("records")
            ]
            told.append(f"{name}: {'; '.join(parts)}.")
        return " ".join(
            [f"Differences in test RMSE over {splits} splits by subjects, with {corrected}", *told]
        )


def _tell_limits(row: Mapping[Any, Any]) -> str:
    """Return the interval of a row and, of a difference, its p, or that there is none."""
    if pd.isna(row["std_error"]):
        return f"({STILL})"
    p_value = f", p {tell_p(row['p_value'])}" if row["versus"] is not None else ""
    return f"{write_interval(row['conf_low'], row['conf_high'])}{p_value}"


def repeat_splits(
    fits: Mapping[str, Callable[..., Models]],
    clips: pd.DataFrame,
    *,
    target: str,
    features: Sequence[str],
    by: str | None = None,
    repeats: int = 20,
    level: float = 0.95,
    seed: Seed = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    **split: Any,
) -> RepeatedSplits:
    """Fit models on repeated splits of the subjects, and compare them over all of them.

    One split is one draw: with another seed two models may change places. Scores of different
    splits hang together, since training and test people come back, so that their variance is
    s²(1/J + n_test/n_train) and not s²/J.

    Parameters
    ----------
    fits
        Verbs such as `fit_elastic` and `fit_forest`, by the names of the models.
    clips, target, features, by
        As in the verbs.
    repeats
        Splits J.
    level
        Of the intervals.
    seed
        Of splits and of verbs that have one; all models share the splits.
    options
        Further arguments of a verb, by the model's name, such as other ``features``.
    **split
        Passed on to `split_subjects`: train, validate, test, stratify.

    Returns
    -------
    RepeatedSplits

    Raises
    ------
    DataError, OptionError
        As in the verbs; fewer than two repeats, no test subjects, or a target of classes.

    References
    ----------
    Nadeau, C., & Bengio, Y. (2003). Inference for the generalization error. Machine Learning, 52,
    239-281.

    Examples
    --------
    >>> from exprstats.models import fit_elastic
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame(rng.normal(size=(200, 2)), columns=["motion", "noise"])
    >>> clips = clips.assign(clip=range(200), subject=np.repeat(range(20), 10))
    >>> clips["score"] = clips["motion"] + 0.1 * rng.normal(size=200)
    >>> data = {"target": "score", "features": ["motion"], "repeats": 5, "seed": 1}
    >>> fits = {"motion": fit_elastic, "noise": fit_elastic}
    >>> found = repeat_splits(fits, clips, options={"noise": {"features": ["noise"]}}, **data)
    >>> found.tidy().query("versus.notna() and term == 'rmse'")["share"].item()
    1.0
    """
    check_count(repeats, "repeats", 2)
    check_level(level)
    if not isinstance(fits, Mapping) or not fits or not all(map(callable, fits.values())):
        message = (
            f"fits is a dict of names and verbs, such as {{'net': fit_elastic}}; got {fits!r:.60}."
        )
        raise OptionError(message)
    scores, ratios = [], []
    for again, one in enumerate(spawn_seeds(seed, repeats), start=1):
        first, second = one.spawn(2)
        # What is odd about the data is said once, by the analysis itself.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExprStatsWarning)
            parts = split_subjects(clips, seed=np.random.default_rng(first), **split)
            counts = parts["part"].value_counts()
            if "test" not in counts:
                message = "test is 0; repeated splits compare test scores. Give test a share."
                raise OptionError(message, option="test")
            ratios.append(counts["test"] / counts["train"])
            for name, fit in fits.items():
                given = {"target": target, "features": features, "by": by}
                given |= dict((options or {}).get(name, {}))
                if "seed" in signature(fit).parameters:
                    given["seed"] = np.random.default_rng(second)
                models = fit(clips, parts=parts, **given)
                if models.design.classes:
                    message = f"'{target}' holds classes; splits are compared by RMSE and r."
                    raise OptionError(message, option="target")
                table = models.table
                rows = table[table["part"].eq("test") & table["term"].isin(SCORES)]
                rows = rows[["context", "term", "estimate"]]
                scores.append(rows.assign(split=again, model=name))
        report_progress("Repeating splits", again, repeats)
    frame = pd.concat(scores, ignore_index=True)
    ratio = float(np.mean(ratios))
    return RepeatedSplits(_summarise(frame, list(fits), ratio, level), frame, level)


def _summarise(scores: pd.DataFrame, models: list[str], ratio: float, level: float) -> pd.DataFrame:
    rows = []
    for (context, term), own in scores.groupby(["context", "term"], sort=False, dropna=False):
        values = {name: part.set_index("split")["estimate"] for name, part in own.groupby("model")}
        flat = {name: int(part.isna().sum()) for name, part in values.items()}
        if term == "correlation":
            values = {name: part.fillna(0.0) for name, part in values.items()}
        terms = [(name, None) for name in models] + list(combinations(models, 2))
        for name, versus in terms:
            found = (values[name] if versus is None else values[name] - values[versus]).dropna()
            splits, spread = len(found), found.std()
            error = spread * np.sqrt(1 / splits + ratio) if splits > 1 else np.nan
            # What no split changes is no certainty.
            error = error if error > 1e-12 * abs(found).max() else np.nan
            reach = stdtrit(splits - 1, (1 + level) / 2) * error
            mean = found.mean()
            row = {"context": context, "term": term, "model": name, "versus": versus}
            row |= {"split_sd": spread, "splits": splits, "estimate": mean, "std_error": error}
            row |= {"conf_low": mean - reach, "conf_high": mean + reach, "level": level}
            row["method"] = "corrected t"
            lost = [f"{flat[one]} of {one}" for one in (name, versus) if one and flat[one]]
            notes = [f"{FLAT}: {', '.join(lost)}"] * bool(lost)
            notes += [STILL] * bool(splits > 1 and np.isnan(error))
            row["note"] = "; ".join(notes) or None
            if versus is not None:
                better = found < 0 if term == "rmse" else found > 0
                row["share"] = float(better.mean())
                row["p_value"] = 2 * stdtr(splits - 1, -abs(mean) / error) if error > 0 else np.nan
            rows.append(row)
    return arrange_rows(rows, KEYS)


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
    return Leakage(_average_splits(frame), frame)


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


def _average_splits(scores: pd.DataFrame) -> pd.DataFrame:
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
    return arrange_rows(rows, ("context", "term", "split"))
