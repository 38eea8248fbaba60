"""The section on inter-rater reliability, with Table 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.numerals import write_level, write_number
from exprstats.plots import ALL, name_contexts
from exprstats.report.cells import (
    find_extremes,
    list_levels,
    write_estimate,
    write_limits,
)
from exprstats.report.coefficients import INDEPENDENT, build_coefficients, find_family
from exprstats.report.decisions import build_decision_figure, build_decisions, say_decisions
from exprstats.report.differences import build_differences, say_differences
from exprstats.report.document import Section, Table
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, quote_sentence, say
from exprstats.report.raters import build_raters, say_raters

if TYPE_CHECKING:
    from exprstats.reliability import Reliability

EXCELLENT = 0.75  # Cicchetti (1994)


def describe_reliability(pieces: Pieces) -> Section | None:
    """Return the section, or None where nothing was rated."""
    before = _say_design(pieces)
    after = (
        *say_differences(pieces.differences),
        *say_decisions(pieces),
        *say_raters(pieces.raters),
    )
    sentences, caveats, tables = _describe_coefficients(pieces)
    if not (before or after or sentences):
        return None
    return Section(
        "reliability",
        "Inter-rater reliability",
        sentences=(*before, *sentences, *after),
        caveats=caveats,
        tables=(
            *tables,
            *build_differences(pieces.differences),
            *build_decisions(pieces),
            *build_raters(pieces.raters),
        ),
        figures=build_decision_figure(pieces),
    )


def _describe_coefficients(
    pieces: Pieces,
) -> tuple[tuple[Text, ...], tuple[Text, ...], tuple[Table, ...]]:
    """Return sentences, caveats and Table 1; nothing where no coefficient was estimated."""
    if pieces.reliability is None:
        return (), (), ()
    rows = name_contexts(pieces.reliability.tidy())
    shown = rows[rows["headline"].eq(True)].reset_index(drop=True)
    return (
        (_say_range(shown), *_say_excellent(shown)),
        (*_list_caveats(shown), *_warn_of_crossing(pieces.reliability, shown)),
        (build_coefficients(rows, shown, pieces.reliability.design),),
    )


def _say_design(pieces: Pieces) -> tuple[Text, ...]:
    return () if pieces.design is None else (quote_sentence(pieces.design.sentence()),)


def is_crossed(reliability: Reliability) -> bool:
    """Return whether every rater rated every clip."""
    return bool(reliability.design["raters_min"].eq(reliability.design["n_raters"]).all())


def _say_range(shown: pd.DataFrame) -> Text:
    defined = shown[shown["estimate"].notna()]
    if defined.empty:
        return say("The reliability of the mean ratings is not defined; Table 1 says why.")
    low, high = find_extremes(defined)
    level, family = write_level(low["level"]), find_family(shown)
    if len(defined) == 1:
        return say(
            "The mean of a clip's ratings had a reliability of ICC({family},*k*) = {value}, "
            "{level} CI {limits} (Table 1).",
            family=family,
            value=write_estimate(low),
            level=level,
            limits=write_limits(low),
        )
    return say(
        "The reliability of a clip's mean rating, ICC({family},*k*), lay between {low}, {level} CI "
        "{low_limits} ({low_place}), and {high}, {level} CI {high_limits} ({high_place}; "
        "Table 1).",
        family=family,
        low=write_estimate(low),
        low_limits=write_limits(low),
        low_place=_name_place(low, shown),
        level=level,
        high=write_estimate(high),
        high_limits=write_limits(high),
        high_place=_name_place(high, shown),
    )


def _name_place(row: dict[Any, Any], shown: pd.DataFrame) -> str:
    if len(list_levels(shown, "context")) < 2:
        return str(row["item"])
    several = len(list_levels(shown, "item")) > 1
    where = str(row["context"]) if several else f"context {row['context']}"
    where = "all contexts" if row["context"] == ALL else where
    return f"{row['item']}, {where}" if several else where


def _say_excellent(shown: pd.DataFrame) -> tuple[Text, ...]:
    limits = shown["conf_low"].dropna()
    if limits.empty:
        return ()
    above = int((limits >= EXCELLENT).sum())
    which = "All" if above == len(limits) else f"{above} of the" if above else "None of the"
    told = f"{which} {len(limits)} lower limits reached"
    if len(limits) == 1:
        told = f"The lower limit {'reached' if above else 'did not reach'}"
    mark = write_number(EXCELLENT, bounded=True)
    ending = "the mark often read as excellent (Cicchetti, 1994)."
    return (say("{told} {mark}, {ending}", told=told, mark=mark, ending=ending),)


def _list_caveats(shown: pd.DataFrame) -> tuple[Text, ...]:
    caveats = []
    if shown["method"].isin(INDEPENDENT).all():
        caveats.append(
            say(
                "No subjects were named, so the intervals treat clips as independent. Where "
                "several clips show one person, they are too narrow."
            )
        )
    refused = shown[shown["conf_low"].isna() & shown["estimate"].notna()]
    if len(refused):
        places = [_name_place(row, shown) for row in refused.to_dict("records")]
        caveats.append(
            say("No interval could be given for {places}.", places="; ".join(places[:6]))
        )
    negative = shown[shown["estimate"].lt(0)]
    if len(negative):
        places = [_name_place(row, shown) for row in negative.to_dict("records")]
        caveats.append(
            say(
                "The coefficient of {places} is negative: raters of one clip differed more than "
                "clips did. It is printed as estimated and means no reliability.",
                places="; ".join(places[:6]),
            )
        )
    return tuple(caveats)


def _warn_of_crossing(reliability: Reliability, shown: pd.DataFrame) -> tuple[Text, ...]:
    if find_family(shown) != "1" or not is_crossed(reliability):
        return ()
    return (
        say(
            "Every rater rated every clip. The one-way model counts differences in severity "
            "between raters as error; a two-way model would tell them apart."
        ),
    )
