"""Sections on networks: how they were trained, what they gain, and what they lose in ablation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_level, write_number, write_p
from exprstats.document.cells import (
    ALL,
    collect_notes,
    find_row,
    list_levels,
    name_contexts,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Figure, Section, Table, keep, list_columns
from exprstats.document.text import FIXED, Text, join_words, quote_sentence, say
from exprstats.plots import draw_training, label_metrics
from exprstats.report.analysis import Analysis
from exprstats.report.sections.data import PART_NAMES
from exprstats.report.sections.validation import UAR_NOTE

if TYPE_CHECKING:
    from exprstats.deep import Ablation, DeepModels


_SETTINGS = {"lr": "learning rate", "layers": "layers", "hidden": "units per layer"}
_SETTINGS |= {"batch": "clips per step", "epochs": "epochs at most", "patience": "patience"}
_SETTINGS |= {"weight_decay": "weight decay"}
_MEASURES = {
    "rmse": (say("*RMSE*"), False),
    "correlation": (say("*r*"), True),
    "accuracy": (say("Accuracy"), True),
    "uar": (say("UAR"), True),
    "map": (say("MAP"), True),
}
_LOSSES = {
    "accuracy": "the cross entropy of classes",
    "map": "the cross entropy summed over labels",
    "rmse": "the mean squared error in squared standard deviations of the training targets",
}
_MINUTE = 60
_MOST_TARGETS = 5  # targets that have columns of their own
_ABLATED = {
    "average_precision": ("Average precision", True),
    "mse": ("MSE", False),
    "correlation": ("Pearson’s r", True),
}


def describe_networks(analysis: Analysis) -> Section | None:
    """Return the section, or None where no network was trained."""
    found: dict[str, DeepModels] = analysis.networks
    if not found:
        return None
    runs = max(int(one.history["run"].max()) for one in found.values())
    spread = say(
        "Each network was trained {runs} times from other random numbers; results are those of "
        "the first run{beside}.",
        runs=write_count(runs),
        beside=say(" (<Table training> shows how much the runs differ)")
        if analysis.training is not None
        else "",
    )
    return Section(
        "networks",
        "Networks",
        sentences=(
            *_say_networks(found, analysis),
            *([spread] if runs > 1 else []),
            *_say_gain(analysis, found),
        ),
        caveats=_warn_of_runs(runs),
        tables=(_build_table(found, analysis),),
        figures=(_build_figure(found, analysis),),
    )


def _say_networks(found: dict[str, DeepModels], analysis: Analysis) -> list[Text]:
    rows = {name: one.glance().iloc[0] for name, one in found.items()}
    row = next(iter(rows.values()))
    seconds = sum(pick_rows(one.table, term="seconds")["estimate"].sum() for one in found.values())
    trained = "Training took {time} on {device} (<Table networks, Figure training>)."
    device = (
        "the CPU" if row["device"] == "cpu" else "a GPU, on which exprstats has not been tested"
    )
    told = {"time": _write_time(seconds), "device": device}
    if analysis.comparison is None:
        return [*(quote_sentence(one.sentence()) for one in found.values()), say(trained, **told)]
    named = [
        f"{analysis.name_model(name)} ({write_count(one['n_parameters'])} parameters)"
        for name, one in rows.items()
    ]
    words = (
        "{names} {were} trained on {train} subjects; {weights} of the epoch with the lowest loss "
        "on {validate} validation subjects; {test} test subjects were not used in training. "
    )
    several = len(named) > 1
    text = say(
        words + trained,
        names=join_words(named),
        were="were" if several else "was",
        weights="the weights of each are those" if several else "its weights are those",
        **{part: write_count(row[f"n_{part}"]) for part in PART_NAMES},
        **told,
    )
    return [text]


def _write_time(seconds: float) -> str:
    """Return wall time in whole minutes, which hardly differ from one run to the next.

    Examples
    --------
    >>> _write_time(12), _write_time(130)
    ('less than a minute', 'about 2 minutes')
    """
    if seconds < _MINUTE:
        return "less than a minute"
    return f"about {count_things(round(seconds / _MINUTE), 'minute')}"


def _say_gain(analysis: Analysis, found: dict[str, DeepModels]) -> list[Text]:
    """Return how the networks did beside the first other fitted model, on all clips."""
    own = next(iter(analysis.models), None)
    if analysis.comparison is None or own is None:
        return []
    metric, label = next(iter(label_metrics(analysis.comparison).items()))
    rows = name_contexts(analysis.comparison.tidy())
    rows = pick_rows(rows, metric=metric, headline=True, context=ALL)
    worse, better, level = [], [], []
    for name in found:
        side = _judge(rows, name, own, label.better)
        {"worse": worse, "better": better, "level": level}.get(side, []).append(name)
    other = analysis.tell_model(own)
    name = label.name if label.name.isupper() else label.name.lower()
    told = []
    for side, names in (("worse", worse), ("better", better)):
        if names:
            words = "{names} predicted test subjects {side} than {other}: the interval of the "
            words += "difference in {metric} excludes 0."
            named = join_words([analysis.name_model(one) for one in names])
            told.append(say(words, names=named, side=side, other=other, metric=name))
    if level:
        words = "For {names} the interval of the difference from {other} in {metric} includes 0."
        named = join_words([analysis.name_model(one) for one in level])
        told.append(say(words, names=named, other=other, metric=name))
    if worse and not better and not level:
        subjects = max(int(one.glance()["n_train"].iloc[0]) for one in found.values())
        words = (
            "With {subjects} training subjects this is what Lin, Girard, and Morency (2020) found "
            "as well: small samples rarely favor deep models."
        )
        told.append(say(words, subjects=write_count(subjects)))
    return told


def _judge(rows: pd.DataFrame, network: str, own: str, direction: str) -> str:
    """Return on which side of 0 the interval of a network's difference from another model lies."""
    for first, second, sign in ((network, own, 1), (own, network, -1)):
        here = pick_rows(rows, model=first, versus=second)
        if len(here) and direction in {"lower", "higher"}:
            row: dict[Any, Any] = here.iloc[0].to_dict()
            if pd.isna(row["conf_low"]) or pd.isna(row["conf_high"]):
                return ""
            if row["conf_low"] <= 0 <= row["conf_high"]:
                return "level"
            larger = (row["conf_low"] > 0) is (sign > 0)
            return "better" if larger is (direction == "higher") else "worse"
    return ""


def _warn_of_runs(runs: int) -> tuple[Text, ...]:
    if runs > 1:
        return ()
    once = (
        "Each network was trained once; several trainings, five for instance, show how much "
        "training alone changes."
    )
    return (say(once),)


def _build_table(found: dict[str, DeepModels], analysis: Analysis) -> Table:
    lines, stacked = [], []
    alone = all(
        list_levels(name_contexts(one.tidy()), "context") == [ALL] for one in found.values()
    )
    for name, one in found.items():
        rows = name_contexts(one.tidy())
        rows = rows[rows["target"].isna()] if "target" in rows else rows
        stacked.append(one.tidy())
        chosen = name_contexts(one.grid[one.grid["chosen"]])
        places = list_levels(chosen, "context")
        for context in list_levels(rows, "context"):
            here = pick_rows(rows, context=context)
            line = {"model": analysis.name_model(name), "context": context}
            line["name"] = line["model"] if alone else line["context"]
            fit = one.fits[places.index(context)] if context in places else one.fits[-1]
            line["settings"] = _write_settings(fit, pick_rows(chosen, context=context))
            epochs = pick_rows(here, term="epochs")["estimate"]
            line["epochs"] = write_count(int(epochs.iloc[0]))
            for row in here.to_dict("records"):
                if row["term"] in _MEASURES:
                    bounded = _MEASURES[row["term"]][1]
                    missing = pd.isna(row["estimate"])
                    text = MISSING if missing else write_number(row["estimate"], 2, bounded=bounded)
                    line[f"{row['term']} {row['part']}"] = text
            lines.append(line)
    same = len({(line["model"], line["settings"]) for line in lines}) == len(found)
    for line, former in zip(lines[:0:-1], lines[-2::-1], strict=True):
        line["settings"] = "" if same and line["model"] == former["model"] else line["settings"]
    cells = pd.DataFrame(lines).fillna(MISSING)
    first = "Network" if alone else "Context"
    columns = [*list_columns(words=2, name=first, settings="Settings", epochs="Epochs")]
    for part, spanner in PART_NAMES.items():
        for term, (heading, _) in _MEASURES.items():
            if f"{term} {part}" in cells:
                columns.append(Column(f"{term} {part}", heading, spanner=spanner))
    note = say(
        "Settings are those of the lowest loss on the validation subjects{same}. Epochs are the "
        "passes after which that loss was lowest. A network that fits training subjects far better "
        "than validation subjects has overfitted.",
        same=", the same in all contexts of a network" if same and len(lines) > len(found) else "",
    )
    rows = pd.concat(stacked, ignore_index=True)
    return Table(
        "networks",
        "Networks: Settings and Scores of Each Part",
        tuple(columns),
        cells,
        group=None if alone else "model",
        notes=keep(note, UAR_NOTE if any("uar" in column.key for column in columns) else None),
        rows=rows[rows["term"] != "seconds"].reset_index(drop=True),
    )


def _write_settings(fit: Any, chosen: pd.DataFrame) -> str:
    """Return the settings that count for the result, defaults too, so that it can be repeated."""
    from exprstats.deep.recipes import describe_settings

    held = {str(name): value for name, value in (chosen.iloc[0] if len(chosen) else {}).items()}
    known: dict[str, Any] = {**describe_settings(fit), **{
        name: value for name, value in held.items()
        if name in _SETTINGS and np.size(value) == np.sum(pd.notna(value))
    }}  # fmt: skip
    told = []
    for name, label in _SETTINGS.items():
        values = known.get(name)
        if values is None or (name == "weight_decay" and not values):
            continue
        values = values if isinstance(values, tuple | list) else (values,)
        told.append(f"{label} {' + '.join(f'{value:g}' for value in values)}")
    scaled = {True: "standardized over all frames", False: "standardized within clips"}
    told += [scaled[bool(fit.rescale)]] if fit.net == "lstm" or fit.rescale else []
    varied = {"crop": "random squares of {:g} px", "brightness": "light ±{:.0%}"}
    told += [varied[name].format(value) for name, value in (fit.augment or {}).items()]
    told += [f"from {Path(str(fit.weights)).name}"] if fit.weights is not None else []
    return ", ".join(told)


def _build_figure(found: dict[str, DeepModels], analysis: Analysis) -> Figure:
    history = pd.concat(
        [one.history.assign(model=analysis.name_model(name)) for name, one in found.items()],
        ignore_index=True,
    )
    measured = {str(term) for one in found.values() for term in one.table["term"]}
    note = say(
        "Points mark the epoch whose weights were kept{thin}. The loss is {loss}.",
        thin="; thin lines are the other trainings" if history["run"].max() > 1 else "",
        loss=join_words([_LOSSES[term] for term in _LOSSES if term in measured]),
    )
    return Figure(
        "training",
        "Losses of Networks Over Training",
        lambda: draw_training(history),
        words=say("Training and validation loss of each network against the epoch."),
        notes=(note,),
    )


def describe_ablation(analysis: Analysis) -> Section | None:
    """Return the section, or None where no modality was left out."""
    found: Ablation | None = analysis.ablation
    if found is None:
        return None
    return Section(
        "ablation",
        "Ablation of modalities",
        sentences=keep(quote_sentence(found.sentence()), _say_ablation_runs(found)),
        caveats=_warn_of_one_run(found),
        tables=(_build_ablation(found, analysis),),
    )


def _count_runs(found: Ablation) -> int:
    return int(found.runs["run"].max())


def _say_ablation_runs(found: Ablation) -> Text | None:
    runs = _count_runs(found)
    if runs == 1:
        return None
    whole = found.runs[found.runs["target"].isna()]
    first = whole["metric"].iloc[0]
    spread = whole[whole["metric"].eq(first)].groupby("model")["estimate"].std()
    bounded = first == "map"
    words = (
        "Each network was trained {runs} times and is judged by its mean prediction; between "
        "single trainings the score has an SD of {low} to {high}."
    )
    told = {
        "runs": runs,
        "low": write_number(spread.min(), 3, bounded=bounded),
        "high": write_number(spread.max(), 3, bounded=bounded),
    }
    return say(words, **told)


def _warn_of_one_run(found: Ablation) -> tuple[Text, ...]:
    if _count_runs(found) > 1:
        return ()
    words = (
        "Each network was trained once. Intervals show what other test people would change; what "
        "another training would change may be as much, and five runs or more show it."
    )
    return (say(words),)


def _build_ablation(found: Ablation, analysis: Analysis) -> Table:
    rows = found.table[found.table["headline"]]
    rows = rows.assign(target=rows["target"].astype(object).where(rows["target"].notna(), None))
    targets = [one for one in list_levels(rows, "target") if one is not None]
    shown = targets if len(targets) <= _MOST_TARGETS else []
    lines = []
    for metric in list_levels(rows, "metric"):
        own = rows[rows["metric"].eq(metric)]
        title, bounded = _ABLATED[metric]
        for model in list_levels(own, "model"):
            whole = own[own["target"].isna() & own["model"].eq(model) & own["versus"].isna()]
            line: dict[str, Any] = {"metric": title, "model": analysis.name_model(model)}
            for number, target in enumerate(shown):
                row = find_row(pick_rows(own, target=target, model=model), term=model)
                line[f"target{number}"] = write_estimate(row, bounded=bounded) if row else MISSING
            score = whole.iloc[0].to_dict()
            line["mean"] = write_estimate(score, bounded=bounded)
            line["limits"] = write_limits(score, bounded=bounded)
            apart = own[own["target"].isna() & own["versus"].eq(model)]
            change = apart.iloc[0].to_dict() if len(apart) else {}
            line["change"] = write_estimate(change, bounded=bounded) if change else MISSING
            line["between"] = write_limits(change, bounded=bounded) if change else MISSING
            line["p"] = write_p(change.get("p_adjusted"))
            lines.append(line)
    interval = say("{level} CI", level=write_level(found.level))
    spanner = "Full network minus this one"
    columns = [Column("model", say("Features"), words=True)]
    columns += [
        Column(f"target{number}", say("{name}", name=str(target)), "Target")
        for number, target in enumerate(shown)
    ]
    columns += [
        *list_columns(mean="Mean", limits=interval),
        *list_columns(spanner, change="Estimate", between=interval, p=say(f"Holm{FIXED}*p*")),
    ]
    note = say(
        "Means are over {targets}. All networks have the same training, validation and test "
        "people; intervals are over test people. No features: the training mean of each "
        "target, whose average precision is the share of clips that have the label.",
        targets=count_things(len(targets), "target"),
    )
    notes = (note, *collect_notes(rows[rows["target"].isna()], ("model",)))
    cells = pd.DataFrame(lines)
    title = "Networks Without Some of the Modalities"
    table = found.tidy()
    return Table("ablation", title, tuple(columns), cells, "metric", notes, table)
