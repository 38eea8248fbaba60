"""``exprstats predict``: new clips predicted by stored models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from exprstats.apa import count_things
from exprstats.cli.command import opens_session
from exprstats.cli.options import ByOption, MissingOption, NamesOption, option, split_names
from exprstats.cli.reading import get_reading, reads_files
from exprstats.cli.session import Session
from exprstats.errors import DataError, OptionError, warn_user
from exprstats.options import name_some

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.io import FileFacts, Reading
    from exprstats.models import Models

FEWEST_SUBJECTS = 3


@reads_files
@opens_session("predict", "predictions")
def predict_file(
    session: Session,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="One row per clip, with the model's features.")
    ],
    model: Annotated[Path, option("From fit --save.", "FILE")],
    clip: NamesOption = None,
    subject: Annotated[
        str | None,
        option("Person seen in the clip. [default: subject, if the file has it]", "COLUMN"),
    ] = None,
    by: ByOption = None,
    unknown: Annotated[
        Literal["error", "pooled"],
        option("Clips of contexts that were not in the fit: predicted by the pool."),
    ] = "error",
    predictions: Annotated[Path | None, option("Write the predictions.", "FILE")] = None,
    missing: MissingOption = None,
    *,
    seed: int,
) -> None:
    """Predict new clips by a stored elastic net.

    Where the file holds the truth, the predictions are compared with it.
    """
    refuse_network(model, file)
    from exprstats.models import load_models, predict_clips
    from exprstats.report.sections.scores import describe_predicted

    models = load_models(model)
    facts = session.note_file(file)
    columns = {"clip": clip or "clip", "subject": subject, "context": by}
    how = get_reading(missing=split_names(missing, "--missing") or [])
    clips, unused = read_new(file, facts, models, columns, how)
    found = predict_clips(models, clips, unknown=unknown)
    session.add_table("predictions", found)
    target = models.design.target
    session.show(describe_predicted(found, target, models.name))
    if unused:
        session.say(f"Columns that the model does not use: {name_some(unused)}.")
    judge_predictions(session, found, seed)
    if predictions is not None:
        write_predictions(session, found, predictions)


def write_predictions(session: Session, table: pd.DataFrame, place: Path) -> None:
    """Write predictions as CSV, and say so."""
    from exprstats.io import write_csv

    write_csv(table, place)
    session.say(f"{count_things(len(table), 'prediction is', 'predictions are')} in {place}.")


def refuse_network(model: Path, file: Path) -> None:
    """Refuse a stored network, which another command reads."""
    if model.suffix.lower() == ".safetensors":
        message = (
            f"--model {model} is a network, which predicts clips as arrays. Use: "
            f"exprstats deep predict {model} {file}"
        )
        raise OptionError(message)


def read_new(
    file: Path, facts: FileFacts, models: Models, columns: dict[str, Any], reading: Reading
) -> tuple[pd.DataFrame, list[str]]:
    """Return the clips with the features and, where the file has it, the target; other columns."""
    from exprstats.io import read_clips

    design = models.design
    # A category is in the model as columns of 0 and 1, and in the file as it was in that of the
    # fit.
    held = {one: one if one in facts.columns else one.partition(": ")[0] for one in design.features}
    absent = [one for one in dict.fromkeys(held.values()) if one not in facts.columns]
    if absent:
        count = count_things(len(absent), "feature")
        needed = f"the model needs {count} that the file lacks: {name_some(absent)}."
        message = f"{file}: {needed} Make the features as those of the fit were made."
        raise DataError(message)
    targets = dict.fromkeys([design.target, design.pooled_target])
    known = [name for name in targets if name in facts.columns]
    wanted = list(dict.fromkeys([*held.values(), *known]))
    named: dict[str, Any] = {role: name for role, name in columns.items() if name}
    if "subject" not in named and "subject" not in facts.columns:
        named["subject"] = None
    coded = list(held) != list(held.values())
    clips = read_clips(file, **named, features=wanted, categories=coded, reading=reading)
    used = {*wanted, *columns.values(), "clip", "subject", "context"}
    return clips, [name for name in facts.columns if name not in used]


def judge_predictions(session: Session, found: pd.DataFrame, seed: int) -> None:
    """Compare predictions with the truth, where truth and subjects are known."""
    if "truth" not in found or not found["truth"].notna().any():
        return
    judged = found.dropna(subset=["truth", "prediction"])
    count = judged["subject"].nunique() if "subject" in judged else 0
    if count < FEWEST_SUBJECTS:
        told = f"of {count} subjects" if count else "of unnamed subjects"
        warn_user(
            f"The file holds the truth {told}; errors and correlations with intervals need at "
            f"least {FEWEST_SUBJECTS}, named by --subject."
        )
        return
    from exprstats.inference import compare_models

    by = "context" if (judged["fitted_on"] == "context").any() else None
    metrics = ["rmse", "correlation"]
    result = compare_models(judged, metrics=metrics, by=by, seed=seed)
    session.add_table("performance", result.tidy())
    session.present(result, unseen=False)
    session.say(
        "The stored model does not say whom it was fitted to: these numbers hold for new people "
        "only if none of the people in the file was among them."
    )
