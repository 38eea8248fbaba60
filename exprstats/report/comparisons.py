"""The section on differences between models, with Table 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from exprstats.numerals import tell_p, write_count, write_level, write_p
from exprstats.plots import ALL, MetricLabel, label_metrics, name_contexts
from exprstats.report.cells import (
    collect_notes,
    find_row,
    list_levels,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.report.document import Column, Section, Table
from exprstats.report.intervals import is_bootstrapped, name_sources
from exprstats.report.performance import name_metric
from exprstats.report.pieces import Pieces
from exprstats.report.prose import Text, join_texts, join_words, say
from exprstats.report.scoreboard import TOO_FEW

MOST_ABREAST = 2  # metrics whose columns fit beside each other on a page
_FEW_DRAWS = 1000


def describe_comparisons(pieces: Pieces) -> Section | None:
    """Return the section, or None where there is nothing to tell apart."""
    if pieces.comparison is None:
        return None
    rows = name_contexts(pieces.comparison.tidy())
    shown = rows[rows["versus"].notna() & rows["headline"].eq(True)].reset_index(drop=True)
    if shown.empty:
        return None
    labels = label_metrics(pieces.comparison)
    return Section(
        "comparisons",
        "Comparisons",
        sentences=tuple(
            _say_metric(shown, metric, labels[metric], pieces, how=place == 0)
            for place, metric in enumerate(labels)
        ),
        caveats=_warn_of_draws(shown, pieces.comparison.draws),
        tables=(_build_table(shown, labels, pieces),),
    )


def _say_metric(
    shown: pd.DataFrame, metric: str, label: MetricLabel, pieces: Pieces, *, how: bool
) -> Text:
    here = pick_rows(shown, metric=metric)
    contexts = list_levels(here, "context")
    pairs = pick_rows(here, context=ALL if ALL in contexts else contexts[-1])
    first = list_levels(pairs, "model")[0]
    told = [
        _say_pair(row, label, pieces)
        for row in pairs.to_dict("records")
        if row["model"] == first and pd.notna(row["estimate"])
    ]
    if not told:
        return say("Differences in {name} are not defined (Table 4).", name=name_metric(label))
    opening = say(
        "{where}the {name} of {model} was",
        where="Over all contexts together, " if len(contexts) > 1 else "On the test clips, ",
        name=name_metric(label),
        model=pieces.tell_model(first),
    )
    adjusted = "; *p* values adjusted by Holm's method, intervals not" if how else ""
    closing = say(f" (Table 4{adjusted}).")
    return (*join_texts([opening, join_texts(told, "; ")]), *closing)


def _say_pair(row: dict[Any, Any], label: MetricLabel, pieces: Pieces) -> Text:
    p = row["p_adjusted"]
    sure = pd.notna(p) and p < 1 - row["level"]
    verdict = ("lower than" if row["estimate"] < 0 else "higher than") if sure else ""
    return say(
        "{verdict} that of {other}, Δ = {value}, {level} CI {limits}, *p* {p}",
        verdict=verdict or "not reliably different from",
        other=pieces.tell_model(row["versus"]),
        value=write_estimate(row, 3, bounded=label.bounded),
        level=write_level(row["level"]),
        limits=write_limits(row, 3, bounded=label.bounded),
        p=tell_p(p),
    )


def _build_table(shown: pd.DataFrame, labels: Mapping[str, MetricLabel], pieces: Pieces) -> Table:
    abreast = len(labels) <= MOST_ABREAST
    level = write_level(float(shown["level"].iloc[0]))
    blocks = [[*labels]] if abreast else [[metric] for metric in labels]
    first = _find_common(shown)
    heading = say("{model} minus", model=pieces.name_model(first)) if first else say("Comparison")
    columns = [Column("pair", heading, words=True)]
    for place, metric in enumerate(blocks[0]):
        spanner = f"Δ {labels[metric].name}" if abreast else ""
        columns += [
            Column(f"estimate{place}", say("Estimate"), spanner),
            Column(f"limits{place}", say("{level} CI", level=level), spanner),
            Column(f"p{place}", say("*p*"), spanner),
            Column(f"adjusted{place}", say("Holm\N{NO-BREAK SPACE}*p*"), spanner),
        ]
    cells = [
        {
            "group": str(context) if abreast else f"{labels[block[0]].name}, {context}",
            "pair": _name_pair(pair, pieces, first=first),
            **_write_line(shown, labels, block=block, pair=pair, context=context),
        }
        for block in blocks
        for context in list_levels(shown, "context")
        for pair in dict.fromkeys(zip(shown["model"], shown["versus"], strict=True))
    ]
    grouped = not abreast or len(list_levels(shown, "context")) > 1
    return Table(
        "4",
        "comparisons",
        _write_title(first, pieces),
        tuple(columns),
        pd.DataFrame(cells),
        group="group" if grouped else None,
        notes=_list_notes(shown, labels, pieces),
        rows=shown,
    )


def _find_common(shown: pd.DataFrame) -> Any:
    """Return the model that every difference starts from, or None."""
    models = list_levels(shown, "model")
    return models[0] if len(models) == 1 else None


def _write_title(first: Any, pieces: Pieces) -> str:
    if first is None:
        return "Differences Between Models"
    name = pieces.name_model(first)
    if str(first) in pieces.model_names:
        name = " ".join(word[:1].upper() + word[1:] for word in name.split(" "))
    return f"Differences Between {name} and Other Models"


def _name_pair(pair: tuple[Any, Any], pieces: Pieces, *, first: Any) -> str:
    model, versus = (pieces.name_model(one) for one in pair)
    return versus if first is not None else f"{model} − {versus}"


def _write_line(
    shown: pd.DataFrame,
    labels: Mapping[str, MetricLabel],
    *,
    block: list[str],
    pair: tuple[Any, Any],
    context: Any,
) -> dict[str, str]:
    model, versus = pair
    line = {}
    for place, metric in enumerate(block):
        row = find_row(shown, context=context, metric=metric, model=model, versus=versus)
        line[f"estimate{place}"] = write_estimate(row, 3, bounded=labels[metric].bounded)
        line[f"limits{place}"] = write_limits(row, 3, bounded=labels[metric].bounded)
        line[f"p{place}"] = write_p(row.get("p_value"))
        line[f"adjusted{place}"] = write_p(row.get("p_adjusted"))
    return line


def _list_notes(
    shown: pd.DataFrame, labels: Mapping[str, MetricLabel], pieces: Pieces
) -> tuple[Text, ...]:
    reading = join_words(
        [
            f"Δ {label.name} {'< 0' if label.better == 'lower' else '> 0'}"
            for label in labels.values()
            if label.better != "zero"
        ]
    )
    notes = []
    if reading:
        notes.append(say("{reading}: the model named first does better.", reading=reading))
    notes.append(
        say(
            "Intervals and two-sided *p* values come from {how}. Holm *p*, which the text quotes, "
            "is adjusted for the comparisons of one metric in one context.",
            how=join_words(name_sources(shown)),
        )
    )
    pairs = zip(shown["model"], shown["versus"], strict=True)
    noted = shown.assign(
        pair=[_name_pair(pair, pieces, first=None) for pair in pairs],
        metric=[labels[metric].name for metric in shown["metric"]],
    )
    return (*notes, *collect_notes(noted, ("pair", "metric", "context"), {TOO_FEW}))


def _warn_of_draws(shown: pd.DataFrame, draws: int) -> tuple[Text, ...]:
    if draws >= _FEW_DRAWS or not is_bootstrapped(shown):
        return ()
    return (
        say(
            "With {draws} draws no *p* below {least} can be seen and limits vary from seed to "
            "seed; use 2,000 or more for publication.",
            draws=write_count(draws),
            least=write_p(2 / (draws + 1)),
        ),
    )
