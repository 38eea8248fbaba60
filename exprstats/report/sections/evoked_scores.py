"""Section on predictions of evoked expressions: scores, ablations, and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import write_count, write_level, write_p
from exprstats.document.cells import collect_notes, find_row, write_estimate, write_limits
from exprstats.document.model import Column, Figure, Section, Table
from exprstats.document.text import Text, join_texts, join_words, quote_sentence, say
from exprstats.io import slug
from exprstats.plots.evoked import draw_evoked_scores
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.events import EvokedScores

_FIRST, _FIRST_FIGURE = 96, 92
_MOST_WIDE, _MOST_ROWS = 7, 12
TERMS = {
    "average_precision": "Average precision",
    "mse": "MSE, all moments",
    "mse_mean": "MSE, mean over videos",
    "correlation": "*r*, all moments",
    "correlation_mean": "*r*, mean over videos",
    "auc": "AUC",
}
_BOUNDED = frozenset({"average_precision", "correlation", "correlation_mean", "auc"})


def describe_evoked_scores(analysis: Analysis) -> Section | None:
    """Return the section on predictions, or None without any; a block for each truth."""
    results: dict[str, EvokedScores] = analysis.evoked_scores or {}
    if not results:
        return None
    sentences: list[Text] = []
    tables: list[Table] = []
    figures: list[Figure] = []
    for source, found in results.items():
        told: list[Table] = []
        for build in (_build_scores, _build_differences, _build_groups):
            told += build(found, f"A{_FIRST + len(tables) + len(told)}")
        tables += told
        figures.append(_draw(found, f"A{_FIRST_FIGURE + len(figures)}"))
        named = [*(f"Table {one.number}" for one in told), f"Figure {figures[-1].number}"]
        paragraph = (
            say("Against {source}:", source=_name_truth(source)),
            quote_sentence(found.sentence()),
            say("See {names}.", names=join_words(named)),
        )
        sentences.append(join_texts(paragraph))
    caveats = ()
    if any("average_precision" in one.terms for one in results.values()):
        caveats = (
            say(
                "Average precision of scores without information is the share of moments with the "
                "label, so that it compares models but not expressions."
            ),
        )
    return Section(
        "evoked_scores",
        "Predicted expressions",
        tuple(sentences),
        caveats=caveats,
        tables=tuple(tables),
        figures=tuple(figures),
    )


def _name_file(found: EvokedScores) -> str:
    return slug(found.source.replace(" ", "_"))


def _name_truth(source: str) -> str:
    return {"labels": "the labels of the files"}.get(source, f"the {source}")


def _draw(found: EvokedScores, number: str) -> Figure:
    return Figure(
        number,
        f"evoked_scores_{_name_file(found)}",
        f"{TERMS.get(found.terms[0], found.terms[0]).replace('*', '')} Against "
        f"{_title(found.source)}",
        lambda: draw_evoked_scores(found),
        words="Scores of each model with intervals, by group; the numbers of the table."
        if found.groups
        else "Scores of each model with intervals, by expression; the numbers of the table.",
    )


def _write(row: Any) -> str:
    return write_estimate(row, 3, bounded=row.get("term") in _BOUNDED)


def _write_ends(row: Any) -> str:
    return write_limits(row, 3, bounded=row.get("term") in _BOUNDED)


def _build_scores(found: EvokedScores, number: str) -> list[Table]:
    """Return the table of scores: a line a model, or of many expressions a line each."""
    wide = len(found.expressions) <= _MOST_WIDE
    lines = found.models if wide else (*found.expressions, None)
    across = (*found.expressions, None) if wide else found.models
    cells = []
    for term in found.terms:
        rows = found.pick(term)
        for line in lines:
            cell = {"term": TERMS.get(term, term).replace("*", ""), "line": line or "Mean"}
            for place, column in enumerate(across):
                model, name = (line, column) if wide else (column, line)
                row = find_row(rows, model=model, expression=name)
                cell[f"c{place}"] = _write(row)
                if name is None or not wide:
                    cell[f"l{place}"] = _write_ends(row)
            cells.append(cell)
    level = say("{level} CI", level=write_level(found.level))
    columns = [Column("line", say("Model") if wide else say("Expression"), words=True)]
    for place, column in enumerate(across):
        columns.append(Column(f"c{place}", say("{name}", name=str(column or "Mean"))))
        if column is None or not wide:
            columns.append(Column(f"l{place}", level))
    shown = found.table[found.table["headline"] & found.table["versus"].isna()]
    shown = shown[shown["group"].isna()]
    note = say(
        "{level} CI: jackknife-t over videos; the tables in the folder have limits from "
        "{draws} bootstrap draws of whole videos beside them.",
        level=write_level(found.level),
        draws=write_count(found.draws),
    )
    notes = [note]
    if "chance" in found.models:
        notes.append(say("Chance: a constant score, what a random order reaches."))
    return [
        Table(
            number,
            f"evoked_scores_{_name_file(found)}",
            f"Predicted Expressions Against {_title(found.source)}",
            tuple(columns),
            pd.DataFrame(cells),
            group="term" if len(found.terms) > 1 else None,
            notes=(*notes, *collect_notes(shown, ("expression", "model", "term"))),
            rows=found.tidy(),
        )
    ]


def _title(source: str) -> str:
    if source == "labels":
        return "the Labels of the Files"
    small = {"of", "the"}
    return "the " + " ".join(w if w in small else w.capitalize() for w in source.split())


def _build_differences(found: EvokedScores, number: str) -> list[Table]:
    """Return the table of differences between the model asked for and others."""
    rows = found.table[found.table["headline"] & found.table["versus"].notna()]
    rows = rows[rows["group"].isna()]
    if rows.empty:
        return []
    kept = []
    for _, part in rows.groupby(["term", "versus"], sort=False):
        means = part[part["expression"].isna()]
        own = part[part["expression"].notna()]
        if len(own) > _MOST_ROWS:
            own = own.sort_values("p_value", kind="stable").head(_MOST_ROWS)
        kept += [means, own]
    shown = pd.concat(kept)
    cells = [
        {
            "pair": _name_pair(row, several=len(found.terms) > 1),
            "name": "Mean" if pd.isna(row["expression"]) else str(row["expression"]),
            "difference": _write(row),
            "limits": _write_ends(row),
            "p": write_p(row["p_value"]),
            "adjusted": write_p(row["p_adjusted"]),
        }
        for row in shown.to_dict("records")
    ]
    columns = (
        Column("name", say("Expression"), words=True),
        Column("difference", say("Difference")),
        Column("limits", say("{level} CI", level=write_level(found.level))),
        Column("p", say("*p*")),
        Column("adjusted", say("Adjusted *p*")),
    )
    note = say(
        "Paired: the same videos are left out, and drawn, for both models. Adjusted *p*: Holm, for "
        "the models compared within an expression."
    )
    return [
        Table(
            number,
            f"evoked_differences_{_name_file(found)}",
            f"Differences Between Models Against {_title(found.source)}",
            columns,
            pd.DataFrame(cells),
            group="pair",
            notes=(note, *collect_notes(shown, ("expression", "versus", "term"))),
            rows=shown,
        )
    ]


def _name_pair(row: Any, *, several: bool) -> str:
    pair = f"{row['model']} − {row['versus']}"
    term = str(TERMS.get(row["term"], row["term"])).replace("*", "")
    return f"{pair}, {term}" if several else pair


def _build_groups(found: EvokedScores, number: str) -> list[Table]:
    """Return the table of mean scores by group, and of the differences between two groups."""
    rows = found.table[found.table["headline"] & found.table["group"].notna()]
    rows = rows[rows["expression"].isna() & rows["versus"].isna()]
    if rows.empty:
        return []
    cells = []
    for row in rows.to_dict("records"):
        other = row.get("versus_group")
        single = other is None or pd.isna(other)
        cells.append(
            {
                "kind": "Score" if single else "Difference",
                "name": str(row["group"]) if single else f"{row['group']} − {other}",
                "term": str(TERMS.get(row["term"], row["term"])).replace("*", ""),
                "value": _write(row),
                "limits": _write_ends(row),
                "p": write_p(row.get("p_adjusted")) if not single else "",
                "videos": write_count(row["n_clusters"]),
            }
        )
    columns = (
        Column("name", say("Group"), words=True),
        Column("term", say("Measure"), words=True),
        Column("value", say("Mean")),
        Column("limits", say("{level} CI", level=write_level(found.level))),
        Column("p", say("*p*")),
        Column("videos", say("Videos")),
    )
    note = say(
        "Means over expressions. *p*: of no difference between two groups, Holm-adjusted; Welch’s "
        "degrees of freedom where groups have videos of their own. Videos: of the smaller group."
    )
    notes = (note, *collect_notes(rows, ("group", "versus_group", "term")))
    return [
        Table(
            number,
            f"evoked_by_group_{_name_file(found)}",
            f"Predicted Expressions Against {_title(found.source)}, by Group",
            columns,
            pd.DataFrame(cells),
            group="kind",
            notes=notes,
            rows=rows,
        )
    ]
