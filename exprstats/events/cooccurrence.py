"""Co-occurrence of labels and features: conditional probabilities in both directions, and lift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy import sparse

from exprstats.apa import count_things, tell_p, write_interval, write_level, write_number
from exprstats.contracts import arrange_rows
from exprstats.errors import DataError, Option, Problem, Text
from exprstats.events.intervals import Runs, lay_labelled, name_pair
from exprstats.events.limits import (
    FEW,
    Limits,
    limit_terms,
    permute_labels,
    rank_pairs,
    split_covariance,
)
from exprstats.options import Among, Counted, Given, check_count, check_level, check_word
from exprstats.parallel import Seed, check_seed, report_progress
from exprstats.results import Result

TERMS: dict[Given, str] = {"feature": "p_label_given_feature", "label": "p_feature_given_label"}


@dataclass(frozen=True, slots=True, eq=False)
class CoOccurrence(Result):
    """How often labels and features occur together.

    Attributes
    ----------
    table
        Three rows for each label and feature: ``term`` ``p_label_given_feature`` (frames with both
        over frames with the feature), ``p_feature_given_label`` (over frames with the label), and
        ``lift`` (the first over the share of the label in all frames; 1: independent), with the
        counts ``n_joint``, ``n_feature``, ``n_label``, ``n_total`` and ``n_clusters`` (utterances
        with the event in the denominator; for lift with the rarer one). ``headline`` marks the
        direction that was asked for; lift has p of independence, and the one adjusted for all
        pairs (``p_max_t``).
    given
        What the headline probability is conditional on.
    unit, among
        What is counted, and of which frames.
    level
        Confidence level.
    draws
        Permutations of the test.
    n_utterances, n_frames
        What there is in all.
    left_out
        Features and labels that were too rare.
    """

    place: ClassVar[str] = "cooccurrence"
    table: pd.DataFrame
    given: Given
    unit: Counted
    among: Among
    level: float
    draws: int
    n_utterances: int
    n_frames: int
    left_out: tuple[str, ...]

    def glance(self) -> pd.DataFrame:
        """Return one row: how many labels, features and pairs beyond chance."""
        lift = self.table[self.table["term"] == "lift"]
        row = {
            "n_labels": lift["label"].nunique(),
            "n_features": lift["feature"].nunique(),
            "n_pairs": len(lift),
            "n_beyond_chance": int(lift["p_max_t"].lt(1 - self.level).sum()) if self.draws else 0,
        }
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return the association that is clearest in APA style."""
        lift = self.table[self.table["term"] == "lift"]
        if not self.draws:
            noun = "of a label and a feature"
            pairs = count_things(len(lift), f"pair {noun} was", f"pairs {noun} were")
            return f"{pairs} described without a test of independence."
        lift = lift[lift["p_value"].notna()]
        beyond = self.glance()["n_beyond_chance"].item()
        counted = count_things(beyond, "pairs", "pairs", of=len(lift))
        head = f"{counted} of a label and a feature differed from chance."
        if not len(lift):
            return self._tell_untested()
        row = rank_pairs(lift).iloc[0]
        limits = write_interval(row["conf_low"], row["conf_high"])
        return (
            f"{head} Clearest: {row['label']} and {row['feature']}, lift = "
            f"{write_number(row['estimate'])}, {write_level(self.level)} CI {limits}, "
            f"adjusted p {tell_p(row['p_max_t'])}."
        )

    def _tell_untested(self) -> str:
        if not self.table.loc[self.table["term"].eq("lift"), "n_clusters"].ge(FEW).any():
            return "No pair of a label and a feature occurs in enough utterances for a test."
        return (
            "No pair of a label and a feature could be tested: it changes nothing when utterances "
            "of one signer exchange their labels."
        )


@dataclass(frozen=True, slots=True, eq=False)
class UtteranceCounts:
    """Frames (or utterances) with features, labels and both, by utterance.

    Attributes
    ----------
    total
        (G,) of all.
    feature, label
        (G, f) and (G, l).
    keys
        Utterance and feature (2, m) of each column of ``joint``.
    joint
        (l, m) with both, sparse.
    """

    total: np.ndarray
    feature: np.ndarray
    label: np.ndarray
    keys: np.ndarray
    joint: sparse.csr_array

    def spread_joint(self, place: int) -> np.ndarray:
        """Return the joint counts (G, f) with one label."""
        both = np.zeros_like(self.feature)
        held = slice(*self.joint.indptr[place : place + 2])
        utterance, feature = self.keys[:, self.joint.indices[held]]
        both[utterance, feature] = self.joint.data[held]
        return both


def count_utterances(
    runs: Runs, unit: Counted, features: np.ndarray, labels: np.ndarray
) -> UtteranceCounts:
    """Return the counts of each utterance for columns of the runs.

    With the unit ``"utterances"`` an utterance counts 1 where the event occurs in it.
    """
    weights, groups = runs.frames.astype(float), len(runs.utterances)

    def add(columns: np.ndarray) -> tuple[sparse.csr_array, np.ndarray, np.ndarray, np.ndarray]:
        """Return columns, and of each entry its frames and place among utterances and columns."""
        shown, size = runs.shown[:, columns].tocsr(), len(columns)
        times = np.diff(shown.indptr)
        frames, cells = np.repeat(weights, times), np.repeat(runs.codes * size, times)
        cells = cells + shown.indices
        sums = np.bincount(cells, frames, groups * size).reshape(groups, size)
        return shown, frames, cells, sums

    shown, frames, cells, feature = add(features)
    named, *_, label = add(labels)
    # A table of all utterances and features numbers the pairs that occur without sorting them.
    met = np.zeros(feature.size, dtype=bool)
    met[cells] = True
    held = np.flatnonzero(met)
    keys = np.array(np.divmod(held, len(features)))
    total = runs.lengths
    if unit == "utterances":
        feature, label, total = (feature > 0) * 1.0, (label > 0) * 1.0, (total > 0) * 1.0
        return UtteranceCounts(total, feature, label, keys, sparse.csr_array(label[keys[0]].T))
    lines = (np.cumsum(met) - 1)[cells]
    gather = sparse.csr_array((frames, lines, shown.indptr), shape=(len(weights), len(held)))
    return UtteranceCounts(total, feature, label, keys, named.T.tocsr() @ gather)


def measure_cooccurrence(
    events: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    given: Given = "feature",
    unit: Counted = "frames",
    among: Among = "all",
    fps: float = 30.0,
    least: int = 10,
    level: float = 0.95,
    draws: int = 2000,
    seed: Seed = None,
) -> CoOccurrence:
    """Measure how probable labels are given features, and features given labels.

    P(label | feature) = #(feature, label)/#(feature): of the frames with the feature, the share
    that has the label. P(feature | label) divides the same count by #(label). Kezar and Zhou (2022)
    print the formula of one with the words of the other; both are here by name.

    Parameters
    ----------
    events
        EVENTS of features, as from `read_events` or `map_units`; tiers of free text are none.
    labels
        EVENTS of labels, as from `find_labels`.
    given
        The denominator of the headline probability: ``"feature"`` or ``"label"``.
    unit
        What is counted: ``"frames"``, or ``"utterances"`` in which both occur.
    among
        ``"all"`` frames, or only those that are ``"labelled"`` at all, which is what Kezar and
        Zhou (2022) seem to have done: it raises every probability of a label.
    fps
        Frames per second.
    least
        Labels and features with fewer frames are left out.
    level
        Confidence level.
    draws
        Permutations of the test of independence; 0 for none.
    seed
        Of the permutations.

    Returns
    -------
    CoOccurrence
        Frames of one utterance are alike, so that intervals leave out one utterance at a time and
        rest on the utterances in which the event occurs (jackknife-t; probabilities on the logit
        scale, lift on the log scale). p is that of a permutation of the labels of whole utterances
        within signers, which needs no model of frames and no large sample; ``p_max_t`` allows for
        the number of pairs. Tested are pairs of which both occur in ten utterances or more.

    Notes
    -----
    In 120 simulated studies each with 12, 24 and 80 utterances, 95% limits held the truth in .95,
    .93 and .95 of P(label | feature), in .95, .93 and .94 of P(feature | label), and in .98, .97
    and .95 of lift (``vignettes/coverage_events.csv``).

    Raises
    ------
    DataError
        If the tables are no EVENTS, or nothing is frequent enough.
    OptionError
        If an option is not allowed.

    References
    ----------
    Kezar, L., & Zhou, P. (2022). *The role of facial expressions and emotion in ASL*.
    arXiv:2201.07906.

    Examples
    --------
    >>> from exprstats.simulate import simulate_signing
    >>> study = simulate_signing(utterances=60, seed=1)
    >>> found = measure_cooccurrence(study.events, study.labels)
    >>> found.table["term"].unique().tolist()
    ['p_label_given_feature', 'p_feature_given_label', 'lift']
    """
    check_word(given, Given, "given")
    check_word(unit, Counted, "unit")
    check_level(level)
    check_count(least, "least")
    check_word(among, Among, "among")
    check_count(draws, "draws", least=0)
    check_seed(seed)
    runs = lay_labelled(events, labels, fps=fps, among=among)
    features, named, lost = pick_columns(runs, least)
    counts = count_utterances(runs, unit, features, named)
    names = [name_pair(runs.pairs[place]) for place in features]
    pieces = []
    for place, column in enumerate(named):
        pieces.append(_rate_label(counts, place, level).assign(label=runs.pairs[column][1]))
        report_progress("Measuring co-occurrence", place + 1, len(named))
    table = pd.concat(pieces, ignore_index=True)
    table["headline"] = table["term"] == TERMS[given]
    table["level"], table["method"], table["unit"] = level, "jackknife", unit
    if draws:
        table = _add_chance(table, counts, runs, draws=draws, seed=seed)
    table["feature"] = [names[place] for place in table["feature"]]
    table = arrange_rows(table.to_dict("records"), ("label", "feature", "term", "unit"))
    frames = int(runs.frames.sum())
    sizes = (len(runs.utterances), frames)
    return CoOccurrence(table, given, unit, among, level, draws, *sizes, lost)


def _add_chance(
    table: pd.DataFrame, counts: UtteranceCounts, runs: Runs, *, draws: int, seed: Seed
) -> pd.DataFrame:
    """Return the rows (labels, features, terms) with p of independence beside each lift."""
    held = [(one > 0).sum(axis=0) >= FEW for one in (counts.feature, counts.label)]
    parts = split_covariance(counts.total, counts.feature, counts.label, counts.keys, counts.joint)
    strata = np.unique([str(one) for one in runs.signers], return_inverse=True)[1]
    found = permute_labels(parts, strata, np.outer(*held), draws=draws, seed=seed)
    lift = table["term"].eq("lift").to_numpy()
    for name, values in (("p_value", found.p_value), ("p_max_t", found.p_max_t)):
        table[name] = np.nan
        table.loc[lift, name] = values.T.ravel()
    return table.assign(draws=np.where(lift, draws, np.nan))


def pick_columns(runs: Runs, least: int) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Return the columns of features and of labels with enough frames, and names of the others.

    Without any feature or label left it is a DataError.
    """
    frames = runs.shown.T @ runs.frames
    kept = []
    for label, what in ((False, "feature"), (True, "label")):
        columns = runs.find_columns(label=label)
        enough = columns[frames[columns] >= least]
        if not len(enough):
            most = int(frames[columns].max(initial=0))
            fact = f"no {what} has {least:,} frames; the most frequent one has {most:,}."
            remedy: Text = (
                "Ask for fewer with ",
                Option("least"),
                ", or check ",
                Option("fps"),
                ".",
            )
            if not most:
                fact = f"there is no {what}: no tier beside those of texts holds values."
                remedy = "Annotate what signers show, or name another file."
            raise DataError(Problem(fact, remedy))
        kept.append(enough)
    lost = sorted(set(range(len(runs.pairs))) - {*kept[0].tolist(), *kept[1].tolist()})
    return kept[0], kept[1], tuple(name_pair(runs.pairs[place]) for place in lost)


def _rate_label(counts: UtteranceCounts, place: int, level: float) -> pd.DataFrame:
    """Return rows of one label with every feature, features as numbers."""
    both, feature, total = counts.spread_joint(place).T, counts.feature.T, counts.total
    label = np.broadcast_to(counts.label[:, place], feature.shape)
    sums = {"joint": both.sum(axis=1), "feature": feature.sum(axis=1), "label": label.sum(axis=1)}
    whole = total.sum()
    fewer = np.minimum((feature > 0).sum(axis=1), (label > 0).sum(axis=1))
    shared: dict[str, Any] = {f"n_{name}": value.astype(int) for name, value in sums.items()}
    shared |= {"feature": np.arange(len(feature)), "n_total": int(whole)}
    left = {
        name: sums[name][:, None] - one
        for name, one in (("joint", both), ("feature", feature), ("label", label))
    }
    pieces = []
    with np.errstate(divide="ignore", invalid="ignore"):
        denominators: dict[Given, np.ndarray] = {"feature": feature, "label": label}
        for given, held in denominators.items():
            value = sums["joint"] / sums[given]
            found = limit_terms(
                value, left["joint"] / left[given], held > 0, scale="logit", level=level
            )
            count = (held > 0).sum(axis=1)
            pieces.append(_list_rows(shared, TERMS[given], value, found, count))
        lift = sums["joint"] * whole / (sums["feature"] * sums["label"])
        without = left["joint"] * (whole - total) / (left["feature"] * left["label"])
    present = (feature > 0) | (label > 0)
    found = limit_terms(lift, without, present, scale="log", level=level, freedom=fewer - 1)
    found = _limit_absent(found, pieces[0], sums, whole)
    pieces.append(_list_rows(shared, "lift", lift, found, fewer))
    table = pd.concat(pieces, ignore_index=True)
    return table.sort_values("feature", kind="stable", ignore_index=True)


def _limit_absent(
    found: Limits, share: pd.DataFrame, sums: dict[str, np.ndarray], whole: float
) -> Limits:
    """Return limits of lift where a pair never occurs, from those of P(label | feature)."""
    absent = (sums["joint"] == 0) & share["conf_high"].notna().to_numpy()
    high = share["conf_high"].to_numpy(float) * whole / sums["label"]
    told = share["note"].tolist()
    notes = [one if gone else own for gone, one, own in zip(absent, told, found.notes, strict=True)]
    return Limits(
        found.std_error,
        np.where(absent, 0.0, found.conf_low),
        np.where(absent, high, found.conf_high),
        notes,
    )


def _list_rows(
    shared: dict[str, Any], term: str, value: np.ndarray, found: Limits, count: np.ndarray
) -> pd.DataFrame:
    cells = {"term": term, "estimate": value, "std_error": found.std_error}
    cells |= {"conf_low": found.conf_low, "conf_high": found.conf_high}
    return pd.DataFrame({**shared, **cells, "n_clusters": count, "note": found.notes})
