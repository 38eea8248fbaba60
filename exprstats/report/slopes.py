"""Table 6: weights of the regression without a penalty, which effects are tested by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.numerals import tell_p, write_count, write_level, write_p
from exprstats.plots import name_contexts
from exprstats.report.cells import (
    collect_notes,
    list_levels,
    pick_rows,
    write_estimate,
    write_limits,
    write_mark,
)
from exprstats.report.document import Column, Table
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, join_texts, join_words, say

if TYPE_CHECKING:
    from exprstats.models import Weights

_MOST_NAMED = 4
_METHODS = {
    "jackknife": "delete-one jackknife over subjects with the *t* distribution",
    "percentile": "percentiles of resampled subjects",
}


def build_slopes(weights: Weights, pieces: Pieces) -> tuple[Table, ...]:
    """Return Table 6, where weights without a penalty were estimated."""
    rows, shown = _select(weights)
    if shown.empty:
        return ()
    columns = (
        Column("feature", say("Feature"), words=True),
        Column("estimate", say("*b*")),
        Column("limits", say("{level} CI", level=write_level(weights.level))),
        Column("p", say("*p*")),
        Column("adjusted", say("Holm\N{NO-BREAK SPACE}*p*")),
    )
    contexts = list_levels(shown, "context")
    table = Table(
        "6",
        "regression",
        "Regression Weights Without Penalty",
        columns,
        pd.DataFrame([_write_row(row) for row in shown.to_dict("records")]),
        group="context" if len(contexts) > 1 else None,
        notes=_list_notes(shown, pieces),
        rows=rows,
    )
    return (table,)


def say_slopes(weights: Weights) -> tuple[Text, ...]:
    """Return which features go along with the target after adjustment, context by context."""
    _, shown = _select(weights)
    if shown.empty:
        return ()
    contexts = list_levels(shown, "context")
    opening = say(
        "In the same regression without a penalty, these weights differ from zero at the {mark} "
        "level after Holm's adjustment (Table 6):",
        mark=write_mark(1 - weights.level),
    )
    told = [
        _say_context(pick_rows(shown, context=context), weights, name=len(contexts) > 1)
        for context in contexts
    ]
    return (opening, *told) if len(told) > 1 else (join_texts([opening, *told]),)


def list_slope_cautions(weights: Weights) -> tuple[Text, ...]:
    """Return which of the two tables answers which question."""
    _, shown = _select(weights)
    if shown.empty:
        return ()
    return (
        say(
            "Read Table 5 for prediction and Table 6 for inference. Penalized weights tell which "
            "signals the model uses. The penalty draws them towards zero, so that their intervals "
            "show what other subjects would have given, but test no effect and need not cover the "
            "weights of the population. Weights without a penalty tell which signals go along "
            "with the target when the others are held constant, among these features; they show "
            "association, not cause, and may predict worse."
        ),
    )


def _select(weights: Weights) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return all rows of weights without a penalty, and those that are printed."""
    rows = pick_rows(name_contexts(weights.tidy()), term="unpenalised").reset_index(drop=True)
    return rows, rows[rows["headline"].eq(True)].reset_index(drop=True)


def _say_context(own: pd.DataFrame, weights: Weights, *, name: bool) -> Text:
    head = f"{own['context'].iloc[0]}: " if name else ""
    if own["p_adjusted"].isna().all():
        return say("{head}not defined.", head=head)
    held = own[own["p_adjusted"].lt(1 - weights.level)]
    if held.empty:
        return say("{head}none.", head=head)
    held = held.sort_values("estimate", key=lambda one: -one.abs(), kind="stable")
    told = [_say_weight(row) for row in held.head(_MOST_NAMED).to_dict("records")]
    more = len(held) - _MOST_NAMED
    if more > 0:
        told.append(say("and {more} more", more=more))
    return join_texts([say("{head}", head=head), join_texts(told, ", "), say(".")], "")


def _say_weight(row: dict[Any, Any]) -> Text:
    return say(
        "{feature} (*b* = {value}, {level} CI {limits}, *p* {p})",
        feature=row["feature"],
        value=write_estimate(row, bounded=False),
        level=write_level(row["level"]),
        limits=write_limits(row, bounded=False),
        p=tell_p(row["p_adjusted"]),
    )


def _write_row(row: dict[Any, Any]) -> dict[str, str]:
    return {
        "context": str(row["context"]),
        "feature": str(row["feature"]),
        "estimate": write_estimate(row, bounded=False),
        "limits": write_limits(row, bounded=False),
        "p": write_p(row["p_value"]),
        "adjusted": write_p(row["p_adjusted"]),
    }


def _list_notes(shown: pd.DataFrame, pieces: Pieces) -> tuple[Text, ...]:
    subjects = shown["n_clusters"].dropna()
    contexts = len(list_levels(shown, "context")) > 1
    methods = [_METHODS.get(name, str(name)) for name in list_levels(shown, "method")]
    opening = say(
        "Least squares; units of the target ({target}) per standard deviation of the feature, as "
        "in Table 5. Holm *p*, which the text quotes, is adjusted for the features{where}.",
        target=pieces.target,
        where=" of a context" if contexts else "",
    )
    how = say(
        f"Intervals and two-sided *p*: {join_words(methods)}{{subjects}}.",
        subjects=f" ({write_count(subjects.max())} training subjects)" if len(subjects) else "",
    )
    return (opening, how, *collect_notes(shown, ("feature", "context")))
