"""The section on which features models need to predict, with Table 8 and Figure 6."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.numerals import write_count, write_level
from exprstats.plots import draw_importance, name_contexts
from exprstats.report.cells import list_levels, pick_rows, write_estimate, write_limits
from exprstats.report.curves import build_curves, list_curve_caveats, say_curves
from exprstats.report.document import Figure, Section
from exprstats.report.performance import ENOUGH_CLUSTERS
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, join_words, say
from exprstats.report.rises import KINDS, build_rises, name_errors

if TYPE_CHECKING:
    from exprstats.models import Importance, Weights

_MOST_NAMED = 4


def describe_importance(pieces: Pieces) -> Section | None:
    """Return the section, or None where nobody measured importance or traced a curve."""
    found = gather_importance(pieces)
    if not found and not pieces.dependence:
        return None
    figures = tuple(build_curves(pieces))
    if not found:
        return Section(
            "importance",
            "Importance of features",
            sentences=say_curves(pieces),
            caveats=list_curve_caveats(pieces),
            figures=figures,
        )
    rows = _stack_rows(found)
    return Section(
        "importance",
        "Importance of features",
        sentences=(_say_what(rows, found), *_say_found(rows, pieces), *say_curves(pieces)),
        caveats=(*_list_caveats(rows), *list_curve_caveats(pieces)),
        tables=(build_rises(rows, found, pieces),),
        figures=(_build_figure(rows, found, pieces), *figures),
    )


def gather_importance(pieces: Pieces) -> dict[str, Importance | Weights]:
    """Return what measured the importance of each model's features, by the models' names.

    Weights hold the importance of their own model, which counts where it was not measured apart.
    """
    found: dict[str, Any] = dict(pieces.importance)
    weights = pieces.weights
    if weights is not None and weights.tidy()["term"].eq("importance").any():
        found.setdefault(weights.model, weights)
    order = [name for name in pieces.models if name in found]
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
        "(Table 8, Figure 6).",
        error=name_errors(found),
        subjects=write_count(rows["n_clusters"].max()),
    )


def _say_found(rows: pd.DataFrame, pieces: Pieces) -> tuple[Text, ...]:
    shown = pick_rows(rows, term="importance", headline=True)
    return tuple(
        _say_model(pick_rows(shown, model=model), pieces.tell_model(model))
        for model in list_levels(shown, "model")
    )


def _say_model(own: pd.DataFrame, name: str) -> Text:
    contexts = list_levels(own, "context")
    told = [
        (f"{context}, " if len(contexts) > 1 else "") + _name_held(pick_rows(own, context=context))
        for context in contexts
    ]
    return say(
        "Features of {name} whose interval lies above zero (rise and {level} CI): {told}.",
        name=name,
        level=write_level(float(own["level"].iloc[0])),
        told="; ".join(told),
    )


def _name_held(own: pd.DataFrame) -> str:
    held = own[own["conf_low"].gt(0)].sort_values("estimate", ascending=False, kind="stable")
    if held.empty:
        return "none"
    named = [
        f"{row['feature']} ({write_estimate(row, 3, bounded=False)} "
        f"{write_limits(row, 3, bounded=False)})"
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
            "Correlated features share their importance: a model that loses one of them leans on "
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
    rows: pd.DataFrame, found: dict[str, Importance | Weights], pieces: Pieces
) -> Figure:
    level = write_level(float(rows["level"].iloc[0]))
    return Figure(
        "6",
        "importance",
        "Importance of Features for Predicting Unseen Subjects",
        draw_importance(list(found.values()), names=pieces.model_names),
        words="Importance of each feature with its interval; the same numbers as Table 8.",
        notes=(
            say(
                "Lines are {level} intervals over test subjects; filled points mark intervals "
                "above zero.",
                level=level,
            ),
        ),
    )
