"""``exprstats fit``: a tuned model of clip features, its weights and predictions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from exprstats.apa import count_things, write_level
from exprstats.cli.fit_checks import (
    FEWEST_SUBJECTS,
    show_classes,
    show_label,
    show_leakage,
    show_nested,
    tell_chance,
)
from exprstats.cli.options import (
    ByOption,
    ForceOption,
    JobsOption,
    JsonOption,
    MissingOption,
    OutOption,
    QuietOption,
    SeedOption,
    split_names,
)
from exprstats.cli.session import Session, open_session
from exprstats.document.cells import (
    Row,
    collect_row_notes,
    index_rows,
    list_records,
    name_context,
    order_contexts,
    show_count,
    show_estimate,
    show_limits,
)
from exprstats.errors import DataError, OptionError, Problem
from exprstats.options import name_some

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.models import Importance, Models
    from exprstats.models.data.classes import Task

_SCORES = {"rmse": "RMSE", "correlation": "r", "accuracy": "Accuracy", "uar": "UAR"}
_TUNED = {
    "alpha": "Alpha",
    "l1_ratio": "L1 ratio",
    "max_features": "Features/split",
    "min_leaf": "Clips/leaf",
}
# A target of so few whole numbers may stand for classes.
FEW_VALUES = 7
# A feature of so few values may be the target in other words.
MOST_CODES = 20
SplitOption = Annotated[
    str | None,
    typer.Option(
        "--split",
        metavar="A,B,C",
        help="Percent of subjects for training, validation and test. [default: 60,20,20]",
    ),
]
StratifyOption = Annotated[
    bool,
    typer.Option("--stratify", help="Give each part its share of the subjects of each context."),
]
FoldsOption = Annotated[
    int | None,
    typer.Option(
        "--folds",
        min=2,
        metavar="K",
        help="Tune in K folds of all subjects but the test's, not on one validation part.",
    ),
]
RepeatsOption = Annotated[
    int | None, typer.Option("--repeats", min=1, metavar="R", help="Deal the folds R times.")
]
NestedOption = Annotated[
    bool,
    typer.Option(
        "--nested",
        help="Also predict everybody by nets tuned without them, in --folds (5) of all subjects.",
    ),
]
LeakageOption = Annotated[
    bool,
    typer.Option(
        "--leakage", help="Also say what a split by clips, not people, would have pretended."
    ),
]

USUAL_SHARES = (0.6, 0.2, 0.2)
USUAL_FOLDS = 5
FEWEST_NESTED = 3
DRAWS = 2000
FEWEST_DRAWS = 50


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
        session.show_points("Notes", collect_row_notes(list_records(result.tidy())))
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


def settle_target(session: Session, target: pd.Series, model: str, *, classes: bool) -> Task:
    """Return whether classes are predicted: texts, or whole numbers that are called so.

    Raises
    ------
    OptionError
        Classes for a model of numbers.
    """
    from exprstats.models.data.classes import holds_names

    if not (classes or holds_names(target)):
        session.show_points("Hint", _hint_classes(target, model))
        return "regression"
    held = sorted(target.dropna().unique(), key=str)
    shown = ", ".join(show_label(one) for one in held[:5]) + " ..." * (len(held) > 5)
    require_forest(model, f"column '{target.name}' holds names of {len(held)} classes ({shown})")
    return "classification"


def require_forest(model: str, reason: str) -> None:
    """Refuse classes for a model that predicts numbers."""
    if model != "forest":
        message = f"{reason}: --model {model} predicts numbers. Add --model forest."
        raise OptionError(message)


def require_numbers(task: Task) -> None:
    """Refuse classes where a split by clips is compared."""
    if task == "classification":
        message = "--leakage compares RMSE and r, which classes do not have. Leave it out."
        raise OptionError(message)


def _hint_classes(target: pd.Series, model: str) -> list[str]:
    values = sorted(target.dropna().unique().tolist())
    if not 2 <= len(values) <= FEW_VALUES or not all(float(one).is_integer() for one in values):
        return []
    shown = ", ".join(f"{one:g}" for one in values)
    forest = "" if model == "forest" else "--model forest "
    return [
        f"'{target.name}' holds {len(values)} whole numbers ({shown}) and is predicted as a "
        f"quantity. If they are codes of classes, use {forest}--classes."
    ]


def name_predictions(result: Models) -> pd.DataFrame:
    """Return predictions for a file: classes by their names, or codes without decimals."""
    predictions = result.predictions
    if not result.design.classes:
        return predictions
    if "truth_class" not in predictions:
        return predictions.astype({"truth": int, "prediction": int})
    columns = {name: predictions[f"{name}_class"] for name in ("truth", "prediction")}
    return predictions.drop(columns=["truth_class", "prediction_class"]).assign(**columns)


def list_features(session: Session, clips: pd.DataFrame, target: str) -> list[str]:
    """Return the columns that could be features, and say which others are passed over.

    Raises
    ------
    DataError
        If there is none.
    """
    from exprstats.study import list_numbers

    named = list_numbers(clips, target)
    roles = {"clip", "subject", "context", target}
    texts = [str(one) for one in clips.select_dtypes(exclude="number") if one not in roles]
    if not named:
        fact = "there is no column of numbers to predict from, beside ids, target and quality."
        raise DataError(Problem(fact, "Name the features with --features."))
    if texts:
        session.warnings.append(f"Columns without numbers are no features: {name_some(texts)}.")
    return named


def warn_of_copies(session: Session, clips: pd.DataFrame, target: str, features: list[str]) -> None:
    """Warn of features that give the target away."""
    codes = clips[target].astype("category").cat.codes
    for name in features:
        if name == target:
            # Refused by the models, with what to do.
            continue
        values = clips[name]
        levels = values.nunique()
        if levels < 2:
            continue
        coded = levels <= min(MOST_CODES, 2 * clips[target].nunique(), len(clips) / 2)
        groups = codes.groupby(values).nunique() if coded else None
        if (groups is not None and groups.max() == 1) or _follows(values, clips[target]):
            session.warnings.append(
                f"Feature '{name}' gives '{target}' away: each of its values goes with one of the "
                "target's. If it was made from the target, leave it out with --features."
            )


def _follows(values: pd.Series, target: pd.Series) -> bool:
    """Return whether a feature is the target on another scale."""
    import numpy as np
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(target) or target.nunique() < MOST_CODES:
        return False
    return bool(abs(np.corrcoef(values, target)[0, 1]) > 1 - 1e-9)


@dataclass(frozen=True, slots=True)
class Partition:
    """Shares of the subjects for training, validation and test, and the folds among them.

    ``folds`` is None where nobody asked for folds.
    """

    shares: tuple[float, float, float]
    folds: int | None
    repeats: int
    stratify: bool

    def split(self, clips: pd.DataFrame, seed: int) -> pd.DataFrame:
        """Return each subject's part.

        Raises
        ------
        OptionError
            Strata are wanted, and there are no contexts.
        """
        from exprstats.models import split_subjects

        if self.stratify and "context" not in clips:
            message = "--stratify shares out contexts, and there are none. Name theirs with --by."
            raise OptionError(message)
        train, validate, test = self.shares
        return split_subjects(
            clips,
            train=train,
            validate=validate,
            test=test,
            stratify=self.stratify,
            seed=seed,
        )

    def deal(self, clips: pd.DataFrame, seed: int) -> pd.DataFrame:
        """Return each subject's fold."""
        from exprstats.models import fold_subjects

        folds = self.folds or USUAL_FOLDS
        return fold_subjects(clips, folds=folds, repeats=self.repeats, seed=seed)

    def deal_rest(self, clips: pd.DataFrame, parts: pd.DataFrame, seed: int) -> pd.DataFrame:
        """Return the fold of each subject outside the test part."""
        tested = parts.loc[parts["part"] == "test", "subject"]
        return self.deal(clips[~clips["subject"].isin(tested)], seed)


def plan_partition(
    split: str | None,
    *,
    folds: int | None,
    repeats: int | None,
    stratify: bool,
    nested: bool,
    model: str,
) -> Partition:
    """Return how subjects are shared out.

    Raises
    ------
    OptionError
        Options that cannot be read, or that do not fit together.
    """
    if model != "elastic" and (folds or nested):
        option = "--nested" if nested else "--folds"
        message = f"{option} tunes elastic nets; a {model} needs validation subjects. Leave it out."
        raise OptionError(message)
    if repeats and not (folds or nested):
        message = f"--repeats {repeats} deals folds anew, and there are none. Add --folds 5."
        raise OptionError(message)
    if nested and folds and folds < FEWEST_NESTED:
        message = f"--nested tunes inside the folds; --folds {folds} is too few, 3 are needed."
        raise OptionError(message)
    shares = _read_shares(split)
    if not shares[1] and not folds:
        message = f"--split {split} leaves nobody to tune on. Add --folds 5, or a validation part."
        raise OptionError(message)
    return Partition(shares, folds, repeats or 1, stratify)


def _read_shares(text: str | None) -> tuple[float, float, float]:
    """Return shares with sum 1.

    Examples
    --------
    >>> _read_shares("60,20,20")
    (0.6, 0.2, 0.2)
    """
    if text is None:
        return USUAL_SHARES
    try:
        train, validate, test = (float(part) / 100 for part in text.split(","))
    except ValueError:
        train = validate = test = math.nan
    whole = abs(train + validate + test - 1) < 1e-9
    if not (whole and train > 0 and validate >= 0 and test > 0):
        message = (
            f"--split '{text}' must be the percent of subjects for training, validation and test, "
            "with sum 100, such as 60,20,20; only validation may be 0."
        )
        raise OptionError(message)
    return train, validate, test


def show_importance(session: Session, result: Models, *, seed: int) -> None:
    """Print how much the test error rises when features are permuted, and add the rows."""
    from exprstats.models import rate_importance

    counts = [result.design.count(sample, "test")[1] for sample in result.design.samples]
    if max(counts) < FEWEST_SUBJECTS:
        session.warnings.append(
            f"Importance is measured on test subjects, of whom there are {max(counts)}; it needs "
            f"{FEWEST_SUBJECTS}. Collect more subjects."
        )
        return
    found = rate_importance(result, draws=DRAWS, seed=seed)
    rows = [row for row in session.add_table("importance", found.tidy()) if row["headline"]]
    title = f"Importance: rise of the test {found.error} when a feature is permuted"
    single = [row for row in rows if row["term"] == "importance"]
    session.show_table(title, *_list_rises(single, found.level, found.error))
    groups = [row for row in rows if row["term"] == "group_importance"]
    if groups:
        title = "The same of features that correlate and are permuted together"
        session.show_table(title, *_list_rises(groups, found.level, found.error))
    session.say(found.sentence())
    session.add_figure("importance", "draw_importance", found)
    if session.out is not None and result.kind == "forest" and not result.design.classes:
        _trace(session, result, found)


def _trace(session: Session, result: Models, importance: Importance) -> None:
    """Keep how predictions move along the most important features, for the output folder."""
    from exprstats.study.stages import trace_forests

    curves = trace_forests({result.name: result}, {result.name: importance})[result.name]
    session.tables["dependence"] = curves.tidy()
    session.add_figure("dependence", "draw_dependence", curves)


def _list_rises(rows: list[Row], level: float, error: str) -> tuple[list[str], list[list[str]]]:
    bounded = error != "RMSE"
    cells = [
        [
            name_context(row),
            str(row["feature"]),
            show_estimate(row, 3, bounded=bounded),
            show_limits(row, 3, bounded=bounded),
        ]
        for row in rows
    ]
    return ["Context", "Feature", "Rise", f"{write_level(level)} CI"], cells


def check_draws(model: str, draws: int) -> None:
    """Refuse refits of models without weights, or too few of them."""
    if draws and model != "elastic":
        message = f"--weights-draws {draws} needs --model elastic; a forest has no weights."
        raise OptionError(message)
    if 0 < draws < FEWEST_DRAWS:
        message = f"--weights-draws {draws} is too few; ask for {FEWEST_DRAWS}, better 500."
        raise OptionError(message)


def show_stability(session: Session, result: Models, *, draws: int, seed: int, n_jobs: int) -> None:
    """Print weights with intervals over refits to resampled subjects, in place of their rows."""
    from exprstats.models import report_weights

    weights = report_weights(result, draws=draws, seed=seed, n_jobs=n_jobs)
    session.rows = [row for row in session.rows if row["term"] != "weight"]
    rows = session.add_table("weights", weights.tidy())
    found = index_rows([row for row in rows if row["headline"]], "context", "feature", "term")
    cells = [
        [
            context,
            feature,
            show_estimate(row, bounded=False),
            show_limits(row, bounded=False),
            show_estimate(found.get((context, feature, "selected"))),
            show_estimate(found.get((context, feature, "same_sign"))),
            show_estimate(found.get((context, feature, "notable"))),
        ]
        for (context, feature, term), row in found.items()
        if term == "weight"
    ]
    interval = f"{write_level(weights.level)} CI"
    headers = ["Context", "Feature", "Weight", interval, "Selected", "Same sign", "|w| ≥ .2"]
    session.show_table(f"Weights over {draws:,} refits to resampled subjects", headers, cells)
    session.say(weights.sentence())


def list_weights(rows: list[Row]) -> tuple[list[str], list[list[str]]]:
    """Return headers and cells: a line a feature, a column a context."""
    weights = [row for row in rows if row["term"] == "weight"]
    found = index_rows(weights, "context", "feature")
    contexts = order_contexts(weights)
    features = dict.fromkeys(str(row["feature"]) for row in weights)
    cells = [
        [feature, *(show_estimate(found.get((c, feature)), bounded=False) for c in contexts)]
        for feature in features
    ]
    return ["Feature", *contexts], cells
