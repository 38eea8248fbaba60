"""Sections on intensity labels, their differences between tasks, and adaptation to new people."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import count_things, write_count, write_level, write_number, write_p
from exprstats.behaviour import count_labels
from exprstats.document.cells import (
    collect_notes,
    find_row,
    list_levels,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Figure, Section, Table
from exprstats.document.tables import (
    HOLM,
    column,
    estimate_columns,
    match_row,
    name_interval,
    tabulate,
)
from exprstats.document.text import Text, quote_sentence, say
from exprstats.plots import draw_adaptation, draw_errors, draw_tasks
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.deep import Adaptation, TaskPeaks

# Metrics with what is printed, and whether they are shares.
_METRICS = {
    "accuracy": ("Exact label", True),
    "within2": ("Within 2 labels", True),
    "within3": ("Within 3 labels", True),
    "mae": ("Mean absolute error (labels)", False),
    "bias": ("Bias: prediction less label", False),
}
_MOST = 6  # iterations in the printed table


def describe_adaptation(analysis: Analysis) -> Section | None:
    """Return the section, or None where no model was adapted."""
    found: Adaptation | None = analysis.adaptation
    if found is None:
        return None
    return Section(
        "adaptation",
        "Adaptation to new people",
        sentences=(quote_sentence(found.sentence()), *_say_people(found), _say_bias(found)),
        caveats=_warn(found),
        tables=(_build_curve(found), _build_distances(found)),
        figures=_build_figures(found),
    )


def _say_people(found: Adaptation) -> list[Text]:
    """Return who gained and who lost, and what was not judged."""
    change = (found.people["after"] - found.people["before"]).round(9)
    text = say(
        "By the share within two labels {gained} gained, {lost} lost, and {same} stayed as "
        "{was} (<Table adaptation, Table distances, Figure adaptation, Figure distances>).",
        gained=count_things(int((change > 0).sum()), "person", "people"),
        lost=write_count(int((change < 0).sum())),
        same=write_count(int((change == 0).sum())),
        was="it was" if (change == 0).sum() == 1 else "they were",
    )
    if not found.n_shared:
        return [text]
    shared = say(
        "{windows} left out, because they share frames with neutral ones.",
        windows=count_things(found.n_shared, "window was", "windows were"),
    )
    return [text, shared]


def _say_bias(found: Adaptation) -> Text:
    before, after = (found.pick("bias", place)["estimate"] for place in (0, found.iterations))
    change = found.pick("bias", found.iterations, versus=True)
    return say(
        "Predictions were {before} on average before and {after} after; the difference is "
        "{change}, {level} CI {limits}.",
        before=_tell_side(before),
        after=_tell_side(after),
        change=write_number(change["estimate"]),
        level=write_level(found.level),
        limits=write_limits(change, bounded=False),
    )


def _tell_side(bias: float) -> str:
    """Return on which side of the labels predictions lie.

    Examples
    --------
    >>> _tell_side(0.5), _tell_side(-1.2), _tell_side(0.001)
    ('0.50 labels too high', '1.20 labels too low', 'neither too high nor too low')
    """
    if round(abs(bias), 2) == 0:
        return "neither too high nor too low"
    return f"{write_number(abs(bias))} labels too {'high' if bias > 0 else 'low'}"


def _warn(found: Adaptation) -> tuple[Text, ...]:
    told = []
    before, after = (found.pick("bias", place)["estimate"] for place in (0, found.iterations))
    change = found.pick("bias", found.iterations, versus=True)
    if after < 0 and abs(after) > abs(before) and change["conf_high"] < 0:
        words = (
            "Neutral windows all have one label, and training on them lowered the predictions, "
            "which are now too low: fewer iterations, or a smaller learning rate, change less."
        )
        told.append(say(words))
    level = find_row(
        found.table, metric="within2", iteration=found.iterations, versus=0, headline=True
    )
    if level and pd.notna(level["conf_low"]) and level["conf_low"] <= 0 <= level["conf_high"]:
        told.append(
            say(
                "The interval of the difference within two labels includes 0: the data do not "
                "show a gain."
            )
        )
    return tuple(told)


def _build_curve(found: Adaptation) -> Table:
    rows = found.table[found.table["headline"] & found.table["metric"].isin(list(_METRICS))]
    rows = rows.assign(metric=[_METRICS[metric][0] for metric in rows["metric"]])
    shown = _pick_iterations(sorted(set(rows["iteration"])))
    first = rows[rows["versus"].isna() & rows["iteration"].isin(shown)]
    change = match_row(rows[rows["versus"].notna()], "metric", "iteration")
    from_start = {"of": change, "under": "Change from iteration 0"}
    interval = name_interval(found.level)
    columns = (
        column("iteration", "Iteration", write_count, words=True),
        _value_column("estimate", "Estimate", write_estimate),
        _value_column("limits", interval, write_limits),
        _value_column("change_estimate", "Estimate", write_estimate, **from_start),
        _value_column("change_limits", interval, write_limits, **from_start),
        *(
            column(key, heading, lambda row, key=key: write_p(row.get(key)), **from_start)
            for key, heading in (("p_value", "*p*"), ("p_adjusted", HOLM))
        ),
    )
    note = say(
        "Shares and means are of all windows together; intervals are over people, whose copies "
        "all start from the same model. Holm *p* is adjusted for the iterations of a metric. The "
        "last iteration was chosen before: choosing the best one of the curve would count chance "
        "as a gain."
    )
    blocks = [pick_rows(first, metric=name) for name, _ in _METRICS.values()]
    return tabulate(
        "adaptation",
        "Predictions of New People by Iterations of Adaptation",
        pd.concat(blocks),
        columns,
        group="metric",
        notes=(note, *collect_notes(rows, ("metric",))),
        rows=found.table[found.table["metric"].isin(list(_METRICS))].reset_index(drop=True),
    )


def _value_column(
    key: str,
    heading: str | Text,
    write: Callable[..., str],
    of: Callable[[Any], Any] = dict,
    under: str = "",
) -> Column:
    """Return a column of shares or of labels, as the metric of a row is."""
    return column(
        key,
        heading,
        of=lambda row: write(of(row), bounded=dict(_METRICS.values())[row["metric"]]),
        under=under,
        words=False,
    )


def _pick_iterations(given: list[int]) -> list[int]:
    """Return the first and the last iteration and up to four between.

    Examples
    --------
    >>> _pick_iterations([0, 1, 2, 3, 5, 7, 10])
    [0, 1, 2, 5, 7, 10]
    """
    if len(given) <= _MOST:
        return given
    last = len(given) - 1
    return [given[round(last * place / (_MOST - 1))] for place in range(_MOST)]


def _build_distances(found: Adaptation) -> Table:
    table = found.table
    rows = table[table["metric"].str.startswith("error")].reset_index(drop=True)
    shown = rows[rows["headline"]]
    lines = []
    for metric in list_levels(shown, "metric"):
        here = pick_rows(shown, metric=metric)
        ends = here[here["versus"].isna()].sort_values("iteration").to_dict("records")
        change = here[here["versus"].notna()].iloc[0].to_dict()
        size = int(str(metric).removeprefix("error"))
        lines.append({**change, "size": size, "before": ends[0], "after": ends[-1]})
    columns = (
        column("size", "Labels off"),
        column("before", "Before", write_estimate, words=False),
        column("after", "After", write_estimate, words=False),
        *estimate_columns(found.level, under="Difference"),
        column("p_value", "*p*", write_p, under="Difference"),
    )
    note = say(
        "Shares of windows, {windows} of {people}, after {iterations}. *p* is not adjusted for the "
        "sizes; a dash stands where all people are alike.",
        windows=write_count(int(shown["n_clips"].max())),
        people=count_things(len(found.people), "person", "people"),
        iterations=count_things(found.iterations, "iteration"),
    )
    title = "Distance of Prediction and Label Before and After Adaptation"
    lines.sort(key=lambda line: line["size"])
    return tabulate("distances", title, lines, columns, notes=(note,), rows=rows)


def _build_figures(found: Adaptation) -> tuple[Figure, ...]:
    level = write_level(found.level)
    curve = Figure(
        "adaptation",
        "Right and Nearly Right Labels by Iterations of Adaptation",
        lambda: draw_adaptation(found),
        words=say(
            "The share of windows whose label is predicted exactly, within two and within three "
            "labels, against the iterations; the same numbers as <Table adaptation>."
        ),
        notes=(
            say(
                "Bands are {level} confidence intervals; the dashed line is the share before "
                "adaptation.",
                level=level,
            ),
        ),
    )
    errors = Figure(
        "distances",
        "Distance of Prediction and Label Before and After Adaptation",
        lambda: draw_errors(found),
        words=say(
            "Two bars for each distance of prediction and label; the numbers of <Table distances>."
        ),
        notes=(say("Whiskers are {level} confidence intervals.", level=level),),
    )
    return curve, errors


def describe_tasks(analysis: Analysis) -> Section | None:
    """Return the section on peaks of tasks, or None where none were compared."""
    found: TaskPeaks | None = analysis.tasks
    if found is None:
        return None
    rows = found.table[found.table["headline"]]
    rows = rows.assign(p_adjusted=rows["p_adjusted"].where(rows["versus"].notna()))
    columns = (
        column("term", "Task", lambda term: str(term).replace(" - ", " − "), words=True),
        *estimate_columns(found.level, heading="Mean peak"),
        column("p_adjusted", HOLM, write_p),
    )
    note = say(
        "A peak is a person’s strongest intensity in a task. Intensities are relative to the "
        "person’s maximum over all frames, so that the stronger task is near 1 by construction; "
        "differences show how often, and by how much, it is the one that was meant to be. A dash "
        "stands where all people are alike."
    )
    table = tabulate(
        "tasks",
        "Peak Intensities by Task",
        rows,
        columns,
        group="emotion" if "emotion" in rows else None,
        notes=(note,),
        rows=found.tidy(),
    )
    figure = Figure(
        "tasks",
        "Peak Intensities by Task",
        lambda: draw_tasks(found),
        words=say(
            "Each person’s strongest intensity in each task, and the means of <Table tasks>."
        ),
        notes=(say("Thin lines are people, points means with their intervals."),),
    )
    told = (quote_sentence(found.sentence()),)
    return Section("tasks", "Labels by task", sentences=told, tables=(table,), figures=(figure,))


def describe_labelled_frames(
    frames: pd.DataFrame, windows: pd.DataFrame, *, length: int, step: int, emotion: str = ""
) -> Section:
    """Return the section on labeled frames and their windows of some length and step."""
    known = int(frames["label"].notna().sum())
    whole = windows[windows["complete"].astype(bool)]
    sentences = [
        say(
            "We labeled {known} of {frames} of {people} by how much of the person's own strongest "
            "expression each shows, in tenths from 0 to 10.",
            known=write_count(known),
            frames=count_things(len(frames), "frame"),
            people=count_things(frames["subject"].nunique(), "person", "people"),
        ),
        say(
            "{windows} of {length} frames, one every {step} frames, {carry} the label of the last "
            "frame.",
            windows=count_things(len(whole), "window").capitalize(),
            carry="carries" if len(whole) == 1 else "carry",
            length=length,
            step=step,
        ),
    ]
    added = int(whole["added"].astype(bool).sum())
    if added:
        counted = count_things(added, "was", "were")
        sentences.append(
            say(
                "Of these {counted} added nearer to each other, for labels 3 to 7.", counted=counted
            )
        )
    broken = len(windows) - len(whole)
    if broken:
        counted = count_things(broken, "further window holds", "further windows hold")
        sentences.append(
            say(
                "{counted} a frame without a label or a gap, and {are} left out here.",
                counted=counted,
                are="is" if broken == 1 else "are",
            )
        )
    counts = count_labels(whole)
    columns = (
        column("label", "Label", words=False),
        column("n", "Windows", write_count),
        column("share", "Share", write_number, bounded=True),
    )
    title = "Windows by Label" if not emotion else f"Windows by Label of {emotion.capitalize()}"
    table = tabulate("labels", title, counts.astype({"label": int}), columns, rows=counts)
    heading = "Intensity labels" if not emotion else f"Intensity labels: {emotion.capitalize()}"
    return Section("labels", heading, sentences=tuple(sentences), tables=(table,))
