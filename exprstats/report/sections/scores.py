"""Sections on factor scores, and on kinds of scores compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_level, write_number
from exprstats.document.cells import (
    ALL,
    collect_notes,
    find_extremes,
    find_row,
    list_levels,
    name_contexts,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Section, Table, list_columns
from exprstats.document.text import Text, cite, join_words, say
from exprstats.reliability.icc.analysis import INDEPENDENT
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.measurement import Factor

_TERMS: dict[str, Text] = {
    "correlation": say("*r*"),
    "rank_change": say("Mean change of rank"),
    "rank_change_largest": say("Largest change of rank"),
    "between_share": say("Between subjects"),
}
FACTOR_SE = "*SE* of the factor model"
_METHODS = {
    "jackknife": "the cluster jackknife over subjects and, where they rated clips of several "
    "subjects, raters",
    "jackknife_subjects": "the cluster jackknife over subjects, raters taken as fixed",
    "f": "the F distribution, clips taken as independent",
}


def describe_scores(analysis: Analysis) -> Section | None:
    """Return the section, or None where there are no factor scores."""
    factor = analysis.factor
    if factor is None or factor.scores is None or factor.scores.empty:
        return None
    part = "train" if "train" in list_levels(factor.tidy(), "part") else "all"
    sentence = say(
        "Each clip's standing on the factor was estimated by Bartlett's method (Bartlett, 1937; "
        "DiStefano et al., 2009), in factor standard deviations (<Table scores>). The model "
        "behind the scores was fitted to {clips}.",
        clips="the training subjects only" if part == "train" else "all clips",
    )
    rated = pick_reliability(analysis)
    table = _build_table(_summarise(factor, part), rated, _tell_answers(factor))
    sentences = (sentence, *_say_reliability(rated))
    return Section("scores", "Scores", sentences=sentences, tables=(table,))


def pick_reliability(analysis: Analysis) -> pd.DataFrame:
    """Return the headline reliability of the scores, a row for each context and the pooled one."""
    if analysis.score_reliability is None:
        return pd.DataFrame(columns=["context", "term", "estimate", "method", "level"])
    rows = name_contexts(analysis.score_reliability.tidy())
    return rows[rows["headline"].eq(True)].reset_index(drop=True)


def _say_reliability(rated: pd.DataFrame) -> tuple[Text, ...]:
    """Return what the ICC of the raters' own scores is."""
    shown = rated[rated["estimate"].notna()]
    if shown.empty:
        return ()
    low, high = find_extremes(shown)
    told = f"= {_write_place(low)}"
    if len(shown) > 1:
        told = f"between {_write_place(low)}, and {_write_place(high)}"
    opening = (
        "The reliability of the scores, the intraclass correlation of the raters' answers weighted "
        "as the scores are, was"
    )
    return (cite(f"{opening} {name_term(shown)} {told}.", "Table scores"),)


def name_term(rated: pd.DataFrame) -> str:
    """Return which coefficient the reliability of the scores is."""
    terms = list(dict.fromkeys(rated["term"]))
    return terms[0] if len(terms) == 1 else "ICC"


def _write_place(row: dict[Any, Any]) -> str:
    interval = write_limits(row)
    level = f", {write_level(row['level'])} CI {interval}" if interval != MISSING else ""
    where = "" if row["context"] == ALL else f" ({row['context']})"
    return f"{write_estimate(row)}{level}{where}"


def _tell_answers(factor: Factor) -> str:
    """Return the lowest and the highest answer that spans rest on, of all items and fits."""
    low = min(float(one.low.min()) for one in factor.solutions)
    high = max(float(one.high.max()) for one in factor.solutions)
    return f"{write_number(low).removesuffix('.00')} to {write_number(high).removesuffix('.00')}"


def _build_table(rows: pd.DataFrame, rated: pd.DataFrame, answers: str) -> Table:
    columns = [
        *list_columns(
            words=1,
            context="Model",
            clips="Clips",
            mean="*M*",
            sd="*SD*",
            lowest="Lowest",
            highest="Highest",
            error="*SE*",
        ),
        Column("factor_error", say(FACTOR_SE)),
        *list_columns(omega="ω", span="Span"),
    ]
    notes = [
        say(
            "*SE* = how much a clip's score would differ with other raters, mean of the clips; "
            "the *SE* of the factor model counts an error that a rater makes on all items alike "
            "as true variance. ω = internal consistency of the items' means, the share of the "
            "variance of the summed items that the factor explains. Span = distance between the "
            "scores of each item's lowest and highest value ({answers}): the ends of the scale "
            "where it was declared, else the ends of the answers that there were.",
            answers=answers,
        ),
    ]
    if len(rated):
        level = write_level(float(rated["level"].iloc[0]))
        columns[8:8] = [
            Column("icc", say("{term}", term=name_term(rated)), "Reliability"),
            Column("icc_limits", say("{level} CI", level=level), "Reliability"),
        ]
        methods = [_METHODS[one] for one in rated["method"].unique() if one in _METHODS]
        notes.append(
            say(
                "Reliability = one-way intraclass correlation of the mean of a clip's raters, each "
                "rater's answers weighted as the scores are{pooled}{how}.",
                pooled="; that of all clips is within contexts" if len(rated) > 1 else "",
                how=f"; intervals by {join_words(methods)}" if methods else "",
            )
        )
    kept = pd.DataFrame([_write_row(row, rated) for row in rows.to_dict("records")])
    told = (
        *collect_notes(rows, ("context",)),
        *collect_notes(rated, ("context",), (INDEPENDENT,)),
    )
    title = "Factor Scores of the Clips"
    return Table("scores", title, tuple(columns), kept, notes=(*notes, *told), rows=rows)


def _summarise(factor: Factor, part: str) -> pd.DataFrame:
    """Return what the scores of each model are like, with its ω and span."""
    named = name_contexts(pd.DataFrame(factor.scores))
    own = pick_rows(named, fitted_on="context") if "fitted_on" in named else named.iloc[:0]
    pooled = pick_rows(named, fitted_on="all").assign(context=ALL)
    omegas = pick_rows(name_contexts(factor.tidy()), term="omega", part=part, headline=True)
    spans = pick_rows(name_contexts(factor.spans), part=part)
    rows = []
    for context, here in [*own.groupby("context", sort=False), (ALL, pooled)]:
        values = here["score"].dropna()
        if values.empty:
            continue
        scored = here[here["score"].notna()]
        rows.append(
            {
                "context": context,
                "n_clips": len(values),
                "mean": values.mean(),
                "sd": values.std(),
                "lowest": values.min(),
                "highest": values.max(),
                "std_error": scored["std_error"].mean(),
                "factor_se": scored["factor_se"].mean(),
                "omega": find_row(omegas, context=context).get("estimate"),
                "span": find_row(spans, context=context).get("span"),
                "note": _join_notes(scored),
            }
        )
    return pd.DataFrame(rows)


def _join_notes(scored: pd.DataFrame) -> str | None:
    """Return why clips with a score have no SE, with their number unless they are all."""
    counts = scored["note"].dropna().value_counts(sort=False)
    told = [
        f"no SE of rater sampling: {note}"
        + ("" if count == len(scored) else f" ({count_things(count, 'clip')})")
        for note, count in counts.items()
    ]
    return "; ".join(told) or None


def _write_row(row: dict[Any, Any], rated: pd.DataFrame) -> dict[str, str]:
    numbers = ("mean", "sd", "lowest", "highest", "span")
    icc = find_row(rated, context=row["context"])
    return {
        "context": str(row["context"]),
        "clips": write_count(row["n_clips"]),
        **{name: write_number(row[name]) for name in numbers},
        "error": write_number(row["std_error"]),
        "factor_error": write_number(row["factor_se"]),
        "icc": write_estimate(icc) if icc else MISSING,
        "icc_limits": write_limits(icc) if icc else MISSING,
        "omega": write_number(row["omega"], bounded=True),
    }


def describe_scorecard(analysis: Analysis) -> Section | None:
    """Return the section, or None where no kinds of scores were compared."""
    card = analysis.scorecard
    if card is None:
        return None
    rows = name_contexts(card.tidy())
    columns = [*list_columns(words=1, scores="Scores", clips="Clips")]
    columns += [Column(term, told) for term, told in _TERMS.items() if term in set(rows["term"])]
    lines: dict[Any, dict[str, str]] = {}
    for row in rows.to_dict("records"):
        pair = row["score"] if pd.isna(row["versus"]) else f"{row['score']} and {row['versus']}"
        empty = {"context": row["context"], "scores": pair, "clips": write_count(row["n_clips"])}
        line = lines.setdefault((row["context"], pair), empty | dict.fromkeys(_TERMS, MISSING))
        line[row["term"]] = write_estimate(row, 3)
    notes = (
        say(
            "A change of rank is the distance between a clip's ranks under two kinds of scores, as "
            "a share of the clips."
        ),
        say(
            "Between subjects: share of the variance of a kind of scores that lies between "
            "subjects, ICC(1), which may be negative."
        ),
    )
    table = Table(
        "scorecard",
        "Bartlett, Regression, and Mean Scores Compared",
        tuple(columns),
        pd.DataFrame(list(lines.values())),
        group="context" if len(list_levels(rows, "context")) > 1 else None,
        notes=(
            *notes[: 1 + any(column.key == "between_share" for column in columns)],
            *collect_notes(rows, ("context", "score")),
        ),
        rows=rows,
    )
    sentence = cite(card.sentence(), "Table scorecard")
    return Section("scorecard", "Factor scores compared", sentences=(sentence,), tables=(table,))
