"""Section on classification: confusion tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.apa import write_count, write_number
from exprstats.document.cells import ALL, list_levels, name_contexts, pick_rows
from exprstats.document.model import Column, Section, Table, list_columns
from exprstats.document.tables import column, tabulate
from exprstats.document.text import Text, say
from exprstats.models import cross_classes, tally_classes
from exprstats.models.data.classes import show_label
from exprstats.report.analysis import Analysis
from exprstats.report.sections.others import MOST_ROWS
from exprstats.study.targets import list_class_names

if TYPE_CHECKING:
    from exprstats.models import Models

MOST_CLASSES = 8  # whose columns fit beside each other on a page
OVER_ALL = "Over all contexts together, "


def find_classifier(analysis: Analysis) -> Models | None:
    """Return the model of classes that a comparison is about, or the first one; None without."""
    known = {name: one for name, one in analysis.models.items() if one.design.classes}
    return known.get(analysis.own_model or "") or next(iter(known.values()), None)


def cross_analysis(analysis: Analysis) -> pd.DataFrame | None:
    """Return the test clips of every true and predicted class, by context; None without classes."""
    models = find_classifier(analysis)
    if models is None:
        return None
    rows = cross_classes(models).assign(model=models.name)
    tested = rows.groupby("context", dropna=False)["n_clips"].transform("sum").gt(0)
    return rows[tested].reset_index(drop=True) if tested.any() else None


def say_classes(analysis: Analysis) -> tuple[Text, ...]:
    """Return how many test clips were put into their class, and how many by chance."""
    models, rows = find_classifier(analysis), cross_analysis(analysis)
    if models is None or rows is None:
        return ()
    told = name_contexts(rows)
    table = _cross(pick_rows(told, context=ALL))
    total, hits = int(table.to_numpy().sum()), int(np.trace(table.to_numpy()))
    counts = name_contexts(tally_classes(models))
    trained = pick_rows(counts, context=ALL, part="train")
    sizes = trained["n_clips"].to_numpy()
    common = trained["class"].iloc[int(sizes.argmax())]
    tied = bool((sizes == sizes.max()).sum() > 1)
    return (
        say(
            "{where}{model} put {hits} of {total} test clips ({share}) into their class (<Table "
            "classes>). The chance level is {even} for guesses that are even over the {many} "
            "classes, and {most} for calling every clip {common}, {frequent} in "
            "training.{extremes}",
            where=OVER_ALL if len(set(told["context"])) > 1 else "In all, ",
            model=analysis.tell_model(models.name),
            hits=write_count(hits),
            total=write_count(total),
            share=_write_share(hits, total),
            even=_write_share(1, len(table)),
            many=write_count(len(table)),
            most=_write_share(int(table.loc[common].sum()), total),
            common=show_label(common),
            frequent="one of the most frequent classes" if tied else "the most frequent class",
            extremes=_say_extremes(table),
        ),
    )


def build_classes(analysis: Analysis) -> tuple[Table, ...]:
    """Return the table, where a model predicts classes."""
    models, rows = find_classifier(analysis), cross_analysis(analysis)
    if models is None or rows is None:
        return ()
    named = name_contexts(rows)
    labels = list(dict.fromkeys(named["truth"]))
    contexts = list_levels(named, "context")
    cut = len(contexts) > 1 and len(contexts) * (len(labels) + 1) > MOST_ROWS
    shown = [ALL] if cut else contexts
    cells = [
        {"context": context, **line}
        for context in shown
        for line in _write_block(_cross(pick_rows(named, context=context)))
    ]
    name = analysis.name_model(models.name)
    return (
        Table(
            "classes",
            f"Predicted Classes of the Test Clips ({name})",
            _list_columns(labels),
            pd.DataFrame(cells),
            group="context" if len(shown) > 1 else None,
            notes=_list_notes(labels, cut=cut),
            rows=named,
        ),
    )


def describe_class_counts(predictions: pd.DataFrame) -> Section:
    """Return a section on how often each class is true, and how often models predict it."""
    rows = predictions
    if "fitted_on" in rows and rows["fitted_on"].eq("all").any():
        rows = rows[rows["fitted_on"] == "all"]
    models = list_levels(rows, "model")
    first = rows[rows["model"] == models[0]]
    lines = [
        {"class": label, "true": first["truth_class"].eq(label).sum(), "models": called}
        for label in list_class_names(rows)
        for called in [rows[rows["prediction_class"].eq(label)]["model"].value_counts()]
    ]
    columns = (
        column("class", "Class"),
        column("true", "True", write_count),
        *(
            column(
                f"model{place}",
                say("{model}", model=model),
                write_count,
                of=lambda row, model=model: row["models"].get(model, 0),
                under="Predicted by",
            )
            for place, model in enumerate(models)
        ),
    )
    table = tabulate("predicted", "Clips of Each Class", lines, columns)
    return Section("predicted", "Classes", tables=(table,))


def _cross(rows: pd.DataFrame) -> pd.DataFrame:
    """Return counts with true classes as rows and predicted ones as columns."""
    labels = list(dict.fromkeys(rows["truth"]))
    table = rows.pivot_table("n_clips", index="truth", columns="prediction", aggfunc="sum")
    return table.loc[labels, labels]


def _list_columns(labels: list[Any]) -> tuple[Column, ...]:
    if len(labels) <= MOST_CLASSES:
        taken = [
            Column(f"taken{place}", say("{label}", label=show_label(label)), "Predicted class")
            for place, label in enumerate(labels)
        ]
    else:
        taken = [Column("mistaken", say("Most often taken for"), words=True)]
    return (
        Column("truth", say("True class"), words=True),
        *taken,
        *list_columns(clips="Clips", recall="Recall", precision="Precision"),
    )


def _write_block(table: pd.DataFrame) -> list[dict[str, str]]:
    counts = table.to_numpy()
    lines = []
    for place, label in enumerate(table.index):
        row, hits = counts[place], counts[place, place]
        lines.append(
            {
                "truth": show_label(label),
                **{f"taken{other}": write_count(count) for other, count in enumerate(row)},
                "mistaken": _name_mistaken(table, place),
                "clips": write_count(row.sum()),
                "recall": _write_share(hits, row.sum()),
                "precision": _write_share(hits, counts[:, place].sum()),
            }
        )
    return lines


def _write_share(hits: int, total: int) -> str:
    return write_number(hits / total if total else None, bounded=True)


def _name_mistaken(table: pd.DataFrame, place: int) -> str:
    """Return the wrong class that clips of a class are most often put into, with their number."""
    wrong = table.iloc[place].to_numpy().copy()
    wrong[place] = 0
    most = int(wrong.argmax())
    return f"{show_label(table.columns[most])} ({wrong[most]:,})" if wrong[most] else "none"


def _say_extremes(table: pd.DataFrame) -> str:
    counts = table.to_numpy()
    totals = counts.sum(axis=1)
    there = np.flatnonzero(totals)
    if len(there) < 2:
        return ""
    recall = counts.diagonal()[there] / totals[there]
    low, high = int(there[recall.argmin()]), int(there[recall.argmax()])
    if recall.min() == recall.max():
        return ""
    least, most = (_write_share(counts[place, place], totals[place]) for place in (low, high))
    lowest, highest = (f"class {show_label(table.index[place])}" for place in (low, high))
    taken = _name_mistaken(table, low).rsplit(" (", 1)[0]
    return (
        f" Recall was lowest for {lowest} ({least}), most often taken for {taken}, and highest for "
        f"{highest} ({most})."
    )


def _list_notes(labels: list[Any], *, cut: bool) -> tuple[Text, ...]:
    counted = (
        "Cells hold numbers of clips"
        if len(labels) <= MOST_CLASSES
        else "Numbers of clips stand in brackets"
    )
    notes = [
        say(
            "{counted}. Recall = share of a class's clips that were predicted as that class; "
            "precision = share of the clips predicted as a class that belong to it; — = no such "
            "clips.",
            counted=counted,
        )
    ]
    if cut:
        notes.append(say("Contexts one by one stand in the folder “tables”."))
    return tuple(notes)
