"""Sections on annotated events: their counts, their labels, and the prediction of these."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_level
from exprstats.document.cells import Row, collect_notes, list_records, write_estimate
from exprstats.document.model import Figure, Section, Table
from exprstats.document.tables import column, estimate_columns, match_row, read_value, tabulate
from exprstats.document.text import Text, quote_sentence, say
from exprstats.plots.performance import tell_level
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
    names = [*labels.sort_values("estimate", ascending=False)["label"], *tokens["label"]]
    token, mine = match_row(tokens, "label"), match_row(labels, "label")
    words, spaces = (read_value(token, name) for name in ("n_words", "n_spaces"))
    under = "Texts with the label"
    columns = (
        column("label", "Label"),
        column("words", "Words cleaned", write_count, of=words, under=under),
        column("spaces", "Split at blanks", write_count, of=spaces, under=under),
        column("utterances", "Utterances", write_count, of=read_value(mine, "n_utterances", 0)),
        column("frames", "Frames", write_count, of=read_value(mine, "estimate", 0)),
        column("share", "Share", "{:.1%}".format, of=read_value(mine, "share", 0.0)),
    )
    note = say("Share: of all {frames} frames.", frames=write_count(counts.n_frames))
    lines = [{"label": name} for name in dict.fromkeys(names)]
    title = "Labels That the Lexicon Gives"
    return (tabulate("event_labels", title, lines, columns, notes=(note,), rows=counts.tidy()),)


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
    columns = (
        column("tier", "Tier in the files"),
        column("value", "Value", of=lambda row: row["value"] or "every value", words=True),
        column("to", "Read as"),
        column("n_intervals", "Intervals", write_count),
    )
    note = say(
        "How values are read can be changed by tables of one's own (units, spellings).{more}",
        more=f" The {_MOST_UNITS} most frequent of {len(mapped)} values with a unit."
        if left
        else "",
    )
    return (
        tabulate(
            "event_readings",
            "What Values Are Read As",
            rows[: len(rows) - left],
            columns,
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
        notes=(say(tell_level(found.level)),),
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
    columns = [column("label", "Label", _name_line, of=dict, words=True)]
    for kind, short in ((honest, "own"), ("frames", "leaky")):
        under = f"Folds of {kind}"
        for term, heading in (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1")):
            own = match_row(table, "average", "label", folds=kind, term=term)
            key = f"{short}_{term}"
            score, limits = estimate_columns(
                found.level, key=key, heading=heading, of=own, under=under
            )
            columns += [score, limits] if key == "own_f1" else [score]
    columns.append(column("support", "Frames", write_count))
    shown = table[table["folds"].eq(honest) & table["term"].eq("f1")]
    return tabulate(
        "label_prediction",
        "Precision, Recall and F1 of Labels in Held-Out Frames",
        [*list_records(single), *list_records(keys[keys["average"].ne("label")])],
        columns,
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


def _name_line(row: Row) -> str:
    if row["average"] == "label":
        return str(row["label"])
    return f"{str(row['average']).capitalize()} average"


def _build_importance(found: LabelPrediction) -> Table:
    rows = found.importance
    impurity = rows[rows["term"].eq("importance_impurity")].sort_values(
        "estimate", ascending=False, kind="stable"
    )
    permuted = rows[rows["term"].eq("importance_permutation")]
    ranks = permuted["estimate"].rank(ascending=False, method="first")
    other = match_row(permuted.assign(rank=ranks), "feature")
    form: dict[str, Any] = {"heading": "Loss of F1", "decimals": 3, "under": "Permutation"}

    def write_rank(row: Row) -> str:
        return f"{row['rank']:.0f}" if row else MISSING

    columns = (
        column("feature", "Feature", _name_feature, of=itemgetter("feature"), words=True),
        column("impurity", "Impurity", write_estimate, of=dict, decimals=3),
        *estimate_columns(found.level, key="permuted", of=other, **form),
        column("rank", "Rank", write_rank, of=other, under="Permutation"),
    )
    note = say(
        "Features of the largest impurity importance (at most {count}): the share of the trees' "
        "fit that splits on a feature bring, in training. Permutation: what micro F1 loses in "
        "held-out frames, folds of {kind}, when the feature is permuted (mean over all "
        "permutations).",
        count=_IMPORTANT,
        kind=found.folds,
    )
    return tabulate(
        "label_importance",
        "Importance of Features for Predicting Labels",
        impurity.head(_IMPORTANT),
        columns,
        notes=(note,),
        rows=rows,
    )


def _name_feature(feature: Any) -> str:
    from exprstats.events.facs import NAMES

    told = NAMES.get(str(feature))
    return f"{feature} ({told})" if told else str(feature)
