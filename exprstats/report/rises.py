"""Table 8: how much the test error rises without each feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.numerals import MISSING, write_count, write_level
from exprstats.report.cells import find_row, list_levels, pick_rows, write_estimate, write_limits
from exprstats.report.document import Column, Table
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, join_words, say

if TYPE_CHECKING:
    from exprstats.models import Importance, Weights

MOST_ABREAST = 3  # models whose columns fit beside each other on a page
MOST_ROWS = 90
KINDS = {"importance": "Each feature", "group_importance": "Together"}
_METHODS = {
    "percentile": "percentile intervals of a bootstrap of test subjects",
    "jackknife": "delete-one jackknife intervals over test subjects with the *t* distribution",
}


def build_rises(
    rows: pd.DataFrame, found: dict[str, Importance | Weights], pieces: Pieces
) -> Table:
    """Return Table 8: the models beside each other, features below each other."""
    shown = rows[rows["headline"].eq(True)].reset_index(drop=True)
    contexts = list_levels(shown, "context")
    models = list_levels(shown, "model")
    columns = [Column("feature", say("Feature"), words=True)]
    for place, model in enumerate(models[:MOST_ABREAST]):
        spanner = pieces.name_model(model) if len(models) > 1 else ""
        level = write_level(float(pick_rows(shown, model=model)["level"].iloc[0]))
        columns += [
            Column(f"estimate{place}", say("Rise"), spanner),
            Column(f"limits{place}", say("{level} CI", level=level), spanner),
        ]
    lines = _list_lines(shown)
    printed = _keep_largest(lines, shown, len(contexts))
    cells = [_write_line(line, shown, models[:MOST_ABREAST]) for line in printed]
    return Table(
        "8",
        "importance",
        "Importance of Features for Predicting Unseen Subjects",
        tuple(columns),
        pd.DataFrame(cells),
        group="context" if len(contexts) > 1 else None,
        notes=_list_notes(shown, found, pieces, left_out=len(lines) - len(printed)),
        rows=rows,
    )


def _list_lines(shown: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Return context, term and feature of each printed line, groups of features last.

    A feature that no model of a context uses has none there.
    """
    used = shown[shown["estimate"].ne(0)]
    keys = zip(used["context"].astype(str), used["term"], used["feature"].astype(str), strict=True)
    kept = set(keys)
    lines = [
        (str(context), term, str(feature))
        for context in list_levels(shown, "context")
        for term in KINDS
        for feature in list_levels(pick_rows(shown, context=context, term=term), "feature")
    ]
    return [line for line in dict.fromkeys(lines) if not kept or line in kept]


def _keep_largest(
    lines: list[tuple[str, str, str]], shown: pd.DataFrame, contexts: int
) -> list[tuple[str, str, str]]:
    """Return the lines, in each context only the largest where there are too many for a page."""
    if len(lines) <= MOST_ROWS:
        return lines
    keys = ["context", "term", "feature"]
    sizes = shown.astype({"feature": str, "context": str}).groupby(keys)["estimate"].max()
    kept: set[tuple[str, str, str]] = set()
    for context in dict.fromkeys(line[0] for line in lines):
        here = [line for line in lines if line[0] == context]
        here.sort(key=lambda line: -float(sizes[line]))
        kept |= set(here[: max(3, MOST_ROWS // contexts)])
    return [line for line in lines if line in kept]


def _write_line(
    line: tuple[str, str, str], shown: pd.DataFrame, models: list[Any]
) -> dict[str, str]:
    context, term, feature = line
    together = f"Together: {feature}" if term == "group_importance" else feature
    cells = {"context": context, "feature": together}
    for place, model in enumerate(models):
        row = find_row(shown, context=context, term=term, feature=feature, model=model)
        zero = row.get("estimate") == 0
        cells[f"estimate{place}"] = "0" if zero else write_estimate(row, 3, bounded=False)
        empty = zero and row.get("conf_low") == 0 == row.get("conf_high")
        cells[f"limits{place}"] = MISSING if empty else write_limits(row, 3, bounded=False)
    return cells


def _list_notes(
    shown: pd.DataFrame,
    found: dict[str, Importance | Weights],
    pieces: Pieces,
    *,
    left_out: int,
) -> tuple[Text, ...]:
    repeats = {int(getattr(one, "repeats", 0)) for one in found.values()}
    notes = [
        say(
            "Rise of the {error} on the test subjects{unit}, after every subject got the values of "
            "another one{repeats}. 0: the model does not use the feature; features that no model "
            "uses are left out.",
            error=name_errors(found),
            unit="" if "wrong" in name_errors(found) else f", in units of {pieces.target}",
            repeats=f", in {write_count(max(repeats))} random orders" if min(repeats) else "",
        )
    ]
    if shown["term"].eq("group_importance").any():
        told = "Together: features that correlate highly in training, exchanged as one."
        notes.append(say(told))
    methods = [_METHODS[name] for name in _METHODS if name in list_levels(shown, "method")]
    if methods:
        told = join_words(methods)
        notes.append(say(f"{told[0].upper()}{told[1:]}."))
    models = list_levels(shown, "model")
    if left_out:
        told = "Without the {left} lines of smallest importance, which stand in the folder tables."
        notes.append(say(told, left=write_count(left_out)))
    if len(models) > MOST_ABREAST:
        told = "The first {some} of {all} models; the others stand in the folder tables."
        notes.append(say(told, some=MOST_ABREAST, all=len(models)))
    return tuple(notes)


def name_errors(found: dict[str, Importance | Weights]) -> str:
    """Return the error that rises, or the errors where models differ in it."""
    return join_words(list(dict.fromkeys(getattr(one, "error", "RMSE") for one in found.values())))
