"""Figure 7: how models use their most important features."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from exprstats.numerals import write_number
from exprstats.plots import draw_dependence, name_contexts
from exprstats.report.cells import list_levels, pick_rows
from exprstats.report.document import Figure
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, join_words, say

if TYPE_CHECKING:
    from exprstats.models import Dependence

_FIRST = 7  # number of the first figure


def say_curves(pieces: Pieces) -> tuple[Text, ...]:
    """Return along which feature the predictions of each model move most."""
    return tuple(
        say(
            "The mean prediction of {model} moved most along {told}; see Figure {number}.",
            model=pieces.tell_model(name),
            told=_name_most(name_contexts(one.tidy())),
            number=_FIRST + place,
        )
        for place, (name, one) in enumerate(pieces.dependence.items())
    )


def list_curve_caveats(pieces: Pieces) -> tuple[Text, ...]:
    """Return how curves must not be read."""
    if not pieces.dependence:
        return ()
    return (
        say(
            "The curves of partial dependence have no intervals, and average over all training "
            "clips with one feature set to a value: where features are correlated, some of these "
            "clips exist nowhere in the data."
        ),
    )


def build_curves(pieces: Pieces) -> Iterator[Figure]:
    """Yield a figure for each model whose curves were traced."""
    for place, (name, one) in enumerate(pieces.dependence.items()):
        yield _build_figure(one, pieces.name_model(name), place)


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


def _build_figure(dependence: Dependence, name: str, place: int) -> Figure:
    contexts = list_levels(name_contexts(dependence.tidy()), "context")
    return Figure(
        str(_FIRST + place),
        "dependence" if place == 0 else f"dependence{place + 1}",
        f"Mean Prediction Along the Most Important Features ({name})",
        draw_dependence(dependence),
        words=f"Mean prediction of {name} along each feature, the other features as they are.",
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
