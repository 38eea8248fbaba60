"""Sections on scores and predictions of clips: by a factor, of several kinds, and of new clips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_level, write_number
from exprstats.contracts import order_levels
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
from exprstats.document.model import Column, Section, Table, keep
from exprstats.document.tables import column, estimate_columns, match_row, tabulate
from exprstats.document.text import Text, cite, join_words, quote_sentence, say
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


_ENDS = (
    column("mean", "*M*", write_number),
    column("sd", "*SD*", write_number),
    column("lowest", "Lowest", write_number),
    column("highest", "Highest", write_number),
)
_METHODS = {
    "jackknife": "the cluster jackknife over subjects and, where they rated clips of several "
    "subjects, raters",
    "jackknife_subjects": "the cluster jackknife over subjects, raters taken as fixed",
    "f": "the F distribution, clips taken as independent",
}
_KINDS = {
    "bartlett": ("by Bartlett's method (Bartlett, 1937)", "factor standard deviations"),
    "regression": ("by the regression method (Thurstone, 1935)", "factor standard deviations"),
    "mean": ("as means of the items", "the items' own units"),
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
    sentences = keep(sentence, _say_reliability(rated))
    return Section("scores", "Scores", sentences=sentences, tables=(table,))


def pick_reliability(analysis: Analysis) -> pd.DataFrame:
    """Return the headline reliability of the scores, a row for each context and the pooled one."""
    if analysis.score_reliability is None:
        return pd.DataFrame(columns=["context", "term", "estimate", "method", "level"])
    rows = name_contexts(analysis.score_reliability.tidy())
    return rows[rows["headline"].eq(True)].reset_index(drop=True)


def _say_reliability(rated: pd.DataFrame) -> Text | None:
    """Return what the ICC of the raters' own scores is."""
    shown = rated[rated["estimate"].notna()]
    if shown.empty:
        return None
    low, high = find_extremes(shown)
    told = f"= {_write_place(low)}"
    if len(shown) > 1:
        told = f"between {_write_place(low)}, and {_write_place(high)}"
    opening = (
        "The reliability of the scores, the intraclass correlation of the raters' answers weighted "
        "as the scores are, was"
    )
    return cite(f"{opening} {name_term(shown)} {told}.", "Table scores")


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
    icc: tuple[Column, ...] = ()
    notes = [
        say(
            "*SE* = how much a clip's score would differ with other raters, mean of the clips; "
            "the *SE* of the factor model counts an error that a rater makes on all items alike "
            "as true variance. ω = internal consistency of the items' means, the share of the "
            "variance of the summed items that the factor explains. Span = distance between the "
            "scores of each item's lowest and highest value ({answers}): the ends of the scale "
            "where it was declared, else the ends of the answers that there were.",
            answers=answers,
        )
    ]
    if len(rated):
        icc = estimate_columns(
            float(rated["level"].iloc[0]),
            heading=quote_sentence(name_term(rated)),
            key="icc",
            of=match_row(rated, "context"),
            under="Reliability",
        )
        methods = [_METHODS[one] for one in rated["method"].unique() if one in _METHODS]
        notes.append(
            say(
                "Reliability = one-way intraclass correlation of the mean of a clip's raters, each "
                "rater's answers weighted as the scores are{pooled}{how}.",
                pooled="; that of all clips is within contexts" if len(rated) > 1 else "",
                how=f"; intervals by {join_words(methods)}" if methods else "",
            )
        )
    columns = (
        column("context", "Model"),
        column("n_clips", "Clips", write_count),
        *_ENDS,
        column("std_error", "*SE*", write_number),
        column("factor_se", FACTOR_SE, write_number),
        *icc,
        column("omega", "ω", write_number, bounded=True),
        column("span", "Span", write_number),
    )
    told = (*collect_notes(rows, ("context",)), *collect_notes(rated, ("context",), (INDEPENDENT,)))
    return tabulate("scores", "Factor Scores of the Clips", rows, columns, notes=(*notes, *told))


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


def describe_scorecard(analysis: Analysis) -> Section | None:
    """Return the section, or None where no kinds of scores were compared."""
    card = analysis.scorecard
    if card is None:
        return None
    rows = name_contexts(card.tidy())
    pairs = rows["score"] + (" and " + rows["versus"]).where(rows["versus"].notna(), "")
    rows, terms = rows.assign(pair=pairs), set(rows["term"])
    same = ("context", "pair")
    columns = (
        column("pair", "Scores"),
        column("n_clips", "Clips", write_count),
        *(
            column(term, told, write_estimate, of=match_row(rows, *same, term=term), decimals=3)
            for term, told in _TERMS.items()
            if term in terms
        ),
    )
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
    table = tabulate(
        "scorecard",
        "Bartlett, Regression, and Mean Scores Compared",
        rows.drop_duplicates([*same]),
        columns,
        group="context" if len(list_levels(rows, "context")) > 1 else None,
        notes=(
            *notes[: 1 + ("between_share" in terms)],
            *collect_notes(rows, ("context", "score")),
        ),
        rows=rows.drop(columns="pair"),
    )
    sentence = cite(card.sentence(), "Table scorecard")
    return Section("scorecard", "Factor scores compared", sentences=(sentence,), tables=(table,))


def describe_scored(
    scores: pd.DataFrame, items: Sequence[str], *, method: str, stored: bool
) -> Section:
    """Return the section on scores of new clips by a factor, stored or fitted to these clips."""
    how, unit = _KINDS[method]
    count = len(scores[["context", "clip"] if "context" in scores else ["clip"]].drop_duplicates())
    model = "a stored factor model" if stored else "a factor model fitted to these clips"
    sentences = [
        say(
            "We scored {clips} on {items} {how}, with {model}; scores are in {unit}.",
            clips=count_things(count, "clip"),
            items=join_words([*items]),
            how=how,
            model=model,
            unit=unit,
        )
    ]
    lost = scores.loc[scores["score"].isna(), "note"].dropna().unique()
    sentences += [quote_sentence(f"Without a score: {text}") for text in lost]
    more = {"std_error": say("*SE*"), "factor_se": say(FACTOR_SE)}
    note = say(
        "*SE* = how much a clip's score would differ with other raters, mean of the clips; it "
        "needs the ratings themselves. The *SE* of the factor model counts an error that a rater "
        "makes on all items alike as true variance."
    )
    rows = summarise_groups(scores, "score", tuple(more))
    errors = tuple(column(one, told, write_number) for one, told in more.items())
    errors = tuple(one for one in errors if any(pd.notna(row[one.key]) for row in rows))
    table = _build_groups("scored", "Scores", rows, errors, (note,))
    return Section("scored", "Scores", sentences=tuple(sentences), tables=(table,))


def describe_predicted(predictions: pd.DataFrame, target: str, name: str) -> Section:
    """Return the section on predictions of new clips by the models called ``name``."""
    key = ["context", "clip"] if "context" in predictions else ["clip"]
    known = predictions[predictions["prediction"].notna()]
    count = len(known[key].drop_duplicates())
    sentence = say(
        "The stored {name} models predicted {target} for {clips}.",
        name=name,
        target=target,
        clips=count_things(count, "clip"),
    )
    table = _build_groups(
        "predicted", "Predictions", summarise_groups(predictions, "prediction", ())
    )
    return Section("predicted", "Predictions", sentences=(sentence,), tables=(table,))


def summarise_groups(table: pd.DataFrame, key: str, more: Sequence[str]) -> list[dict[str, Any]]:
    """Return a row for each context's own model, then one for the pooled model."""
    own = table[table["fitted_on"] == "context"]
    groups = [
        (str(one), own[own["context"] == one])
        for one in (order_levels(own["context"]) if len(own) else [])
    ]
    rows = []
    for label, part in [*groups, (ALL, table[table["fitted_on"] == "all"])]:
        values = part[key].dropna()
        sd = float(values.std()) if len(values) > 1 else float("nan")
        row: dict[str, Any] = {"model": label, "n": len(part), "known": len(values)}
        row |= {"mean": values.mean(), "sd": sd, "lowest": values.min(), "highest": values.max()}
        rows.append({**row, **{name: part[name].mean() for name in more}})
    return rows


def _build_groups(
    name: str,
    title: str,
    rows: list[dict[str, Any]],
    errors: tuple[Column, ...] = (),
    notes: tuple[Text, ...] = (),
) -> Table:
    columns = (
        column("model", "Model"),
        column("n", "Clips", write_count),
        column("known", "With a value", write_count),
        *_ENDS,
        *errors,
    )
    return tabulate(name, title, pd.DataFrame(rows), columns, notes=notes)
