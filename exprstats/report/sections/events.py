"""Sections on annotated events: their counts, their labels, and the prediction of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_level
from exprstats.document.cells import collect_notes, find_row, write_estimate, write_limits
from exprstats.document.model import Column, Figure, Section, Table, list_columns
from exprstats.document.text import Text, quote_sentence, say
from exprstats.plots.signing import draw_events, draw_label_scores
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.events import EventCounts, LabelPrediction


_MOST_UNITS = 15


def describe_events(analysis: Analysis) -> Section | None:
    """Return the section on what was annotated, or None without counts."""
    counts: EventCounts | None = analysis.event_counts
    if counts is None:
        return None
    labels = counts.table[counts.table["kind"].eq("label")]
    merged = _list_merged(counts)
    mapped = _list_mapped(counts)
    tables = (*_build_labels(counts, labels), *_build_readings(merged, mapped))
    sentences = [say("{told}", told=counts.sentence())]
    if counts.n_phases:
        sentences.append(
            say(
                "Phases (onset, offset, hold) say when an expression begins and ends, and are "
                "counted as no value."
            )
        )
    sentences += _say_tokens(counts)
    if len(merged):
        sentences.append(
            say(
                "Spellings that mean one thing were merged in {count} (<Table event_readings>).",
                count=count_things(merged["n_intervals"].sum(), "interval"),
            )
        )
    if len(mapped):
        sentences.append(
            say(
                "The table of action units gives {count} of {values} a unit (<Table "
                "event_readings>).",
                count=count_things(mapped["n_intervals"].sum(), "interval"),
                values=count_things(len(mapped), "value"),
            )
        )
    sentences.append(say("<Figure events> shows the most frequent values."))
    figure = Figure(
        "events",
        "Frames of Annotated Values, Action Units and Labels",
        lambda: draw_events(counts),
        words=say("Bars of frames for the most frequent values, action units and labels."),
    )
    return Section("events", "Annotated events", tuple(sentences), tables=tables, figures=(figure,))


def _say_tokens(counts: EventCounts) -> list[Text]:
    tokens = counts.tokens
    if tokens is None or tokens.empty:
        return []
    both = tokens[["n_words", "n_spaces"]].sum()
    lost = both["n_words"] - both["n_spaces"]
    texts = count_things(tokens["n_texts"].iloc[0], "text")
    text = say(
        "A lexicon found {words} in {texts} after capitals and punctuation were removed from "
        "words, and {spaces} in the same texts split at blanks alone{share} (<Table "
        "event_labels>).",
        words=count_things(both["n_words"], "label"),
        texts=texts,
        spaces=write_count(both["n_spaces"]),
        share=f", {100 * lost / both['n_words']:.0f}% fewer" if lost > 0 else "",
    )
    return [text]


def _build_labels(counts: EventCounts, labels: pd.DataFrame) -> tuple[Table, ...]:
    if labels.empty and counts.tokens is None:
        return ()
    tokens = pd.DataFrame(columns=["label", "n_words", "n_spaces"])
    tokens = tokens if counts.tokens is None else counts.tokens
    names = list(
        dict.fromkeys([*labels.sort_values("estimate", ascending=False)["label"], *tokens["label"]])
    )
    cells = []
    for name in names:
        found, row = find_row(tokens, label=name), find_row(labels, label=name)
        cells.append(
            {
                "label": str(name),
                "words": write_count(found["n_words"]) if found else MISSING,
                "spaces": write_count(found["n_spaces"]) if found else MISSING,
                "utterances": write_count(row.get("n_utterances", 0)),
                "frames": write_count(row.get("estimate", 0)),
                "share": f"{100 * row.get('share', 0.0):.1f}%",
            }
        )
    spanner = "Texts with the label"
    columns = (
        Column("label", say("Label"), words=True),
        Column("words", say("Words cleaned"), spanner),
        Column("spaces", say("Split at blanks"), spanner),
        *list_columns(utterances="Utterances", frames="Frames", share="Share"),
    )
    note = say("Share: of all {frames} frames.", frames=write_count(counts.n_frames))
    rows = counts.tidy()
    return (
        Table(
            "event_labels",
            "Labels That the Lexicon Gives",
            columns,
            pd.DataFrame(cells),
            notes=(note,),
            rows=rows,
        ),
    )


def _list_merged(counts: EventCounts) -> pd.DataFrame:
    """Return the rows of the table of spellings that were met."""
    if counts.spellings is None:
        return pd.DataFrame(columns=["n_intervals"])
    return counts.spellings[counts.spellings["n_intervals"] > 0]


def _list_mapped(counts: EventCounts) -> pd.DataFrame:
    """Return the rows of the table of action units that were met, the most frequent first."""
    if counts.units is None:
        return pd.DataFrame(columns=["unit", "tier", "value", "n_intervals"])
    met = counts.units[counts.units["n_intervals"] > 0]
    return met.sort_values("n_intervals", ascending=False, kind="stable")


def _build_readings(merged: pd.DataFrame, mapped: pd.DataFrame) -> tuple[Table, ...]:
    """Return the table: what is read as something else, by the two tables that can be edited."""
    rows = [
        {
            "kind": "Spellings",
            "tier": row["tier"],
            "value": row["value"],
            "to": f"{row['tier_as']}={row['value_as']}" if row["value_as"] else row["tier_as"],
            "n_intervals": row["n_intervals"],
        }
        for row in merged.to_dict("records")
    ]
    rows += [
        {"kind": "Action units", "to": row["unit"]}
        | {name: row[name] for name in ("tier", "value", "n_intervals")}
        for row in mapped.to_dict("records")
    ]
    if not rows:
        return ()
    left = max(len(mapped) - _MOST_UNITS, 0)
    cells = [
        {
            "kind": row["kind"],
            "tier": row["tier"],
            "value": row["value"] or "every value",
            "to": row["to"],
            "count": write_count(row["n_intervals"]),
        }
        for row in rows[: len(rows) - left]
    ]
    columns = list_columns(
        words=3, tier="Tier in the files", value="Value", to="Read as", count="Intervals"
    )
    note = say(
        "How values are read can be changed by tables of one's own (units, spellings).{more}",
        more=f" The {_MOST_UNITS} most frequent of {len(mapped)} values with a unit."
        if left
        else "",
    )
    return (
        Table(
            "event_readings",
            "What Values Are Read As",
            columns,
            pd.DataFrame(cells),
            group="kind",
            notes=(note,),
            rows=pd.DataFrame(rows),
        ),
    )


_IMPORTANT = 10


def describe_prediction(analysis: Analysis) -> Section | None:
    """Return the section on predicted labels, or None where none were predicted."""
    found: LabelPrediction | None = analysis.label_prediction
    if found is None:
        return None
    honest = found.folds
    sentences = [
        quote_sentence(found.sentence()),
        say(
            "Random forests of {trees} saw {frames} in {honest} folds of {kind} and {leaky} folds "
            "of frames, of {distinct} combinations of features and labels.",
            trees=count_things(found.trees, "tree"),
            frames=count_things(found.n_frames, "frame"),
            honest=found.n_folds[honest],
            kind=honest,
            leaky=found.n_folds["frames"],
            distinct=write_count(found.n_distinct),
        ),
        say(
            "See <Table label_prediction, Figure label_scores> for each label, and <Table "
            "label_importance> for the features."
        ),
    ]
    caveats = [
        say(
            "Scores in folds of frames do not hold for new signing; they are reported because "
            "published results rest on such folds."
        )
    ]
    if found.among == "labelled":
        caveats.append(
            say(
                "Only frames with a label are included; which frames these are is not known of "
                "new signing."
            )
        )
    figure = Figure(
        "label_scores",
        "F1 of Labels in Held-Out Frames, by Kind of Folds",
        lambda: draw_label_scores(found),
        words=say(
            "F1 of each label in folds of frames and in honest folds, with intervals; the same "
            "numbers as <Table label_prediction>."
        ),
        notes=(say("Lines are {level} confidence intervals.", level=write_level(found.level)),),
    )
    return Section(
        "label_prediction",
        "Prediction of labels from features",
        tuple(sentences),
        caveats=tuple(caveats),
        tables=(_build_scores(found), _build_importance(found)),
        figures=(figure,),
    )


def _build_scores(found: LabelPrediction) -> Table:
    table, honest = found.table, found.folds
    keys = table[table["folds"].eq(honest) & table["term"].eq("f1")]
    single = keys[keys["average"].eq("label")].sort_values(
        "support", ascending=False, kind="stable"
    )
    cells = []
    for key in [*single.to_dict("records"), *keys[keys["average"].ne("label")].to_dict("records")]:
        alone = key["average"] == "label"
        name = str(key["label"]) if alone else f"{str(key['average']).capitalize()} average"
        cell: dict[str, Any] = {"label": name, "support": write_count(key["support"])}
        for kind, short in ((honest, "own"), ("frames", "leaky")):
            for term in ("precision", "recall", "f1"):
                row = find_row(
                    table,
                    folds=kind,
                    average=key["average"],
                    term=term,
                    label=key["label"] if alone else None,
                )
                cell[f"{short}_{term}"] = write_estimate(row)
                if term == "f1" and short == "own":
                    cell["limits"] = write_limits(row)
        cells.append(cell)
    own, leaky = f"Folds of {honest}", "Folds of frames"
    columns = (
        Column("label", say("Label"), words=True),
        *list_columns(own, own_precision="Precision", own_recall="Recall", own_f1="F1"),
        Column("limits", say("{level} CI", level=write_level(found.level)), own),
        *list_columns(leaky, leaky_precision="Precision", leaky_recall="Recall", leaky_f1="F1"),
        Column("support", say("Frames")),
    )
    shown = table[table["folds"].eq(honest) & table["term"].eq("f1")]
    return Table(
        "label_prediction",
        "Precision, Recall and F1 of Labels in Held-Out Frames",
        columns,
        pd.DataFrame(cells),
        notes=(
            say(
                "Frames: with the label. Weighted average: by frames. {level} CI: delete-one "
                "jackknife over {kind}, widened where forests on random halves of them differ "
                "by more.",
                level=write_level(found.level),
                kind=honest,
            ),
            *collect_notes(shown, ("label",)),
        ),
        rows=found.tidy(),
    )


def _build_importance(found: LabelPrediction) -> Table:
    rows = found.importance
    impurity = rows[rows["term"].eq("importance_impurity")].sort_values(
        "estimate", ascending=False, kind="stable"
    )
    permuted = rows[rows["term"].eq("importance_permutation")]
    ranks = permuted.set_index("feature")["estimate"].rank(ascending=False, method="first")
    cells = []
    for row in impurity.head(_IMPORTANT).to_dict("records"):
        other = find_row(permuted, feature=row["feature"])
        cells.append(
            {
                "feature": _name_feature(row["feature"]),
                "impurity": write_estimate(row, 3),
                "permuted": write_estimate(other, 3) if other else MISSING,
                "limits": write_limits(other, 3) if other else MISSING,
                "rank": f"{ranks[row['feature']]:.0f}" if other else MISSING,
            }
        )
    columns = (
        *list_columns(words=1, feature="Feature", impurity="Impurity"),
        Column("permuted", say("Loss of F1"), "Permutation"),
        Column("limits", say("{level} CI", level=write_level(found.level)), "Permutation"),
        Column("rank", say("Rank"), "Permutation"),
    )
    note = say(
        "Features of the largest impurity importance (at most {count}): the share of the trees' "
        "fit that splits on a feature bring, in training. Permutation: what micro F1 loses in "
        "held-out frames, folds of {kind}, when the feature is permuted (mean over all "
        "permutations).",
        count=_IMPORTANT,
        kind=found.folds,
    )
    return Table(
        "label_importance",
        "Importance of Features for Predicting Labels",
        columns,
        pd.DataFrame(cells),
        notes=(note,),
        rows=rows,
    )


def _name_feature(feature: Any) -> str:
    from exprstats.events.facs import NAMES

    told = NAMES.get(str(feature))
    return f"{feature} ({told})" if told else str(feature)
