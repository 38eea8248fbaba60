"""Section on the prediction of labels: folds of frames beside honest folds, and importance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exprstats.apa import MISSING, count_things, write_count, write_level
from exprstats.document.cells import collect_notes, find_row, write_estimate, write_limits
from exprstats.document.model import Column, Figure, Section, Table, list_columns
from exprstats.document.text import quote_sentence, say
from exprstats.plots.performance import tell_level
from exprstats.plots.signing import draw_label_scores
from exprstats.report.analysis import Analysis

if TYPE_CHECKING:
    from exprstats.events import LabelPrediction

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
