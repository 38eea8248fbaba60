"""Section on invariance across contexts and equality of items."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_number, write_p
from exprstats.document.cells import list_levels, name_contexts
from exprstats.document.model import Column, Table, list_columns
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
        told.append(
            join_texts(
                [
                    say("Are the items interchangeable?"),
                    _tell(analysis.restrictions),
                    say("(<Table restrictions>{more}).", more=_tell_more(analysis.restrictions)),
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


def _tell_more(models: NestedModels) -> str:
    return ", with each context" if models.steps["context"].notna().any() else ""


def _build_table(models: NestedModels, naming: tuple[str, str]) -> Table:
    steps = name_contexts(models.steps)
    several = len(list_levels(steps, "context")) > 1
    jackknife = bool(steps["method_change"].eq("jackknife").any())
    symbol = say("*T*²") if jackknife else say("χ²")
    fit, change = "Fit", "Change from the model above"
    columns = (
        Column("model", say("Model"), words=True),
        *list_columns(fit, chisq="χ²", df="*df*", p="*p*"),
        *(Column(name, say("{word}", word=word), fit) for name, word in _INDICES.items()),
        Column("chisq_change", symbol, change),
        *list_columns(
            change, df_change="*df*", p_change="*p*", cfi_change="ΔCFI", rmsea_change="ΔRMSEA"
        ),
    )
    name, title = naming
    return Table(
        name,
        title,
        columns,
        pd.DataFrame([_write_row(row) for row in steps.to_dict("records")]),
        group="context" if several else None,
        notes=_list_notes(models, jackknife=jackknife),
        rows=name_contexts(models.tidy()),
    )


def tell_scaling(models: NestedModels) -> str:
    """Return what the tests of nested models are, and what they assume."""
    if models.steps["method_change"].eq("jackknife").any():
        return "the restrictions by a jackknife over subjects, who appear in several contexts"
    if "n_clusters" in models.steps:
        return "by differences of χ², scaled for clusters (Satorra & Bentler, 2001)"
    across = models.steps["model"].eq("configural").any()
    also = ", also those of different contexts," if across else ""
    return f"by differences of χ², which take clips{also} as independent"


def warn_of_people(analysis: Analysis) -> tuple[Text, ...]:
    """Return that tests took clips for independent of which several show one person."""
    found = (analysis.invariance, analysis.restrictions)
    if analysis.factor is None or not any(one and "n_clusters" not in one.steps for one in found):
        return ()
    rows = analysis.factor.tidy()
    known = rows[rows["term"].eq("loading") & rows["part"].eq("all") & rows["n_clusters"].notna()]
    people, clips = known["n_clusters"].max(), known["n_clips"].max()
    if known.empty or clips <= people:
        return ()
    return (
        say(
            "The tests of equal loadings take clips as independent, but the {clips} show "
            "{people}: their *p* can be too small or too large. Cluster-robust tests allow for it.",
            clips=count_things(clips, "clip"),
            people=count_things(people, "subject"),
        ),
    )


def _write_row(row: dict[Any, Any]) -> dict[str, str]:
    tested = pd.notna(row["df"]) and row["df"] > 0
    return {
        "context": str(row["context"]),
        "model": _WORDS.get(row["model"], str(row["model"])),
        "chisq": write_number(row["chisq"]) if tested else MISSING,
        "df": _write_df(row["df"]),
        "p": write_p(row["p_value"]) if tested else MISSING,
        **{
            name: write_number(row[name], 3, bounded=True) if tested else MISSING
            for name in _INDICES
        },
        "chisq_change": write_number(row["chisq_change"]),
        "df_change": _write_df(row["df_change"]),
        "p_change": write_p(row["p_change"]),
        "cfi_change": write_number(row["cfi_change"], 3, bounded=True),
        "rmsea_change": write_number(row["rmsea_change"], 3, bounded=True),
    }


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
