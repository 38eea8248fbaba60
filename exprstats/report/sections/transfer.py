"""Section on the recall of acted emotions from scores and sentences of new speakers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exprstats.apa import count_things, write_count, write_number, write_p
from exprstats.document.cells import collect_notes, write_estimate
from exprstats.document.model import Figure, Section, Table, keep
from exprstats.document.tables import column, estimate_columns, match_row, tabulate
from exprstats.document.text import Text, quote_sentence, say
from exprstats.plots.estimates import draw_recall
from exprstats.plots.performance import tell_level
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.expressions import Transfer


def describe_transfer(analysis: Analysis) -> Section | None:
    """Return the section, or None where nothing was classified."""
    result: Transfer | None = analysis.transfer
    if result is None:
        return None
    figure = Figure(
        "estimates_recall",
        "Recall With C Chosen on Training and on Test Speakers",
        lambda: draw_recall(result),
        say("Recall of each set of features with its interval, chance as a dashed line."),
        notes=(say(tell_level(result.level)),),
    )
    seen = say("See <Table estimates_recall, Figure estimates_recall> for all sets of features.")
    return Section(
        "transfer",
        "Recall of acted emotions",
        sentences=keep(quote_sentence(result.sentence()), _say_nulls(result), seen),
        caveats=_say_cautions(result),
        tables=(_tabulate_recall(result),),
        figures=(figure,),
    )


def _say_cautions(result: Transfer) -> tuple[Text, ...]:
    """Say what deals and intervals leave out, and that the best set was chosen."""
    count = result.table["features"].nunique()
    speakers = int(result.table["n_clusters"].max())
    dealt: tuple[Text, ...] = ()
    if result.repeats == 1:
        dealt = (
            say(
                "Intervals do not allow for other training speakers, and are somewhat too short: "
                "take a *p* near the bound for no evidence."
            ),
        )
        if result.choices["fold"].max() < speakers:
            dealt = (
                say(
                    "Speakers were dealt into folds once: another seed deals them otherwise. Ask "
                    "for several repeats before a difference is interpreted."
                ),
                *dealt,
            )
    if count == 1:
        return dealt
    best = say(
        "The best of {count} sets of features was found on the speakers that it is shown for, "
        "which favors it, as choosing C on them does.",
        count=count,
    )
    return *dealt, best


def _say_nulls(result: Transfer) -> Text | None:
    """Return what permuted labels give, which is chance where C is chosen honestly."""
    if result.nulls.empty:
        return None
    means = result.nulls[["uar", "uar_test"]].mean()
    draws = int(result.nulls["draw"].max())
    return say(
        "With labels permuted within speakers ({draws}) recall is {honest} on average, and "
        "{test} with C chosen on the test speakers.",
        draws=count_things(draws, "permutation"),
        honest=write_number(means["uar"], 3, bounded=True),
        test=write_number(means["uar_test"], 3, bounded=True),
    )


def _tabulate_recall(result: Transfer) -> Table:
    rows = result.tidy()
    shown = rows[rows["term"].eq("uar")]
    several = len(shown) > 1
    more = match_row(rows, "features", term="uar_difference")
    columns = (
        column("features", "Features"),
        column("dimensions", "Dim.", write_count),
        *estimate_columns(result.level, heading="UAR", key="uar", under="C by training"),
        *(
            column("difference", "Diff.", write_estimate, of=more) if several else None,
            column("p", "Adj. *p*", write_p, of=lambda row: more(row).get("p_adjusted"))
            if several
            else None,
        ),
        column(
            "test",
            "UAR",
            write_estimate,
            of=match_row(rows, "features", term="uar_test"),
            under="C by test",
        ),
        column(
            "more",
            "Inflation",
            write_estimate,
            of=match_row(rows, "features", term="inflation"),
            under="C by test",
            decimals=3,
        ),
    )
    note = say(
        "UAR: unweighted average recall of {count} classes; chance is {chance}. No speaker is in "
        "both training and test.",
        count=result.classes,
        chance=write_number(1 / result.classes, 3, bounded=True),
    )
    compared = say(
        "Diff.: to the first line, *p* adjusted by Holm's method. Early fusion: features of each "
        "modality's text side by side; late fusion: features of the texts one after the other."
    )
    notes = keep(
        note,
        _note_deals(result),
        *([compared] if several else []),
        *collect_notes(rows, ("features", "term")),
    )
    name, title = "estimates_recall", "Recall of Acted Emotions"
    return tabulate(name, title, shown, columns, notes=notes, rows=rows)


def _note_deals(result: Transfer) -> Text | None:
    """Say over how many deals recalls are means, and how far single ones lie from each other."""
    if result.repeats == 1:
        return None
    spreads = result.table.groupby("term")["sd_repeats"].max()
    told = {
        "count": write_count(result.repeats),
        "recall": write_number(spreads["uar"], 3, bounded=True),
    }
    if "uar_difference" not in spreads:
        text = (
            "Means over {count} deals of speakers into folds (SD over deals up to {recall}); the "
            "variance between deals, which other training speakers would add, is in the limits."
        )
        return say(text, **told)
    text = (
        "Means over {count} deals of speakers into folds (SD over deals up to {recall}, of "
        "differences up to {more}); the variance between deals, which other training speakers "
        "would add, is in limits and *p* of recalls and their differences."
    )
    more = write_number(spreads["uar_difference"], 3, bounded=True)
    return say(text, **told, more=more)
