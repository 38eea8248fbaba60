"""Section on predictions of evoked expressions: scores, ablations, and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.apa import write_count, write_level, write_p
from exprstats.document.cells import Row, collect_notes, list_records, write_estimate, write_limits
from exprstats.document.model import Column, Figure, Section, Table, refer_to
from exprstats.document.tables import column, match_row, name_interval, tabulate
from exprstats.document.text import Text, join_texts, quote_sentence, say
from exprstats.io import slug
from exprstats.plots.evoked import draw_evoked_scores
from exprstats.plots.performance import tell_level
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.events import EvokedScores

_MOST_WIDE, _MOST_ROWS = 7, 12
TERMS = {
    "average_precision": "Average precision",
    "mse": "MSE, all moments",
    "mse_mean": "MSE, mean over videos",
    "correlation": "*r*, all moments",
    "correlation_mean": "*r*, mean over videos",
    "auc": "AUC",
}
_TITLES = {
    "average_precision": "Average Precision",
    "mse": "Mean Squared Error",
    "mse_mean": "Mean Squared Error of Videos",
    "correlation": "Correlation",
    "correlation_mean": "Mean Correlation of Videos",
    "auc": "AUC",
}
_FREEDOM = "the t interval rests on"
_BOUNDED = frozenset({"average_precision", "correlation", "correlation_mean", "auc"})


def describe_evoked_scores(analysis: Analysis) -> Section | None:
    """Return the section on predictions, or None without any; a block for each truth."""
    results: dict[str, EvokedScores] = analysis.evoked_scores or {}
    if not results:
        return None
    sentences: list[Text] = []
    tables: list[Table] = []
    figures: list[Figure] = []
    for found in results.values():
        told: list[Table] = []
        for build in (_build_scores, _build_differences, _build_groups, _build_contrasts):
            told += build(found)
        drawn = [
            _draw(found, grouped=grouped) for grouped in (False, True)[: 1 + bool(found.groups)]
        ]
        tables, figures = tables + told, figures + drawn
        paragraph = (
            say("Against {source}:", source=_name_truth(found)),
            quote_sentence(found.sentence()),
            refer_to(*told, *drawn),
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


def _name_truth(found: EvokedScores) -> str:
    own = "labels" if bool({"average_precision", "auc"} & set(found.terms)) else "values"
    return {"labels": f"the {own} of the files"}.get(found.source, f"the {found.source}")


def _draw(found: EvokedScores, *, grouped: bool) -> Figure:
    ending, lines = ("_by_group", "group") if grouped else ("", "expression")
    term = _pick_term(found) if grouped else found.terms[0]
    return Figure(
        f"evoked_scores{ending}_{_name_file(found)}",
        f"{_TITLES.get(term, 'Scores')} Against {_title(found)}{', by Group' if grouped else ''}",
        lambda: draw_evoked_scores(found, term=term, grouped=grouped),
        words=say("Scores of each model with intervals, by {lines}.", lines=lines),
        notes=(say(tell_level(found.level)),),
    )


def _write_value(row: Any) -> str:
    return write_estimate(row, 3, bounded=row.get("term") in _BOUNDED)


def _write_ends(row: Any) -> str:
    return write_limits(row, 3, bounded=row.get("term") in _BOUNDED)


def _build_scores(found: EvokedScores) -> list[Table]:
    """Return the table of scores: a line a model, or of many expressions a line each."""
    wide = len(found.expressions) <= _MOST_WIDE
    lines = found.models if wide else (*found.expressions, None)
    across = (*found.expressions, None) if wide else found.models
    down, along = ("model", "expression") if wide else ("expression", "model")
    printed = [
        {"term": term, "kind": TERMS.get(term, term).replace("*", ""), down: line}
        for term in found.terms
        for line in lines
    ]
    shown = found.table[found.table["headline"] & found.table["versus"].isna()]
    shown = shown[shown["group"].isna()]
    columns = [column("line", down.capitalize(), of=lambda row: row[down] or "Mean", words=True)]
    for place, name in enumerate(across):
        score = match_row(shown, "term", down, **{along: name})
        told = say("{name}", name=str(name or "Mean"))
        columns.append(column(f"c{place}", told, _write_value, of=score))
        if name is None or not wide:
            columns.append(column(f"l{place}", name_interval(found.level), _write_ends, of=score))
    note = say(
        "{level} CI: jackknife-t over videos; the tables in the folder have limits from "
        "{draws} bootstrap draws of whole videos beside them.",
        level=write_level(found.level),
        draws=write_count(found.draws),
    )
    notes = [note]
    if "chance" in found.models:
        notes.append(
            say(
                "Chance: a constant score, the share of moments with the label; random orders "
                "reach slightly more, the fewer moments the more."
            )
        )
    return [
        tabulate(
            f"evoked_scores_{_name_file(found)}",
            f"Predicted {found.kind.title()}s Against {_title(found)}",
            printed,
            columns,
            group="kind" if len(found.terms) > 1 else None,
            notes=(*notes, *collect_notes(shown, ("expression", "model", "term"))),
            rows=found.tidy(),
        )
    ]


def _title(found: EvokedScores) -> str:
    small = {"of", "the"}
    words = _name_truth(found).split()
    return " ".join(word if word in small else word.capitalize() for word in words)


def _build_differences(found: EvokedScores) -> list[Table]:
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
    several = len(found.terms) > 1

    def name_pair(row: Row) -> str:
        term = str(TERMS.get(row["term"], row["term"])).replace("*", "")
        return f"{row['model']} − {row['versus']}" + f", {term}" * several

    columns = (column("name", "Expression", of=_name_line, words=True), *_difference_columns(found))
    note = say(
        "Paired: the same videos are left out, and drawn, for both models. Adjusted *p*: Holm, for "
        "the models compared within an expression."
    )
    return [
        tabulate(
            f"evoked_differences_{_name_file(found)}",
            f"Differences Between Models Against {_title(found)}",
            [row | {"pair": name_pair(row)} for row in list_records(shown)],
            columns,
            group="pair",
            notes=(note, *collect_notes(shown, ("expression", "versus", "term"))),
            rows=shown,
        )
    ]


def _name_line(row: Row) -> str:
    return "Mean" if pd.isna(row["expression"]) else str(row["expression"])


def _difference_columns(found: EvokedScores) -> tuple[Column, ...]:
    return (
        column("difference", "Difference", _write_value, of=dict),
        column("limits", name_interval(found.level), _write_ends, of=dict),
        column("p_value", "*p*", write_p),
        column("p_adjusted", "Adjusted *p*", write_p),
    )


def _pick_means(found: EvokedScores, *, versus: bool) -> pd.DataFrame:
    """Return scores of groups by the first measure, or their differences between two groups."""
    rows = found.table[found.table["headline"] & found.table["group"].notna()]
    rows = rows[rows["versus"].isna() & rows["term"].eq(_pick_term(found))]
    other = rows.get("versus_group", pd.Series(np.nan, rows.index))
    return rows[other.notna() if versus else other.isna()]


def _pick_term(found: EvokedScores) -> str:
    """Return the measure by which groups are compared: of several, a correlation if there is."""
    return "correlation" if "correlation" in found.terms else found.terms[0]


def _name_term(found: EvokedScores) -> Text:
    term = _pick_term(found)
    return say(TERMS.get(term, term))


def _drop_freedom(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows without the notes on degrees of freedom, which the column of videos tells."""
    parts = (
        rows["note"]
        .astype(object)
        .map(
            lambda note: (
                "; ".join(part for part in str(note).split("; ") if not part.startswith(_FREEDOM))
                if isinstance(note, str)
                else note
            )
        )
    )
    return rows.assign(note=parts)


def _build_groups(found: EvokedScores) -> list[Table]:
    """Return the table of scores by group: each expression where there are few, and the mean."""
    rows = _pick_means(found, versus=False)
    if rows.empty:
        return []
    across = (*(found.expressions if len(found.expressions) <= _MOST_WIDE else ()), None)
    scores = [match_row(rows, "model", "group", expression=name) for name in across]
    columns = (
        column("group", "Group"),
        *(
            column(f"c{place}", say("{name}", name=str(name or "Mean")), _write_value, of=score)
            for place, (name, score) in enumerate(zip(across, scores, strict=True))
        ),
        column("limits", name_interval(found.level), _write_ends, of=scores[-1]),
        column("videos", "Videos", write_count, of=lambda row: scores[-1](row)["n_clusters"]),
    )
    note = say(
        "{term} in each group's own moments. {level} CI: jackknife-t over videos, of the mean over "
        "expressions.",
        term=_name_term(found),
        level=write_level(found.level),
    )
    means = rows[rows["expression"].isna()]
    return [
        tabulate(
            f"evoked_by_group_{_name_file(found)}",
            f"Predicted Expressions Against {_title(found)}, by Group",
            [{"model": one, "group": group} for one in found.models for group in found.groups],
            columns,
            group="model",
            notes=(note, *collect_notes(_drop_freedom(means), ("group", "model"))),
            rows=rows,
        )
    ]


def _build_contrasts(found: EvokedScores) -> list[Table]:
    """Return the table of differences of means between two groups, the clearest first."""
    rows = _pick_means(found, versus=True)
    rows = rows[rows["expression"].isna()]
    if rows.empty:
        return []
    shown = rows.sort_values(["p_adjusted", "p_value"], kind="stable").head(_MOST_ROWS)
    columns = (
        column("name", "Groups", "{group} − {versus_group}".format_map, of=dict, words=True),
        *_difference_columns(found),
        column("n_clusters", "Videos", write_count),
    )
    few = len(rows) > len(shown)
    note = say(
        "{term}, means over expressions.{few} Adjusted *p*: Holm, for all pairs of groups and "
        "models; Welch’s degrees of freedom where groups have videos of their own. Videos: of the "
        "smaller group.",
        term=_name_term(found),
        few=f" The {len(shown)} clearest of {len(rows)} differences." if few else "",
    )
    return [
        tabulate(
            f"evoked_group_differences_{_name_file(found)}",
            f"Differences Between Groups Against {_title(found)}",
            shown.sort_values("model", kind="stable"),
            columns,
            group="model",
            notes=(note, *collect_notes(_drop_freedom(shown), ("group", "versus_group"))),
            rows=rows,
        )
    ]
