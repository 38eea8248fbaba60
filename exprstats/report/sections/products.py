"""Sections on new clips: their scores by a factor, their predictions by models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_number
from exprstats.contracts import order_levels
from exprstats.document.cells import ALL
from exprstats.document.model import Column, Section, Table, list_columns
from exprstats.document.text import join_words, quote_sentence, say
from exprstats.report.sections.scores import FACTOR_SE

_KINDS = {
    "bartlett": ("by Bartlett's method (Bartlett, 1937)", "factor standard deviations"),
    "regression": ("by the regression method (Thurstone, 1935)", "factor standard deviations"),
    "mean": ("as means of the items", "the items' own units"),
}


def describe_scored(
    scores: pd.DataFrame, items: Sequence[str], *, method: str, stored: bool
) -> Section:
    """Return the section on scores of clips by a factor, stored or fitted to these clips."""
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
    notes = say(
        "*SE* = how much a clip's score would differ with other raters, mean of the clips; it "
        "needs the ratings themselves. The *SE* of the factor model counts an error that a rater "
        "makes on all items alike as true variance."
    )
    rows = summarise_groups(scores, "score", tuple(more))
    table = _build(rows, "scored", "Scores", more, (notes,))
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
    rows = summarise_groups(predictions, "prediction", ())
    table = _build(rows, "predicted", "Predictions", {}, ())
    return Section("predicted", "Predictions", sentences=(sentence,), tables=(table,))


def summarise_groups(table: pd.DataFrame, column: str, more: Sequence[str]) -> list[dict[str, Any]]:
    """Return a row for each context's own model, then one for the pooled model."""
    own = table[table["fitted_on"] == "context"]
    groups = [(str(one), own[own["context"] == one]) for one in
              (order_levels(own["context"]) if len(own) else [])]  # fmt: skip
    rows = []
    for label, part in [*groups, (ALL, table[table["fitted_on"] == "all"])]:
        values = part[column].dropna()
        sd = float(values.std()) if len(values) > 1 else float("nan")
        row: dict[str, Any] = {"model": label, "n": len(part), "known": len(values)}
        row |= {"mean": values.mean(), "sd": sd, "lowest": values.min(), "highest": values.max()}
        rows.append({**row, **{name: part[name].mean() for name in more}})
    return rows


def _build(
    rows: list[dict[str, Any]], name: str, title: str, more: dict[str, Any], notes: tuple[Any, ...]
) -> Table:
    shown = [one for one in more if any(pd.notna(row[one]) for row in rows)]
    columns = [
        *list_columns(
            words=1,
            model="Model",
            n="Clips",
            known="With a value",
            mean="*M*",
            sd="*SD*",
            lowest="Lowest",
            highest="Highest",
        ),
        *(Column(one, more[one]) for one in shown),
    ]
    cells = pd.DataFrame(
        [
            {
                "model": row["model"],
                "n": write_count(row["n"]),
                "known": write_count(row["known"]),
                **{
                    one: write_number(row[one]) if pd.notna(row[one]) else MISSING
                    for one in ("mean", "sd", "lowest", "highest", *shown)
                },
            }
            for row in rows
        ]
    )
    return Table(name, title, tuple(columns), cells, notes=notes, rows=pd.DataFrame(rows))
