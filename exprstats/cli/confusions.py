"""Classes as ``fit`` prints them: their clips, what each is taken for, and chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exprstats.cli.cells import (
    Row,
    index_rows,
    list_records,
    name_context,
    order_contexts,
    show_count,
)
from exprstats.numerals import MISSING, write_count, write_number

if TYPE_CHECKING:
    from exprstats.cli.session import Session
    from exprstats.models import Models


_COUNTED = ("context", "class", "part")
_PARTS = ("train", "validate", "test")


def tell_chance(result: Models) -> str:
    """Return what always guessing the most frequent training class would give."""
    from exprstats.models import tally_classes

    counts = tally_classes(result)
    pooled = counts[counts["context"].isna()]
    train, test = (pooled[pooled["part"] == part] for part in ("train", "test"))
    most = train.sort_values("n_clips", ascending=False, kind="stable")["class"].iloc[0]
    hits, total = test.loc[test["class"] == most, "n_clips"].sum(), test["n_clips"].sum()
    share = write_number(hits / total, bounded=True) if total else MISSING
    return (
        f"Chance level: '{show_label(most)}', the most frequent class in training, is "
        f"{write_count(hits)} of the {write_count(total)} test clips, so that always guessing it "
        f"has an accuracy of {share}."
    )


def show_label(label: Any) -> str:
    """Return a class as people write it: codes without their decimals."""
    return f"{label:g}" if isinstance(label, float) else str(label)


def list_counts(rows: list[Row]) -> tuple[list[str], list[list[str]]]:
    """Return headers and cells: clips (subjects) of each class in each part."""
    found = index_rows([{**row, "class": show_label(row["class"])} for row in rows], *_COUNTED)
    keys = dict.fromkeys((name_context(row), show_label(row["class"])) for row in rows)
    cells = [
        [context, label, *(_show_part(found.get((context, label, part))) for part in _PARTS)]
        for context, label in keys
    ]
    return ["Context", "Class", *(part.capitalize() for part in _PARTS)], cells


def _show_part(row: Row | None) -> str:
    if row is None:
        return MISSING
    return f"{show_count(row, 'n_clips')} ({show_count(row, 'n_clusters')})"


def show_confusions(session: Session, result: Models) -> None:
    """Print what each class of the test clips is taken for, and add the rows."""
    from exprstats.models import cross_classes

    table = cross_classes(result)
    session.tables["confusions"] = table
    rows = list_records(table)
    keys = {"part": "test", "term": "confusion", "model": result.name}
    told = table.rename(columns={"share": "estimate"}).assign(**keys)
    session.rows += list_records(told)
    classes = list(dict.fromkeys(row["truth"] for row in rows))
    labels = [show_label(label) for label in classes]
    cells = []
    for context in order_contexts(rows):
        mine = [row for row in rows if name_context(row) == context]
        found = {(row["truth"], row["prediction"]): row for row in mine}
        for label in classes:
            counts = [show_count(found[label, other], "n_clips") for other in classes]
            cells.append([context, show_label(label), *counts, *_rate(mine, label)])
    headers = ["Context", "True class", *labels, "Recall", "Precision"]
    session.show_table("Test clips: true classes in rows, predicted in columns", headers, cells)


def _rate(rows: list[Row], label: Any) -> list[str]:
    """Return recall and precision of a class."""
    hits = sum(row["n_clips"] for row in rows if row["truth"] == row["prediction"] == label)
    shown = []
    for side in ("truth", "prediction"):
        total = sum(row["n_clips"] for row in rows if row[side] == label)
        shown.append(write_number(hits / total, bounded=True) if total else MISSING)
    return shown
