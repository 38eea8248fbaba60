"""Section on differences between models."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from exprstats.apa import count_things, tell_p, write_count, write_level, write_number, write_p
from exprstats.document.cells import (
    ALL,
    Row,
    collect_notes,
    find_row,
    list_levels,
    list_records,
    name_contexts,
    pick_rows,
    write_estimate,
    write_limits,
    write_mark,
)
from exprstats.document.model import Section, Table, keep
from exprstats.document.tables import HOLM, column, match_row, name_interval, tabulate
from exprstats.document.text import Text, join_texts, join_words, say
from exprstats.inference.comparison.regression import OLS
from exprstats.inference.resampling.summaries import TOO_FEW
from exprstats.plots import MetricLabel, label_metrics
from exprstats.report.analysis import Analysis
from exprstats.report.sections.classes import OVER_ALL
from exprstats.report.sections.intervals import is_bootstrapped, name_sources
from exprstats.report.sections.performance import name_metric

MOST_ABREAST = 2  # metrics whose columns fit beside each other on a page
_FEW_DRAWS = 1000
_ALIKE = (0.8, 1.25)  # ratios of standard errors that call for no word
_MOST_APART = 3  # differences on which two methods disagree that a sentence names


def describe_comparisons(analysis: Analysis) -> Section | None:
    """Return the section, or None where there is nothing to tell apart."""
    if analysis.comparison is None:
        return None
    rows = name_contexts(analysis.comparison.tidy())
    shown = rows[rows["versus"].notna() & rows["headline"].eq(True)].reset_index(drop=True)
    if shown.empty:
        return None
    labels = label_metrics(analysis.comparison)
    second = say_second(rows, labels, analysis)
    warned = second if join_second(rows)["apart"].any() else ()
    return Section(
        "comparisons",
        "Comparisons",
        sentences=(
            *(
                _say_metric(shown, metric, labels[metric], analysis, how=place == 0)
                for place, metric in enumerate(labels)
            ),
            *(() if warned else second),
        ),
        caveats=keep(*warned, _warn_of_draws(shown, analysis.comparison.draws)),
        tables=(_build_table(shown, labels, analysis),),
    )


def _say_metric(
    shown: pd.DataFrame, metric: str, label: MetricLabel, analysis: Analysis, *, how: bool
) -> Text:
    here = pick_rows(shown, metric=metric)
    contexts = list_levels(here, "context")
    pairs = pick_rows(here, context=ALL if ALL in contexts else contexts[-1])
    first = list_levels(pairs, "model")[0]
    told = [
        _say_pair(row, label, analysis)
        for row in pairs.to_dict("records")
        if row["model"] == first and pd.notna(row["estimate"])
    ]
    if not told:
        return say(
            "Differences in {name} are not defined (<Table comparisons>).", name=name_metric(label)
        )
    opening = say(
        "{where}the {name} of {model} was",
        where=OVER_ALL if len(contexts) > 1 else "On the test clips, ",
        name=name_metric(label),
        model=analysis.tell_model(first),
    )
    adjusted = "; *p* values adjusted by Holm's method, intervals not" if how else ""
    closing = say(f" (<Table comparisons>{adjusted}).")
    return (*join_texts([opening, join_texts(told, "; ")]), *closing)


def _say_pair(row: dict[Any, Any], label: MetricLabel, analysis: Analysis) -> Text:
    p = row["p_adjusted"]
    if pd.isna(p):
        return say(
            "not to be tested against that of {other}, Δ = {value}",
            other=analysis.tell_model(row["versus"]),
            value=write_estimate(row, 3, bounded=label.bounded),
        )
    verdict = "lower than" if row["estimate"] < 0 else "higher than"
    return say(
        "{verdict} that of {other}, Δ = {value}{interval}, *p* {p}",
        verdict=verdict if p < 1 - row["level"] else "not reliably different from",
        other=analysis.tell_model(row["versus"]),
        value=write_estimate(row, 3, bounded=label.bounded),
        interval=""
        if pd.isna(row["conf_low"])
        else f", {write_level(row['level'])} CI {write_limits(row, 3, bounded=label.bounded)}",
        p=tell_p(p),
    )


def _build_table(
    shown: pd.DataFrame, labels: Mapping[str, MetricLabel], analysis: Analysis
) -> Table:
    abreast, several = len(labels) <= MOST_ABREAST, len(list_levels(shown, "context")) > 1
    level = float(shown["level"].iloc[0])
    blocks = [[*labels]] if abreast else [[metric] for metric in labels]
    models = list_levels(shown, "model")
    first = models[0] if len(models) == 1 else None  # what every difference starts from
    heading = say("{model} minus", model=analysis.name_model(first)) if first else say("Comparison")
    same = match_row(shown, "context", "metric", "model", "versus")

    def pick(row: Row, place: int) -> Row:
        metric = row["block"][place]
        return same(row | {"metric": metric}) | {"bounded": labels[metric].bounded}

    columns = [column("pair", heading)]
    for place, metric in enumerate(blocks[0]):
        of = partial(pick, place=place)
        form: dict[str, Any] = {"under": f"Δ {labels[metric].name}" if abreast else "", "of": of}
        columns += [
            column(f"estimate{place}", "Estimate", _write_value, **form),
            column(f"limits{place}", name_interval(level), _write_ends, **form),
            column(f"p{place}", "*p*", lambda row: write_p(row.get("p_value")), **form),
            column(f"adjusted{place}", HOLM, lambda row: write_p(row.get("p_adjusted")), **form),
        ]
    lines = [
        {
            "group": context if abreast else labels[block[0]].name + f", {context}" * several,
            "pair": _name_pair((model, versus), analysis, first=first),
            "block": block,
            **{"context": context, "model": model, "versus": versus},
        }
        for block in blocks
        for context in list_levels(shown, "context")
        for model, versus in dict.fromkeys(zip(shown["model"], shown["versus"], strict=True))
    ]
    return tabulate(
        "comparisons",
        _write_title(first, analysis),
        lines,
        columns,
        group="group" if several or not abreast else None,
        notes=_list_notes(shown, labels, analysis),
        rows=shown,
        main=True,
    )


def _write_title(first: Any, analysis: Analysis) -> str:
    if first is None:
        return "Differences Between Models"
    name = analysis.name_model(first)
    if str(first) in analysis.model_names:
        name = " ".join(word[:1].upper() + word[1:] for word in name.split(" "))
    return f"Differences Between {name} and Other Models"


def _name_pair(pair: tuple[Any, Any], analysis: Analysis, *, first: Any) -> str:
    model, versus = (analysis.name_model(one) for one in pair)
    return versus if first is not None else f"{model} − {versus}"


def _write_value(row: Row) -> str:
    return write_estimate(row, 3, bounded=row["bounded"])


def _write_ends(row: Row) -> str:
    return write_limits(row, 3, bounded=row["bounded"])


def _list_notes(
    shown: pd.DataFrame, labels: Mapping[str, MetricLabel], analysis: Analysis
) -> tuple[Text, ...]:
    reading = join_words(
        [
            f"Δ {label.name} {'< 0' if label.better == 'lower' else '> 0'}"
            for label in labels.values()
            if label.better in {"lower", "higher"}
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
        pair=[_name_pair(pair, analysis, first=None) for pair in pairs],
        metric=[labels[metric].name for metric in shown["metric"]],
        note=analysis.tell_notes(shown["note"]),
    )
    return (*notes, *collect_notes(noted, ("pair", "metric", "context"), {TOO_FEW}))


def say_second(
    rows: pd.DataFrame, labels: Mapping[str, MetricLabel], analysis: Analysis
) -> tuple[Text, ...]:
    """Return whether cluster-robust regression decides as the headline does, and where not."""
    both = join_second(rows)
    if both.empty:
        return ()
    alpha = 1 - float(both["level"].iloc[0])
    apart = both[both["apart"]]
    ratio = (both["std_error_second"] / both["std_error"]).dropna()
    spread = [write_number(one) for one in (ratio.min(), ratio.max())] if len(ratio) else []
    told = " to ".join(dict.fromkeys(spread))
    near = len(ratio) > 0 and _ALIKE[0] <= ratio.min() and ratio.max() <= _ALIKE[1]
    joined = ";" if near or len(apart) else ", although"
    where = join_texts(
        [
            say(
                "{metric} in {context} ({pair}: *p* {one} and {two})",
                metric=labels[row["metric"]].name,
                context=row["context"],
                pair=_name_pair((row["model"], row["versus"]), analysis, first=None),
                one=tell_p(row["p_value"]),
                two=tell_p(row["p_value_second"]),
            )
            for row in apart.head(_MOST_APART).to_dict("records")
        ],
        "; ",
    )
    opening = say(
        "A second method, linear regression with cluster-robust standard errors (statsmodels), "
        "{verdict} at the {alpha} level, before adjustment, in {count}{spread}",
        verdict="decides differently" if len(apart) else "agrees: it leads to the same decisions",
        alpha=write_mark(alpha),
        count=f"{write_count(len(apart))} of {count_things(len(both), 'difference')} of mean errors"
        if len(apart)
        else _count_all(len(both)),
        spread=f"{joined} its standard errors are {told} times those of the jackknife"
        if told
        else "",
    )
    if apart.empty:
        return ((*opening, *say(".")),)
    more = ", among them" if len(apart) > _MOST_APART else ""
    return ((*opening, *say("{more}: ", more=more), *where, *say(".")),)


def join_second(rows: pd.DataFrame) -> pd.DataFrame:
    """Return headline rows beside those of the regression, and whether both decide apart."""
    keys = ["context", "metric", "model", "versus"]
    second = rows[rows["method"].eq(OLS)]
    first = rows[rows["headline"].eq(True) & rows["p_value"].notna()]
    both = first.merge(second, on=keys, suffixes=("", "_second"))
    alpha = 1 - both["level"]
    return both.assign(apart=both["p_value"].lt(alpha) != both["p_value_second"].lt(alpha))


def _count_all(count: int) -> str:
    if count <= 2:
        return f"{'the one difference' if count == 1 else 'both differences'} of mean errors"
    return f"all {write_count(count)} differences of mean errors"


def _warn_of_draws(shown: pd.DataFrame, draws: int) -> Text | None:
    if draws >= _FEW_DRAWS or not is_bootstrapped(shown):
        return None
    return say(
        "With {draws} draws no *p* below {least} can be seen and limits vary from seed to "
        "seed; use 2,000 or more for publication.",
        draws=write_count(draws),
        least=write_p(2 / (draws + 1)),
    )


def describe_pooling(analysis: Analysis) -> Section | None:
    """Return the section, or None where contexts were not compared with one model for all."""
    if analysis.pooling is None:
        return None
    rows = name_contexts(analysis.pooling.tidy())
    rows = rows[rows["headline"].eq(True)].reset_index(drop=True)
    labels = label_metrics(analysis.pooling)
    return Section(
        "pooling",
        "One model or one for each context",
        sentences=(
            _say_setting(analysis.tell_model(analysis.pooling.against)),
            *(_say_pooling(rows, metric, label) for metric, label in labels.items()),
        ),
        tables=(_build_pooling_table(rows, labels),),
    )


def _say_setting(model: str) -> Text:
    return say(
        "To test whether each context needs a model of its own, on the same test clips {model} "
        "tuned and fitted to single contexts was compared with one of its kind for all contexts "
        "together, with an intercept for each context (<Table pooling>).",
        model=model,
    )


def _say_pooling(rows: pd.DataFrame, metric: str, label: MetricLabel) -> Text:
    here = pick_rows(rows[rows["versus"].notna()], metric=metric)
    whole = find_row(here, context=ALL)
    if not whole or pd.isna(whole["estimate"]):
        return say("Differences in {name} are not defined.", name=name_metric(label))
    sure = whole["p_value"] < 1 - whole["level"]
    return say(
        OVER_ALL + "the {name} of models of single contexts was {verdict} that "
        "of the one model, Δ = {value}, {level} CI {limits}, *p* {p}{single}.",
        name=name_metric(label),
        verdict=("lower than" if whole["estimate"] < 0 else "higher than")
        if sure
        else "not reliably different from",
        value=write_estimate(whole, 3, bounded=label.bounded),
        level=write_level(whole["level"]),
        limits=write_limits(whole, 3, bounded=label.bounded),
        p=tell_p(whole["p_value"]),
        single=_say_single(here),
    )


def _say_single(here: pd.DataFrame) -> str:
    """Return in how many contexts the two differ."""
    tested = here[(here["context"] != ALL) & here["p_value"].notna()]
    if len(tested) < 2:
        return ""
    alpha = 1 - float(tested["level"].iloc[0])
    held = int(tested["p_value"].lt(alpha).sum())
    told = f"{held or 'none'} of {count_things(len(tested), 'context')}"
    return (
        f"; taken one by one, {told} differed at the {write_mark(alpha)} level without adjustment"
    )


def _build_pooling_table(rows: pd.DataFrame, labels: dict[str, MetricLabel]) -> Table:
    differences = rows[rows["versus"].notna()]
    term = match_row(rows, "metric", "context", "term")

    def pick(row: Row, side: str) -> Row:
        return term(row | {"term": row[side]}) | {"bounded": row["bounded"]}

    columns = (
        column("context", "Context"),
        column("own", "Own models", _write_value, of=partial(pick, side="model")),
        column("pooled", "One for all", _write_value, of=partial(pick, side="versus")),
        column("estimate", "Δ", _write_value, of=dict),
        column("limits", name_interval(float(rows["level"].iloc[0])), _write_ends, of=dict),
        column("p_value", "*p*", write_p),
    )
    lines = [
        row | {"name": label.name, "bounded": label.bounded}
        for metric, label in labels.items()
        for row in list_records(differences, metric=metric)
    ]
    noted = differences.assign(metric=[labels[name].name for name in differences["metric"]])
    own, pooled = (str(differences[side].iloc[0]) for side in ("model", "versus"))
    for name, words in ((pooled, "the one model"), (own, "the own models")):
        noted["note"] = noted["note"].str.replace(f" of {name}", f" of {words}", regex=False)
    return tabulate(
        "pooling",
        "Models of Single Contexts and One Model for All",
        lines,
        columns,
        group="name" if len(list_levels(differences, "metric")) > 1 else None,
        notes=(
            say(
                "Δ = own models minus the one for all. In All, both know the level of each clip's "
                "context. Intervals and two-sided *p* values, one for each row, come from {how}.",
                how=join_words(name_sources(differences)),
            ),
            *collect_notes(noted, ("metric", "context"), {TOO_FEW}),
        ),
        rows=rows,
        main=True,
    )
