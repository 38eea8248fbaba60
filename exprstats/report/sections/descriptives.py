"""Section on the ratings as they are: distributions, missing answers, correlations, raters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_number, write_percent
from exprstats.descriptives.moments import SKEW_NAMES
from exprstats.descriptives.ratings import CLIPS_UNIT, RATINGS_UNIT
from exprstats.document.cells import ALL, collect_notes, list_levels, name_contexts, write_estimate
from exprstats.document.model import Figure, Section, Table, keep
from exprstats.document.tables import column, match_row, tabulate
from exprstats.document.text import Text, join_words, say
from exprstats.plots import draw_agreement, draw_missing, draw_ratings
from exprstats.report.analysis import Analysis
from exprstats.report.sections.raters import build_rater_spread, say_rater_spread

if TYPE_CHECKING:
    from exprstats.descriptives import RatingDescriptives

MOST_PATTERNS = 10
# Where maximum likelihood's standard errors and fit begin to suffer (Curran, West & Finch, 1996).
_SKEWED, _PEAKED = 2.0, 7.0
_CROWDED = 0.5  # share of answers at one end of the scale


def describe_distributions(analysis: Analysis) -> Section | None:
    """Return the section on ratings, or None where they were not described."""
    found: RatingDescriptives | None = analysis.descriptives
    if found is None:
        return None
    rows = name_contexts(found.tidy())
    ratings = rows[rows["unit"].eq(RATINGS_UNIT)].reset_index(drop=True)
    return Section(
        "descriptives",
        "Descriptive statistics of the ratings",
        sentences=keep(
            _say_levels(ratings, found),
            *_say_missing(found),
            _say_correlations(found.correlations),
            say_rater_spread(found.raters),
        ),
        caveats=keep(*_say_ends(ratings, declared=found.scale is not None), _say_shape(rows)),
        tables=keep(
            _build_ratings(rows, found),
            _build_correlations(found.correlations),
            _build_missing(found),
            build_rater_spread(found.raters),
        ),
        figures=_build_figures(found),
    )


def _write_range(low: float, high: float) -> str:
    return f"{low:g} to {high:g}".replace("-", "−")


def _place(row: dict[Any, Any], several: bool) -> str:
    return f"{row['item']}, {row['context']}" if several else str(row["item"])


def _say_levels(ratings: pd.DataFrame, found: RatingDescriptives) -> Text | None:
    several = len(list_levels(ratings, "context")) > 1
    own = ratings[ratings["context"].ne(ALL)] if several else ratings
    known = own[own["mean"].notna()].sort_values("mean", kind="stable").to_dict("records")
    if not known:
        return None
    first, last = known[0], known[-1]
    pooled = ratings[ratings["context"].eq(ALL)]
    ends = _write_range(pooled["low"].min(), pooled["high"].max())
    scale = "" if found.scale is None else f" on a scale of {_write_range(*found.scale)}"
    if len(known) == 1:
        told = (
            "Ratings of {item} ran from {ends}{scale}, *M* = {mean}, *SD* = {sd} (<Table "
            "descriptives>)."
        )
        named = {one: write_number(first[one]) for one in ("mean", "sd")}
        return say(told, item=first["item"], ends=ends, scale=scale, **named)
    spreads = sorted(row["sd"] for row in known if pd.notna(row["sd"]))
    ends_sd = list(dict.fromkeys(write_number(spreads[end]) for end in (0, -1) if spreads))
    return say(
        "Single ratings ran from {ends}{scale}. Their means lay between {low} ({low_place}) "
        "and {high} ({high_place}){sds} (<Table descriptives>).",
        ends=ends,
        scale=scale,
        low=write_number(first["mean"]),
        low_place=_place(first, several),
        high=write_number(last["mean"]),
        high_place=_place(last, several),
        sds=f"; their SDs {'lay between ' if len(ends_sd) > 1 else 'were '}{join_words(ends_sd)}"
        if spreads
        else "",
    )


def _say_missing(found: RatingDescriptives) -> tuple[Text, ...]:
    row = found.glance().iloc[0]
    asked = row["n_ratings"] + row["n_missing"]
    if not row["n_missing"]:
        told = (say("Every rater of a clip answered every question about it."),)
        return told if row["n_items"] > 1 else ()
    pooled = found.missing[found.missing["context"].isna()]
    several = pooled["items"].ne("").sum() > 1
    return (
        say(
            "{lost} missing ({share}%; <Table missing_patterns>{more}).",
            lost=count_things(row["n_missing"], "answers is", "answers are", of=asked),
            share=write_number(100 * row["n_missing"] / asked, 1),
            more=" lists which are missing together" if several else "",
        ),
    )


def _say_correlations(table: pd.DataFrame) -> Text | None:
    rows = name_contexts(table)
    several = len(list_levels(rows, "context")) > 1
    rows = rows[rows["context"].ne(ALL)] if several else rows
    told = []
    for term, words in (("between", "between clips"), ("within", "within clips")):
        known = rows.loc[rows["term"].eq(term), "estimate"].dropna()
        if len(known):
            low, high = (write_number(one, bounded=True) for one in (known.min(), known.max()))
            told.append(f"{low} to {high} {words}" if low != high else f"{low} {words}")
    if not told:
        return None
    return say("Questions correlated {told} (<Table item_correlations>).", told=join_words(told))


def _say_ends(ratings: pd.DataFrame, *, declared: bool) -> tuple[Text, ...]:
    several = len(list_levels(ratings, "context")) > 1
    own = ratings[ratings["context"].ne(ALL)] if several else ratings
    told = []
    for name, end in (("share_low", "lowest"), ("share_high", "highest")):
        crowded = own[own[name].astype(float).gt(_CROWDED) & own["n_values"].gt(1)]
        places = [
            f"{_place(row, several)} ({write_number(100 * row[name], 0)}%)"
            for row in crowded.to_dict("records")
        ]
        if places:
            more = f", and {len(places) - 4} more" if len(places) > 4 else ""
            told.append(
                say(
                    "More than half of the answers were the {end}: {places}{more}.",
                    end=f"{end} possible one" if declared else f"{end} one that occurred",
                    places="; ".join(places[:4]),
                    more=more,
                )
            )
    return tuple(told)


def find_odd_shapes(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of clip means that are too skewed or peaked for maximum likelihood."""
    means = table[table["unit"].eq(CLIPS_UNIT)]
    return means[means["skew"].abs().gt(_SKEWED) | means["kurtosis"].abs().gt(_PEAKED)]


def _say_shape(rows: pd.DataFrame) -> Text | None:
    odd, several = find_odd_shapes(rows), len(list_levels(rows, "context")) > 1
    if odd.empty:
        return None
    places = [_place(row, several) for row in odd.to_dict("records")]
    more = f", and {len(places) - 4} more" if len(places) > 4 else ""
    return say(
        "Clip means have a skewness beyond ±2 or an excess kurtosis beyond 7, beyond which "
        "standard errors and fit indices of maximum likelihood are biased (Curran, West, & "
        "Finch, 1996): {places}{more}.",
        places="; ".join(places[:4]),
        more=more,
    )


def _build_ratings(rows: pd.DataFrame, found: RatingDescriptives) -> Table:
    """Return the table: a line for each context and question, with the clip means beside it."""
    gaps = rows["n_missing"].fillna(0).gt(0).any()
    means = match_row(rows, "context", "item", unit=CLIPS_UNIT)
    moments = {"sd": "*SD*", "skew": "Skew", "kurtosis": "Kurtosis"}
    columns = (
        column("item", "Question"),
        column("n", "*n*", write_count, under="Ratings"),
        column("n_missing", "Missing", write_count, under="Ratings") if gaps else None,
        column("mean", "*M*", write_number, under="Ratings"),
        *(column(key, told, write_number, under="Ratings") for key, told in moments.items()),
        column("range", "Range", of=_write_values, under="Ratings"),
        *(
            column(f"share_{key}", told, write_percent, under="Ratings")
            for key, told in (("low", "Lowest"), ("high", "Highest"))
        ),
        *(
            column(
                f"clip_{key}",
                told,
                write_number,
                of=lambda row, key=key: means(row).get(key),
                under="Clip means",
            )
            for key, told in moments.items()
        ),
    )
    ends = "the lowest and the highest one that occurred"
    if found.scale is not None:
        ends = f"{found.scale[0]:g} and of {found.scale[1]:g}".replace("-", "−")
    notes = (
        say(
            "Skewness and excess kurtosis are of {kind}; both are 0 for a normal distribution. "
            "Range: lowest and highest answer (how many different ones). Lowest, Highest: share of "
            "answers of {ends}. Ratings of a clip depend on each other, so that *SD* describes "
            "them and gives no standard error.",
            kind=SKEW_NAMES[found.skew_type],
            ends=ends,
        ),
        *collect_notes(rows, ("context", "item", "unit")),
    )
    return tabulate(
        "descriptives",
        "Descriptive Statistics of Ratings and Clip Means",
        rows[rows["unit"].ne(CLIPS_UNIT)],
        columns,
        group="context" if len(list_levels(rows, "context")) > 1 else None,
        notes=notes,
        rows=rows,
    )


def _write_values(row: dict[Any, Any]) -> str:
    low, high = row["low"], row["high"]
    return MISSING if pd.isna(low) else f"{_write_range(low, high)} ({row['n_values']})"


def _build_correlations(table: pd.DataFrame) -> Table | None:
    """Return the table, where there are two questions."""
    if table.empty:
        return None
    rows = name_contexts(table)
    several = len(list_levels(rows, "context")) > 1
    pooled = " In the rows of all contexts differences between contexts count." if several else ""
    notes = (
        say(
            "Between clips: of the clips’ mean ratings. Within clips: of a rater’s answers less "
            "their clip’s means, pooled; it holds what a rater does to both questions alike "
            "(halo), which a factor model of clip means attributes to the factor.{pooled}",
            pooled=pooled,
        ),
        *collect_notes(rows, ("context", "item", "versus", "term")),
    )
    within = match_row(rows, "context", "item", "versus", term="within")
    columns = (
        column("pair", "Questions", of=lambda row: f"{row['item']} – {row['versus']}", words=True),
        column("between", "Between clips", write_estimate, of=dict, under="Correlation"),
        column("within", "Within clips", write_estimate, of=within, under="Correlation"),
        column("n_clips", "Clips", write_count),
        column("n_ratings", "Raters’ answers", write_count),
    )
    return tabulate(
        "item_correlations",
        "Correlations of the Questions",
        rows[rows["term"].eq("between")],
        columns,
        group="context" if several else None,
        notes=notes,
        rows=rows,
    )


def _build_missing(found: RatingDescriptives) -> Table | None:
    """Return the table, where answers are missing."""
    rows = found.missing[found.missing["context"].isna()]
    if rows["n_missing"].eq(0).all():
        return None
    shown = rows.head(MOST_PATTERNS)
    left = len(rows) - len(shown)
    more = f" {count_things(left, 'further pattern is', 'further patterns are')} left out."
    columns = (
        column("items", "Missing", lambda items: str(items) or "none", words=True),
        column("n", "Cases", write_count),
        column("share", "Share", write_percent, decimals=1),
    )
    note = say("A case is a rater’s answers to a clip.{more}", more=more if left else "")
    title, whole = "Questions That Were Left Unanswered Together", name_contexts(found.missing)
    return tabulate("missing_patterns", title, shown, columns, notes=(note,), rows=whole)


def _build_figures(found: RatingDescriptives) -> tuple[Figure, ...]:
    figures = [
        Figure(
            "ratings",
            "Distribution of the Ratings",
            lambda: draw_ratings(found),
            words=say("Bars show how often each answer was given, by question and context."),
            notes=(say("*N* = {n} ratings.", n=write_count(found.glance()["n_ratings"].iloc[0])),),
        )
    ]
    if found.missing["n_missing"].gt(0).any():
        figures.append(
            Figure(
                "missing",
                "Questions That Were Left Unanswered Together",
                lambda: draw_missing(found),
                words=say(
                    "Each row is a pattern of missing answers; the same counts as <Table "
                    "missing_patterns>."
                ),
            )
        )
    if len(found.agreement):
        figures.append(
            Figure(
                "agreement",
                "Ratings Against the Mean of the Other Raters",
                lambda: draw_agreement(found),
                words=say(
                    "Points show how often a rating met a mean of the clip's other raters; on "
                    "the dashed line both are equal."
                ),
                notes=(
                    say(
                        "The size of a point grows with the number of ratings. On the dashed line "
                        "a rating equals the mean of the clip's other raters."
                    ),
                ),
            )
        )
    return tuple(figures)
