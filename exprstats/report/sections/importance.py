"""Section on the importance of features."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, write_count, write_level, write_number
from exprstats.document.cells import (
    Row,
    list_levels,
    name_contexts,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Figure, Section, Table
from exprstats.document.tables import column, match_row, name_interval, tabulate
from exprstats.document.text import Text, join_words, say
from exprstats.models.explain.importance import WRONG
from exprstats.plots import draw_dependence, draw_importance
from exprstats.report.analysis import Analysis
from exprstats.report.sections.performance import ENOUGH_CLUSTERS

if TYPE_CHECKING:
    from exprstats.models import Dependence, Importance, Weights

_MOST_NAMED = 4
MOST_ABREAST = 3  # models whose columns fit beside each other on a page
MOST_ROWS = 90
KINDS = {"importance": "Each feature", "group_importance": "Together"}
_METHODS = {
    "percentile": "percentile intervals of a bootstrap of test subjects",
    "jackknife": "delete-one jackknife intervals over test subjects with the *t* distribution",
}


def describe_importance(analysis: Analysis) -> Section | None:
    """Return the section, or None where nobody measured importance or traced a curve."""
    found = gather_importance(analysis)
    if not found and not analysis.dependence:
        return None
    figures = tuple(build_curves(analysis))
    if not found:
        return Section(
            "importance",
            "Importance of features",
            sentences=say_curves(analysis),
            caveats=list_curve_caveats(analysis),
            figures=figures,
        )
    rows = _stack_rows(found)
    return Section(
        "importance",
        "Importance of features",
        sentences=(
            _say_what(rows, found),
            *_say_found(rows, found, analysis),
            *say_curves(analysis),
        ),
        caveats=(*_list_caveats(rows), *list_curve_caveats(analysis)),
        tables=(build_rises(rows, found, analysis),),
        figures=(_build_figure(rows, found, analysis), *figures),
    )


def gather_importance(analysis: Analysis) -> dict[str, Importance | Weights]:
    """Return what measured the importance of each model's features, by the models' names.

    Weights hold the importance of their own model, which counts where it was not measured apart.
    """
    found: dict[str, Any] = dict(analysis.importance)
    weights = analysis.weights
    if weights is not None and weights.tidy()["term"].eq("importance").any():
        found.setdefault(weights.model, weights)
    order = [name for name in analysis.models if name in found]
    return {name: found[name] for name in (*order, *(n for n in found if n not in order))}


def _stack_rows(found: dict[str, Importance | Weights]) -> pd.DataFrame:
    tables = [one.tidy() for one in found.values()]
    rows = pd.concat(tables, ignore_index=True)
    rows = rows[rows["term"].isin(list(KINDS))].reset_index(drop=True)
    return name_contexts(rows)


def _say_what(rows: pd.DataFrame, found: dict[str, Importance | Weights]) -> Text:
    return say(
        "The importance of a feature is how much the {error} on {subjects} test subjects, whom no "
        "model had seen, rises when the values of the feature are exchanged between them "
        "(<Table importance, Figure importance>).",
        error=name_errors(found),
        subjects=write_count(rows["n_clusters"].max()),
    )


def _say_found(
    rows: pd.DataFrame, found: dict[str, Importance | Weights], analysis: Analysis
) -> tuple[Text, ...]:
    shown = pick_rows(rows, term="importance", headline=True)
    return tuple(
        _say_model(
            pick_rows(shown, model=model),
            analysis.tell_model(model),
            bounded=_is_share(found[str(model)]),
        )
        for model in list_levels(shown, "model")
    )


def _is_share(one: Importance | Weights) -> bool:
    """Return whether what rises is a share, which cannot exceed 1."""
    return getattr(one, "error", "RMSE") == WRONG


def _say_model(own: pd.DataFrame, name: str, *, bounded: bool) -> Text:
    contexts = list_levels(own, "context")
    if not own["conf_low"].gt(0).any():
        told = "No feature of {name} has an interval above zero{where}."
        return say(told, name=name, where=" in any context" if len(contexts) > 1 else "")
    told = [
        (f"{context}, " if len(contexts) > 1 else "")
        + _name_held(pick_rows(own, context=context), bounded=bounded)
        for context in contexts
    ]
    return say(
        "Features of {name} whose interval lies above zero (rise and {level} CI): {told}.",
        name=name,
        level=write_level(float(own["level"].iloc[0])),
        told="; ".join(told),
    )


def _name_held(own: pd.DataFrame, *, bounded: bool) -> str:
    held = own[own["conf_low"].gt(0)].sort_values("estimate", ascending=False, kind="stable")
    if held.empty:
        return "none"
    named = [
        f"{row['feature']} ({write_estimate(row, 3, bounded=bounded)} "
        f"{write_limits(row, 3, bounded=bounded)})"
        for row in held.head(_MOST_NAMED).to_dict("records")
    ]
    more = len(held) - _MOST_NAMED
    return join_words([*named, f"{more} more"] if more > 0 else named)


def _list_caveats(rows: pd.DataFrame) -> tuple[Text, ...]:
    fewest = int(rows["n_clusters"].min())
    caveats = []
    if fewest < ENOUGH_CLUSTERS:
        caveats.append(
            say(
                "Importance rests on few test subjects ({fewest}): intervals are wide, and an "
                "interval that holds zero does not show that a feature is useless.",
                fewest=fewest,
            )
        )
    caveats.append(
        say(
            "Correlated features share their importance: a model that loses one of them relies on "
            "the others, so that each alone can look unimportant. {together}",
            together="Rows of features that are exchanged together show what they carry jointly."
            if rows["term"].eq("group_importance").any()
            else "No features were so strongly correlated that they had to be exchanged together.",
        )
    )
    caveats.append(
        say(
            "Importance says what these fitted models use to predict, not what causes what. The "
            "intervals allow for other test subjects, not for models fitted to other people, and "
            "are not adjusted for the number of features."
        )
    )
    return tuple(caveats)


def _build_figure(
    rows: pd.DataFrame, found: dict[str, Importance | Weights], analysis: Analysis
) -> Figure:
    level = write_level(float(rows["level"].iloc[0]))
    return Figure(
        "importance",
        "Importance of Features for Predicting Unseen Subjects",
        lambda: draw_importance(list(found.values()), names=analysis.model_names),
        words=say(
            "Importance of each feature with its interval; the same numbers as <Table importance>."
        ),
        notes=(
            say(
                "Lines are {level} intervals over test subjects; filled points mark intervals "
                "above zero.",
                level=level,
            ),
        ),
        main=True,
    )


def build_rises(
    rows: pd.DataFrame, found: dict[str, Importance | Weights], analysis: Analysis
) -> Table:
    """Return the table: the models beside each other, features below each other."""
    shown = rows[rows["headline"].eq(True)].reset_index(drop=True)
    contexts = list_levels(shown, "context")
    models = list_levels(shown, "model")
    columns = [column("feature", "Feature", _name_line, of=dict, words=True)]
    for place, model in enumerate(models[:MOST_ABREAST]):
        own = match_row(shown, "context", "term", "feature", model=model)
        level = float(pick_rows(shown, model=model)["level"].iloc[0])
        rise, ends = (
            partial(write, bounded=_is_share(found[str(model)]))
            for write in (_write_rise, _write_ends)
        )
        under = analysis.name_model(model) if len(models) > 1 else ""
        columns += [
            column(f"estimate{place}", "Rise", rise, of=own, under=under),
            column(f"limits{place}", name_interval(level), ends, of=own, under=under),
        ]
    lines = _list_lines(shown)
    printed = _keep_largest(lines, shown, len(contexts))
    return tabulate(
        "importance",
        "Importance of Features for Predicting Unseen Subjects",
        [dict(zip(("context", "term", "feature"), line, strict=True)) for line in printed],
        columns,
        group="context" if len(contexts) > 1 else None,
        notes=_list_notes(shown, found, analysis, left_out=len(lines) - len(printed)),
        rows=rows,
        main=True,
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


def _name_line(row: Row) -> str:
    return f"Together: {row['feature']}" if row["term"] == "group_importance" else row["feature"]


def _write_rise(row: Row, *, bounded: bool) -> str:
    return "0" if row.get("estimate") == 0 else write_estimate(row, 3, bounded=bounded)


def _write_ends(row: Row, *, bounded: bool) -> str:
    empty = row.get("estimate") == 0 == row.get("conf_low") == row.get("conf_high")
    return MISSING if empty else write_limits(row, 3, bounded=bounded)


def _list_notes(
    shown: pd.DataFrame,
    found: dict[str, Importance | Weights],
    analysis: Analysis,
    *,
    left_out: int,
) -> tuple[Text, ...]:
    repeats = {int(getattr(one, "repeats", 0)) for one in found.values()}
    notes = [
        say(
            "Rise of the {error} on the test subjects{unit}, after every subject got the values "
            "of another one{repeats}. 0: the model does not use the feature; features that no "
            "model uses are omitted.",
            error=name_errors(found),
            unit="" if WRONG in name_errors(found) else f", in units of {analysis.target}",
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
        told = (
            "Without the {left} lines of smallest importance, which stand in the folder “tables”."
        )
        notes.append(say(told, left=write_count(left_out)))
    if len(models) > MOST_ABREAST:
        told = "The first {some} of {all} models; the others stand in the folder “tables”."
        notes.append(say(told, some=MOST_ABREAST, all=len(models)))
    return tuple(notes)


def name_errors(found: dict[str, Importance | Weights]) -> str:
    """Return the error that rises, or the errors where models differ in it."""
    return join_words(list(dict.fromkeys(getattr(one, "error", "RMSE") for one in found.values())))


def say_curves(analysis: Analysis) -> tuple[Text, ...]:
    """Return along which feature the predictions of each model move most."""
    return tuple(
        say(
            "The mean prediction of {model} moved most along {told} (<Figure {figure}>).",
            model=analysis.tell_model(name),
            told=_name_most(name_contexts(one.tidy())),
            figure=_name_curves(place),
        )
        for place, (name, one) in enumerate(analysis.dependence.items())
    )


def list_curve_caveats(analysis: Analysis) -> tuple[Text, ...]:
    """Return how curves must not be read."""
    if not analysis.dependence:
        return ()
    return (
        say(
            "The curves of partial dependence have no intervals, and average over all training "
            "clips with one feature set to a value: where features are correlated, some of these "
            "clips do not exist in the data."
        ),
    )


def build_curves(analysis: Analysis) -> Iterator[Figure]:
    """Yield a figure for each model whose curves were traced."""
    for place, (name, one) in enumerate(analysis.dependence.items()):
        yield _build_curves(one, analysis.name_model(name), place)


def _name_most(rows: pd.DataFrame) -> str:
    contexts = list_levels(rows, "context")
    most: dict[str, list[str]] = {}
    for context in contexts:
        own = pick_rows(rows, context=context)
        groups = own.groupby("feature", sort=False)["estimate"]
        reach = groups.max() - groups.min()
        where = f" for {context}" if len(contexts) > 1 else ""
        told = f"by {write_number(float(reach.max()))}{where}"
        most.setdefault(str(reach.idxmax()), []).append(told)
    return join_words([f"{feature} ({join_words(held)})" for feature, held in most.items()])


def _name_curves(place: int) -> str:
    return "dependence" if place == 0 else f"dependence{place + 1}"


def _build_curves(dependence: Dependence, name: str, place: int) -> Figure:
    contexts = list_levels(name_contexts(dependence.tidy()), "context")
    return Figure(
        _name_curves(place),
        f"Mean Prediction Along the Most Important Features ({name})",
        lambda: draw_dependence(dependence),
        words=say(
            "Mean prediction of {name} along each feature, the other features as they are.",
            name=name,
        ),
        notes=(
            say(
                "Mean prediction over the training clips if all of them had the value, from the "
                "5th to the 95th percentile of the feature{lines}.",
                lines="; each context has a model of its own, all clips together the dashed line"
                if len(contexts) > 1
                else "",
            ),
        ),
    )
