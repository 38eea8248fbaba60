"""Human annotators of evoked expressions: agreement among themselves, and with a machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_interval, write_level, write_number
from exprstats.contracts import arrange_rows
from exprstats.errors import DataError, Problem, warn_user
from exprstats.events.evoked.machine import (
    SHARES,
    Votes,
    list_correlations,
    list_machine,
    match_machine,
    match_names,
)
from exprstats.events.evoked.tables import (
    CHECK_VIDEOS,
    check_evoked,
    code_names,
    cut_labels,
    key_moments,
    sum_videos,
)
from exprstats.events.evoked.terms import (
    Ratios,
    count_whole,
    divide,
    leave_videos_out,
    list_mean,
    list_ratios,
)
from exprstats.inference.metrics.classification import correct_fleiss, pair_ratings
from exprstats.options import Truth, check_level, check_word, name_some
from exprstats.results import Result

KEYS = ("expression", "source", "rule", "term")
_AGREEMENT = ("fleiss_kappa", "agreement", "positive_agreement", "prevalence")


@dataclass(frozen=True, slots=True, eq=False)
class EvokedAnnotators(Result):
    """How far annotators agree among themselves, and a machine with them.

    Attributes
    ----------
    table
        Tidy rows by ``expression`` (None: plain mean over expressions), ``source``, ``rule`` and
        ``term``. Of ``source`` ``"annotators"``, as in `measure_agreement`: ``fleiss_kappa``,
        ``agreement`` (of two annotators) and ``positive_agreement`` (of ordered pairs whose first
        has the label, those whose second has it too), and ``prevalence`` (share of annotations with
        the label), of moments with two annotators. Of ``"machine"``: ``precision``,
        ``recall`` and ``f1`` against the truth of each ``rule`` (``"each"`` annotator by himself,
        ``"majority"``, ``"any"``, ``"all"``), ``headline`` for the rule asked for; and of
        ``"machine - annotator"`` the difference of its precision and recall from those of an
        annotator, both judged by single annotators. ``correlation`` is that of a label, or of the
        machine's score, with the share of the other annotators who see the expression.
    expressions
        In the order of the table.
    truth
        The rule of the headline; None without a machine.
    threshold, level
        As asked.
    n_videos, n_moments, n_annotators
        Sizes; annotators per moment on average.
    n_unmatched
        Moments of the annotators at which the machine says nothing.
    """

    place: ClassVar[str] = "evoked_annotators"
    table: pd.DataFrame
    expressions: tuple[str, ...]
    truth: Truth | None
    threshold: float
    level: float
    n_videos: int
    n_moments: int
    n_annotators: float
    n_unmatched: int

    def pick(self, term: str, **equal: Any) -> pd.DataFrame:
        """Return the rows of a term."""
        rows = self.table[self.table["term"].eq(term)]
        for name, value in equal.items():
            rows = rows[rows[name].isna() if value is None else rows[name].eq(value)]
        return rows

    def glance(self) -> pd.DataFrame:
        """Return one row: sizes, mean kappa, and mean precision and recall."""
        row: dict[str, Any] = {"n_videos": self.n_videos, "n_moments": self.n_moments}
        row["fleiss_kappa"] = self.pick("fleiss_kappa", expression=None)["estimate"].iloc[0]
        for term in SHARES[:2] if self.truth else ():
            found = self.pick(term, expression=None, rule=self.truth, source="machine")
            row[term] = found["estimate"].iloc[0]
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return the agreement of annotators, and precision and recall, in APA style."""
        kappa = self.pick("fleiss_kappa", expression=None).iloc[0]
        own = self.pick("fleiss_kappa", source="annotators")
        defined = own[own["expression"].notna()]["estimate"].notna().sum()
        noun = "annotator" if self.n_annotators == 1 else "annotators"
        text = (
            f"{self.n_annotators:.3g} {noun} per moment rated "
            f"{count_things(self.n_moments, 'moment')} of {count_things(self.n_videos, 'video')}"
        )
        if defined:
            whole = count_things(len(self.expressions), "expression")
            some = "" if defined == len(self.expressions) else f"{defined} of "
            text += f": mean Fleiss' κ of {some}{whole} {_write(kappa, self.level)}."
        else:
            text += "; Fleiss' κ is not defined."
        if self.truth is None:
            return text
        told = []
        for term in SHARES[:2]:
            row = self.pick(term, expression=None, rule=self.truth, source="machine").iloc[0]
            # Means are of the expressions that people see at all, as recall is.
            own = self.pick("recall", rule=self.truth, source="machine")
            seen = own[own["expression"].notna()]["estimate"].notna().sum()
            whole = len(self.expressions)
            some = f" of {seen} of {whole} expressions" if seen < whole else ""
            told.append(f"{term}{some} {_write(row, self.level)}" if seen else f"{term} undefined")
        whose = {"each": "single annotators", "majority": "their majority"}
        judged = whose.get(self.truth, f"{self.truth} of them")
        if self.n_annotators == 1:
            judged = "single annotators"
        return f"{text} The machine against {judged}: mean {told[0]}; mean {told[1]}."


def _write(row: pd.Series, level: float) -> str:
    number = write_number(row["estimate"], bounded=True)
    if pd.isna(row["conf_low"]):
        return f"= {number}"
    limits = write_interval(row["conf_low"], row["conf_high"], bounded=True)
    return f"= {number}, {write_level(level)} CI {limits}"


def compare_annotators(
    human: pd.DataFrame,
    machine: pd.DataFrame | None = None,
    *,
    truth: Truth = "majority",
    expressions: Iterable[str] | None = None,
    threshold: float = 0.5,
    level: float = 0.95,
) -> EvokedAnnotators:
    """Compare annotators with each other, and a machine's labels with theirs.

    Parameters
    ----------
    human
        EVOKED with ``annotator``: one row an annotation of a moment, labels of 0 and 1.
    machine
        EVOKED: one row a moment, labels or scores; None: annotators only.
    truth
        What counts as true in the headline: what ``"each"`` annotator says, one after the other,
        the ``"majority"`` (a tie is no label), ``"any"`` or ``"all"`` of them. Rows of all four
        rules are made: Sun et al. (2020) do not say which theirs is.
    expressions
        Columns; None: all that both tables have.
    threshold
        A score here or above is a label.
    level
        Confidence level.

    Returns
    -------
    EvokedAnnotators
        Intervals leave out one video at a time (jackknife-t). Moments that only one person
        annotated say nothing of agreement, but count as truth, and among the shares of labels that
        agreement by chance is made of (Gwet, 2014); where all are such, rows of agreement are
        undefined.

    Raises
    ------
    DataError
        If there is no machine and no moment has two annotators, or the tables share no moment.

    Warns
    -----
    DataWarning
        How many annotated moments the machine lacks.

    References
    ----------
    Fleiss, J. L. (1971). Measuring nominal scale agreement among many raters. *Psychological
    Bulletin, 76*, 378-382.

    Gwet, K. L. (2014). *Handbook of inter-rater reliability* (4th ed.). Advanced Analytics.

    Sun, J. J., Liu, T., Cowen, A. S., Schroff, F., Adam, H., & Prasad, G. (2020). *EEV
    dataset: Predicting expressions evoked by diverse videos*. arXiv:2001.05488.

    Examples
    --------
    >>> human = pd.DataFrame({"video": np.repeat(list("abcd"), 6), "time": [0, 0, 1, 1, 2, 2] * 4})
    >>> human["annotator"] = ["x", "y"] * 12
    >>> human["joy"] = [1, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0, 0] * 2
    >>> found = compare_annotators(human)
    >>> found.pick("fleiss_kappa", expression="joy")["estimate"].round(3).tolist()
    [0.333]
    """
    check_word(truth, Truth, "truth")
    check_level(level)
    names = check_evoked(human, expressions, needs=("video", "time", "annotator"))
    if machine is not None:
        machine = match_names(machine, names)
        names = _find_shared(names, machine, expressions)
    videos = code_names(human["video"])[1]
    votes = count_votes(human, names, threshold)
    if machine is None and not (votes.given > 1).any():
        fact = "no moment has two annotators, so that there is no agreement."
        raise DataError(Problem(fact, "Check the columns of video, time and annotator."))
    rows = _list_agreement(votes, names, len(videos), level)
    lost = 0
    if machine is not None:
        scores = match_machine(votes, videos, machine, names)
        claims = cut_labels(scores, names, threshold)
        lost = int((~np.isfinite(claims).any(axis=1)).sum())
        if lost == len(claims):
            fact = "the machine has labels at no moment that people annotated."
            raise DataError(Problem(fact, CHECK_VIDEOS))
        if lost:
            counted = count_things(lost, "moment", "moments", of=len(claims))
            warn_user(f"{counted} that people annotated have no label of the machine: left out.")
        rows += list_machine(votes, claims, names, len(videos), truth=truth, level=level)
        values = scores.to_numpy(float)
        rows += list_correlations(votes, values, names, len(videos), level=level)
    return EvokedAnnotators(
        count_whole(arrange_rows(rows, KEYS)),
        tuple(names),
        truth if machine is not None else None,
        threshold,
        level,
        n_videos=len(videos),
        n_moments=len(votes.codes),
        n_annotators=float(votes.given.max(axis=1).mean()),
        n_unmatched=lost,
    )


def _find_shared(
    names: Sequence[str], machine: pd.DataFrame, expressions: Iterable[str] | None
) -> list[str]:
    theirs = check_evoked(machine, expressions, needs=("video", "time"))
    shared = [name for name in names if name in theirs]
    if not shared:
        fact = f"the machine has {name_some(theirs)}, and the annotators have {name_some(names)}."
        raise DataError(Problem(fact, "Give the columns of both the same names."))
    return shared


def count_votes(human: pd.DataFrame, names: Sequence[str], threshold: float) -> Votes:
    """Return how many annotators saw and chose each expression at each moment, each once."""
    codes = code_names(human["video"])[0]
    moments = key_moments(human["time"])
    people = code_names(human["annotator"])[0]
    order = np.lexsort((people, moments, codes))
    codes, moments, people = codes[order], moments[order], people[order]
    fresh = np.r_[True, (np.diff(codes) != 0) | (np.diff(moments) != 0)]
    twice = np.flatnonzero(~fresh[1:] & (np.diff(people) == 0))
    if len(twice):
        row = human.iloc[order[twice[0]]]
        counted = count_things(len(twice), "annotation stands", "annotations stand")
        where = f"'{row['annotator']}' on video '{row['video']}' at {row['time']:g} s"
        raise DataError(Problem(f"{counted} twice, such as that of {where}.", "Keep one."))
    labels = cut_labels(human, names, threshold)[order]
    starts = np.flatnonzero(fresh)
    given = np.add.reduceat(np.isfinite(labels).astype(np.int32), starts, axis=0)
    yes = np.add.reduceat((labels == 1).astype(np.int32), starts, axis=0)
    return Votes(codes[starts], moments[starts], given, yes)


def _list_agreement(
    votes: Votes, names: Sequence[str], groups: int, level: float
) -> list[dict[str, Any]]:
    """Return rows of kappa, agreement and prevalence, as `measure_agreement` defines them."""
    same_class = np.eye(2)
    parts = []
    for given, yes in zip(votes.given.T, votes.yes.T, strict=True):
        found = pair_ratings(np.stack([given - yes, yes], axis=1).astype(float), same_class)
        columns = (found.paired, found.agreed, found.rated, *found.shares.T)
        counts = (found.same[:, 1], found.possible[:, 1], found.paired * yes, found.paired * given)
        columns = np.stack([*columns, *counts], axis=1)
        parts.append(sum_videos(columns, votes.codes, groups))
    paired, agreed, rated, no, yes, same, possible, chosen, asked = np.swapaxes(parts, 0, 1)
    kappas = []
    for pick in (lambda one: one.sum(axis=1), leave_videos_out):
        shares = np.stack([divide(pick(one), pick(rated)) for one in (no, yes)], axis=-1)
        kappas.append(correct_fleiss(divide(pick(agreed), pick(paired)), shares, same_class))
    shared = {"source": "annotators", "rule": None}
    options: dict[str, Any] = {"term": "fleiss_kappa", "scale": "raw", "level": level}
    # Moments with one annotation say what is chosen, and nothing of agreement.
    rows = list_mean(kappas[0], kappas[1], rated > 0, names, held=paired > 0, **options)
    for term, part, whole in (
        ("agreement", agreed, paired),
        ("positive_agreement", same, possible),
        ("prevalence", chosen, asked),
    ):
        keys = [{"expression": name, "term": term} for name in names]
        rows += list_ratios(Ratios(part, whole), keys, level=level)
    return [row | shared for row in rows]
