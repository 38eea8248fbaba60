"""``exprstats fit``: a tuned model of clip features, its weights and predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from exprstats.cli.command import opens_session
from exprstats.cli.options import (
    PREDICTIONS_HELP,
    SPLIT_HELP,
    ByOption,
    NamesOption,
    check_draws,
    option,
    split_id,
    split_names,
    split_shares,
    tell_saved,
)
from exprstats.cli.places import spare_input
from exprstats.cli.predict import write_predictions
from exprstats.cli.reading import get_reading, reads_files
from exprstats.cli.session import Session
from exprstats.document.cells import list_records
from exprstats.errors import Option, OptionError
from exprstats.options import name_some

if TYPE_CHECKING:
    from exprstats.models import Models
    from exprstats.results import Result
    from exprstats.study import SplitSettings

SplitOption = Annotated[
    str | None,
    option(
        "Percent of subjects for training, validation and test. [default: 60,20,20]",
        "A,B,C",
        name="--split",
    ),
]
StratifyOption = Annotated[
    bool, option("Give each part its share of the subjects of each context.", name="--stratify")
]
FoldsOption = Annotated[
    int | None,
    option(
        "Tune in K folds of all subjects but the test's, not on one validation part.",
        "K",
        name="--folds",
        min=2,
    ),
]
RepeatsOption = Annotated[
    int | None, option("Deal the folds R times.", "R", name="--repeats", min=1)
]
NestedOption = Annotated[
    bool,
    option(
        "Also predict everybody by nets tuned without them, in --folds (5) of all subjects.",
        name="--nested",
    ),
]
LeakageOption = Annotated[
    bool,
    option("Also report what a split by clips, not people, would have shown.", name="--leakage"),
]

FEWEST_NESTED = 3  # folds
DRAWS = 2000  # of test subjects, for the importance of features
LEAKS = 10  # splits of each kind


@reads_files
@opens_session("fit", "predictions", "save")
def fit_clips(
    session: Session,
    clips: Annotated[
        Path,
        typer.Argument(metavar="CLIPS", help="One row per clip, with its features and target."),
    ],
    target: Annotated[str, option("What to predict.", "COLUMN")],
    subject: Annotated[str, option(SPLIT_HELP, "COLUMN")],
    clip: NamesOption = None,
    by: ByOption = None,
    features: Annotated[
        str | None,
        option(
            "Feature columns. [default: all other numbers but valid_share, mean_confidence, "
            "gaps, face_switches]",
            "A,B,...",
        ),
    ] = None,
    model: Annotated[
        Literal["elastic", "forest"], option("An elastic net, or a random forest.")
    ] = "elastic",
    classes: Annotated[
        bool, option("The target's whole numbers are codes of classes.", name="--classes")
    ] = False,
    importance: Annotated[
        bool, option("How much the test error rises if a feature is permuted.", name="--importance")
    ] = False,
    weights_draws: Annotated[
        int, option("Refits to resampled subjects, for intervals of the weights.", min=0)
    ] = 0,
    predictions: Annotated[Path | None, option(PREDICTIONS_HELP, "FILE")] = None,
    save: Annotated[
        Path | None, option("Write the elastic net, for exprstats predict.", "FILE")
    ] = None,
    split: SplitOption = None,
    stratify: StratifyOption = False,
    folds: FoldsOption = None,
    repeats: RepeatsOption = None,
    nested: NestedOption = False,
    leakage: LeakageOption = False,
    *,
    seed: int,
    n_jobs: int,
) -> None:
    """Predict a target from clip features, on unseen subjects.

    A target of texts is one of classes, which a forest predicts.
    """
    from exprstats.study import Logbook, Study
    from exprstats.study import settings as keys
    from exprstats.study.run import fit_study

    check_refits(model, weights_draws)
    check_save(model, save)
    fold = {"folds": folds, "repeats": repeats, "nested": nested}
    shares = plan_split(split, stratify=stratify, model=model, **fold)
    spare_input(clips, session.files, session.out)
    chosen = split_names(features, "--features")
    columns: dict[str, Any] = {"clip": split_id(clip, "--clip") or "clip", "target": target}
    columns |= {"subject": split_id(subject, "--subject"), "context": split_id(by, "--by")}
    listed = None if chosen is None else tuple(chosen)
    settings = keys.ClipsSettings(clips, **columns, features=listed, classes=classes)
    # The command is a study of one model: the same stages, and seeds from the same one.
    study = Study(
        clips,
        seed=seed,
        clips=settings,
        split=shares,
        models=(keys.ModelSettings(model, model),),
        compare=keys.CompareSettings(),
        weights=keys.WeightsSettings(weights_draws) if weights_draws else None,
        importance=keys.ImportanceSettings(draws=DRAWS) if importance else None,
        reading=get_reading(),
    )
    log, leaks = Logbook(seed, style="command"), LEAKS if leakage else 0
    options = {"nested": nested, "leaks": leaks, "style": "command", "n_jobs": n_jobs}
    try:
        found = fit_study(study, log, **options)
    finally:  # an error later on may come from what was left out
        if log.passed:
            told = f"Columns without numbers are no features: {name_some(log.passed)}."
            session.warnings.append(told)
        session.warnings += [str(one) for one in log.exclusions]
    session.failures += [str(one) for one in log.failures]
    session.add_input(clips, log.inputs[0].sha256, log.inputs[0].rows)
    session.show_points("Choices", log.notes)
    keep_models(session, found["models"])
    keep_scores(session, found)
    session.present(*found.values(), *trace_curves(session, found))
    if predictions is not None:
        write_predictions(session, session.tables["predictions"], predictions)
    if save is not None:
        from exprstats.models import save_models

        save_models(found["models"], save)
        session.say(tell_saved(save, "predict"))


def check_refits(model: str, draws: int) -> None:
    """Refuse refits of models without weights, or too few of them."""
    if draws and model != "elastic":
        told = " needs ", Option("model", "elastic"), "; a forest has no weights."
        raise OptionError(Option("weights_draws", draws), *told)
    check_draws("weights_draws", draws, fewest=50, better=500)


def check_save(model: str, save: Path | None) -> None:
    """Refuse to store models that have no safe file."""
    if save is not None and model != "elastic":
        told = " needs ", Option("model", "elastic"), "; a forest has no file that is safe to open."
        raise OptionError(Option("save", str(save)), *told)


def plan_split(
    split: str | None,
    *,
    folds: int | None,
    repeats: int | None,
    stratify: bool,
    nested: bool,
    model: str,
) -> SplitSettings:
    """Return how subjects are shared out, if the options fit together."""
    from exprstats.study import SplitSettings

    add = "Add ", Option("folds", 5)
    if model != "elastic" and (folds or nested):
        message = f" tunes elastic nets; a {model} needs validation subjects. Leave it out."
        raise OptionError(Option("nested" if nested else "folds"), message)
    if repeats and not (folds or nested):
        told = " deals folds anew, and there are none. ", *add, "."
        raise OptionError(Option("repeats", repeats), *told)
    if nested and folds and folds < FEWEST_NESTED:
        told = " tunes inside the folds; ", Option("folds", folds), " is too few, 3 are needed."
        raise OptionError(Option("nested"), *told)
    shares: dict[str, Any] = {**split_shares(split)}
    if shares.get("validate") == 0 and not folds:
        told = " leaves no subjects to tune on. ", *add, ", or a validation part."
        raise OptionError(Option("split", split), *told)
    return SplitSettings(**shares, folds=folds, repeats=repeats or 1, stratify=stratify)


def keep_models(session: Session, models: Models) -> None:
    """Keep rows and predictions of models; classes by their names, or codes without decimals."""
    session.add_table("fit", models.tidy())
    table = models.predictions
    if "truth_class" in table:
        named = {name: table[f"{name}_class"] for name in ("truth", "prediction")}
        table = table.drop(columns=["truth_class", "prediction_class"]).assign(**named)
    elif models.design.classes:
        table = table.astype({"truth": int, "prediction": int})
    session.tables["predictions"] = table
    people = models.design.clips[["subject", "part"]].drop_duplicates("subject")
    session.tables["parts"] = people.reset_index(drop=True)


def keep_scores(session: Session, found: dict[str, Any]) -> None:
    """Keep what was found beside the models: some of it in place of their rows."""
    from exprstats.models import cross_classes, tally_classes

    if "comparison" in found:
        session.tables["performance"] = table = found["comparison"].tidy()
        renamed = table.drop(columns="term").rename(columns={"metric": "term"})
        session.rows = [row for row in session.rows if row["part"] != "test"]
        session.rows += list_records(renamed.assign(part="test"))
    if found["models"].design.classes:
        session.tables["classes"] = tally_classes(found["models"])
        session.tables["confusions"] = table = cross_classes(found["models"])
        keys = {"part": "test", "term": "confusion", "model": found["models"].name}
        session.rows += list_records(table.rename(columns={"share": "estimate"}).assign(**keys))
    if "weights" in found:
        session.rows = [row for row in session.rows if row["term"] != "weight"]
        session.add_table("weights", found["weights"].tidy())
    if "importance" in found:
        session.add_table("importance", found["importance"].tidy())
    if "nested" in found:
        session.tables["nested"] = table = found["nested"].tidy()
        scores = table[table["term"].isin(["rmse", "correlation"])].assign(part="nested")
        session.tables["nested_performance"] = scores
        session.rows += list_records(scores.drop(columns=["repeat", "fold", "feature"]))
    if "feature_correlations" in found:
        session.tables["feature_correlations"] = found["feature_correlations"].tidy()
        rows = list_records(session.tables["feature_correlations"])
        session.further["feature_correlations"] = rows
    if "leakage" in found:
        session.add_table("leakage", found["leakage"].tidy(), part="test")


def trace_curves(session: Session, found: dict[str, Any]) -> list[Result]:
    """Return how a forest's predictions move along its features, for the output folder."""
    from exprstats.study.stages.learning import trace_forests

    name = found["models"].name
    if session.out is None or "importance" not in found:
        return []
    curves = trace_forests({name: found["models"]}, {name: found["importance"]})
    for one in curves.values():
        session.tables["dependence"] = one.tidy()
    return list(curves.values())
