"""Sections on the features of clips: those of the models, their correlations, their origin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_number, write_p, write_percent
from exprstats.behaviour.ledger import KEPT_QUALITY
from exprstats.descriptives.correlations import count_disagreements
from exprstats.descriptives.moments import SKEW_NAMES, measure_moments
from exprstats.document.cells import ALL, collect_notes, list_levels, name_contexts
from exprstats.document.model import Column, Section, Table, keep
from exprstats.document.tables import column, estimate_columns, match_row, tabulate
from exprstats.document.text import Text, cite, quote_sentence, say
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.descriptives import FeatureCorrelations


MOST_CLIPS = 10  # left out, that are named
MOST_FEATURES = 8  # of each context in print


def _scaled_column(key: str, heading: str) -> Column:
    """Return a column with decimals that show two digits of the standard deviation."""

    def write(row: dict[str, Any]) -> str:
        known = np.isfinite(row["sd"]) and row["sd"] > 0
        decimals = int(np.clip(1 - np.floor(np.log10(row["sd"])), 0, 8)) if known else 2
        return write_number(row[key], decimals)

    return column(key, heading, of=write)


_COLUMNS = (
    column("feature", "Feature"),
    column("n_clips", "Clips", write_count),
    _scaled_column("mean", "*M*"),
    _scaled_column("sd", "*SD*"),
    column("skew", "Skew", write_number),
    column("kurtosis", "Kurtosis", write_number),
    _scaled_column("lowest", "Lowest"),
    _scaled_column("highest", "Highest"),
)


def describe_features(analysis: Analysis) -> Section | None:
    """Return the section on the models' features, or None where no model saw features."""
    design = next((models.design for models in analysis.models.values()), None)
    if design is None:
        return None
    found = pd.DataFrame(np.asarray(design.matrix), columns=list(design.features))
    rows = _summarise(found)
    told = f"Skewness and excess kurtosis are of {SKEW_NAMES[2]}."
    notes = (say(f"In the features' own units, over all clips that models saw. {told}"),)
    return Section(
        "features",
        "Features",
        sentences=keep(
            say(
                "The models used {features} of {clips} (<Table features>).",
                features=count_things(len(rows), "feature"),
                clips=count_things(len(found), "clip"),
            ),
            _say_tracking(analysis),
        ),
        tables=(tabulate("features", "Features of the Clips", rows, _COLUMNS, notes=notes),),
    )


def describe_tracking(analysis: Analysis) -> Section | None:
    """Return the section on features from frames, or None where none were made."""
    result = analysis.clip_features
    if result is None:
        return None
    from exprstats.behaviour import FEATURES
    from exprstats.behaviour.trackers.units import TRACKER_NAMES

    blocks = {"Features": FEATURES, "Quality of the frames": KEPT_QUALITY}
    rows = []
    for block, names in blocks.items():
        present = [name for name in names if name in result.clips]
        present = [name for name in present if result.clips[name].notna().any()]
        rows.append(_summarise(result.clips[present]).assign(block=block))
    note = say(
        "In the features' own units; skewness and excess kurtosis of type 2. valid_share = share "
        "of the moments of a clip with a valid "
        "frame; gaps and face_switches are counts."
    )
    told = "No column names the subjects; add it before clips are split by person."
    table = tabulate(
        "clip_features",
        "Features of the Clips and Quality of Their Frames",
        pd.concat(rows, ignore_index=True),
        _COLUMNS,
        group="block",
        notes=(note,),
    )
    return Section(
        "clip_features",
        f"Features from {TRACKER_NAMES[result.tracker]}",
        sentences=(cite(result.sentence(), "Table clip_features"),),
        points=_list_left_out(result.ledger[~result.ledger["kept"]]),
        caveats=() if "subject" in result.clips else (say(told),),
        tables=(table,),
    )


def _list_left_out(left: pd.DataFrame) -> tuple[Text, ...]:
    points = [
        say("Left out: {clip}: {reason}", clip=row["clip"], reason=row["reason"])
        for row in left.head(MOST_CLIPS).to_dict("records")
    ]
    if len(left) > MOST_CLIPS:
        more = write_count(len(left) - MOST_CLIPS)
        points.append(say("Left out: {more} more; the ledger names each.", more=more))
    return tuple(points)


def describe_sensitivity(analysis: Analysis) -> Section | None:
    """Return the section, or None where no other thresholds were tried or nothing can move."""
    result = analysis.sensitivity
    if result is None or result.table.empty:
        return None
    rows = result.glance()
    same = rows["threshold"].eq(result.chosen)
    rows = rows.assign(
        chosen=np.where(same, " (chosen)", ""),
        feature=rows["feature"].where(rows["largest_shift"].gt(0) & ~same, MISSING),
        shift=rows["largest_shift"].mask(same),
        lowest=rows["lowest_correlation"].mask(same),
    )
    columns = (
        column(
            "threshold",
            "Confidence",
            of=lambda row: write_number(row["threshold"], bounded=True) + row["chosen"],
        ),
        column("n_clips", "Clips", write_count),
        column("n_left_out", "Left out", write_count),
        column("feature", "Moves most"),
        column("shift", "By (*SD*)", write_number),
        column("lowest", "Lowest *r*", write_number, bounded=True),
    )
    note = say(
        "Least confidence of a valid frame. The feature that moves most, by the mean size of its "
        "shift, and the lowest correlation of any feature with its values at {chosen}, over the "
        "clips that both thresholds keep.",
        chosen=write_number(result.chosen, 2, bounded=True),
    )
    title = "Clips and Features With Other Least Confidences"
    table = tabulate("sensitivity", title, rows, columns, notes=(note,), rows=result.tidy())
    return Section(
        "sensitivity",
        "Sensitivity to the tracker’s confidence",
        sentences=(cite(result.sentence(), "Table sensitivity"),),
        tables=(table,),
    )


def _summarise(values: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name in values.columns:
        found = measure_moments(values[name].to_numpy(float, na_value=np.nan))
        ends = {"lowest": found["low"], "highest": found["high"]}
        moments = {one: found[one] for one in ("mean", "sd", "skew", "kurtosis")}
        rows.append({"feature": str(name), "n_clips": found["n"], **moments, **ends})
    return pd.DataFrame(rows)


def _say_tracking(analysis: Analysis) -> Text | None:
    """Return how well the clips' frames were tracked, where that is known."""
    shares = read_shares(analysis)
    if analysis.study is None or analysis.study.openface is None or shares.empty:
        return None
    return say(
        "Of the moments of a clip, {middle} were tracked well enough in the median clip and "
        "{least} in the worst one that was kept.",
        middle=write_percent(shares.median()),
        least=write_percent(shares.min()),
    )


def read_shares(analysis: Analysis) -> pd.Series:
    """Return the share of valid moments of each clip; empty where it is not known."""
    clips = analysis.clips
    if clips is None or "valid_share" not in clips:
        return pd.Series(dtype=float)
    return clips["valid_share"].dropna()


def describe_correlations(analysis: Analysis) -> Section | None:
    """Return the section, or None where features were not correlated with a score."""
    found: FeatureCorrelations | None = analysis.feature_correlations
    if found is None:
        return None
    lost = count_things(found.n_left_out, "clip was", "clips were")
    told = say("{lost} left out: a feature or the target is missing.", lost=lost)
    return Section(
        "feature_correlations",
        "Correlations of the features with the target",
        sentences=keep(
            quote_sentence(found.sentence()),
            say(
                "<Table feature_correlations> lists both correlations, with *p* adjusted after "
                "Holm (1979)."
            ),
            _say_agreement(found),
        ),
        caveats=(told,) if found.n_left_out else (),
        tables=(_build_correlations(found),),
    )


def _say_agreement(found: FeatureCorrelations) -> Text | None:
    """Return whether cluster intervals and the usual tests say the same."""
    apart, count = count_disagreements(found.table, found.level)
    if not count:
        return None
    ways = (
        "The cluster intervals and the usual tests (Pearson’s *r*, repeated-measures correlation) "
    )
    if not apart:
        every = "the one correlation" if count == 1 else f"all {count} correlations"
        return say(f"{ways}agree on {{every}}.", every=every)
    return say(
        f"{ways}disagree about {{apart}}; the usual tests assume that a person’s clips are "
        "independent, or that people’s means are normal.",
        apart=count_things(apart, "correlations", "correlations", of=count),
    )


def _build_correlations(found: FeatureCorrelations) -> Table:
    """Return the table: the features with the largest correlations, by context."""
    rows = name_contexts(found.tidy())
    order = [str(one) for one in found.list_largest()["feature"].unique()]
    shown = order[:MOST_FEATURES]
    contexts = list_levels(rows, "context")
    lines = [{"context": context, "feature": name} for context in contexts for name in shown]
    columns = [column("feature", "Feature")]
    clustered = rows["method"].eq("jackknife")
    for term, words, test in (
        ("between", "Between people", "Pearson"),
        ("within", "Within people", "rmcorr"),
    ):
        own = match_row(rows[clustered], "context", "feature", term=term)
        usual = match_row(rows[~clustered], "context", "feature", term=term)
        columns += estimate_columns(found.level, heading="*r*", key=term, of=own, under=words)
        columns += [
            column(
                f"{term}_{key}",
                f"*p* ({name})",
                write_p,
                of=lambda row, one=one: one(row).get("p_adjusted"),
                under=words,
            )
            for key, name, one in (("cluster", "jackknife", own), ("p", test, usual))
        ]
    several = len(contexts) > 1
    left = len(order) - len(shown)
    more = f" The {len(shown)} features with the largest *r* of {len(order)}." if left else ""
    pooled = f" In the rows of {ALL} differences between contexts count." if several else ""
    notes = (
        say(
            "Between people: of people’s means. Within people: of clips less their person’s mean "
            "(repeated-measures correlation). Intervals and *p* (jackknife) come from a "
            "jackknife over people; *p* (Pearson) and *p* (rmcorr) are the tests of Pearson’s "
            "*r* and of the repeated-measures correlation. All *p* are Holm-adjusted over the "
            f"features.{more}{pooled}"
        ),
        *collect_notes(rows[rows["feature"].isin(shown)], ("context", "feature", "term")),
    )
    return tabulate(
        "feature_correlations",
        "Correlations of Features With the Target Between and Within People",
        lines,
        columns,
        group="context" if several else None,
        notes=notes,
        rows=rows,
    )
