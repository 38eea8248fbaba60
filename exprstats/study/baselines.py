"""The baselines of a study: random guesses, constants, and people."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from exprstats.errors import DataError, DataWarning
from exprstats.study.logbook import Logbook
from exprstats.study.ranges import Ranges
from exprstats.study.settings import ModelSettings

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.measurement import Factor
    from exprstats.models import Ceiling


def guess_baselines(
    skeleton: pd.DataFrame,
    settings: tuple[ModelSettings, ...],
    ranges: Ranges | None,
    log: Logbook,
) -> list[pd.DataFrame]:
    """Return the predictions of each baseline on the clips of a fitted model.

    Classes have no ranges: their uniform guesses are even over the classes.
    """
    from exprstats.models import (
        guess_classes,
        guess_majority,
        guess_mean,
        guess_normal,
        guess_uniform,
    )

    def draw_uniform(frame: pd.DataFrame) -> pd.DataFrame:
        seed = log.draw_seed("uniform")
        if ranges is None:
            return guess_classes(frame, seed=seed)
        return guess_uniform(frame, low=ranges.lows, high=ranges.highs, seed=seed)

    verbs = {
        "uniform": draw_uniform,
        "normal": lambda frame: guess_normal(frame, seed=log.draw_seed("normal")),
        "mean": guess_mean,
        "majority": guess_majority,
    }
    return [
        verbs[model.kind](skeleton).assign(model=model.name)
        for model in settings
        if model.kind in verbs
    ]


def judge_people(
    ratings: pd.DataFrame,
    clips: pd.DataFrame,
    factor: Factor,
    parts: pd.DataFrame,
    *,
    model: ModelSettings,
) -> pd.DataFrame:
    """Return the human baseline's predictions on the clips that models saw."""
    from exprstats.models import guess_human

    seen = _keep_seen(ratings, clips)
    return guess_human(seen, factor, parts, unit=model.unit or "worker").assign(model=model.name)


def limit_models(
    ratings: pd.DataFrame, clips: pd.DataFrame, factor: Factor, level: float, log: Logbook
) -> Ceiling | None:
    """Return the highest correlation that the scores' reliability allows, where it can be said."""
    from exprstats.models import rate_ceiling

    try:
        with warnings.catch_warnings():
            # Of ratings that are left out the factor's stage has told.
            warnings.simplefilter("ignore", DataWarning)
            return rate_ceiling(_keep_seen(ratings, clips), factor, level=level)
    except DataError as error:
        log.notes.append(f"There is no ceiling of prediction: {error}")
        return None


def _keep_seen(ratings: pd.DataFrame, clips: pd.DataFrame) -> pd.DataFrame:
    """Return the ratings of clips that models saw."""
    key = [one for one in ("context", "clip") if one in ratings and one in clips]
    return ratings[ratings.set_index(key).index.isin(clips.set_index(key).index)]
