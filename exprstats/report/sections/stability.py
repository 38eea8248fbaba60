"""Section on the stability of weights over resampled subjects."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, write_count, write_level, write_number
from exprstats.document.cells import (
    OVERALL,
    collect_notes,
    find_extremes,
    find_row,
    list_levels,
    name_contexts,
    pick_rows,
    write_estimate,
    write_limits,
    write_mark,
)
from exprstats.document.model import Table, keep
from exprstats.document.tables import column, match_row, name_interval, tabulate
from exprstats.document.text import Text, join_texts, say
from exprstats.models.explain.weights import ZERO
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.models import Models, Weights

MOST_NAMED = 5
_SHARES = {"selected": "Selected", "same_sign": "Same sign"}
_COLLINEAR = 10.0  # Marquardt (1970): a variance inflation beyond it is read as collinearity


def build_stability(weights: Weights, analysis: Analysis) -> Table:
    """Return the table: weights with intervals, and how often refits agree with them."""
    rows = name_contexts(weights.tidy())
    shown = pick_rows(rows, term="weight").reset_index(drop=True)
    contexts = list_levels(shown, "context")
    shares = {**_SHARES, "notable": f"*P*(|*w*| ≥ {write_mark(weights.threshold)})"}
    same = ("context", "feature")
    columns = (
        column("feature", "Feature"),
        column("estimate", "Weight", of=write_weight),
        column("limits", name_interval(weights.level), write_limits, of=dict, bounded=False),
        *(
            column(term, heading, _write_share, of=match_row(rows, *same, term=term))
            for term, heading in shares.items()
        ),
        column("rank", "Rank", _write_rank, of=match_row(rows, *same, term="rank")),
        column(
            "vif",
            "VIF",
            write_estimate,
            of=match_row(rows, *same, term="vif"),
            decimals=1,
            bounded=False,
        ),
    )
    return tabulate(
        "weights",
        "Feature Weights" + (OVERALL if len(contexts) > 1 else ""),
        shown,
        columns,
        group="context" if len(contexts) > 1 else None,
        notes=_list_notes(rows, weights, analysis),
        rows=rows,
        main=True,
    )


def write_weight(row: dict[Any, Any], decimals: int = 2) -> str:
    """Write a weight; one that a penalty removed is a plain 0."""
    return "0" if row.get("estimate") == 0 else write_estimate(row, decimals, bounded=False)


def say_stability(weights: Weights, analysis: Analysis) -> tuple[Text, ...]:
    """Return what the weights are, the notable ones of each context, and how sure they are."""
    rows = name_contexts(weights.tidy())
    contexts = list_levels(rows, "context")
    told = [
        say(
            "A weight is the change in the prediction of {model}, in units of the target, for one "
            "standard deviation of the feature. Intervals come from {draws} refits to resampled "
            "subjects with the penalty tuned in each; *P*(|*w*| ≥ {mark}) is the share of them in "
            "which the weight reached {mark} in size (<Table weights, Figure weights>).",
            model=analysis.name_model(weights.model),
            draws=write_count(weights.glance()["draws"].iloc[0]),
            mark=write_mark(weights.threshold),
        )
    ]
    for context in contexts:
        own = pick_rows(rows, context=context)
        where = f"{context}: " if len(contexts) > 1 else ""
        told.append(join_texts([say("{where}", where=where), *_tell_context(own, weights)], ""))
    return tuple(told)


def list_cautions(weights: Weights) -> tuple[Text, ...]:
    """Return what readers must know before they interpret weights with intervals."""
    rows = name_contexts(weights.tidy())
    cautions = []
    if not rows["term"].eq("unpenalised").any():  # else the caution on both tables says it
        cautions.append(
            say(
                "These are intervals of penalized weights, which the penalty draws towards zero: "
                "they show what other subjects would have given, and test no effect."
            )
        )
    if len(list_levels(rows, "context")) > 1:
        cautions.append(
            say(
                "Each context was tuned with a penalty of its own, which shrinks weights by "
                "different amounts: do not read a difference between two contexts' weights as a "
                "difference between the contexts."
            )
        )
    tied = pick_rows(rows, term="vif").reset_index(drop=True)
    tied = tied[tied["estimate"].ge(_COLLINEAR)]
    if len(tied):
        names = [str(name) for name in list_levels(tied, "feature")]
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        cautions.append(
            say(
                "Features that others nearly determine share their weight with them, so that "
                "their single weights are hard to interpret (variance inflation of 10 or more: "
                "{names}).",
                names=f"{', '.join(names[:MOST_NAMED])}{more}",
            )
        )
    return tuple(cautions)


def _tell_context(own: pd.DataFrame, weights: Weights) -> list[Text]:
    mark = write_mark(weights.threshold)
    found = pick_rows(own, term="weight")
    large = found[found["estimate"].abs().ge(weights.threshold)]
    if large.empty:
        defined = found[found["estimate"].notna()]
        if defined.empty or defined["estimate"].eq(0).all():
            return [say("every weight is zero.")]
        largest = find_extremes(defined.assign(estimate=defined["estimate"].abs()))[1]
        row = find_row(found, feature=largest["feature"])
        opening = say("no weight reached {mark} in size; the largest was ", mark=mark)
        return [opening, _tell_weight(row, own), say(".")]
    large = large.sort_values("estimate", key=lambda w: -w.abs(), kind="stable")
    named = [_tell_weight(row, own) for row in large.head(MOST_NAMED).to_dict("records")]
    if len(large) > MOST_NAMED:
        named.append(say("{more} more", more=len(large) - MOST_NAMED))
    return [_join_named(named), say(" reached {mark} in size.", mark=mark)]


def _join_named(texts: list[Text]) -> Text:
    """Join texts as a sentence lists them."""
    if len(texts) < 3:
        return join_texts(texts, " and ")
    return join_texts([join_texts(texts[:-1], ", "), texts[-1]], ", and ")


def _tell_weight(row: dict[Any, Any], own: pd.DataFrame) -> Text:
    limits = write_limits(row, bounded=False)
    share = _write_share(find_row(own, term="notable", feature=row["feature"]))
    return say(
        "{feature} ({value}{interval}, *P* {share})",
        feature=row["feature"],
        value=write_estimate(row, bounded=False),
        interval="" if limits == MISSING else f" {limits}",
        share=share if share[0] in "<>" else f"= {share}",
    )


def _write_share(row: dict[Any, Any]) -> str:
    """Write a share; one that is not quite 0 or 1 is not rounded to it."""
    share = row.get("estimate", math.nan)
    if 0 < share < 0.005:
        return "< .01"
    if 0.995 <= share < 1:
        return "> .99"
    return write_number(share, bounded=True)


def _write_rank(row: dict[Any, Any]) -> str:
    value = write_number(row.get("estimate"), 1).removesuffix(".0")
    if not row or pd.isna(row["conf_low"]):
        return value
    limits = (row["conf_low"], row["conf_high"])
    low, high = (write_number(limit, 1).removesuffix(".0") for limit in limits)
    return f"{value} ({low}–{high})"


def _list_notes(rows: pd.DataFrame, weights: Weights, analysis: Analysis) -> tuple[Text, ...]:
    shown = rows[rows["term"].isin(["weight", "rank", "vif"])]
    return keep(
        say(
            "Units of the target ({target}) per standard deviation of the feature among training "
            "clips. Selected = share of refits in which the weight is not 0; same sign = in which "
            "it has the sign of the weight; rank = of its size, 1 the largest, with {level} "
            "interval; VIF = variance inflation factor of the feature in training.",
            target=analysis.target,
            level=write_level(weights.level),
        ),
        say(
            "Percentile intervals over refits to {subjects} resampled {parts} subjects.",
            parts=name_resampled(weights.model, analysis),
            subjects=write_count(weights.n_clusters),
        ),
        _list_penalties(weights, analysis),
        *collect_notes(shown, ("feature", "context"), {ZERO}),
    )


def _list_penalties(weights: Weights, analysis: Analysis) -> Text | None:
    models = analysis.models.get(weights.model)
    if models is None:
        return None
    rows = name_contexts(models.tidy())
    told = []
    for context in list_levels(rows, "context"):
        here = pick_rows(rows, context=context)
        alpha, ratio = (find_row(here, term=term) for term in ("alpha", "l1_ratio"))
        if alpha and ratio:
            found = f"alpha {alpha['estimate']:g} and l1_ratio {ratio['estimate']:g}"
            told.append(f"{context}, {found}")
    if not told:
        return None
    tuned = name_tuning(models, analysis)
    return say("Penalties chosen {tuned}: {told}.", tuned=tuned, told="; ".join(told))


def find_split(analysis: Analysis) -> Models | None:
    """Return models that show the parts of the split: those with validation subjects, if any."""
    models = list(analysis.models.values())
    return next((one for one in models if one.rounds is None), next(iter(models), None))


def name_tuning(models: Models | None, analysis: Analysis) -> str:
    """Return on whom a model's settings were chosen.

    Folds take in the validation subjects, where other models have some.
    """
    if models is None or models.rounds is None:
        return "on the validation subjects"
    split = find_split(analysis)
    apart = split is not None and split.rounds is None
    return f"in {models.rounds.describe('training and validation' if apart else 'training')}"


def name_resampled(model: str, analysis: Analysis) -> str:
    """Return the parts whose subjects the refits of a model draw."""
    models = analysis.models.get(model)
    split = find_split(analysis)
    if models is None or models.rounds is None or (split is not None and split.rounds is None):
        return "training and validation"
    return "training"
