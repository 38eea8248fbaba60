"""Section on differences in weights between contexts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import count_things, tell_p, write_count, write_level, write_p
from exprstats.document.cells import (
    collect_notes,
    list_levels,
    name_pairs,
    write_estimate,
    write_limits,
    write_mark,
)
from exprstats.document.model import Figure, Section, Table
from exprstats.document.tables import HOLM, column, estimate_columns, match_row, tabulate
from exprstats.document.text import Text, join_texts, say
from exprstats.plots import draw_contrasts
from exprstats.report.analysis import Analysis
from exprstats.report.sections.others import MOST_ROWS

if TYPE_CHECKING:
    from exprstats.models import Contrasts

_MOST_NAMED = 6


def describe_contrasts(analysis: Analysis) -> Section | None:
    """Return the section, or None where contexts were not contrasted."""
    contrasts = analysis.contrasts
    if contrasts is None:
        return None
    rows = contrasts.tidy()
    rows = rows[rows["term"].eq("difference")].reset_index(drop=True)
    rows = rows.assign(pair=name_pairs(rows))
    # Penalised differences are described; the least-squares ones beside them are tested.
    shown = rows[rows["method"].eq("percentile")].reset_index(drop=True)
    return Section(
        "contrasts",
        "Context contrasts",
        sentences=(_say_setting(contrasts, shown), _say_slopes(contrasts, rows)),
        caveats=_list_caveats(shown),
        tables=(_build_table(rows, shown, contrasts),),
        figures=(_build_figure(contrasts),),
    )


def _say_setting(contrasts: Contrasts, shown: pd.DataFrame) -> Text:
    return say(
        "To compare the weights of features between contexts, all contexts were fitted with one "
        "penalty (alpha = {alpha}, l1_ratio = {ratio}) and one scale, the standard deviation of "
        "each feature over the training clips of all contexts, and the weights of {pairs} of "
        "contexts were compared on the same {subjects}, resampled together in {draws} refits "
        "(<Table contrasts, Figure contrasts>).",
        alpha=f"{contrasts.alpha:g}",
        ratio=f"{contrasts.l1_ratio:g}",
        pairs=count_things(shown["pair"].nunique(), "pair"),
        subjects=count_things(contrasts.n_clusters, "subject"),
        draws=write_count(contrasts.glance()["draws"].iloc[0]),
    )


def _say_slopes(contrasts: Contrasts, rows: pd.DataFrame) -> Text:
    """Say which differences hold by least squares."""
    tested = rows[rows["method"].eq("ols") & rows["p_adjusted"].notna()]
    if tested.empty:
        return say("Without a penalty no difference could be tested.")
    held = tested[tested["p_adjusted"].lt(1 - contrasts.level)]
    opening = say(
        "Least squares without a penalty (*t* tests over subjects, Holm): {held} of {count} "
        "{verb} from zero at the {mark} level",
        held=str(len(held)) if len(held) else "none",
        count=write_count(len(tested)),
        verb="differed" if len(held) != 1 else "differs",
        mark=write_mark(1 - contrasts.level),
    )
    return _list_held(opening, held, "p_adjusted")


def _list_held(opening: Text, held: pd.DataFrame, p_name: str) -> Text:
    """Return what holds, the largest differences first."""
    if held.empty:
        return join_texts([opening, say(".")], "")
    held = held.sort_values("estimate", key=lambda one: -one.abs(), kind="stable")
    told = [_say_difference(row, p_name) for row in held.head(_MOST_NAMED).to_dict("records")]
    more = len(held) - _MOST_NAMED
    ending = say("; and {more} more in the table.", more=more) if more > 0 else say(".")
    return join_texts([opening, say(": "), join_texts(told, "; "), ending], "")


def _say_difference(row: dict[Any, Any], p_name: str) -> Text:
    return say(
        "{feature} in {context} minus {versus}, Δ = {value}, {level} CI {limits}, *p* {p}",
        feature=row["feature"],
        context=row["context"],
        versus=row["versus"],
        value=write_estimate(row, bounded=False),
        level=write_level(row["level"]),
        limits=write_limits(row, bounded=False),
        p=tell_p(row[p_name]),
    )


def _list_caveats(shown: pd.DataFrame) -> tuple[Text, ...]:
    gone = say(
        "The common penalty that predicts validation subjects best leaves every weight at zero, "
        "so that all differences are zero: this is no evidence that contexts are alike."
    )
    return (
        *((gone,) if shown["estimate"].eq(0).all() else ()),
        say(
            "Weights that were tuned context by context are not compared: penalties of different "
            "strength make the same truth look different. One penalty for all contexts removes "
            "that; a feature that varies less in one context is still shrunken more there, so "
            "that differences of penalized weights are described, not tested. Least squares has "
            "no penalty and, over many studies, calls equal slopes different at the level asked; "
            "with few subjects per feature it has little power."
        ),
    )


def _build_table(rows: pd.DataFrame, shown: pd.DataFrame, contrasts: Contrasts) -> Table:
    printed = shown
    if len(shown) > MOST_ROWS:
        order = shown.sort_values("estimate", key=lambda one: -one.abs(), kind="stable")
        order = order.index[:MOST_ROWS]
        printed = shown.loc[sorted(order)]
    slope = match_row(rows, "pair", "feature", method="ols")
    squares = "Least squares"
    columns = (
        column("feature", "Feature"),
        *estimate_columns(contrasts.level, heading="Δ", under="One penalty", bounded=False),
        *estimate_columns(
            contrasts.level, heading="Δ", key="slope", of=slope, under=squares, bounded=False
        ),
        column(
            "slope_p", HOLM, write_p, of=lambda row: slope(row).get("p_adjusted"), under=squares
        ),
    )
    return tabulate(
        "contrasts",
        "Differences Between Contexts in the Weights of Features",
        printed,
        columns,
        group="pair" if len(list_levels(shown, "pair")) > 1 else None,
        notes=_list_notes(rows, shown, printed),
        rows=rows.drop(columns="pair"),
        main=True,
    )


def _list_notes(rows: pd.DataFrame, shown: pd.DataFrame, printed: pd.DataFrame) -> tuple[Text, ...]:
    notes = [
        say(
            "Units of the target per pooled standard deviation of the feature. One penalty: "
            "percentile intervals over resampled subjects, not tested. Least squares: a model of "
            "all features and contexts without penalty, jackknife-*t* intervals over subjects, *p* "
            "adjusted for all differences (Holm)."
        )
    ]
    if len(printed) < len(shown):
        notes.append(
            say(
                "The {some} of {all} differences of largest size; all stand in the folder "
                "“tables”.",
                some=write_count(len(printed)),
                all=write_count(len(shown)),
            )
        )
    return (*notes, *collect_notes(rows, ("feature", "pair")))


def _build_figure(contrasts: Contrasts) -> Figure:
    return Figure(
        "contrasts",
        "Differences Between Contexts in the Weights of Features",
        lambda: draw_contrasts(contrasts),
        words=say(
            "Difference of each feature's slope between contexts with intervals; the same "
            "numbers as the least-squares columns of <Table contrasts>."
        ),
        notes=(
            say(
                "Points are least-squares differences, lines {level} intervals without "
                "adjustment; filled points have a Holm-adjusted *p* below {mark}.",
                level=write_level(contrasts.level),
                mark=write_mark(1 - contrasts.level),
            ),
        ),
        main=True,
    )
