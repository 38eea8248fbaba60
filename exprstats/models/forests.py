"""Random forests per context and pooled, tuned on validation subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from exprstats.errors import OptionError
from exprstats.models.classes import Task, encode_classes, name_classes, settle_task
from exprstats.models.designs import Design, build_design
from exprstats.models.fits import Models
from exprstats.models.growing import Grown, keep_best, measure_setting
from exprstats.models.outcomes import KEYS, count_clips, list_predictions, list_scores
from exprstats.models.rarities import refuse_rare
from exprstats.models.tuning import check_settings
from exprstats.parallel import Seed, run_tasks, spawn_seeds
from exprstats.tables import arrange_rows
from exprstats.words import check_count

MAX_FEATURES = (1 / 3, 1.0)
MIN_LEAVES = (1, 5, 20)


def fit_forest(
    clips: pd.DataFrame,
    *,
    target: str,
    features: Sequence[str],
    parts: pd.DataFrame,
    by: str | None = None,
    task: Task | None = None,
    trees: int = 300,
    max_features: Sequence[float] = MAX_FEATURES,
    min_leaves: Sequence[int] = MIN_LEAVES,
    pooled_target: str | None = None,
    refit: bool = False,
    name: str = "forest",
    seed: Seed = None,
    n_jobs: int = 1,
) -> Models:
    """Grow a random forest per context and for all clips, tuned on the validation subjects.

    Parameters
    ----------
    clips, target, features, parts, by, pooled_target, refit, name
        As in `fit_elastic`.
    task
        ``"regression"``, or ``"classification"`` of whole numbers or names; by default a target
        of text, categories or booleans is one of classes.
    trees
        Trees of each forest.
    max_features
        Shares of the features that a split may choose from, to try.
    min_leaves
        Least numbers of clips in a leaf, to try.
    seed
        All settings of a sample share its random numbers.
    n_jobs
        Workers; the numbers do not depend on it.

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
    _check_settings(trees, max_features, min_leaves)
    classes: tuple[Any, ...] = ()
    if settle_task(clips, target, task) == "classification":
        pooled = pooled_target or (f"{target}_pooled" if f"{target}_pooled" in clips else target)
        clips, classes = encode_classes(clips, list(dict.fromkeys([target, pooled])))
    design = build_design(
        clips, parts, target=target, features=features, by=by, pooled_target=pooled_target
    )
    design = replace(design, classes=classes)
    refuse_rare(design)
    settings = list(product(max_features, min_leaves))
    states = [int(one.generate_state(1)[0]) for one in spawn_seeds(seed, len(design.samples))]
    tasks = [(i, j) for i in range(len(states)) for j in range(len(settings))]
    grow = partial(measure_setting, design=design, settings=settings, states=states, trees=trees)
    errors = np.array(run_tasks(grow, tasks, n_jobs=n_jobs, label="Growing forests"))
    errors = errors.reshape(len(states), len(settings), 2)
    keep = partial(
        keep_best, design=design, settings=settings, states=states, trees=trees, refit=refit
    )
    fits = [keep(i, errors[i]) for i in range(len(states))]
    return _gather(design, fits, name, refit=refit)


def _check_settings(trees: int, max_features: Sequence[float], min_leaves: Sequence[int]) -> None:
    check_count(trees, "trees")
    check_settings(max_features, "max_features")
    check_settings(min_leaves, "min_leaves")
    if not all(0 < share <= 1 for share in max_features):
        message = f"max_features are shares above 0 up to 1, not {list(max_features)}."
        raise OptionError(message)
    for leaf in min_leaves:
        check_count(leaf, "min_leaves")


def _gather(design: Design, fits: Sequence[Grown], name: str, *, refit: bool) -> Models:
    rows: list[dict[str, Any]] = []
    guesses = [fit.predict(design.matrix[fit.sample.rows]) for fit in fits]
    for fit, guess in zip(fits, guesses, strict=True):
        key = {"context": fit.sample.context, "model": name, "part": "validate"}
        key |= count_clips(design, fit.sample, "validate")
        rows.append({**key, "term": "max_features", "estimate": fit.max_features})
        rows.append({**key, "term": "min_leaf", "estimate": float(fit.min_leaf)})
        rows += list_scores(design, fit.sample, guess, name)
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
