"""Repeated splits of subjects: test scores of models beyond the luck of one split."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from exprstats.apa import tell_p, write_interval, write_level, write_number
from exprstats.contracts import arrange_rows
from exprstats.errors import ExprStatsWarning, OptionError
from exprstats.models.data.splits import split_subjects
from exprstats.models.fitting.outcomes import SCORES, group_contexts
from exprstats.models.fitting.result import Models
from exprstats.options import check_count, check_level
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
                f"{name}: {write_number(row['estimate'])} "
                f"{write_interval(row['conf_low'], row['conf_high'])}."
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
                f"{write_interval(row['conf_low'], row['conf_high'])}, p {tell_p(row['p_value'])}, "
                f"better in {round(row['share'] * row['splits'])} of {row['splits']} splits"
                for row in own.to_dict("records")
            ]
            told.append(f"{name}: {'; '.join(parts)}.")
        return " ".join(
            [f"Differences in test RMSE over {splits} splits by subjects, with {corrected}", *told]
        )


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
