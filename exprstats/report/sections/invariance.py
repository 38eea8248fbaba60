"""Section on invariance across contexts and equality of items."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_number, write_p
from exprstats.document.cells import list_levels, name_contexts
from exprstats.document.model import Column, Table
from exprstats.document.tables import column, tabulate
from exprstats.document.text import Text, join_texts, quote_sentence, say
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.measurement import NestedModels

_WORDS = {
    "configural": "Configural",
    "metric": "Metric (loadings equal)",
    "scalar": "Scalar (intercepts too)",
    "strict": "Strict (residuals too)",
    "congeneric": "Congeneric",
    "tau-equivalent": "Tau-equivalent (loadings equal)",
    "parallel": "Parallel (residuals too)",
}
_INDICES = {"cfi": "CFI", "rmsea": "RMSEA", "srmr": "SRMR"}


def say_nesting(analysis: Analysis) -> tuple[Text, ...]:
    """Return what the tests of equal contexts and equal items found."""
    told = []
    if analysis.invariance is not None:
        told.append(_say_invariance(analysis.invariance))
    if analysis.restrictions is not None:
        several = analysis.restrictions.steps["context"].notna().any()
        more = ", with each context" if several else ""
        told.append(
            join_texts(
                [
                    say("Are the items interchangeable?"),
                    _tell(analysis.restrictions),
                    say("(<Table restrictions>{more}).", more=more),
                ]
            )
        )
    return tuple(told)


def build_nesting(analysis: Analysis) -> tuple[Table, ...]:
    """Return the tables, those there are."""
    invariance = ("invariance", "Measurement Invariance Across Contexts")
    restrictions = ("restrictions", "Equality of the Items")
    found = ((analysis.invariance, invariance), (analysis.restrictions, restrictions))
    return tuple(_build_table(models, naming) for models, naming in found if models is not None)


def _say_invariance(models: NestedModels) -> Text:
    holds = str(models.glance()["holds"].iloc[0])
    enough = holds in {"scalar", "strict"}
    return join_texts(
        [
            say("Is the factor measured alike in all contexts?"),
            _tell(models),
            say(
                "(<Table invariance>). Scores of different contexts can be compared in size only "
                "under scalar invariance (Meredith, 1993), which {verdict} here; predictions "
                "within a context do not need it.",
                verdict="was not rejected" if enough else "was rejected",
            ),
        ]
    )


def _tell(models: NestedModels) -> Text:
    """Return what the tests over all clips found."""
    pooled = replace(models, steps=models.steps[models.steps["context"].isna()])
    return quote_sentence(pooled.sentence().rstrip("."))


def _build_table(models: NestedModels, naming: tuple[str, str]) -> Table:
    steps = name_contexts(models.steps)
    tested = steps["df"].gt(0)  # the first model of three items has nothing to test
    steps[["chisq", "p_value", *_INDICES]] = steps[["chisq", "p_value", *_INDICES]].where(tested)
    several = len(list_levels(steps, "context")) > 1
    jackknife = bool(steps["method_change"].eq("jackknife").any())
    fit, change = "Fit", "Change from the model above"
    columns = (
        column("model", "Model", of=lambda row: _WORDS.get(row["model"], row["model"]), words=True),
        column("chisq", "χ²", write_number, under=fit),
        column("df", "*df*", _write_df, under=fit),
        column("p_value", "*p*", write_p, under=fit),
        *(_index_column(name, word, fit) for name, word in _INDICES.items()),
        column("chisq_change", "*T*²" if jackknife else "χ²", write_number, under=change),
        column("df_change", "*df*", _write_df, under=change),
        column("p_change", "*p*", write_p, under=change),
        _index_column("cfi_change", "ΔCFI", change),
        _index_column("rmsea_change", "ΔRMSEA", change),
    )
    return tabulate(
        *naming,
        steps,
        columns,
        group="context" if several else None,
        notes=_list_notes(models, jackknife=jackknife),
        rows=name_contexts(models.tidy()),
    )


def _index_column(key: str, heading: str, under: str) -> Column:
    return column(key, heading, write_number, under=under, decimals=3, bounded=True)


def tell_scaling(models: NestedModels) -> str:
    """Return what the tests of nested models are, and what they assume."""
    if models.steps["method_change"].eq("jackknife").any():
        return "the restrictions by a jackknife over subjects, who appear in several contexts"
    if "n_clusters" in models.steps:
        return "by differences of χ², scaled for clusters (Satorra & Bentler, 2001)"
    across = models.steps["model"].eq("configural").any()
    also = ", also those of different contexts," if across else ""
    return f"by differences of χ², which take clips{also} as independent"


def warn_of_people(analysis: Analysis) -> Text | None:
    """Return that tests took clips for independent of which several show one person."""
    found = (analysis.invariance, analysis.restrictions)
    if analysis.factor is None or not any(one and "n_clusters" not in one.steps for one in found):
        return None
    rows = analysis.factor.tidy()
    known = rows[rows["term"].eq("loading") & rows["part"].eq("all") & rows["n_clusters"].notna()]
    people, clips = known["n_clusters"].max(), known["n_clips"].max()
    if known.empty or clips <= people:
        return None
    return say(
        "The tests of equal loadings take clips as independent, but the {clips} show "
        "{people}: their *p* can be too small or too large. Cluster-robust tests allow for it.",
        clips=count_things(clips, "clip"),
        people=count_things(people, "subject"),
    )


def _write_df(value: Any) -> str:
    return MISSING if pd.isna(value) else write_number(float(value), 1).removesuffix(".0")


def _list_notes(models: NestedModels, *, jackknife: bool) -> tuple[Text, ...]:
    notes = [
        say(
            "The first model has no degrees of freedom where there are three items: it fits "
            "perfectly and cannot be tested."
        )
        if models.steps["df"].eq(0).any()
        else say("Each model keeps the restrictions of those above it.")
    ]
    if jackknife:
        notes.append(
            say(
                "*T*² is the test of the restrictions by a jackknife over clusters, which allows "
                "for subjects who appear in several contexts; the fit of each model is scaled for "
                "clusters."
            )
        )
    else:
        notes.append(say("Tests: {how}.", how=tell_scaling(models)))
    versions = ", ".join(f"{name} {version}" for name, version in models.receipt.versions.items())
    if versions:
        notes.append(
            say(
                "Fitted in {versions}; results.json of a report holds the calls.", versions=versions
            )
        )
    return tuple(notes)
