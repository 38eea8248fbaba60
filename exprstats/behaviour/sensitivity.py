"""Sensitivity of features to the confidence required of frames."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import write_count, write_number
from exprstats.behaviour.clips import measure_frames
from exprstats.behaviour.folders import summarise_each
from exprstats.behaviour.ledger import ClipFeatures
from exprstats.behaviour.motion import FEATURES
from exprstats.behaviour.settings import Quality, Sampling, Settings, choose_settings
from exprstats.errors import DataWarning, OptionError
from exprstats.io.sources import FilePath
from exprstats.options import SamplingRule
from exprstats.results import Result

THRESHOLDS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95)
_COLUMNS = (
    *("threshold", "feature", "n_clips", "n_left_out"),
    *("mean", "sd", "n_shared", "correlation", "shift"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Sensitivity(Result):
    """Features at several confidence thresholds beside those at the chosen one.

    Attributes
    ----------
    table
        One row for each threshold and feature: ``n_clips``, ``n_left_out``, ``mean``, ``sd``, and
        over the clips that both thresholds keep (``n_shared``) the ``correlation`` with the
        chosen threshold and the mean size of the ``shift``, in SDs at the chosen threshold.
    chosen
        The threshold that the others are compared with.
    """

    place: ClassVar[str] = "sensitivity"
    table: pd.DataFrame
    chosen: float

    def tidy(self) -> pd.DataFrame:
        """Return one row for each threshold and feature."""
        return self.table

    def glance(self) -> pd.DataFrame:
        """Return one row for each threshold: clips, the feature that moves most, the lowest r."""
        rows = []
        for threshold, here in self.table.groupby("threshold", sort=False):
            moved = {row["feature"]: row["shift"] for row in here.to_dict("records")}
            most = max(moved, key=lambda name: np.nan_to_num(moved[name], nan=-1.0))
            counts = {name: int(here[name].iloc[0]) for name in ("n_clips", "n_left_out")}
            row = {"threshold": threshold, "feature": most, "largest_shift": moved[most]}
            rows.append(row | {"lowest_correlation": here["correlation"].min()} | counts)
        return pd.DataFrame(rows)

    def sentence(self) -> str:
        """Return how far the features move at most, in words for a paper."""
        others = self.table[self.table["threshold"] != self.chosen].dropna(subset="shift")
        if others.empty:
            return "No other threshold leaves clips to compare."
        most = max(others.to_dict("records"), key=lambda row: row["shift"])
        chosen, threshold, low, high = (
            write_number(one, 2, bounded=True)
            for one in (self.chosen, most["threshold"], *others["threshold"].agg(["min", "max"]))
        )
        if most["shift"] == 0:
            return f"No feature moved with thresholds from {low} to {high} instead of {chosen}."
        text = (
            f"With frames of at least {threshold} instead of {chosen} confidence, "
            f"{most['feature']} moved most, by {write_number(most['shift'], 2)} SD on average over "
            f"{write_count(most['n_shared'])} clips"
        )
        known = others.dropna(subset="correlation").to_dict("records")
        if not known:
            return f"{text}; for correlations, the clips are too few."
        least = min(known, key=lambda row: row["correlation"])
        return (
            f"{text}; the lowest correlation with the values at {chosen} was "
            f"{write_number(least['correlation'], 2, bounded=True)} ({least['feature']})."
        )


def vary_confidence(
    frames: pd.DataFrame | FilePath,
    segments: pd.DataFrame | None = None,
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    sampling: SamplingRule | Sampling = "nearest",
    quality: Quality | None = None,
    **choices: Any,
) -> Sensitivity:
    """Compute the features at several confidence thresholds.

    Parameters
    ----------
    frames, segments
        As in `summarise_clips`; or a folder (or file), as in `summarise_openface`, whose files
        are passed over once for all thresholds.
    thresholds
        Least confidences to try; the chosen one is tried anyway.
    sampling, quality, **choices
        As in `summarise_clips`, for a folder as in `summarise_openface`; ``confidence`` is the
        chosen threshold.

    Returns
    -------
    Sensitivity
        Means, SDs, shifts and correlations with the chosen threshold, a feature and threshold.

    Raises
    ------
    DataError, OptionError
        As in `summarise_clips`; clips that fail at a threshold are left out there and counted.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> frames = pd.DataFrame({"video": "a", "face": 0, "frame": np.arange(1, 41)})
    >>> frames = frames.assign(timestamp=np.arange(40) / 10, success=1, confidence=0.85)
    >>> frames = frames.assign(pose_Tx=np.arange(40.0), pose_Ty=0.0, pose_Tz=500.0)
    >>> result = vary_confidence(frames, thresholds=[0.8, 0.9])
    >>> result.glance()[["threshold", "n_clips", "n_left_out"]].to_numpy().tolist()
    [[0.8, 1.0, 0.0], [0.9, 0.0, 1.0]]
    """
    own = set(summarise_each.__kwdefaults__ or ())
    places = {name: choices.pop(name) for name in own & set(choices)}
    settings = choose_settings(sampling, quality, choices)
    chosen = replace(settings, failed="keep")
    tried = sorted({*thresholds, chosen.confidence})
    with warnings.catch_warnings():
        # Each threshold would warn of the same files and of the clips that the table counts.
        warnings.simplefilter("ignore", DataWarning)
        varied = [replace(chosen, confidence=threshold) for threshold in tried]
        results = _measure(frames, segments, varied, places)
    tables = {
        threshold: result.clips[result.ledger["kept"].to_numpy()]
        for threshold, result in zip(tried, results, strict=True)
    }
    total = len(results[0].ledger)
    reference = tables[chosen.confidence]
    rows = [
        {"threshold": threshold, "feature": name, "n_clips": len(table)}
        | {"n_left_out": total - len(table)}
        | _compare(table[name], reference[name])
        for threshold, table in tables.items()
        for name in FEATURES
        if name in table
    ]
    return Sensitivity(pd.DataFrame(rows, columns=[*_COLUMNS]), chosen.confidence)


def _measure(
    frames: pd.DataFrame | FilePath,
    segments: pd.DataFrame | None,
    varied: Sequence[Settings],
    places: dict[str, Any],
) -> list[ClipFeatures]:
    if not isinstance(frames, pd.DataFrame):
        return summarise_each(frames, segments, varied, **places)
    if places:
        message = f"'{next(iter(places))}' is no choice for a table of frames."
        raise OptionError(message)
    return [measure_frames(frames, segments, settings) for settings in varied]


def _compare(values: pd.Series, reference: pd.Series) -> dict[str, float]:
    shared = values.dropna().index.intersection(reference.dropna().index)
    a, b = values[shared].to_numpy(), reference[shared].to_numpy()
    spread = reference.std()
    varies = len(shared) > 2 and np.ptp(a) > 0 and np.ptp(b) > 0
    return {
        "mean": values.mean(),
        "sd": values.std(),
        "n_shared": len(shared),
        "correlation": float(np.corrcoef(a, b)[0, 1]) if varies else np.nan,
        "shift": float(np.abs(a - b).mean() / spread) if len(shared) and spread > 0 else np.nan,
    }
