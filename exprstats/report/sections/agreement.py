"""Section on agreement of categories: coefficients, pairs of raters, and their confusions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import write_count, write_level, write_number, write_percent
from exprstats.document.cells import (
    collect_notes,
    find_extremes,
    find_parts,
    find_row,
    list_levels,
    name_contexts,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Section, Table, keep
from exprstats.document.tables import column, estimate_columns, tabulate
from exprstats.document.text import Text, curl_quotes, say
from exprstats.reliability.agreement import JOINED
from exprstats.reliability.icc.analysis import FIXED_RATERS
from exprstats.report.analysis import Analysis
from exprstats.report.sections.coefficients import knows_subjects, place_rows
from exprstats.report.sections.reliability import name_place

if TYPE_CHECKING:
    from exprstats.reliability import Agreement

_MOST_PAIRS = 15  # pairs of raters with a line of their own
_MOST_CONFUSIONS = 3  # pairs of raters with a table of values
_MOST_VALUES = 9  # values that fit beside each other on a page


def describe_agreement(analysis: Analysis) -> Section | None:
    """Return the section, or None where agreement was not measured."""
    agreement: Agreement | None = analysis.agreement
    if agreement is None:
        return None
    rows = name_contexts(agreement.tidy())
    return Section(
        "agreement",
        "Agreement between raters",
        sentences=keep(
            *_say_headline(agreement, rows),
            _say_shares(rows),
            say(
                "<Table agreement> lists the coefficients with their intervals and numbers of "
                "clips and raters."
            ),
        ),
        tables=keep(
            _build_coefficients(agreement, rows),
            _build_pairs(agreement),
            _build_confusions(agreement),
        ),
    )


def _say_headline(agreement: Agreement, rows: pd.DataFrame) -> tuple[Text, ...]:
    shown = rows[rows["headline"].eq(True)]
    apart = agreement.table.loc[shown.index, "context"].notna()
    alphas = shown[apart] if apart.any() else shown
    found = _say_alphas(agreement, alphas)
    pooled = shown[~apart].dropna(subset="estimate")
    if not apart.any() or pooled.empty:
        return found
    ends = dict.fromkeys(_tell(row) for row in find_extremes(pooled))
    told = " and ".join(ends)
    verb = "was" if len(ends) == 1 else "lay between"
    return (*found, say("Over {joined}, it {verb} {told}.", joined=JOINED, verb=verb, told=told))


def _say_alphas(agreement: Agreement, alphas: pd.DataFrame) -> tuple[Text, ...]:
    name, kind = "Krippendorff’s α", agreement.scale
    if not alphas["estimate"].notna().any():
        return (say("{name} ({kind} differences) is not defined.", name=name, kind=kind),)
    ends = find_extremes(alphas)
    low, high = (_tell(row) for row in ends)
    if alphas["estimate"].notna().sum() == 1:
        place = f" ({name_place(ends[0], alphas)})" if len(alphas) > 1 else ""
        template = "{name} ({kind} differences) = {low}{place}."
        return (say(template, name=name, kind=kind, low=low, place=place),)
    return (
        say(
            "{name} ({kind} differences) lay between {low} ({low_place}), and {high} "
            "({high_place}).",
            name=name,
            kind=kind,
            low=low,
            low_place=name_place(ends[0], alphas),
            high=high,
            high_place=name_place(ends[1], alphas),
        ),
    )


def _tell(row: dict[Any, Any]) -> str:
    """Write an estimate, with its limits where it has any."""
    limits = "" if pd.isna(row["conf_low"]) else f", {write_level(row['level'])} CI "
    return write_estimate(row) + (limits and limits + write_limits(row))


def _say_shares(rows: pd.DataFrame) -> Text | None:
    """Return how often raters chose the same value, chance or no chance."""
    told = {
        "percent_agreement": "Two raters of a clip chose the same value in {share} of all cases",
        "positive_agreement": "where one chose the higher value, the other did in {share}",
        "negative_agreement": "where one chose the lower, the other did in {share}",
    }
    texts = []
    for term, text in told.items():
        mine = rows[rows["term"].eq(term) & rows["method"].ne("bootstrap")]
        if mine["estimate"].notna().any():
            ends = [write_percent(row["estimate"]) for row in find_extremes(mine)]
            texts.append(text.format(share=" to ".join(dict.fromkeys(ends))))
    return say("{text}.", text="; ".join(texts)) if texts else None


def _build_coefficients(agreement: Agreement, rows: pd.DataFrame) -> Table:
    from exprstats.reliability.categories import name_agreements

    told = name_agreements(agreement.weights, agreement.scale)
    names = {term: curl_quotes(name) for term, name in told.items()}
    named = rows.assign(name=[names[term][0].upper() + names[term][1:] for term in rows["term"]])
    shown = named[named["method"].ne("bootstrap")]
    places = shown.groupby(["context", "item"], sort=False).ngroup()
    shown = shown.assign(place=places, other=~shown["headline"])
    shown = shown.sort_values(["place", "other"], kind="stable")  # α leads
    drawn = named[named["method"].eq("bootstrap")]
    first, group = place_rows(shown)
    keys = ("context", "item", "term")
    columns = (
        first,
        column("name", "Coefficient"),
        *estimate_columns(agreement.level),
        column(
            "bootstrap",
            "Bootstrap",
            write_limits,
            of=lambda row: find_row(drawn, **{key: row[key] for key in keys}),
        )
        if len(drawn)
        else None,
    )
    return tabulate(
        "agreement",
        "Agreement of Raters About Categories",
        shown,
        columns,
        group=group,
        notes=(
            say(
                "{level} CI: delete-one jackknife over {people}, with the raters treated as fixed.",
                level=write_level(agreement.level),
                people="subjects" if knows_subjects(shown) else "clips",
            ),
            *collect_notes(
                shown, ("name", "item", "context"), {*find_parts(shown, "over "), FIXED_RATERS}
            ),
        ),
        rows=agreement.tidy(),
    )


def _build_pairs(agreement: Agreement) -> Table | None:
    """Return the table: pairs of raters, of many those who agree least."""
    if agreement.pairs.empty:
        return None
    rows = name_contexts(agreement.pairs)
    shown = rows
    if len(rows) > _MOST_PAIRS:
        shown = rows.sort_values("kappa", kind="stable").head(_MOST_PAIRS).sort_index()
    first, group = place_rows(rows)
    columns = (
        first,
        column("pair", "Raters", of=_name_pair, words=True),
        column("n_shared", "Clips in common", write_count),
        column("percent_agreement", "Same value", write_percent),
        column("kappa", "κ", write_number, bounded=True),
    )
    weights = "no" if agreement.weights == "identity" else agreement.weights
    notes = [say("κ: Cohen's, {weights} weights.", weights=weights)]
    if len(shown) < len(rows):
        notes.append(
            say(
                "The {shown} of {all} pairs with the lowest κ.",
                shown=write_count(len(shown)),
                all=write_count(len(rows)),
            )
        )
    return tabulate(
        "agreement_pairs",
        "Pairs of Raters",
        shown,
        columns,
        group=group,
        notes=tuple(notes),
        rows=agreement.pairs,
    )


def _name_pair(row: dict[Any, Any]) -> str:
    return f"{row['rater_1']} and {row['rater_2']}"


def _build_confusions(agreement: Agreement) -> Table | None:
    """Return the table: which values two raters gave the same clips, where pairs are few."""
    rows = name_contexts(agreement.confusions)
    if rows.empty:
        return None
    values = sorted({*rows["value_1"], *rows["value_2"]})
    keys = ["context", "item", "rater_1", "rater_2"]
    pairs = rows.drop_duplicates(keys)[keys].to_dict("records")
    if len(pairs) > _MOST_CONFUSIONS or len(values) > _MOST_VALUES:
        return None
    lines = []
    for pair in pairs:
        mine = pick_rows(rows, **{str(key): value for key, value in pair.items()})
        told = [pair[key] for key in ("item", "context") if len(list_levels(rows, key)) > 1]
        place = ", ".join([f"{_name_pair(pair)} (columns)", *map(str, told)])
        for one in values:
            counts = {
                f"v{two:g}": find_row(mine, value_1=one, value_2=two).get("count", 0)
                for two in values
            }
            lines.append({"pair": place, "value": agreement.name_value(one), **counts})
    spanner = "Clips with the value of the second rater"
    columns = (
        column("value", "Value of the first"),
        *(
            column(
                f"v{value:g}", say("{v}", v=agreement.name_value(value)), write_count, under=spanner
            )
            for value in values
        ),
    )
    note = say("Clips on the diagonal have the same value from both.")
    return tabulate(
        "agreement_confusions",
        "Values of Two Raters",
        lines,
        columns,
        group="pair",
        notes=(note,),
        rows=agreement.confusions,
    )
