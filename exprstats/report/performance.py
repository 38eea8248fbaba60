"""The section on how well models predict, with Table 3 and Figure 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.numerals import write_count, write_level
from exprstats.plots import ALL, MetricLabel, draw_performance, label_metrics, name_contexts
from exprstats.report.cells import (
    find_extremes,
    list_levels,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.report.classes import build_classes, say_classes
from exprstats.report.confounds import warn_of_levels
from exprstats.report.document import Figure, Section
from exprstats.report.intervals import list_methods
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, join_texts, join_words, quote_sentence, say
from exprstats.report.scoreboard import CEILING, LIMITED, MOST_ACROSS, build_scoreboard

if TYPE_CHECKING:
    from exprstats.inference import Comparison

ENOUGH_CLUSTERS = 40  # from here on the headline interval is the bootstrap's
FEW_CLUSTERS = 10


def describe_performance(pieces: Pieces) -> Section | None:
    """Return the section, or None where nothing was compared and no classes were predicted."""
    if pieces.comparison is None:
        return _describe_classes(pieces)
    rows = name_contexts(pieces.comparison.tidy())
    shown = pick_rows(rows, versus=None, headline=True).reset_index(drop=True)
    labels = label_metrics(pieces.comparison)
    return Section(
        "performance",
        "Performance",
        sentences=(
            *(
                _say_metric(shown, metric, labels[metric], pieces, first=place == 0)
                for place, metric in enumerate(labels)
            ),
            *say_classes(pieces),
            *_say_ceiling(pieces, labels),
        ),
        caveats=(*warn_of_clusters(shown), *warn_of_levels(pieces)),
        tables=(build_scoreboard(shown, labels, pieces), *build_classes(pieces)),
        figures=(_build_figure(shown, labels, pieces, pieces.comparison),),
    )


def _describe_classes(pieces: Pieces) -> Section | None:
    """Return what became of each class, without metrics and their intervals."""
    tables = build_classes(pieces)
    if not tables:
        return None
    return Section("performance", "Performance", sentences=say_classes(pieces), tables=tables)


def _say_ceiling(pieces: Pieces, labels: Mapping[str, MetricLabel]) -> list[Text]:
    """Return the ceiling in words, where Table 3 has no place for it."""
    if pieces.ceiling is None or LIMITED in labels:
        return []
    return [quote_sentence(pieces.ceiling.sentence())]


def warn_of_clusters(shown: pd.DataFrame) -> tuple[Text, ...]:
    """Return a caveat where subjects are too few for a bootstrap interval."""
    fewest = int(shown["n_clusters"].min())
    if fewest >= ENOUGH_CLUSTERS:
        return ()
    instead = "it is printed because it was asked for"
    if "jackknife" in list_methods(shown):
        instead = "jackknife-*t* intervals are printed instead"
    narrow = say(
        "With fewer than {enough} test subjects ({fewest} here) a bootstrap interval is too "
        f"narrow; {instead}.",
        enough=ENOUGH_CLUSTERS,
        fewest=fewest,
    )
    rough = say("Under {few} subjects even a jackknife-*t* interval is rough.", few=FEW_CLUSTERS)
    return (join_texts([narrow, rough]) if fewest < FEW_CLUSTERS else narrow,)


def _say_metric(
    shown: pd.DataFrame, metric: str, label: MetricLabel, pieces: Pieces, *, first: bool
) -> Text:
    here = pick_rows(shown, metric=metric)
    contexts = list_levels(here, "context")
    pooled = pick_rows(here, context=ALL if ALL in contexts else contexts[-1])
    defined = pooled[pooled["estimate"].notna()]
    name = name_metric(label)
    if defined.empty:
        return say("The {name} is not defined for any model (Table 3).", name=name)
    best = _find_best(defined, label)
    own = pick_rows(defined, model=pieces.own_model or "").to_dict("records")
    row = own[0] if own else best
    rank = {"lower": "lowest", "higher": "highest", "zero": "smallest"}[label.better]
    compared = f", the {rank} of the {len(pooled)} models"
    if row["model"] != best["model"]:
        value = write_estimate(best, 3, bounded=label.bounded)
        human = best["model"] == pieces.find_kind("human")
        judged = ", judged against other raters," if human else ""
        compared = f"; {pieces.tell_model(best['model'])}{judged} had the {rank}, {value}"
    return say(
        "{where} {name} of {model} was {value}, {level} CI {limits}{compared} (Table 3, Figure "
        "3).{contexts}",
        where=f"On the {write_count(row['n_clips'])} test clips of "
        f"{write_count(row['n_clusters'])} subjects, the"
        if first
        else "The",
        model=pieces.tell_model(row["model"]),
        name=name,
        value=write_estimate(row, 3, bounded=label.bounded),
        level=write_level(row["level"]),
        limits=write_limits(row, 3, bounded=label.bounded),
        compared=compared,
        contexts=_say_contexts(here, row["model"], label),
    )


def name_metric(label: MetricLabel) -> str:
    """Return a metric's name as a sentence has it."""
    return label.name if label.name.isupper() else f"{label.name[0].lower()}{label.name[1:]}"


def _find_best(defined: pd.DataFrame, label: MetricLabel) -> dict[Any, Any]:
    if label.better == "zero":
        return find_extremes(defined.assign(estimate=defined["estimate"].abs()))[0]
    low, high = find_extremes(defined)
    return low if label.better == "lower" else high


def _say_contexts(here: pd.DataFrame, model: Any, label: MetricLabel) -> str:
    own = pick_rows(here, model=model)
    own = own[own["context"].ne(ALL) & own["estimate"].notna()]
    if not 2 <= len(own) <= MOST_ACROSS:
        return ""
    told = [
        f"{write_estimate(row, 3, bounded=label.bounded)} in {row['context']}"
        for row in own.to_dict("records")
    ]
    return f" Within contexts it was {join_words(told)}."


def _build_figure(
    shown: pd.DataFrame,
    labels: Mapping[str, MetricLabel],
    pieces: Pieces,
    comparison: Comparison,
) -> Figure:
    names = [label.name for label in labels.values()]
    models = [pieces.name_model(model) for model in list_levels(shown, "model")]
    limits = None if pieces.ceiling is None else pieces.ceiling.tidy()
    notes = []
    if limits is not None and LIMITED in labels:
        notes.append(say("Dashed lines are the {ceiling} of Table 3.", ceiling=CEILING.lower()))
    return Figure(
        "3",
        "performance",
        "Test Performance of Each Model",
        draw_performance(comparison, names=pieces.model_names, ceilings=limits),
        words=f"{join_words(names)} of {join_words(models)} with intervals; the same as Table 3.",
        notes=tuple(notes),
    )
