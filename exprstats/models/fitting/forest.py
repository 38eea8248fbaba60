"""Random forests, per context and pooled, tuned on validation subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.contracts import arrange_rows
from exprstats.errors import OptionError
from exprstats.models.data.classes import (
    Task,
    encode_classes,
    name_classes,
    refuse_rare,
    settle_task,
)
from exprstats.models.data.design import Design, Sample, build_design, seed_samples, sort_rows
from exprstats.models.fitting.elastic import check_settings
from exprstats.models.fitting.outcomes import KEYS, count_clips, list_part_scores, list_predictions
from exprstats.models.fitting.result import Models
from exprstats.options import check_count
from exprstats.parallel import Seed, run_tasks

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    Forest = RandomForestClassifier | RandomForestRegressor


@dataclass(frozen=True, slots=True)
class Trees:
    """The size of a forest, and the settings of its trees that are tried.

    Attributes
    ----------
    count
        Trees of each forest.
    max_features
        Shares of the features that a split may choose from, to try.
    min_leaves
        Least numbers of clips in a leaf, to try.

    Raises
    ------
    OptionError
        A count below 1, a share outside 0 to 1, or settings that are no list.
    """

    count: int = 300
    max_features: Sequence[float] = (1 / 3, 1.0)
    min_leaves: Sequence[int] = (1, 5, 20)

    def __post_init__(self) -> None:
        check_count(self.count, "trees")
        check_settings(self.max_features, "max_features")
        check_settings(self.min_leaves, "min_leaves")
        if not all(0 < share <= 1 for share in self.max_features):
            message = f"max_features are shares above 0 up to 1, not {list(self.max_features)}."
            raise OptionError(message)
        for leaf in self.min_leaves:
            check_count(leaf, "min_leaves")

    @property
    def settings(self) -> list[tuple[float, int]]:
        """Return every share of features with every size of leaf."""
        return list(product(self.max_features, self.min_leaves))


def fit_forest(
    clips: pd.DataFrame,
    *,
    target: str,
    features: Sequence[str],
    parts: pd.DataFrame,
    by: str | None = None,
    task: Task | None = None,
    trees: Trees | int = Trees(),
    pooled_target: str | None = None,
    refit: bool = False,
    name: str = "forest",
    seed: Seed = None,
    n_jobs: int = 1,
    **settings: Any,
) -> Models:
    """Grow a random forest per context and for all clips, tuned on the validation subjects.

    Clips are sorted by features and target before trees draw from them, so that the same clips in
    another order grow the same forest.

    Parameters
    ----------
    clips, target, features, parts, by, pooled_target, refit, name
        As in `fit_elastic`.
    task
        ``"regression"``, or ``"classification"`` of whole numbers or names; by default a target
        of text, categories or booleans is one of classes.
    trees
        Size and settings of the forests; a number is the count of trees.
    seed
        All settings of a sample share its random numbers.
    n_jobs
        Workers; the numbers do not depend on it.
    **settings
        ``max_features`` and ``min_leaves``, as fields of `Trees`.

    Returns
    -------
    Models
        Terms of the table: ``max_features``, ``min_leaf``, and ``rmse`` and ``correlation`` of
        each part, or ``accuracy`` and ``uar``. Settings are chosen by RMSE, or by the share of
        wrong classes; of equal errors (1e-10, relative) the larger leaf wins, then fewer features.
        Predictions of classes are their numbers: names are 0, 1, … in order, and stand beside
        them as ``truth_class`` and ``prediction_class``. `list_probabilities` ranks clips.

    Raises
    ------
    DataError
        As in `fit_elastic`; there is one class only, or a class has fewer than two subjects or no
        training clips.
    OptionError
        Settings outside their range.

    References
    ----------
    Breiman, L. (2001). Random forests. Machine Learning, 45, 5-32.

    Examples
    --------
    >>> import numpy as np
    >>> from exprstats.models import split_subjects
    >>> rng = np.random.default_rng(1)
    >>> clips = pd.DataFrame({"clip": range(200), "subject": np.repeat(range(20), 10)})
    >>> clips["motion"] = rng.normal(size=200)
    >>> clips["score"] = clips["motion"] ** 2
    >>> parts = split_subjects(clips, seed=1)
    >>> data = {"target": "score", "features": ["motion"], "parts": parts}
    >>> rows = fit_forest(clips, trees=20, seed=1, **data).tidy()
    >>> bool(rows.query("part == 'test' and term == 'correlation'")["estimate"].item() > 0.9)
    True
    """
    known = trees if isinstance(trees, Trees) else Trees(trees)
    trees = replace(known, **settings)
    classes: tuple[Any, ...] = ()
    if settle_task(clips, target, task) == "classification":
        pooled = pooled_target or (f"{target}_pooled" if f"{target}_pooled" in clips else target)
        clips, classes = encode_classes(clips, list(dict.fromkeys([target, pooled])))
    data = {"target": target, "features": features, "by": by, "pooled_target": pooled_target}
    design = build_design(clips, parts, classes=classes, **data)
    refuse_rare(design)
    states = [int(one.generate_state(1)[0]) for one in seed_samples(design, seed)]
    tasks = [(i, j) for i in range(len(states)) for j in range(len(trees.settings))]
    grow = partial(measure_setting, design=design, states=states, trees=trees)
    errors = np.array(run_tasks(grow, tasks, n_jobs=n_jobs, label="Growing forests"))
    errors = errors.reshape(len(states), len(trees.settings), 2)
    keep = partial(keep_best, design=design, states=states, trees=trees, refit=refit)
    fits = [keep(i, errors[i]) for i in range(len(states))]
    return _gather(design, fits, name, refit=refit)


def _gather(design: Design, fits: Sequence[Grown], name: str, *, refit: bool) -> Models:
    rows: list[dict[str, Any]] = []
    guesses = [fit.predict(design.matrix[fit.sample.rows]) for fit in fits]
    for fit, guess in zip(fits, guesses, strict=True):
        key = {"context": fit.sample.context, "model": name, "part": "validate"}
        key |= count_clips(design, fit.sample, "validate")
        rows.append({**key, "term": "max_features", "estimate": fit.max_features})
        rows.append({**key, "term": "min_leaf", "estimate": float(fit.min_leaf)})
        rows += list_part_scores(design, fit.sample, guess, name)
    predictions = list_predictions(design, design.samples, guesses, name)
    return Models(
        name=name,
        kind="forest",
        table=arrange_rows(rows, KEYS),
        predictions=name_classes(predictions, design.classes),
        grid=pd.concat([fit.grid.assign(model=name) for fit in fits], ignore_index=True),
        design=design,
        fits=tuple(fits),
        refit=refit,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """A sample's chosen forest, and what was tried on the way."""

    sample: Sample
    forest: Forest
    max_features: float
    min_leaf: int
    grid: pd.DataFrame

    def predict(self, values: np.ndarray) -> np.ndarray:
        """Return predictions (m,) of clips with features (m, p) in their own units."""
        return _predict(self.forest, values)

    def weigh_class(self, values: np.ndarray, code: float) -> np.ndarray:
        """Return the probability (m,) of the class with a number; 0 if training lacked it."""
        forest: Any = self.forest
        return _average_trees(forest, values)[:, forest.classes_ == code].sum(axis=1)


def _grow(
    design: Design,
    sample: Sample,
    setting: tuple[float, int],
    *,
    parts: tuple[str, ...],
    state: int,
    trees: int,
) -> Forest:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    share, leaf = setting
    kind: Any = RandomForestClassifier if design.classes else RandomForestRegressor
    forest = kind(n_estimators=trees, max_features=share, min_samples_leaf=leaf, random_state=state)
    values, truth = design.split(sample, *parts)
    order = sort_rows(values, truth)
    return forest.fit(values[order], truth[order])


def _predict(forest: Forest, values: np.ndarray) -> np.ndarray:
    """Return what ``forest.predict`` does, bit for bit."""
    known: Any = forest
    found = _average_trees(known, values)
    if hasattr(known, "classes_"):
        return known.classes_.take(found.argmax(axis=1), axis=0)
    return found[:, 0]


def _average_trees(forest: Any, values: np.ndarray) -> np.ndarray:
    """Return the mean over trees of values (n, 1), or of shares of the classes (n, classes).

    As scikit-learn adds them up, in a seventh of the time for few clips: it sends each tree
    through joblib. What its single precision cannot hold, and columns too few, go to its own
    checks.
    """
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    if single.shape[1] != forest.n_features_in_ or not np.isfinite(single).all():
        classes = hasattr(forest, "classes_")
        return forest.predict_proba(values) if classes else forest.predict(values)[:, None]
    total: Any = sum(tree.tree_.predict(single) for tree in forest.estimators_)
    return total / len(forest.estimators_)


def grow_again(known: Grown, design: Design, sample: Sample, parts: tuple[str, ...]) -> Grown:
    """Return a forest with the settings, size and seed of a known one, grown on other clips."""
    setting, given = (known.max_features, known.min_leaf), known.forest.get_params()
    state, trees = given["random_state"], given["n_estimators"]
    forest = _grow(design, sample, setting, parts=parts, state=state, trees=trees)
    return Grown(sample, forest, *setting, known.grid)


def measure_setting(
    task: tuple[int, int], *, design: Design, states: list[int], trees: Trees
) -> tuple[float, float]:
    """Return the RMSE, or the share of wrong classes, in training and in validation."""
    i, j = task
    sample = design.samples[i]
    options = {"state": states[i], "trees": trees.count}
    forest = _grow(design, sample, trees.settings[j], parts=("train",), **options)
    found = []
    for part in ("train", "validate"):
        values, truth = design.split(sample, part)
        guess = _predict(forest, values)
        missed = guess != truth if design.classes else (guess - truth) ** 2
        found.append(float(np.mean(missed) if design.classes else np.sqrt(np.mean(missed))))
    return found[0], found[1]


def keep_best(
    i: int, errors: np.ndarray, *, design: Design, states: list[int], trees: Trees, refit: bool
) -> Grown:
    """Return the forest of lowest error (settings, 2) in validation of the i-th sample."""
    settings = trees.settings
    near = np.flatnonzero(errors[:, 1] <= errors[:, 1].min() * (1 + 1e-10))
    best = min(near.tolist(), key=lambda j: (-settings[j][1], settings[j][0]))
    parts = ("train", "validate") if refit else ("train",)
    sample = design.samples[i]
    options = {"state": states[i], "trees": trees.count}
    forest = _grow(design, sample, settings[best], parts=parts, **options)
    shares, leaves = zip(*settings, strict=True)
    measure = "error" if design.classes else "rmse"
    grid = pd.DataFrame(
        {
            "context": sample.context,
            "max_features": shares,
            "min_leaf": leaves,
            f"{measure}_train": errors[:, 0],
            f"{measure}_validate": errors[:, 1],
            "chosen": np.arange(len(settings)) == best,
        }
    )
    return Grown(sample, forest, *settings[best], grid)
