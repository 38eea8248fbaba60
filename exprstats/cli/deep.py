"""``exprstats deep``: networks on clips as arrays are fitted, predict, and adapt to a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from exprstats.apa import count_things
from exprstats.cli.command import opens_session
from exprstats.cli.fit import SplitOption, plan_split
from exprstats.cli.options import (
    CLIP_HELP,
    PREDICTIONS_HELP,
    SPLIT_HELP,
    ByOption,
    option,
    split_id,
    split_names,
)
from exprstats.cli.places import check_folder, check_folders, spare_input
from exprstats.cli.predict import write_predictions
from exprstats.cli.reading import allow_strict, get_reading, reads_files
from exprstats.cli.session import Session
from exprstats.errors import OptionError, warn_user

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.deep import DeepModels


def split_counts(text: str | None) -> dict[str, int]:
    """Return modalities with their numbers of features from a list of NAME=COUNT.

    Examples
    --------
    >>> split_counts("image=2048,audio=128")
    {'image': 2048, 'audio': 128}
    """
    found = {}
    for part in split_names(text, "--modalities") or []:
        name, mark, count = (one.strip() for one in part.partition("="))
        if not (name and mark and count.isdigit() and int(count) > 0):
            message = f"--modalities '{part}' must be a name and its features, such as audio=128."
            raise OptionError(message)
        found[name] = int(count)
    return found


def fit_modalities(
    tried: list[dict[str, Any]], model: str, sizes: dict[str, int], *, ablate: bool
) -> list[dict[str, Any]]:
    """Return the settings to try with the modalities of a gated GRU, which alone has modalities."""
    if sizes and model != "gated-gru":
        message = f"--modalities are for --model gated-gru, not {model}."
        raise OptionError(message)
    if ablate and len(sizes) < 2:
        message = "--ablate needs --modalities, two or more, such as image=2048,audio=128."
        raise OptionError(message)
    if model != "gated-gru":
        return tried
    count = max(len(sizes), 1)
    whole = {"sizes": tuple(sizes.values())} if sizes and not ablate else {}
    return [
        {**whole, **one, **({"hidden": (one["hidden"],) * count} if "hidden" in one else {})}
        for one in tried
    ]


def ablate_network(
    session: Session,
    table: pd.DataFrame,
    targets: list[str],
    parts: pd.DataFrame,
    *,
    plain: bool,
    sequences: Path,
    grid: list[dict[str, Any]],
    **options: Any,
) -> None:
    """Print what networks lose without one of the modalities each."""
    from exprstats.deep import ablate_modalities, read_sequences

    if not plain:
        message = (
            "--ablate takes neither --by, --classes, --weights, --crop, --brightness, "
            "--training-only, --resume, --save nor --predictions."
        )
        raise OptionError(message)
    widths = {one["hidden"][0] for one in grid if "hidden" in one}
    if len(widths) > 1:
        message = "--ablate takes one number of --hidden units, the same for each modality."
        raise OptionError(message)
    units = {name: one for one in widths for name in options["modalities"]} or None
    kept = [{name: value for name, value in one.items() if name != "hidden"} for one in grid]
    found = ablate_modalities(table, targets=targets, parts=parts, load=read_sequences(sequences),
                              hidden=units, grid=kept, **options)  # fmt: skip
    session.add_table("ablation", found.tidy())
    session.tables |= {"predictions": found.predictions, "runs": found.runs}
    session.present(found)


_FEWEST = 3  # people whom intervals need
deep_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

ClipsArgument = Annotated[Path, typer.Argument(metavar="CLIPS", help="One row per clip.")]
ModelArgument = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A file that 'exprstats deep fit --save' wrote.")
]
SequencesOption = Annotated[
    Path,
    option(
        "Holds CLIP.npy or CLIP.csv for each clip: frames by features, or colors by frames by "
        "rows by columns.",
        "DIR",
        name="--sequences",
    ),
]
TargetsOption = Annotated[
    str,
    option(
        "What to predict; several columns are labels of 0 and 1, or numbers.",
        "COLUMN[,COLUMN...]",
        name="--target",
    ),
]
ClipOption = Annotated[str | None, option(CLIP_HELP, "COLUMN", name="--clip")]
DeviceOption = Annotated[
    str,
    option("auto (a GPU where there is one), cpu or cuda. GPUs are not measured.", name="--device"),
]


@allow_strict
@reads_files
@opens_session("deep fit", "save", "predictions")
def fit_sequences(
    session: Session,
    clips: ClipsArgument,
    sequences: SequencesOption,
    target: TargetsOption,
    subject: Annotated[str, option(SPLIT_HELP, "COLUMN")],
    clip: ClipOption = None,
    by: ByOption = None,
    model: Annotated[
        Literal["lstm", "r3d", "r3d-pretrained", "i3d", "gated-gru"], option("The network.")
    ] = "lstm",
    weights: Annotated[Path | None, option("Local weights to start from.", "FILE")] = None,
    name: Annotated[
        str | None, option("What predictions call it. [default: model]", "NAME")
    ] = None,
    modalities: Annotated[
        str | None,
        option(
            "Features of each modality, side by side in the arrays (gated-gru).", "NAME=COUNT,..."
        ),
    ] = None,
    ablate: Annotated[
        bool, option("Compare with networks that lack one modality each.", name="--ablate")
    ] = False,
    runs: Annotated[int, option("Trainings, each from other random numbers.", min=1)] = 1,
    classes: Annotated[
        int | None, option("The target's whole numbers 0 to K-1 are classes.", "K", min=2)
    ] = None,
    lr: Annotated[str | None, option("Learning rates to try.", "A,B,...")] = None,
    layers: Annotated[str | None, option("Layers to try (lstm).", "A,B,...")] = None,
    hidden: Annotated[str | None, option("Units of a layer to try (lstm).", "A,B,...")] = None,
    epochs: Annotated[int | None, option("Passes at most. [default: the paper's]", min=1)] = None,
    rescale: Annotated[
        bool,
        option("Standardize features by all training frames, not within a clip.", name="--rescale"),
    ] = False,
    crop: Annotated[
        int | None, option("Train on random squares of pictures.", "PIXELS", min=1)
    ] = None,
    brightness: Annotated[
        float | None,
        option("Train on pictures as much darker or brighter.", "SHARE", min=0, max=0.99),
    ] = None,
    training_only: Annotated[
        str | None,
        option(
            "Clips where it is 1 are left out of validation and test, such as added windows.",
            "COLUMN",
        ),
    ] = None,
    split: SplitOption = None,
    resume: Annotated[
        Path | None, option("Keep training here until it ends; a stopped one goes on.", "DIR")
    ] = None,
    save: Annotated[
        Path | None, option("Write the pooled network, as trained (.safetensors).", "FILE")
    ] = None,
    predictions: Annotated[Path | None, option(PREDICTIONS_HELP, "FILE")] = None,
    device: DeviceOption = "auto",
    *,
    seed: int,
) -> None:
    """Train networks on clips as arrays, and predict unseen people."""
    shares = plan_split(split, folds=None, repeats=None, stratify=False, nested=False, model=model)
    tried = _cross(epochs, lr=lr, layers=layers, hidden=hidden)
    tried = [{**one, "rescale": True} for one in tried] if rescale else tried
    varied = {"crop": crop, "brightness": brightness}
    augment = {name: value for name, value in varied.items() if value is not None}
    check_ending(save)
    if resume is not None:
        check_folder(resume, "--resume")
        check_folders({"--out": session.out, "--resume": resume}, session.files)
    targets = split_names(target, "--target") or [target]
    single = targets[0] if len(targets) == 1 else None
    table = read_windows(session, clips, single, clip=clip, subject=subject, context=by)
    note_arrays(session, sequences, table, weights)
    sizes = split_counts(modalities)
    tried = fit_modalities(tried, model, sizes, ablate=ablate)
    from exprstats.deep import fit_deep, read_sequences
    from exprstats.models import split_subjects
    from exprstats.study.provenance import Logbook

    dealt = {part: getattr(shares, part) for part in ("train", "validate", "test")}
    parts = split_subjects(table, **dealt, seed=Logbook(seed).draw_seed("split"))
    if ablate:
        given = (by, classes, weights, augment, training_only, resume, save, predictions)
        plain = not any(given)
        chosen = {"plain": plain, "sequences": sequences, "grid": tried, "runs": runs}
        chosen |= {"modalities": sizes, "device": device, "seed": seed}
        ablate_network(session, table, targets, parts, **chosen)
        return
    result = fit_deep(
        table,
        target=targets if single is None else single,
        parts=parts,
        load=read_sequences(sequences),
        kind=model,
        by="context" if by else None,
        classes=None if classes is None else range(classes),
        grid=tried,
        weights=weights,
        name=name,
        augment=augment or None,
        training_only=training_only,
        runs=runs,
        checkpoints=resume,
        device=device,
        seed=seed,
    )
    _keep(session, result, seed)
    if save is not None:
        result.fits[-1].save(save)
        _tell_saved(session, result, save)
    if predictions is not None:
        write_predictions(session, result.predictions, predictions)


def _tell_saved(session: Session, result: DeepModels, save: Path) -> None:
    row = result.glance().iloc[0]
    name = "pooled network" if row["n_contexts"] else "network"
    session.say(
        f"The {name}, trained on {count_things(row['n_train'], 'subject')} and stopped on "
        f"{row['n_validate']} others, is in {save}."
    )


def read_windows(
    session: Session, clips: Path, target: str | None, *, clip: str | None, **columns: Any
) -> pd.DataFrame:
    """Return the clips of a file, with the columns that an option names for each role."""
    from exprstats.io import read_clips

    session.note_file(clips)
    ids: dict[str, Any] = {role: split_id(name, f"--{role}") for role, name in columns.items()}
    ids |= {"clip": split_id(clip, "--clip") or "clip"}
    return read_clips(clips, target=target, reading=get_reading(), **ids)


def note_arrays(
    session: Session, sequences: Path, table: pd.DataFrame, weights: Path | None = None
) -> None:
    """Keep the arrays and weights that the numbers rest on, with their hashes."""
    from exprstats.deep.sequences import hash_sequences
    from exprstats.io.files.kinds import hash_file

    if weights is not None and weights.is_file():
        session.add_input(weights, hash_file(weights), 0)
    if sequences.is_dir():
        spare_input(sequences, {}, session.out)
        for place in session.files.values():
            if place.is_file() and place.resolve().parent == sequences.resolve():
                spare_input(place, session.files)
        session.inputs.append({
            "file": str(sequences),
            "sha256": hash_sequences(sequences, table["clip"].tolist()),
            "rows": len(table),
        })  # fmt: skip


def open_network(session: Session, model: Path, sequences: Path, device: str) -> Any:
    """Return the stored network, of whatever kind."""
    from exprstats.deep import DeepClassifier, DeepMultilabel, DeepRegressor, read_sequences
    from exprstats.deep.files import read_kind
    from exprstats.io.files.kinds import hash_file

    kinds = {kind.__name__: kind for kind in (DeepClassifier, DeepMultilabel, DeepRegressor)}
    kind = kinds[read_kind(model)]
    session.add_input(model, hash_file(model), 0)
    session.files["MODEL"] = model
    return kind.open(model, load=read_sequences(sequences), device=device)


def check_ending(save: Path | None) -> None:
    """Refuse a file for a network that would not be known as one."""
    if save is not None and save.suffix.lower() != ".safetensors":
        message = f"--save {save} must end in .safetensors, as which it is written."
        raise OptionError(message)


def _cross(epochs: int | None, **lists: str | None) -> list[dict[str, Any]]:
    """Return every combination of the settings to try, all of them numbers above 0.

    Examples
    --------
    >>> _cross(None, lr=".01,.001", hidden="64")
    [{'lr': 0.01, 'hidden': 64}, {'lr': 0.001, 'hidden': 64}]
    """
    crossed: list[dict[str, Any]] = [{} if epochs is None else {"epochs": epochs}]
    for name, text in lists.items():
        kind = float if name == "lr" else int
        try:
            values = [kind(word) for word in split_names(text, f"--{name}") or []]
        except ValueError:
            values = [0]
        if any(value <= 0 for value in values):
            message = f"--{name} {text}: give numbers above 0, separated by commas."
            raise OptionError(message)
        crossed = [{**one, name: value} for one in crossed for value in values] or crossed
    return crossed


def _keep(session: Session, result: DeepModels, seed: int) -> None:
    from exprstats.deep import rate_labels
    from exprstats.inference import split_variance

    session.add_table("fit", result.tidy())
    session.tables |= {"predictions": result.predictions, "grid": result.grid}
    session.tables["history"] = result.history
    tested = result.predictions["part"].eq("test") & result.predictions["fitted_on"].eq("all")
    people = result.predictions.loc[tested, "subject"].nunique()
    classes, several = hasattr(result.fits[-1], "classes_"), "seat" in result.predictions
    found: list[Any] = []
    if people >= _FEWEST:
        found.append(rate_labels(result, seed=seed))
        session.tables["labels"] = found[0].tidy()
    elif people:
        counted = count_things(people, "test subject is", "test subjects are")
        warn_user(f"{counted} too few for intervals, which need {_FEWEST}: scores may be chance.")
    if len(result.repeated) and not several and people >= _FEWEST:
        metrics = ["accuracy", "mae"] if classes else ["rmse", "correlation"]
        pooled = result.repeated[result.repeated["fitted_on"].eq("all")]
        found.append(split_variance(pooled, metrics=metrics, run="run"))
        session.tables["training"] = found[-1].tidy()
    session.present(result, *found)
