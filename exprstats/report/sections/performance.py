"""Section on predictive performance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_level
from exprstats.document.cells import (
    ALL,
    OVERALL,
    collect_notes,
    find_extremes,
    find_parts,
    find_row,
    list_levels,
    name_contexts,
    pick_rows,
    write_estimate,
    write_limits,
)
from exprstats.document.model import Column, Figure, Section, Table, keep
from exprstats.document.text import Text, join_words, quote_sentence, say
from exprstats.inference.comparison.wording import RATERS
from exprstats.inference.resampling.summaries import FEW_CLUSTERS, TOO_FEW
from exprstats.models.baselines.ceiling import LIMITED
from exprstats.plots import MetricLabel, draw_performance, label_metrics
from exprstats.report.analysis import Analysis
from exprstats.report.sections.classes import build_classes, say_classes
from exprstats.report.sections.intervals import METHODS, list_methods, say_repeated, say_resampling
from exprstats.report.sections.validation import warn_of_levels

if TYPE_CHECKING:
    from exprstats.inference import Comparison

_PEOPLE = "Spearman"  # whose name keeps its capital
ENOUGH_CLUSTERS = 40  # from here on the headline interval is the bootstrap's
UNDEFINED = "not defined"  # how a note begins that says no more than the dash
MOST_ACROSS = 5  # contexts that fit beside each other on a page
CEILING = "Ceiling"
_AIMS = {"zero": 0, "one": 1}  # what the best value of a metric is
# Of several models and of two.
_RANKS = {"lower": ("lowest", "lower"), "higher": ("highest", "higher")}
_RANKS |= {"zero": ("smallest", "smaller"), "one": ("closest to 1", "closer to 1")}
SHARES = (
    *("accuracy", "within1", "within2", "within3", "precision", "recall", "f1", "uar"),
    "macro_f1",
)


def describe_performance(analysis: Analysis) -> Section | None:
    """Return the section, or None where nothing was compared and no classes were predicted."""
    if analysis.comparison is None:
        return _describe_classes(analysis)
    rows = name_contexts(analysis.comparison.tidy())
    shown = pick_rows(rows, versus=None, headline=True).reset_index(drop=True)
    labels = label_metrics(analysis.comparison)
    return Section(
        "performance",
        "Performance",
        sentences=keep(
            *(
                _say_metric(shown, metric, labels[metric], analysis, first=place == 0)
                for place, metric in enumerate(labels)
            ),
            *say_classes(analysis),
            # The ceiling in words, where the table has no place for it.
            quote_sentence(analysis.ceiling.sentence())
            if analysis.ceiling is not None and LIMITED not in labels
            else None,
            *say_repeated(rows, shown),
        ),
        caveats=keep(warn_of_clusters(shown, _name_tested(analysis)), *warn_of_levels(analysis)),
        tables=(build_scoreboard(shown, labels, analysis), *build_classes(analysis)),
        figures=(_build_figure(shown, labels, analysis, analysis.comparison),),
    )


def _describe_classes(analysis: Analysis) -> Section | None:
    """Return what became of each class, without metrics and their intervals."""
    tables = build_classes(analysis)
    if not tables:
        return None
    return Section("performance", "Performance", sentences=say_classes(analysis), tables=tables)


def say_root(analysis: Analysis) -> Text:
    """Return what the ceiling is."""
    return say(
        "The ceiling is {root} of the raters' scores, above which no prediction of scores as "
        "reliable as these can be expected to correlate with them.",
        root=quote_sentence(analysis.ceiling.name_root()),
    )


def _name_tested(analysis: Analysis) -> str:
    """Return the word before clips and subjects that are judged: test, where no model saw them."""
    return "test " if analysis.unseen else ""


def warn_of_clusters(shown: pd.DataFrame, tested: str = "test ") -> Text | None:
    """Return a caveat where subjects are too few for a bootstrap interval."""
    counts = sorted({int(count) for count in shown["n_clusters"]})
    fewest = counts[0]
    told = " to ".join(write_count(count) for count in dict.fromkeys([fewest, counts[-1]]))
    if fewest >= ENOUGH_CLUSTERS:
        return None
    if "jackknife" in list_methods(shown):
        rough = (
            "The intervals rest on {fewest} {tested}subjects; with fewer than {few} intervals are "
            "not trustworthy."
        )
        few = {"fewest": told, "tested": tested, "few": FEW_CLUSTERS}
        return say(rough, **few) if fewest < FEW_CLUSTERS else None
    narrow = (
        "With fewer than {enough} {tested}subjects ({fewest} here) a bootstrap interval is too "
        "narrow; it is reported because it was requested."
    )
    return say(narrow, enough=ENOUGH_CLUSTERS, tested=tested, fewest=fewest)


def _say_metric(
    shown: pd.DataFrame, metric: str, label: MetricLabel, analysis: Analysis, *, first: bool
) -> Text:
    here = pick_rows(shown, metric=metric)
    contexts = list_levels(here, "context")
    pooled = pick_rows(here, context=ALL if ALL in contexts else contexts[-1])
    defined = pooled[pooled["estimate"].notna()]
    name = name_metric(label)
    own = pick_rows(defined, model=analysis.own_model or "").to_dict("records")
    if defined.empty or (not own and analysis.own_model in set(pooled["model"])):
        return say(
            "The {name} is not defined for {model} (<Table performance>).{contexts}",
            name=name,
            model="any model" if defined.empty else analysis.tell_model(str(analysis.own_model)),
            contexts=_say_contexts(here, analysis.own_model, label),
        )
    best = _find_best(defined, label)
    row = own[0] if own else best
    rank = _RANKS.get(label.better, ("", ""))[len(defined) == 2]
    limits = write_limits(row, 3, bounded=label.bounded)
    ranked = f"{len(defined)} models{' that have one' if len(defined) < len(pooled) else ''}"
    compared = f", the {rank} of the {ranked}" if rank and len(defined) > 1 else ""
    if rank and np.isclose(row["estimate"], best["estimate"], rtol=1e-9, atol=1e-12):
        tied = np.isclose(defined["estimate"], best["estimate"], rtol=1e-9, atol=1e-12)
        others = [analysis.tell_model(one) for one in defined["model"][tied] if one != row["model"]]
        compared += f", like that of {join_words(others)}" if others else ""
    elif rank:
        value = write_estimate(best, 3, bounded=label.bounded)
        human = best["model"] == analysis.find_kind("human")
        judged = ", judged against other raters," if human else ""
        compared = f"; {analysis.tell_model(best['model'])}{judged} had the {rank}, {value}"
    return say(
        "{where} {name} of {model} was {value}{interval}{compared} (<Table performance, Figure "
        "performance>).{contexts}",
        where=f"On the {write_count(row['n_clips'])} {_name_tested(analysis)}clips of "
        f"{write_count(row['n_clusters'])} subjects, the"
        if first
        else "The",
        model=analysis.tell_model(row["model"]),
        name=name,
        value=write_estimate(row, 3, bounded=label.bounded),
        interval="" if limits == MISSING else f", {write_level(row['level'])} CI {limits}",
        compared=compared,
        contexts=_say_contexts(here, row["model"], label),
    )


def name_metric(label: MetricLabel) -> str:
    """Return a metric's name as a sentence has it."""
    whole = label.name.isupper() or label.name.startswith(_PEOPLE)
    return label.name if whole else f"{label.name[0].lower()}{label.name[1:]}"


def _find_best(defined: pd.DataFrame, label: MetricLabel) -> dict[Any, Any]:
    if label.better in _AIMS:
        apart = (defined["estimate"] - _AIMS[label.better]).abs()
        return defined.iloc[int(apart.to_numpy().argmin())].to_dict()
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
    analysis: Analysis,
    comparison: Comparison,
) -> Figure:
    names = [label.name for label in labels.values()]
    models = [analysis.name_model(model) for model in list_levels(shown, "model")]
    limits = None if analysis.ceiling is None else analysis.ceiling.tidy()
    notes = []
    if limits is not None and LIMITED in labels:
        notes.append(
            say("Dashed lines are the {ceiling} of <Table performance>.", ceiling=CEILING.lower())
        )
    return Figure(
        "performance",
        f"{_name_tested(analysis).title()}Performance of Each Model",
        lambda: draw_performance(comparison, names=analysis.model_names, ceilings=limits),
        words=say(
            "{metrics} of {models} with intervals; the same as <Table performance>.",
            metrics=join_words(names),
            models=join_words(models),
        ),
        notes=tuple(notes),
        main=True,
    )


def build_scoreboard(
    shown: pd.DataFrame, labels: Mapping[str, MetricLabel], analysis: Analysis
) -> Table:
    """Return the table: contexts across where they fit, else metrics."""
    contexts = list_levels(shown, "context")
    across = len(contexts) <= MOST_ACROSS
    columns, cells = _lay_out(shown, labels, analysis, across=across)
    return Table(
        "performance",
        f"{_name_tested(analysis).title()}Performance" + (OVERALL if len(contexts) > 1 else ""),
        columns,
        cells,
        group="group",
        notes=_list_notes(shown, labels, analysis),
        rows=shown,
        main=True,
    )


def _write_score(row: dict[Any, Any], label: MetricLabel) -> str:
    value = write_estimate(row, 3, bounded=label.bounded)
    limits = write_limits(row, 3, bounded=label.bounded)
    return value if limits == MISSING else f"{value} {limits}"


def _lay_out(
    shown: pd.DataFrame, labels: Mapping[str, MetricLabel], analysis: Analysis, *, across: bool
) -> tuple[tuple[Column, ...], pd.DataFrame]:
    """Return models as rows: contexts across in a block for each metric, or the other way."""
    contexts = list_levels(shown, "context")
    blocks, abreast = ([*labels], contexts) if across else (contexts, [*labels])
    heads = contexts if contexts != [ALL] else ["Estimate"]
    heads = heads if across else [label.name for label in labels.values()]
    key = "context" if across else "metric"
    columns = [Column("model", say("Model"), words=True)]
    columns += [Column(f"{key}{at}", say("{head}", head=head)) for at, head in enumerate(heads)]
    cells = []
    for block in blocks:
        told = f"{labels[block].name} ({labels[block].direction})" if across else str(block)
        for model in list_levels(shown, "model"):
            line = {"group": told, "model": analysis.name_model(model)}
            for at, one in enumerate(abreast):
                metric, context = (block, one) if across else (one, block)
                row = find_row(shown, metric=metric, model=model, context=context)
                line[f"{key}{at}"] = _write_score(row, labels[metric])
            cells.append(line)
        limits = {
            f"{key}{at}": _write_ceiling(analysis, block, one) for at, one in enumerate(abreast)
        }
        if any(limits.values()):
            cells.append({"group": told, "model": CEILING, **limits})
    return tuple(columns), pd.DataFrame(cells)


def _write_ceiling(analysis: Analysis, one: Any, other: Any) -> str:
    """Return the ceiling of a metric in a context, named in any order; "" where it has none."""
    if analysis.ceiling is None or LIMITED not in {one, other}:
        return ""
    rows = name_contexts(analysis.ceiling.tidy())
    row = find_row(rows, context=other if one == LIMITED else one)
    return _write_score(row, MetricLabel(CEILING, "r", "higher", bounded=True)) if row else ""


def _list_notes(
    shown: pd.DataFrame, labels: Mapping[str, MetricLabel], analysis: Analysis
) -> tuple[Text, ...]:
    level = write_level(float(shown["level"].iloc[0]))
    methods = join_words([METHODS.get(name, name) for name in list_methods(shown)])
    notes = [
        say("Brackets hold {level} confidence intervals: {how}.", level=level, how=methods),
        say(
            "{judged}: {counts}.",
            judged="Test set" if analysis.unseen else "Clips with a truth",
            counts=_count_clips(shown),
        ),
    ]
    near = "Share within 1, 2 or 3: of predictions that are at most so far from the truth."
    notes += [say(near)] * any(name.startswith("within") for name in labels)
    if "nrmse" in labels:
        notes.append(say("{told}", told=_tell_spans(analysis)))
    if analysis.models and len(list_levels(shown, "context")) > 1:
        notes.append(
            say(
                "A context's column judges the models fitted to that context; All judges the "
                "models fitted to all contexts{scored}.",
                scored=", on the scores of the factor model fitted to all contexts"
                if analysis.factor and (analysis.study is None or analysis.study.scored)
                else "",
            )
        )
    if analysis.find_kind("human") is not None:
        notes.append(
            say(
                "Human baseline: each rater against the mean of the other raters of the same clip, "
                "and not against the models' target, averaged over {seats}; its interval "
                "{allows}.",
                seats=analysis.name_judges(),
                allows=_tell_raters(shown, labels, analysis),
            )
        )
    if analysis.ceiling is not None and LIMITED in labels:
        notes.append(say_root(analysis))
    undefined = shown[shown["estimate"].isna()]
    flat = len(undefined) > 0 and bool(undefined["metric"].eq("correlation").all())
    if flat:
        notes.append(say("— = not defined: predictions that do not vary have no correlation."))
    noted = shown.assign(
        model=shown["model"].map(analysis.name_model),
        metric=[labels[metric].name for metric in shown["metric"]],
        note=analysis.tell_notes(shown["note"]),
    )
    errors = [metric for metric, label in labels.items() if label.better == "lower"]
    if shown.loc[shown["metric"].isin(errors), "conf_low"].lt(0).any():
        notes.append(say("Errors cannot be negative: read a limit below 0 as 0."))
    notes += [*keep(_say_limits_of_shares(shown, labels), *say_resampling(analysis.comparison))]
    said = {TOO_FEW, *(find_parts(undefined, UNDEFINED) if flat else ())}
    return (*notes, *collect_notes(noted, ("model", "metric", "context"), said))


def _tell_raters(shown: pd.DataFrame, labels: Mapping[str, MetricLabel], analysis: Analysis) -> str:
    """Return over whom the intervals of raters are, and what they rest on."""
    wider = shown[shown["method"].eq(RATERS)]
    if wider.empty:
        beside = "" if analysis.human is None else "; a table below allows for raters too"
        return f"is over subjects alone{beside}"
    counts, freedom = (
        " to ".join(dict.fromkeys(write_count(one) for one in (column.min(), column.max())))
        for column in (wider["n_raters"].astype(int), wider["df"].astype(int))
    )
    judged = shown[shown["model"].isin(wider["model"])]
    alone = [one for one in labels if one not in set(wider["metric"])]
    named = join_words([name_metric(labels[one]) for one in alone if one in set(judged["metric"])])
    rest = judged[judged["model"].eq(analysis.find_kind("human") or "")]
    rest = rest[rest["metric"].isin(wider["metric"]) & rest["conf_low"].notna()]
    fixed = list_levels(rest[rest["method"].ne(RATERS)], "context")
    return (
        f"and those of differences from it allow for other subjects and other raters ({counts} "
        f"raters, {freedom} degrees of freedom)"
        + (f"; of {named} they are over subjects alone" if named else "")
        + (f"; in {join_words(fixed)} they are over subjects alone" if fixed else "")
    )


def _say_limits_of_shares(shown: pd.DataFrame, labels: Mapping[str, MetricLabel]) -> Text | None:
    """Return how to read limits that no share can reach."""
    rows = shown[shown["metric"].isin(list(SHARES))]
    beyond = rows[rows["conf_low"].lt(0) | rows["conf_high"].gt(1)]
    if beyond.empty:
        return None
    names = [label.name for metric, label in labels.items() if metric in set(beyond["metric"])]
    return say(
        "{names} cannot leave the range from 0 to 1: read limits beyond it as 0 or 1.",
        names=join_words(names),
    )


def _tell_spans(analysis: Analysis) -> str:
    """Return what NRMSE was divided by, in the study's own words where there are any."""
    told = analysis.provenance.notes if analysis.provenance else ()
    given = [note for note in told if "NRMSE" in note]
    return (
        re.sub(r"(?<=\s)-(?=\d)", "−", given[0])
        if given
        else "NRMSE = root mean square error / theoretical range."
    )


def _count_clips(shown: pd.DataFrame) -> str:
    first = shown.groupby("context", sort=False)[["n_clips", "n_clusters"]].first()
    return "; ".join(
        f"{f'{context}, ' if len(first) > 1 else ''}{count_things(row.n_clips, 'clip')} of "
        f"{count_things(row.n_clusters, 'subject')}"
        for context, row in first.iterrows()
    )
