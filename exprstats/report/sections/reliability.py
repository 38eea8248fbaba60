"""Section on inter-rater reliability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, tell_number, tell_p, write_count, write_level, write_number
from exprstats.document.cells import (
    ALL,
    collect_notes,
    find_extremes,
    list_levels,
    list_records,
    name_contexts,
    name_pairs,
    write_estimate,
    write_limits,
    write_mark,
)
from exprstats.document.model import Section, Table, keep
from exprstats.document.tables import column, estimate_columns, p_columns, tabulate
from exprstats.document.text import Text, quote_sentence, say
from exprstats.report.analysis import Analysis
from exprstats.report.sections.coefficients import (
    CLUSTERED,
    INDEPENDENT,
    ONE_SAMPLE,
    add_samples,
    build_coefficients,
    build_forms,
    find_family,
    knows_subjects,
    name_samples,
)
from exprstats.report.sections.decisions import (
    build_decision_figure,
    build_decisions,
    say_decisions,
)

if TYPE_CHECKING:
    from exprstats.reliability import ContextDifferences, Reliability


EXCELLENT = 0.75  # Cicchetti (1994)


def describe_reliability(analysis: Analysis) -> Section | None:
    """Return the section, or None where no reliability was estimated."""
    sentences, caveats, tables = _describe_coefficients(analysis)
    sentences += keep(*say_differences(analysis.differences), say_decisions(analysis))
    if not sentences:
        return None
    return Section(
        "reliability",
        "Inter-rater reliability",
        sentences=sentences,
        caveats=caveats,
        tables=keep(
            *tables,
            build_differences(
                analysis.differences,
                known=analysis.reliability is None or knows_subjects(analysis.reliability.table),
            ),
            build_decisions(analysis),
        ),
        figures=build_decision_figure(analysis),
    )


def _describe_coefficients(
    analysis: Analysis,
) -> tuple[tuple[Text, ...], tuple[Text, ...], tuple[Table, ...]]:
    """Return sentences, caveats and the table; nothing where no coefficient was estimated."""
    if analysis.reliability is None:
        return (), (), ()
    rows = name_samples(analysis.reliability.tidy())
    shown = rows[rows["headline"].eq(True)].reset_index(drop=True)
    forms = build_forms(rows, shown, analysis.reliability)
    pointer = [say("<Table forms> compares the forms of the coefficient.")] if forms else []
    return (
        keep(
            _say_range(shown),
            _say_one_sample(rows, shown),
            *_say_few_raters(rows, shown),
            _say_excellent(shown),
            *pointer,
        ),
        keep(*_list_caveats(rows, shown), _warn_of_crossing(analysis.reliability, shown)),
        (build_coefficients(rows, shown, analysis.reliability), *forms),
    )


def is_crossed(reliability: Reliability) -> bool:
    """Return whether every rater rated every clip."""
    return bool(reliability.design["raters_min"].eq(reliability.design["n_raters"]).all())


def _say_range(shown: pd.DataFrame) -> Text:
    defined = shown[shown["estimate"].notna()]
    if defined.empty:
        return say(
            "The reliability of the mean ratings is not defined; <Table reliability> says why."
        )
    low, high = find_extremes(defined)
    family = find_family(shown)
    if len(defined) == 1:
        return say(
            "The mean of a clip's ratings had a reliability of ICC({family},*k*) {value} "
            "({place}<Table reliability>).",
            family=family,
            value=_tell_value(low, after="= "),
            place=f"{name_place(low, shown)}; " if len(shown) > 1 else "",
        )
    if write_estimate(low) == write_estimate(high):
        return say(
            "The reliability of a clip's mean rating, ICC({family},*k*), was {value} in every "
            "case in which it was estimated (<Table reliability>).",
            family=family,
            value=tell_number(write_estimate(low), after=""),
        )
    return say(
        "The reliability of a clip's mean rating, ICC({family},*k*), lay between {low} "
        "({low_place}), and {high} ({high_place}; <Table reliability>).",
        family=family,
        low=_tell_value(low),
        low_place=name_place(low, shown),
        high=_tell_value(high),
        high_place=name_place(high, shown),
    )


def _tell_value(row: dict[Any, Any], after: str = "") -> str:
    """Write an estimate, with its limits where it has any."""
    limits = write_limits(row)
    told = f", {write_level(row['level'])} CI {limits}" if limits != MISSING else ""
    return tell_number(write_estimate(row), after=after) + told


def _say_one_sample(rows: pd.DataFrame, shown: pd.DataFrame) -> Text | None:
    """Return what level differences between contexts would add to the pooled reliability."""
    pooled = add_samples(rows, shown)
    pooled = pooled[pooled["context"].isin([ALL, ONE_SAMPLE]) & pooled["estimate"].notna()]
    if not pooled["context"].eq(ONE_SAMPLE).any():
        return None
    told = []
    for context in (ALL, ONE_SAMPLE):
        mine = pooled[pooled["context"].eq(context)]
        ends = [write_estimate(row) for row in find_extremes(mine)] if len(mine) else [MISSING]
        values = (tell_number(end, after="") for end in ends)
        told.append(" to ".join(dict.fromkeys(values)))
    return say(
        "All contexts together are compared within contexts ({within}); as one sample, with "
        "level differences between contexts counted as reliability, all clips give {whole}.",
        within=told[0],
        whole=told[1],
    )


def _say_few_raters(rows: pd.DataFrame, shown: pd.DataFrame) -> tuple[Text, ...]:
    """Return what few raters mean for the intervals that are reported."""
    from exprstats.reliability.icc.analysis import write_freedom
    from exprstats.reliability.icc.jackknife import FEW_RATERS

    limited = shown[shown["conf_low"].notna()]
    texts = []
    fixed = limited[limited["method"].eq("jackknife_subjects")]
    for raters in sorted({int(number) for number in fixed["n_raters"]}):
        mine = fixed[fixed["n_raters"].eq(raters)]
        one = len(mine) == 1
        way = f"{'this one leaves' if one else 'these leave'} out the {_name_people(mine)} "
        way += f"one by one and treat{'s' * one} the raters as fixed"
        why = (
            "Two raters are too few for an interval that allows for raters"
            if raters == 2
            else "Other raters are not allowed for"
        )
        texts.append(say("{why}; {way}{where}.", why=why, way=way, where=_place(mine, shown)))
    few = limited[limited["method"].eq("jackknife") & limited["df"].lt(FEW_RATERS - 1)]
    for raters, df in sorted(
        {*zip(few["n_raters"].astype(int), few["df"].astype(float), strict=True)}
    ):
        mine = few[few["n_raters"].eq(raters) & few["df"].eq(df)]
        bound, one = df == raters - 1, len(mine) == 1
        texts.append(
            say(
                "With only {few} {interval} on {df}{wide}{where}{beside}.",
                few=f"{raters} raters" if bound else _name_people(mine),
                interval="this interval rests" if one else "these intervals rest",
                df=write_freedom(df),
                wide="" if df >= 4 else f" and {'is' if one else 'are'} very wide",
                where=_place(mine, shown),
                beside=say(
                    "; <Table reliability> has the interval that treats these raters as fixed "
                    "beside it"
                )
                if bound and rows["method"].eq("jackknife_subjects").any()
                else "",
            )
        )
    return tuple(texts)


def _name_people(rows: pd.DataFrame) -> str:
    """Return how many subjects, or clips where these are not known, rows rest on."""
    known = rows["n_clusters"].notna().all()
    counts = sorted({int(count) for count in rows["n_clusters" if known else "n_clips"]})
    number = " to ".join(dict.fromkeys(write_count(counts[end]) for end in (0, -1)))
    return f"{number} {'subjects' if known else 'clips'}"


def _place(mine: pd.DataFrame, shown: pd.DataFrame) -> str:
    """Return the places of some rows in brackets; nothing where all estimates are meant."""
    if len(mine) == shown["estimate"].notna().sum():
        return ""
    return f" ({_list_places(mine, shown)})"


def _list_places(mine: pd.DataFrame, shown: pd.DataFrame) -> str:
    places = [name_place(row, shown) for row in list_records(mine)]
    more = f"; and {len(places) - 6} more" if len(places) > 6 else ""
    return "; ".join(places[:6]) + more


def name_place(row: dict[Any, Any], shown: pd.DataFrame) -> str:
    """Return the question, the context or both that tell a row from the others shown."""
    if len(list_levels(shown, "context")) < 2:
        return str(row["item"])
    several = len(list_levels(shown, "item")) > 1
    where = str(row["context"]) if several else f"context {row['context']}"
    where = "all contexts" if row["context"] == ALL else where
    return f"{row['item']}, {where}" if several else where


def _say_excellent(shown: pd.DataFrame) -> Text | None:
    limits = shown["conf_low"].dropna()
    if limits.empty or not shown["estimate"].gt(0).any():
        return None
    above = int((limits >= EXCELLENT).sum())
    which = "All" if above == len(limits) else f"{above} of the" if above else "None of the"
    told = f"{which} {len(limits)} lower limits reached"
    if len(limits) == 1:
        told = f"The lower limit {'reached' if above else 'did not reach'}"
    mark = write_number(EXCELLENT, bounded=True)
    ending = "conventionally ‘excellent’ (Cicchetti, 1994)."
    return say("{told} {mark}, {ending}", told=told, mark=mark, ending=ending)


def _list_caveats(rows: pd.DataFrame, shown: pd.DataFrame) -> tuple[Text, ...]:
    caveats, limited = [], shown[shown["conf_low"].notna()]
    alone = limited[limited["method"].isin(INDEPENDENT)]
    ending = "so the intervals treat clips as independent"
    narrow = "Where several clips show one person, they are too narrow."
    if len(limited) and not knows_subjects(shown):
        caveats.append(say(f"No subjects were named, {ending}. {narrow}"))
    elif len(alone):
        why, where = _tell_refusals(rows), _place(alone, shown)
        caveats.append(say("{why}, " + ending + "{where}. " + narrow, why=why, where=where))
    defined = shown[shown["estimate"].notna()]
    for reason, mine in defined[defined["conf_low"].isna()].groupby("note", dropna=False):
        told = "" if pd.isna(reason) else str(reason).removesuffix(": no interval")
        why = f": {told.rpartition('refused: ')[2]}" if told else ""
        places = _list_places(mine, shown)
        caveats.append(
            say("No interval could be computed for {places}{why}.", places=places, why=why)
        )
    for mine, told in (
        (
            defined[defined["estimate"].lt(0)],
            "negative: clips differ less than their raters' disagreement predicts. It is printed "
            "as estimated and shows no reliability.",
        ),
        (
            defined[defined["estimate"].eq(0)],
            "exactly 0: clips differ just as much as their raters' disagreement predicts.",
        ),
    ):
        if len(mine):
            places = _list_places(mine, shown)
            caveats.append(say("The coefficient of {places} is " + told, places=places))
    return tuple(caveats)


def _tell_refusals(rows: pd.DataFrame) -> str:
    """Return why subjects were named and no interval is clustered by them."""
    refused = rows[rows["method"].isin(CLUSTERED) & rows["conf_low"].isna()]
    notes = dict.fromkeys(str(note).partition(": ")[2] for note in refused["note"].dropna())
    why = "; ".join(filter(None, notes))
    return "No interval clustered by subject could be given" + (f" ({why})" if why else "")


def _warn_of_crossing(reliability: Reliability, shown: pd.DataFrame) -> Text | None:
    if find_family(shown) != "1" or not is_crossed(reliability):
        return None
    return say(
        "Every rater rated every clip. The one-way model counts differences in severity "
        "between raters as error; a two-way model would tell them apart."
    )


def say_differences(differences: ContextDifferences | None) -> tuple[Text, ...]:
    """Return which differences between contexts' reliabilities hold, and the largest of them."""
    if differences is None:
        return ()
    rows = _select(differences)
    rows = rows[rows["estimate"].notna()]
    if rows.empty:
        return (say("Contexts could not be compared in reliability (<Table differences>)."),)
    tested = rows[rows["p_adjusted"].notna()]
    several = len(list_levels(rows, "term")) > 1
    untested = len(rows) - len(tested)
    if tested.empty:
        told = "difference" if untested == 1 else f"{write_count(untested)} differences"
        return (
            say(
                "The {told} between contexts in the reliability of the mean could not be tested "
                "(<Table differences>).",
                told=told,
            ),
        )
    largest = tested.iloc[int(tested["estimate"].abs().to_numpy().argmax())].to_dict()
    holds = tested["p_adjusted"].lt(1 - differences.level)
    facts = {
        "mark": write_mark(1 - differences.level),
        "pair": largest["pair"],
        "item": largest["item"],
        "form": f", {largest['term']}" if several else "",
        "value": write_estimate(largest),
        "level": write_level(differences.level),
        "limits": write_limits(largest),
        "p": tell_p(largest["p_adjusted"]),
        "rest": f"; {write_count(untested)} more could not be tested" if untested else "",
    }
    if len(tested) == 1:
        return (
            say(
                "The difference between contexts in the reliability of the mean, {pair} for "
                "{item}{form}, {differed} from zero, Δ = {value}, {level} CI {limits}, *p* {p} "
                "(<Table differences>){rest}.",
                differed="differed" if holds.all() else "did not clearly differ",
                **facts,
            ),
        )
    return (
        say(
            "{held} of {all} differences between contexts in the reliability of the mean differed "
            "from zero (Holm-adjusted *p* < {mark}; <Table differences>); the largest was {pair} "
            "for {item}{form}, Δ = {value}, {level} CI {limits}, *p* {p}{rest}.",
            held=write_count(int(holds.sum())) if holds.any() else "None",
            all=write_count(len(tested)),
            **facts,
        ),
    )


def build_differences(
    differences: ContextDifferences | None, *, known: bool = True
) -> Table | None:
    """Return the table, where contexts were compared; ``known``: whether subjects were named."""
    if differences is None:
        return None
    rows = _select(differences)
    terms = list_levels(rows, "term")
    several = len(terms) > 1
    heading = quote_sentence(f"Δ {terms[0]}") if len(terms) == 1 else say("Δ")
    columns = (
        column("pair", "Contexts"),
        column("term", "Form") if several else None,
        *estimate_columns(differences.level, heading=heading),
        *p_columns(),
    )
    return tabulate(
        "differences",
        "Differences Between Contexts in Reliability",
        rows,
        columns,
        group="item" if len(list_levels(rows, "item")) > 1 else None,
        notes=(
            say(
                "Delete-one jackknife over {people}, and raters where shared (two are treated "
                "as fixed), left out of all contexts at once. Holm *p* is adjusted for the "
                "pairs of one question{form}.",
                people="subjects" if known else "clips, since no subjects were named",
                form=" and form" if several else "",
            ),
            *collect_notes(rows, ("item", "pair")),
        ),
        rows=differences.tidy(),
    )


def _select(differences: ContextDifferences) -> pd.DataFrame:
    """Return the differences of means of several raters."""
    rows = differences.tidy()
    rows = rows[rows["term"].astype(str).str.endswith(",k)")].reset_index(drop=True)
    for name in ("context", "versus"):
        rows[name] = name_contexts(rows[[name]].set_axis(["context"], axis=1))["context"]
    return rows.assign(pair=name_pairs(rows))
