"""Section on the co-occurrence of labels and features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_level, write_number, write_p
from exprstats.document.cells import collect_notes, write_estimate
from exprstats.document.model import Column, Section, Table
from exprstats.document.tables import column, estimate_columns, match_row, tabulate
from exprstats.document.text import Text, quote_sentence, say
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.events import CoOccurrence

_MOST_LABELS, _MOST_FEATURES, _FEWEST = 5, 10, 10
_FORMULAS = {
    "feature": ("P(label | feature)", "with the feature", "the label", "n_feature"),
    "label": ("P(feature | label)", "with the label", "the feature", "n_label"),
}


def describe_cooccurrence(analysis: Analysis) -> Section | None:
    """Return the section on conditional probabilities, or None where none were measured."""
    found: CoOccurrence | None = analysis.cooccurrence
    if found is None:
        return None
    name, condition, event, _ = _FORMULAS[found.given]
    unit = found.unit
    selected = (
        "" if found.among == "all" else " Only frames with a label are included, which raises "
    )
    if selected:
        selected += "every probability of a label."
    formula = say(
        "{name} is the share of {unit} {condition} that {have} {event}.{among}",
        name=name,
        unit=unit,
        condition=condition,
        have="have" if found.given == "feature" else "show",
        event=event,
        among=selected,
    )
    lost = ()
    if found.left_out:
        lost = (
            say(
                "{count} left out, with too few frames.",
                count=count_things(
                    len(found.left_out), "label or feature was", "labels and features were"
                ),
            ),
        )
    tables = _build_pairs(found)
    place = (
        (
            say(
                "<Table cooccurrence> lists features of the labels with the clearest "
                "associations, and <Table cooccurrence_highest> those with the highest shares, "
                "even if they occur in few utterances."
            ),
        )
        if tables
        else ()
    )
    caveats = (
        say(
            "Frames of one utterance are alike, so that intervals and the test take utterances as "
            "units. A high probability of a frequent label is no association; lift compares it "
            "with all {unit}.",
            unit=unit,
        ),
    )
    return Section(
        "cooccurrence",
        "Co-occurrence of labels and features",
        (quote_sentence(found.sentence()), formula, *place, *lost),
        caveats=caveats,
        tables=tables,
    )


def _build_pairs(found: CoOccurrence) -> tuple[Table, ...]:
    from exprstats.events.limits import rank_pairs

    name = _FORMULAS[found.given][0]
    table = found.table
    rows = table[table["headline"] & table["estimate"].notna()]
    seen = table[table["term"].eq("lift") & table["n_joint"].gt(0)]
    lift = match_row(seen, "label", "feature")
    # The label of the clearest pair comes first.
    order = rank_pairs(table[table["term"].eq("lift")])["label"].unique().tolist()
    kept = []
    for label in order[:_MOST_LABELS]:
        mine = rows[rows["label"].eq(label) & rows["n_joint"].gt(0)]
        mine = mine[mine["n_clusters"].ge(_FEWEST)]
        kept.append(mine.sort_values("conf_low", ascending=False, kind="stable"))
    kept = [mine.head(_MOST_FEATURES) for mine in kept]
    if all(mine.empty for mine in kept):
        return ()
    shown = pd.concat(kept)
    columns = (
        column("feature", "Feature"),
        *estimate_columns(found.level, heading=say("{name}", name=name)),
        _count_column(found),
        column("lift", "Lift", write_number, of=lambda row: lift(row)["estimate"]),
        column("p", "*p*", write_p, of=lambda row: lift(row).get("p_max_t")),
    )
    ranks = {
        (row["label"], row["feature"]): place
        for mine in kept
        for place, row in enumerate(mine.to_dict("records"), start=1)
    }
    first = tabulate(
        "cooccurrence",
        "Features That Go With Labels",
        shown,
        columns,
        group="label",
        notes=(*_say_pairs(found, len(order)), *collect_notes(shown, ("label", "feature"))),
        rows=found.tidy(),
    )
    return (first, _build_highest(found, rows, order[:_MOST_LABELS], ranks))


def _build_highest(
    found: CoOccurrence, rows: pd.DataFrame, labels: list[Any], ranks: dict[tuple[Any, Any], int]
) -> Table:
    """Return the table: the highest shares whatever they rest on, as published tables have them."""
    name, _, _, count = _FORMULAS[found.given]
    kept = []
    for label in labels:
        mine = rows[rows["label"].eq(label) & rows["n_joint"].gt(0)]
        mine = mine.sort_values(["estimate", count], ascending=False, kind="stable")
        kept.append(mine.head(_MOST_FEATURES))
    shown = pd.concat(kept)
    columns = (
        column("feature", "Feature"),
        column("estimate", say("{name}", name=name), write_estimate, of=dict, decimals=3),
        _count_column(found),
        column("n_clusters", "In utterances", write_count),
        column(
            "place",
            "Place in <Table cooccurrence>",
            of=lambda row: ranks.get((row["label"], row["feature"]), MISSING),
        ),
    )
    words = (
        " They call it the probability of the feature given the label, but divide, as here, by "
        "the frames with the feature."
        if found.given == "feature"
        else ""
    )
    note = say(
        "The highest {name} of each label, as Kezar and Zhou (2022, Tables 1 and 2) list them: "
        "without limits, and down to features of few utterances.{words}",
        name=name,
        words=words,
    )
    title = "Highest Conditional Probabilities"
    name = "cooccurrence_highest"
    return tabulate(name, title, shown, columns, group="label", notes=(note,))


def _count_column(found: CoOccurrence) -> Column:
    """Return the column of joint counts, of all that they are a share of."""
    count = _FORMULAS[found.given][3]
    return column(
        "count",
        "Frames" if found.unit == "frames" else "Utterances",
        lambda row: f"{write_count(row['n_joint'])}/{write_count(row[count])}",
        of=dict,
    )


def _say_pairs(found: CoOccurrence, n_labels: int) -> list[Text]:
    """Return the notes on which pairs are listed, their intervals and their test."""
    name = _FORMULAS[found.given][0]
    notes = [
        say(
            "{labels} with the clearest associations, and for each the features whose {name} "
            "is highest by the lower limit, at most {features}, of those that occur in {fewest} "
            "utterances. {level} CI: delete-one jackknife over the utterances in which the event "
            "occurs.",
            labels="The label"
            if n_labels == 1
            else f"The {count_things(min(_MOST_LABELS, n_labels), 'label')}",
            features=_MOST_FEATURES,
            name=name,
            fewest=_FEWEST,
            level=write_level(found.level),
        )
    ]
    tested = found.table["p_value"].notna().sum() if found.draws else 0
    if tested:
        notes.append(
            say(
                "*p* of independence: {draws} permutations of the labels of utterances within "
                "signers, adjusted for all {tested} pairs that occur in {fewest} utterances each.",
                draws=write_count(found.draws),
                tested=write_count(tested),
                fewest=_FEWEST,
            )
        )
    return notes
