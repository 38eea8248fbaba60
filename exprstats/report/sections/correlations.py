"""Section on correlations of features with the score, between and within people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from exprstats.apa import MISSING, count_things, write_level, write_number, write_p
from exprstats.descriptives.correlations import count_disagreements
from exprstats.document.cells import ALL, collect_notes, list_levels, name_contexts, write_limits
from exprstats.document.model import Column, Section, Table
from exprstats.document.text import Text, quote_sentence, say
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.descriptives import FeatureCorrelations

MOST_FEATURES = 8  # of each context in print


def describe_correlations(analysis: Analysis) -> Section | None:
    """Return the section, or None where features were not correlated with a score."""
    found: FeatureCorrelations | None = analysis.feature_correlations
    if found is None:
        return None
    return Section(
        "feature_correlations",
        "Correlations of the features with the target",
        sentences=(
            quote_sentence(found.sentence()),
            say(
                "<Table feature_correlations> lists both correlations, with *p* adjusted after "
                "Holm (1979)."
            ),
            *_say_agreement(found),
        ),
        caveats=_say_left_out(found),
        tables=(_build_table(found),),
    )


def _say_agreement(found: FeatureCorrelations) -> tuple[Text, ...]:
    """Return whether cluster intervals and the usual tests say the same."""
    apart, count = count_disagreements(found.table, found.level)
    if not count:
        return ()
    ways = "cluster intervals and the usual tests (Pearson’s r, repeated-measures correlation)"
    if not apart:
        every = "the one correlation" if count == 1 else f"all {count} correlations"
        return (say("The {ways} agree on {every}.", ways=ways, every=every),)
    return (
        say(
            "The {ways} disagree about {apart}; the other tests assume that a person’s clips are "
            "independent, or that people’s means are normal.",
            ways=ways,
            apart=count_things(apart, "correlations", "correlations", of=count),
        ),
    )


def _say_left_out(found: FeatureCorrelations) -> tuple[Text, ...]:
    if not found.n_left_out:
        return ()
    lost = count_things(found.n_left_out, "clip was", "clips were")
    return (say("{lost} left out: a feature or the target is missing.", lost=lost),)


def _build_table(found: FeatureCorrelations) -> Table:
    """Return the table: the features with the largest correlations, by context."""
    rows = name_contexts(found.tidy())
    order = [str(one) for one in found.list_largest()["feature"].unique()]
    shown = order[:MOST_FEATURES]
    contexts = list_levels(rows, "context")
    lines: dict[tuple[str, str], dict[str, str]] = {
        (context, name): {"context": str(context), "feature": name}
        for context in contexts
        for name in shown
    }
    for row in rows[rows["feature"].isin(shown)].to_dict("records"):
        line = lines[row["context"], row["feature"]]
        term = row["term"]
        if row["method"] == "jackknife":
            line[f"{term}_r"] = write_number(row["estimate"], bounded=True)
            line[f"{term}_limits"] = write_limits(row)
            line[f"{term}_cluster"] = write_p(row["p_adjusted"])
        else:
            line[f"{term}_p"] = write_p(row["p_adjusted"])
    parts = ("r", "limits", "cluster", "p")
    names = [f"{term}_{one}" for term in ("between", "within") for one in parts]
    cells = pd.DataFrame([{**dict.fromkeys(names, MISSING), **line} for line in lines.values()])
    level = f"{write_level(found.level)} CI"
    columns = [Column("feature", say("Feature"), words=True)]
    for term, words, test in (
        ("between", "Between people", "Pearson"),
        ("within", "Within people", "rmcorr"),
    ):
        columns += [
            Column(f"{term}_r", say("*r*"), words),
            Column(f"{term}_limits", say("{level}", level=level), words),
            Column(f"{term}_cluster", say("*p* (jackknife)"), words),
            Column(f"{term}_p", say("*p* ({test})", test=test), words),
        ]
    several = len(contexts) > 1
    left = len(order) - len(shown)
    more = f" The {len(shown)} features with the largest *r* of {len(order)}." if left else ""
    pooled = f" In the rows of {ALL} differences between contexts count." if several else ""
    notes = (
        say(
            "Between people: of people’s means. Within people: of clips less their person’s mean "
            "(repeated-measures correlation). Intervals and *p* (jackknife) come from a "
            "jackknife over people; *p* (Pearson) and *p* (rmcorr) are the tests of Pearson’s "
            "*r* and of the repeated-measures correlation. All *p* are Holm-adjusted over the "
            f"features.{more}{pooled}"
        ),
        *collect_notes(rows[rows["feature"].isin(shown)], ("context", "feature", "term")),
    )
    return Table(
        "feature_correlations",
        "Correlations of Features With the Target Between and Within People",
        tuple(columns),
        cells,
        group="context" if several else None,
        notes=notes,
        rows=rows,
    )
