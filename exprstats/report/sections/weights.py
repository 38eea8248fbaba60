"""Section on feature weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, tell_p, write_count, write_level, write_number
from exprstats.document.cells import (
    ALL,
    OVERALL,
    Row,
    collect_notes,
    list_levels,
    name_contexts,
    pick_rows,
    write_estimate,
    write_limits,
    write_mark,
)
from exprstats.document.model import Figure, Section, Table, keep
from exprstats.document.tables import column, estimate_columns, match_row, p_columns, tabulate
from exprstats.document.text import Text, join_texts, join_words, say
from exprstats.models.explain.weights import NOTABLE
from exprstats.plots import draw_weights
from exprstats.report.analysis import Analysis
from exprstats.report.sections.stability import (
    build_stability,
    list_cautions,
    name_tuning,
    say_stability,
)

if TYPE_CHECKING:
    from exprstats.models import Models, Weights

MOST_ACROSS = 8  # contexts that fit beside each other on a page
_PENALTIES = {"alpha": "Penalty, alpha", "l1_ratio": "Share of L1 in it, l1_ratio"}
_MOST_NAMED = 4
_METHODS = {
    "jackknife": "delete-one jackknife over subjects with the *t* distribution",
    "percentile": "percentiles of resampled subjects",
}


def describe_weights(analysis: Analysis) -> Section | None:
    """Return the section on weights with intervals, or on the first model that has weights."""
    if analysis.weights is not None:
        return _describe_resampled(analysis.weights, analysis)
    models = next(
        (one for one in analysis.models.values() if bool(one.tidy()["term"].eq("weight").any())),
        None,
    )
    if models is None:
        return None
    rows = name_contexts(models.tidy())
    weights = pick_rows(rows, term="weight").reset_index(drop=True)
    name, tuned = analysis.name_model(models.name), name_tuning(models, analysis)
    return Section(
        "weights",
        "Feature weights",
        sentences=_say_weights(weights, name),
        caveats=_list_caveats(weights, tuned),
        tables=(_build_table(rows, weights, analysis, tuned),),
        figures=_build_figure(models, weights, name, mark=NOTABLE, level=None),
    )


def _describe_resampled(weights: Weights, analysis: Analysis) -> Section:
    rows = pick_rows(name_contexts(weights.tidy()), term="weight")
    name = analysis.name_model(weights.model)
    return Section(
        "weights",
        "Feature weights",
        sentences=(*say_stability(weights, analysis), *say_slopes(weights)),
        caveats=keep(list_slope_cautions(weights), *list_cautions(weights)),
        tables=keep(build_stability(weights, analysis), build_slopes(weights, analysis)),
        figures=_build_figure(weights, rows, name, mark=weights.threshold, level=weights.level),
    )


def _are_zero(weights: pd.DataFrame) -> bool:
    return bool(weights["estimate"].fillna(0).eq(0).all())


def _say_weights(weights: pd.DataFrame, model: str) -> tuple[Text, ...]:
    contexts = list_levels(weights, "context")
    told = []
    for context in contexts:
        own = pick_rows(weights, context=context)
        large = own[own["estimate"].abs().ge(NOTABLE)]
        large = large.sort_values("estimate", key=lambda w: -w.abs(), kind="stable")
        named = [
            f"{row['feature']} ({write_number(row['estimate'])})"
            for row in large.to_dict("records")
        ]
        head = f"{context}: " if len(contexts) > 1 else ""
        empty = "every weight is zero" if _are_zero(own) else "none"
        told.append(f"{head}{join_words(named) if named else empty}")
    opening = say(
        "A weight is the change in the prediction of {model}, in units of the target, for one "
        "standard deviation of the feature. Weights of .2 or more in size (<Table weights, Figure "
        "weights>): {told}.",
        model=model,
        told="; ".join(told),
    )
    return (opening,)


def _list_caveats(weights: pd.DataFrame, tuned: str) -> tuple[Text, ...]:
    caveats = [
        say(
            "Weights are shown without intervals. Contexts were tuned each with a penalty of "
            "its own, which shrinks weights by different amounts: a difference between two "
            "contexts' weights is not tested here."
        )
        if len({*list_levels(weights, "context")} - {ALL}) > 1
        else say("Weights are shown without intervals; the penalty shrinks them towards zero.")
    ]
    if _are_zero(weights):
        caveats.insert(
            0,
            say(
                "All weights are zero in every model: the penalty chosen {tuned} leaves the "
                "training mean as the best prediction. No figure is drawn.",
                tuned=tuned,
            ),
        )
    return tuple(caveats)


def _build_table(
    rows: pd.DataFrame, weights: pd.DataFrame, analysis: Analysis, tuned: str
) -> Table:
    contexts = list_levels(weights, "context")
    columns = [column("name", "Feature")]
    for place, context in enumerate(contexts):
        own = match_row(rows, "term", "feature", context=context)
        told = say("{context}", context=context)
        columns.append(column(f"context{place}", told, _write_value, of=own))
    lines = [
        {"group": "Weights", "term": "weight", "feature": feature, "name": str(feature)}
        for feature in list_levels(weights, "feature")
    ]
    lines += [
        {"group": f"Tuned {tuned}", "term": term, "feature": None, "name": label}
        for term, label in _PENALTIES.items()
        if rows["term"].eq(term).any()
    ]
    noted = rows[rows["term"].isin(["weight", *_PENALTIES])]
    # "the smallest alpha of the grid was chosen" says in a note what it says beside its row.
    notes = [
        f"penalty at the edge: {note}" if term == "alpha" and isinstance(note, str) else note
        for term, note in zip(noted["term"], noted["note"], strict=True)
    ]
    noted = noted.assign(note=notes)
    return tabulate(
        "weights",
        "Feature Weights" + (OVERALL if len(contexts) > 1 else ""),
        lines,
        columns,
        group="group",
        notes=(
            say(
                "Units of the target ({target}) per standard deviation of the feature among "
                "training clips. A weight of exactly 0 was left out by the model.",
                target=analysis.target,
            ),
            *collect_notes(noted, ("feature", "context")),
        ),
        rows=rows,
        main=True,
    )


def _write_value(row: Row) -> str:
    value = row.get("estimate")
    if value is None or pd.isna(value):
        return MISSING
    if value == 0:
        return "0"
    return write_number(value) if row["term"] == "weight" else f"{value:g}"


def _build_figure(
    found: Models | Weights, weights: pd.DataFrame, name: str, *, mark: float, level: float | None
) -> tuple[Figure, ...]:
    """Return the figure, where a weight is not zero."""
    if _are_zero(weights):
        return ()
    notes = [
        say(
            "Dashed lines stand at {mark} on both sides of zero; filled points mark weights that "
            "reach them.",
            mark=write_mark(mark),
        )
    ]
    if level is not None:
        told = "Solid lines are {level} percentile intervals over resampled subjects."
        notes.insert(0, say(told, level=write_level(level)))
    contexts = [str(context) for context in list_levels(weights, "context")]
    where = f" for {join_words(contexts)}" if len(contexts) > 1 else ""
    figure = Figure(
        "weights",
        f"Feature Weights of the {name} Models",
        lambda: draw_weights(found),
        words=say(
            "Weight of each feature{where}; the same numbers as <Table weights>.", where=where
        ),
        notes=tuple(notes),
        main=True,
    )
    return (figure,)


def build_slopes(weights: Weights, analysis: Analysis) -> Table | None:
    """Return the table, where weights without a penalty were estimated."""
    rows, shown = _select(weights)
    if shown.empty:
        return None
    columns = (
        column("feature", "Feature"),
        *estimate_columns(weights.level, heading="*b*", bounded=False),
        *p_columns(),
    )
    return tabulate(
        "regression",
        "Regression Weights Without Penalty",
        shown,
        columns,
        group="context" if len(list_levels(shown, "context")) > 1 else None,
        notes=_list_notes(shown, analysis),
        rows=rows,
        main=True,
    )


def say_slopes(weights: Weights) -> tuple[Text, ...]:
    """Return which features go along with the target after adjustment, context by context."""
    _, shown = _select(weights)
    if shown.empty:
        return ()
    contexts = list_levels(shown, "context")
    opening = say(
        "In the same regression without a penalty, these weights differ from zero at the {mark} "
        "level after Holm's adjustment (<Table regression>):",
        mark=write_mark(1 - weights.level),
    )
    told = [
        _say_context(pick_rows(shown, context=context), weights, name=len(contexts) > 1)
        for context in contexts
    ]
    return (opening, *told) if len(told) > 1 else (join_texts([opening, *told]),)


def list_slope_cautions(weights: Weights) -> Text | None:
    """Return which of the two tables answers which question."""
    _, shown = _select(weights)
    if shown.empty:
        return None
    return say(
        "Read <Table weights> for prediction and <Table regression> for inference. Penalized "
        "weights show which signals the model uses. The penalty draws them towards zero, so "
        "that their intervals show what other subjects would have given, but test no effect "
        "and need not cover the weights of the population. Weights without a penalty show "
        "which signals are associated with the target when the other features are held "
        "constant; they show association, not cause, and may predict worse."
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


def _list_notes(shown: pd.DataFrame, analysis: Analysis) -> tuple[Text, ...]:
    subjects = shown["n_clusters"].dropna()
    contexts = len(list_levels(shown, "context")) > 1
    methods = [_METHODS.get(name, str(name)) for name in list_levels(shown, "method")]
    opening = say(
        "Least squares; units of the target ({target}) per standard deviation of the feature, as "
        "in <Table weights>. Holm *p*, which the text quotes, is adjusted for the features{where}.",
        target=analysis.target,
        where=" of a context" if contexts else "",
    )
    how = say(
        f"Intervals and two-sided *p*: {join_words(methods)}{{subjects}}.",
        subjects=f" ({write_count(subjects.max())} training subjects)" if len(subjects) else "",
    )
    return (opening, how, *collect_notes(shown, ("feature", "context")))
