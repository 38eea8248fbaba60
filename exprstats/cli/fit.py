"""``exprstats fit``: clip features to a tuned model, its weights and its predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from exprstats.cli.cells import (
    Row,
    collect_notes,
    index_rows,
    list_records,
    order_contexts,
    show_count,
    show_estimate,
)
from exprstats.cli.confusions import tell_chance
from exprstats.cli.importances import show_importance
from exprstats.cli.majorities import show_classes
from exprstats.cli.options import (
    ByOption,
    ForceOption,
    JobsOption,
    JsonOption,
    MissingOption,
    OutOption,
    QuietOption,
    SeedOption,
)
from exprstats.cli.partitions import (
    FoldsOption,
    LeakageOption,
    NestedOption,
    Partition,
    RepeatsOption,
    SplitOption,
    StratifyOption,
    plan_partition,
)
from exprstats.cli.predictors import list_features, warn_of_copies
from exprstats.cli.session import Session, open_session
from exprstats.cli.targets import name_predictions, require_forest, require_numbers, settle_target
from exprstats.cli.validation import show_leakage, show_nested
from exprstats.cli.values import split_names
from exprstats.cli.weights import check_draws, list_weights, show_stability
from exprstats.numerals import count_things

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.models import Models
    from exprstats.models.classes import Task

_SCORES = {"rmse": "RMSE", "correlation": "r", "accuracy": "Accuracy", "uar": "UAR"}
_TUNED = {
    "alpha": "Alpha",
    "l1_ratio": "L1 ratio",
    "max_features": "Features/split",
    "min_leaf": "Clips/leaf",
}


def fit_clips(
    clips: Annotated[
        Path, typer.Argument(metavar="CLIPS", help="One row a clip, with its features and target.")
    ],
    target: Annotated[str, typer.Option(metavar="COLUMN", help="What to predict.")],
    subject: Annotated[
        str, typer.Option(metavar="COLUMN", help="Who is seen; nobody is in two parts.")
    ],
    clip: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Names the clips. [default: clip]")
    ] = None,
    by: ByOption = None,
    features: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="Feature columns. [default: all other numbers but valid_share, mean_confidence, "
            "gaps, face_switches]",
        ),
    ] = None,
    model: Annotated[
        Literal["elastic", "forest"], typer.Option(help="An elastic net, or a random forest.")
    ] = "elastic",
    classes: Annotated[
        bool, typer.Option("--classes", help="The target's whole numbers are codes of classes.")
    ] = False,
    importance: Annotated[
        bool,
        typer.Option(
            "--importance", help="How much the test error rises if a feature is permuted."
        ),
    ] = False,
    weights_draws: Annotated[
        int,
        typer.Option(min=0, help="Refits to resampled subjects, for intervals of the weights."),
    ] = 0,
    predictions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every prediction, with its part.")
    ] = None,
    split: SplitOption = None,
    stratify: StratifyOption = False,
    folds: FoldsOption = None,
    repeats: RepeatsOption = None,
    nested: NestedOption = False,
    leakage: LeakageOption = False,
    missing: MissingOption = None,
    json: JsonOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    seed: SeedOption = 1,
    n_jobs: JobsOption = 1,
    quiet: QuietOption = False,
) -> None:
    """Predict a target from clip features, on unseen subjects; texts are classes (forest)."""
    options = {"json": json, "out": out, "force": force, "quiet": quiet}
    files = {"--predictions": predictions}
    with open_session("fit", seed=seed, files=files, **options) as session:
        check_draws(model, weights_draws)
        fold = {"folds": folds, "repeats": repeats, "nested": nested}
        plan = plan_partition(split, stratify=stratify, model=model, **fold)
        if classes:
            require_forest(model, "--classes")
        chosen = split_names(features, "--features")
        from exprstats.io import read_clips

        session.note_file(clips)
        table = read_clips(
            clips,
            clip=clip or "clip",
            subject=subject,
            context=by,
            features=chosen,
            target=target,
            classes=True if classes else None,
            missing=split_names(missing, "--missing") or (),
        )
        task = settle_target(session, table[target], model, classes=classes)
        if leakage:
            require_numbers(task)
        named = chosen or list_features(session, table, target)
        table = _drop_gaps(session, table, [target, *named])
        warn_of_copies(session, table, target, named)
        data: dict[str, Any] = {"target": target, "features": named}
        data["by"] = "context" if by else None
        work: dict[str, int] = {"seed": seed, "n_jobs": n_jobs}
        result = _fit(table, model, task, plan, **work, **data)
        _show(session, result, task, **work)
        if weights_draws:
            show_stability(session, result, draws=weights_draws, **work)
        if importance:
            show_importance(session, result, seed=seed)
        if nested:
            show_nested(session, table, plan, **work, **data)
        if leakage:
            show_leakage(session, table, model, task, **work, **data)
        session.show_points("Notes", collect_notes(list_records(result.tidy())))
        if predictions is not None:
            _write_predictions(session, result, predictions)


def _fit(
    clips: pd.DataFrame,
    model: str,
    task: Task,
    plan: Partition,
    *,
    seed: int,
    n_jobs: int,
    **data: Any,
) -> Models:
    from exprstats.models import fit_elastic, fit_forest

    parts = plan.split(clips, seed)
    data |= {"parts": parts, "name": model}
    if model == "forest":
        return fit_forest(clips, task=task, seed=seed, n_jobs=n_jobs, **data)
    folds = plan.deal_rest(clips, parts, seed) if plan.folds else None
    return fit_elastic(clips, folds=folds, **data)


def _write_predictions(session: Session, result: Models, place: Path) -> None:
    """Write all predictions, of classes by their names."""
    from exprstats.io import write_csv

    table = name_predictions(result)
    write_csv(table, place)
    session.say(f"{count_things(len(table), 'prediction is', 'predictions are')} in {place}.")


def _drop_gaps(session: Session, clips: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    from exprstats.study import Logbook, drop_gaps

    log = Logbook(seed=0)
    reason = "a feature or the target is missing"
    kept = drop_gaps(clips, columns, log, stage="read", reason=reason)
    session.warnings += [str(one) for one in log.exclusions]
    return kept


def _show(session: Session, result: Models, task: Task, *, seed: int, n_jobs: int) -> None:
    rows = session.add_table("fit", result.tidy())
    session.tables["predictions"] = name_predictions(result)
    if result.kind == "elastic":
        session.add_figure("figure4_weights", "draw_weights", result)
    held = "validate" if result.rounds is None else "folds"
    session.show_table("How well each part is predicted", *_list_parts(rows, held))
    if any(row["term"] == "weight" for row in rows):
        title = "Weights: change of the target, in its unit, for one SD of the feature"
        session.show_table(title, *list_weights(rows))
    if task == "classification":
        show_classes(session, result, seed=seed, n_jobs=n_jobs)
    session.say(result.sentence())
    if task == "classification":
        session.say(tell_chance(result))


def _list_parts(rows: list[Row], held: str) -> tuple[list[str], list[list[str]]]:
    """Return headers and cells; the part that tuned the model is called as said."""
    found = index_rows(rows, "context", "part", "term")
    terms = [term for term in _SCORES if any(row["term"] == term for row in rows)]
    tuned = [term for term in _TUNED if any(row["term"] == term for row in rows)]
    cells = []
    for context in order_contexts(rows):
        settings = [f"{found[context, 'validate', term]['estimate']:.3g}" for term in tuned]
        for part in ("train", "validate", "test"):
            first, second = (found.get((context, part, term)) for term in terms)
            counts = [show_count(first, "n_clusters"), show_count(first, "n_clips")]
            bounded = terms[0] == "accuracy"
            numbers = [show_estimate(first, bounded=bounded), show_estimate(second)]
            shown = held if part == "validate" else part
            cells.append([context, shown, *counts, *numbers, *settings])
            settings = [""] * len(tuned)
    headers = ["Context", "Part", "Subjects", "Clips", *(_SCORES[term] for term in terms)]
    return [*headers, *(_TUNED[term] for term in tuned)], cells
