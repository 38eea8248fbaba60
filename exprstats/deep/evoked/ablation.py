"""Ablation: what a network loses without some of its modalities, by selection of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, tell_p, write_interval, write_level, write_number
from exprstats.contracts import find_absent
from exprstats.deep.comparators import fit_deep
from exprstats.deep.evoked.targets import Targets
from exprstats.deep.recipes import NAME_FEATURES, require_torch
from exprstats.deep.result import DeepModels
from exprstats.errors import DataError, OptionError, Problem
from exprstats.inference import Resampling, compare_models
from exprstats.inference.resampling.options import choose_resampling
from exprstats.options import IntervalName, name_nearest
from exprstats.parallel import Seed, report_progress
from exprstats.results import Result

if TYPE_CHECKING:
    from exprstats.deep.sequences import Loader

_METRICS = {"labels": ("average_precision",), "numbers": ("mse", "correlation")}
_FLOOR = "no features"
_FEWEST = 3


@dataclass(frozen=True, slots=True, eq=False)
class Ablation(Result):
    """What networks without some modalities lose, on the same test people.

    Attributes
    ----------
    table
        Tidy rows: target (None: the mean over targets), metric, model, versus, term, then the
        estimate columns of a comparison. Models are named by their modalities; differences are of
        the whole network and each other one. ``"no features"`` answers the training mean.
    predictions
        PREDICTIONS of the test part by all networks; each target is a ``seat``.
    fits
        What was fitted, by the names of the modalities.
    runs
        One row a training: model, run, target (None: the mean), metric, estimate in the test part.
    full
        The name of the whole network.
    level
        Of the intervals.
    """

    place: ClassVar[str] = "ablation"
    table: pd.DataFrame
    predictions: pd.DataFrame
    fits: Mapping[str, DeepModels]
    runs: pd.DataFrame
    full: str
    level: float

    def glance(self) -> pd.DataFrame:
        """Return one row for the whole."""
        rows = self.table
        row = {
            "model": self.full,
            "n_models": len(self.fits),
            "n_targets": self.predictions["seat"].nunique(),
            "n_clips": self.predictions["clip"].nunique(),
            "n_clusters": int(rows["n_clusters"].max()),
        }
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return how the whole network does, and what each one with fewer modalities loses."""
        rows = self.table[self.table["headline"] & self.table["target"].isna()]
        first = rows["metric"].iloc[0]
        rows = rows[rows["metric"].eq(first)]
        name = {"average_precision": "mean average precision", "mse": "MSE"}[first]
        bounded = first == "average_precision"
        score = rows[rows["model"].eq(self.full) & rows["versus"].isna()].iloc[0]
        people = count_things(self.glance()["n_clusters"].iloc[0], "test person", "test people")
        told = []
        scores = rows[rows["versus"].isna()].set_index("model")["estimate"]
        for row in rows[rows["versus"].notna()].to_dict("records"):
            limits = write_interval(row["conf_low"], row["conf_high"], bounded=bounded)
            value, above = (
                write_number(one, bounded=bounded)
                for one in (scores[row["versus"]], row["estimate"])
            )
            sure = f"{write_level(self.level)} CI {limits}, p {tell_p(row['p_adjusted'])}"
            told.append(f"{row['versus']}, {value} (Δ = {above}, {sure})")
        value = write_number(score["estimate"], bounded=bounded)
        return (
            f"The network of {self.full} had a {name} of {value} in {people}. Others, with the "
            f"difference of the full network from them: {'; '.join(told)} (p adjusted by Holm)."
        )


def ablate_modalities(
    clips: pd.DataFrame,
    *,
    targets: Sequence[str],
    parts: pd.DataFrame,
    load: Loader,
    modalities: Mapping[str, int],
    subsets: Sequence[Sequence[str]] | None = None,
    hidden: Mapping[str, int] | None = None,
    grid: Sequence[Mapping[str, Any]] = ({},),
    runs: int = 1,
    beside: pd.DataFrame | None = None,
    resampling: Resampling | None = None,
    draws: int | None = None,
    interval: IntervalName | None = None,
    level: float | None = None,
    device: str = "auto",
    seed: Seed = None,
) -> Ablation:
    """Fit gated GRUs to some modalities each, and compare them with the one of all; paired.

    Parameters
    ----------
    clips
        CLIPS: clip, subject, the targets, and what ``load`` needs.
    targets
        Columns: labels of 0 and 1, compared by mean average precision, or numbers, compared by MSE
        and Pearson's r. All are predicted by one network.
    parts
        PARTS, as `split_subjects` draws them; what is compared is the test part.
    load
        Returns (frames, features) of a row, the features of all modalities side by side.
    modalities
        Name to number of features, in the order of the columns.
    subsets
        Which modalities to keep, each a sequence of names; None: all but one, each in turn.
    hidden
        Name to units of its recurrent layer; None: 256 each.
    grid
        Settings to try, as in `fit_deep`, for each network.
    runs
        How often each network is trained, each time from other random numbers. What is compared is
        the mean prediction of the runs: a network that is trained once may differ from another by
        chance alone, which no interval over people shows.
    beside
        PREDICTIONS of other models of the same targets, each a ``seat``, such as elastic nets; they
        are compared with the network of all modalities, too.
    resampling, draws, interval, level
        As in `compare_models`; whole people are resampled.
    device, seed
        As in `fit_deep`; all networks have the same seed.

    Returns
    -------
    Ablation
        Scores of each network on each target and on all, and differences from the whole one.

    Raises
    ------
    DataError
        As `fit_deep`; or the modalities are not as wide as the features, or models beside them
        predict other targets or clips.
    OptionError
        A subset is empty or names something else.

    References
    ----------
    Sun, J. J., Liu, T., Cowen, A. S., Schroff, F., Adam, H., & Prasad, G. (2020). EEV dataset:
    Predicting expressions evoked by diverse videos, Table 3.

    Examples
    --------
    ::

        found = ablate_modalities(
            clips,
            targets=["amusement", "surprise"],
            parts=split_subjects(clips, seed=1),
            load=read_sequences("sequences"),
            modalities={"image": 2048, "face": 2048, "audio": 128},
            subsets=[["image", "audio"], ["image"]],
            seed=1,
        )
    """
    given = {"draws": draws, "interval": interval, "level": level}
    given |= {"seed": seed if resampling is None else None}
    how = choose_resampling(resampling, "ablate_modalities", without=("compat", "scheme"), **given)
    kept = _choose_subsets(modalities, subsets)
    _check_people(clips, parts)
    load = _check_width(load, sum(modalities.values()))
    fits: dict[str, DeepModels] = {}
    for number, names in enumerate(kept):
        report_progress("Ablation", number, len(kept))
        settings = {"sizes": tuple(modalities[name] for name in names)}
        settings |= {"hidden": tuple((hidden or {}).get(name, 256) for name in names)}
        fits[_join(names)] = fit_deep(
            clips,
            target=list(targets),
            parts=parts,
            load=_select(load, modalities, names),
            kind="gated-gru",
            grid=[{**settings, **one} for one in grid],
            name=_join(names),
            runs=runs,
            device=device,
            seed=seed,
        )
    report_progress("Ablation", len(kept), len(kept))
    rows = pd.concat([_average_runs(one) for one in fits.values()], ignore_index=True)
    test = rows[rows["part"].eq("test")]
    full = _join(kept[0])
    floor = answer_mean(rows[rows["model"].eq(full)])
    others = [] if beside is None else [_keep_tested(beside, test)]
    test = pd.concat([test, *others, floor[floor["part"].eq("test")]], ignore_index=True)
    kind = "labels" if test["truth"].isin([0, 1]).all() else "numbers"
    table = _compare(test, list(_METRICS[kind]), full, how)
    spread = pd.concat([_score_runs(one, kind) for one in fits.values()], ignore_index=True)
    return Ablation(table, test, fits, spread, full, how.level)


def _check_people(clips: pd.DataFrame, parts: pd.DataFrame) -> None:
    """Refuse too few test people before hours of training, and a machine without torch."""
    require_torch()
    problems = find_absent(parts, ["subject", "part"]) + find_absent(clips, ["subject"], "clips")
    if problems:
        raise DataError(problems)
    tested = parts.loc[parts["part"].eq("test"), "subject"].astype(str)
    count = clips.loc[clips["subject"].astype(str).isin(tested), "subject"].nunique()
    if count < _FEWEST:
        fact = f"{count_things(count, 'test person has', 'test people have')} clips."
        raise DataError(Problem(fact, "Intervals need three; draw more test people."))


def _keep_tested(beside: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Return the test predictions of other models, which must be of the same targets and clips."""
    needed = ["clip", "subject", "model", "seat", "part", "truth", "prediction"]
    problems = find_absent(beside, needed, "beside")
    if problems:
        raise DataError(problems)
    own = _name_clips(beside[beside["part"].eq("test")])
    own = own[own["fitted_on"].eq("all")] if "fitted_on" in own else own
    keys = ["clip", "seat"]
    wanted = set(test[keys].astype(str).itertuples(index=False, name=None))
    for name, rows in own.groupby("model"):
        if set(rows[keys].astype(str).itertuples(index=False, name=None)) != wanted:
            fact = f"'{name}' predicts other targets or clips than the networks."
            raise DataError(Problem(fact, "Fit it to each target of the same clips."))
    return own[[name for name in test.columns if name in own]]


def tell_clips_apart(rows: pd.DataFrame) -> pd.Series:
    """Return clips as texts, told apart by their contexts, where there are any.

    Examples
    --------
    >>> tell_clips_apart(pd.DataFrame({"clip": [1, 1], "context": ["a", "b"]})).tolist()
    ['a: 1', 'b: 1']
    """
    names = rows["clip"].astype(str)
    return rows["context"].astype(str) + ": " + names if "context" in rows else names


def _name_clips(rows: pd.DataFrame) -> pd.DataFrame:
    if "context" not in rows:
        return rows
    return rows.assign(clip=tell_clips_apart(rows)).drop(columns="context")


def _average_runs(models: DeepModels) -> pd.DataFrame:
    """Return predictions, those of the test part as the mean of all runs."""
    rows, again = _name_clips(models.predictions), _name_clips(models.repeated)
    if again.empty:
        return rows
    keys = ["clip", "seat"]
    means = again.groupby(keys)["prediction"].mean()
    tested = rows["part"].eq("test")
    names = pd.MultiIndex.from_frame(rows.loc[tested, keys])
    held = rows["prediction"].copy()
    held[tested] = means.loc[names].to_numpy()
    return rows.assign(prediction=held)


def _score_runs(models: DeepModels, kind: str) -> pd.DataFrame:
    """Return the scores of each run on the test part."""
    again = _name_clips(models.repeated)
    if again.empty:
        again = _name_clips(models.predictions).assign(run=1)
        again = again[again["part"].eq("test")]
    targets = tuple(dict.fromkeys(again["seat"]))
    several = Targets(targets, targets, kind)  # pyright: ignore[reportArgumentType]
    found = []
    for run, own in again.groupby("run"):
        pair = [
            own.pivot_table(name, "clip", "seat")[list(targets)].to_numpy()
            for name in ("truth", "prediction")
        ]
        found += [
            {"model": models.name, "run": run, "target": target, "metric": term, "estimate": value}
            for term, target, value in several.score(*pair)
        ]
    return pd.DataFrame(found)


def _choose_subsets(
    modalities: Mapping[str, int], subsets: Sequence[Sequence[str]] | None
) -> list[tuple[str, ...]]:
    """Return the modalities of each network, those of the whole one first."""
    every = tuple(modalities) if isinstance(modalities, Mapping) else ()
    if not every or min(modalities.values()) < 1:
        message = "modalities must name at least one, each with its number of features."
        raise OptionError(message, option="modalities")
    if subsets is None:
        others = [tuple(one for one in every if one != gone) for gone in every]
        return [every, *(one for one in others if one)]
    found = [every]
    for subset in subsets:
        unknown = [name for name in subset if name not in modalities]
        if unknown or not subset:
            why = name_nearest(unknown[0], every) if unknown else "A subset names one at least."
            message = f"'{unknown[0] if unknown else ''}' is no modality. {why}"
            raise OptionError(message, option="subsets")
        chosen = tuple(name for name in every if name in subset)
        found += [] if chosen in found else [chosen]
    return found


def _join(names: Sequence[str]) -> str:
    return " + ".join(names)


def _check_width(load: Loader, width: int) -> Loader:
    def checked(row: pd.Series) -> np.ndarray:
        array = np.asarray(load(row))
        if array.ndim != 2 or array.shape[1] != width:
            fact = f"the modalities have {width:,} features; clip '{row['clip']}' is {array.shape}."
            raise DataError(Problem(fact, NAME_FEATURES))
        return array

    return checked


def _select(load: Loader, modalities: Mapping[str, int], names: Sequence[str]) -> Loader:
    """Return what loads the columns of some modalities."""
    ends = np.cumsum(list(modalities.values()))
    spans = {
        name: np.arange(end - size, end)
        for (name, size), end in zip(modalities.items(), ends, strict=True)
    }
    columns = np.concatenate([spans[name] for name in names])
    return lambda row: load(row)[:, columns]


def answer_mean(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the predictions of who knows each target's mean in training only."""
    train = rows[rows["part"].eq("train")].groupby("seat")["truth"].mean()
    return rows.assign(model=_FLOOR, prediction=rows["seat"].map(train))


def _compare(test: pd.DataFrame, metrics: list[str], full: str, how: Resampling) -> pd.DataFrame:
    """Return scores of each target, then their means over targets, with paired differences."""
    own = test.assign(context=test["seat"]).drop(columns=["seat", "fitted_on"])
    single = compare_models(own, metrics=metrics, against=full, by="context", resampling=how)
    rows = single.table[single.table["context"].notna()].rename(columns={"context": "target"})
    plain = test.drop(columns=["fitted_on", "context"], errors="ignore")
    means = compare_models(plain, metrics=metrics, against=full, resampling=how)
    whole = means.table.drop(columns="context").assign(target=None)
    joined = pd.concat([rows, whole[rows.columns]], ignore_index=True)
    return joined.sort_values("metric", key=lambda one: one.map(metrics.index), kind="stable",
                              ignore_index=True)  # fmt: skip
