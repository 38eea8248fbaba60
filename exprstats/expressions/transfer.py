"""Classification of acted emotions from scores or sentences, speakers kept apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import write_interval, write_level, write_number
from exprstats.contracts import arrange_rows
from exprstats.errors import DataError, Option, OptionError, Problem
from exprstats.inference.resampling.intervals import jackknife_clusters
from exprstats.options import check_count, check_level
from exprstats.parallel import Seed, limit_threads, spawn_seeds
from exprstats.results import Result

COSTS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
Features = np.ndarray | Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class Transfer(Result):
    """Recall of speakers who were not learned from; `classify_expressions` makes it.

    Attributes
    ----------
    table
        Rows by features (``method`` names the interval): ``term`` ``uar`` (C chosen on training
        speakers, the headline), ``uar_test`` (the best C on the test speakers) and ``inflation``
        (their difference), ``dimensions``, ``n_clips`` and ``n_clusters``.
    choices
        C of each fold and features, by training speakers (``cost``) and by the test speakers.
    level
        Confidence level.
    classes
        Their number; chance is one over it.
    """

    place: ClassVar[str] = "transfer"
    table: pd.DataFrame
    choices: pd.DataFrame
    level: float
    classes: int

    def glance(self) -> pd.DataFrame:
        """Return one row: classes and chance."""
        return pd.DataFrame([{"classes": self.classes, "chance": 1 / self.classes}])

    def sentence(self) -> str:
        """Return the recall of each set of features, and what choosing C on the test adds."""
        texts = []
        for features, rows in self.table.groupby("features", sort=False):
            held = {row["term"]: row for row in rows.to_dict("records")}
            one = held["uar"]
            limits = ""
            if not pd.isna(one["conf_low"]):
                interval = write_interval(one["conf_low"], one["conf_high"], bounded=True)
                limits = f", {write_level(self.level)} CI {interval}"
            more = write_number(held["inflation"]["estimate"], 3, bounded=True)
            value = write_number(one["estimate"], bounded=True)
            texts.append(
                f"{features}: UAR = {value}{limits}; choosing C on the test speakers adds {more}."
            )
        chance = write_number(1 / self.classes, 3, bounded=True)
        return " ".join([*texts, f"Chance is {chance}."])


def classify_expressions(
    features: Mapping[str, Features],
    labels: Sequence[Any],
    speakers: Sequence[Any],
    *,
    embed: Callable[[list[str]], np.ndarray] | None = None,
    folds: int = 6,
    costs: Sequence[float] = COSTS,
    level: float = 0.95,
    seed: Seed = 1,
) -> Transfer:
    """Classify the emotion of each clip by linear support vector machines, speakers apart.

    Parameters
    ----------
    features
        Name to numbers (n, dimensions) or to n sentences. Sentences become numbers by ``embed``,
        or by TF-IDF learned from the training speakers. Two modalities are fused early by numbers
        side by side (``numpy.hstack``), and late by sentences one after the other.
    labels, speakers
        The class and the person of each clip (n,).
    embed
        Returns one vector for each sentence (n, dimensions), such as a language model's.
    folds
        Parts into which speakers are dealt; each is the test once.
    costs
        Values of C to choose from.
    level
        Confidence level.
    seed
        Deals the speakers.

    Returns
    -------
    Transfer
        Unweighted average recall with the jackknife-t interval over speakers (logit scale).

    Raises
    ------
    DataError
        If there are fewer than four speakers or two classes.
    OptionError
        If features, labels and speakers differ in length.

    Notes
    -----
    C is chosen in three folds of the training speakers. Brooks et al. (2023) report the best C on
    the test set; how much that adds is the row ``inflation``. The interval holds for these folds:
    it does not count that training sets share speakers.

    References
    ----------
    Brooks, J. A., et al. (2023). Emotion expression estimates to measure and improve multimodal
    social-affective interactions. *ICMI '23 Companion*. https://doi.org/10.1145/3610661.3616129

    Examples
    --------
    >>> words = ["They look joyful.", "They look sad."] * 8
    >>> found = classify_expressions({"face": words}, ["joy", "sad"] * 8, list("aabbccdd") * 2)
    >>> found.tidy().query("term == 'uar'")["estimate"].item()
    1.0
    """
    check_level(level)
    check_count(folds, "folds", least=2)
    y = pd.factorize(pd.Series(list(labels)), sort=True)[0]
    who, names = pd.factorize(pd.Series(list(speakers)), sort=True)
    for name, values in features.items():
        if not len(values) == len(y) == len(who):
            message = f"'{name}' has {len(values)} clips, labels {len(y)} and speakers {len(who)}."
            raise OptionError(message)
    count, classes = len(names), int(y.max(initial=-1)) + 1
    if count < 4 or classes < 2:
        fact = f"there are {count} speakers and {classes} classes; needed are 4 and 2."
        remedy = ("Name the column of people with ", Option("subject"), ".")
        raise DataError(Problem(fact, remedy))
    [stream] = spawn_seeds(seed, 1)
    order = np.random.default_rng(stream).permutation(count)
    dealt = np.empty(count, int)
    dealt[order] = np.arange(count) % min(folds, count)
    rows, choices = [], []
    with limit_threads():
        for name, values in features.items():
            data = _embed(values, embed)
            chosen, best, kept, width = _predict_folds(data, y, who, dealt, tuple(costs))
            choices += [{"features": name, **one} for one in kept]
            rows += _write_rows(name, y, who, (chosen, best), width=width, level=level)
    keys = ("features", "term")
    return Transfer(arrange_rows(rows, keys), pd.DataFrame(choices), level, classes)


def _embed(values: Features, embed: Callable[[list[str]], np.ndarray] | None) -> Any:
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiu":
        return np.asarray(values, float).reshape(len(values), -1)
    texts = [str(one) for one in values]
    if embed is None:
        return texts
    found = np.asarray(embed(texts), float)
    if found.ndim != 2 or len(found) != len(texts) or not np.isfinite(found).all():
        message = f"embed must return ({len(texts)}, dimensions) numbers; got {found.shape}."
        raise OptionError(message, option="embed")
    return found


def _prepare(data: Any, train: np.ndarray, test: np.ndarray) -> tuple[Any, Any]:
    """Return training and test features, scaled or weighted by what training speakers show."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import StandardScaler

    if isinstance(data, list):
        words = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", ngram_range=(1, 2))
        learned = words.fit_transform([data[place] for place in train])
        return learned, words.transform([data[place] for place in test])
    scale = StandardScaler().fit(data[train])
    return scale.transform(data[train]), scale.transform(data[test])


def _fit(data: Any, y: np.ndarray, train: np.ndarray, test: np.ndarray, cost: float) -> np.ndarray:
    from sklearn.svm import SVC

    if len(np.unique(y[train])) < 2:
        return np.full(len(test), y[train][0])
    seen, new = _prepare(data, train, test)
    return SVC(kernel="linear", C=cost).fit(seen, y[train]).predict(new)


def measure_recall(y: np.ndarray, predicted: np.ndarray) -> float:
    """Return unweighted average recall over the classes that occur.

    Examples
    --------
    >>> measure_recall(np.array([0, 0, 1]), np.array([0, 1, 1]))
    0.75
    """
    classes = np.unique(y)
    return float(np.mean([(predicted[y == one] == one).mean() for one in classes]))


def _predict_folds(
    data: Any, y: np.ndarray, who: np.ndarray, dealt: np.ndarray, costs: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray, list[dict[str, Any]], int]:
    chosen, best = np.empty_like(y), np.empty_like(y)
    kept = []
    for fold in range(int(dealt.max()) + 1):
        test, train = np.flatnonzero(dealt[who] == fold), np.flatnonzero(dealt[who] != fold)
        inner = np.zeros(len(dealt), int)
        people = np.unique(who[train])
        inner[people] = np.arange(len(people)) % 3
        own = np.empty((len(costs), len(train)), int)
        for part in range(3):
            out = inner[who[train]] == part
            for place, cost in enumerate(costs):
                own[place, out] = _fit(data, y, train[~out], train[out], cost)
        recalls = [measure_recall(y[train], one) for one in own]
        tests = [_fit(data, y, train, test, cost) for cost in costs]
        shown = [measure_recall(y[test], one) for one in tests]
        # Of equal recalls the smallest C, the strongest penalty.
        first, peak = int(np.argmax(recalls)), int(np.argmax(shown))
        chosen[test], best[test] = tests[first], tests[peak]
        kept.append({"fold": fold + 1, "cost": costs[first], "cost_test": costs[peak]})
    every = np.arange(len(y))
    width = int(_prepare(data, every, every)[0].shape[1])
    return chosen, best, kept, width


def _write_rows(
    name: str,
    y: np.ndarray,
    who: np.ndarray,
    predicted: tuple[np.ndarray, np.ndarray],
    *,
    width: int,
    level: float,
) -> list[dict[str, Any]]:
    groups = int(who.max()) + 1
    whole = np.array([measure_recall(y, one) for one in predicted])
    without = np.array(
        [[measure_recall(y[who != g], one[who != g]) for g in range(groups)] for one in predicted]
    )
    whole = np.append(whole, whole[1] - whole[0])
    without = np.vstack([without, without[1] - without[0]])
    scales = np.array(["logit", "logit", "raw"])
    with np.errstate(divide="ignore", invalid="ignore"):
        found = jackknife_clusters(whole, without, level=level, scales=scales)
    shared = {"features": name, "level": level, "method": "jackknife", "dimensions": width}
    shared |= {"n_clips": len(y), "n_clusters": groups}
    rows = []
    for place, term in enumerate(("uar", "uar_test", "inflation")):
        limits = (float(found.conf_low[place]), float(found.conf_high[place]))
        note = None
        if not limits[0] < limits[1]:
            limits = (np.nan, np.nan)
            note = "no interval: all speakers are alike"
            if whole[place] == 1.0 and term != "inflation":
                limits, note = ((1 - level) ** (1 / groups), 1.0), "all speakers: the exact limit"
        rows.append(
            {
                **shared,
                "term": term,
                "estimate": float(whole[place]),
                "std_error": float(found.std_error[place]),
                "conf_low": limits[0],
                "conf_high": limits[1],
                "headline": term == "uar",
                "note": note,
            }
        )
    return rows
