"""``exprstats deep adapt`` and ``deep predict``: stored networks on clips of new people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exprstats.apa import count_things, write_number
from exprstats.cli.command import opens_session
from exprstats.cli.deep import (
    ClipOption,
    ClipsArgument,
    DeviceOption,
    ModelArgument,
    SequencesOption,
    TargetsOption,
    check_ending,
    note_arrays,
    open_network,
    read_windows,
)
from exprstats.cli.options import (
    ForceOption,
    JsonOption,
    OutOption,
    QuietOption,
    SeedOption,
    option,
    split_names,
)
from exprstats.cli.places import check_folders
from exprstats.cli.predict import write_predictions
from exprstats.cli.reading import allow_strict, reads_files
from exprstats.cli.session import Session, open_session
from exprstats.errors import DataError, OptionError, warn_user
from exprstats.options import name_some

if TYPE_CHECKING:
    import pandas as pd


_MARK = "is neutral"  # a column of our own
CopiesArgument = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL|DIR",
        help="A file that 'exprstats deep fit --save' wrote, or the folder of 'deep adapt "
        "--neutral ... --save', whose copies predict each person.",
    ),
]


@allow_strict
@reads_files
def adapt_sequences(
    model: ModelArgument,
    clips: ClipsArgument,
    sequences: SequencesOption,
    target: TargetsOption,
    save: Annotated[
        Path | None,
        option(
            "Write the adapted network (.safetensors); with --neutral a folder, which takes "
            "a file of each person's copy for 'exprstats deep predict'.",
            "FILE|DIR",
        ),
    ] = None,
    neutral: Annotated[
        str | None,
        option(
            "Adapt to each person by the clips of this value, such as task=neutral, and judge "
            "the others. [default: adapt one network to all clips]",
            "COLUMN=VALUE",
        ),
    ] = None,
    clip: ClipOption = None,
    subject: Annotated[str, option("Person seen in the clips, usually one.", "COLUMN")] = "subject",
    epochs: Annotated[int, option("Passes through the clips.", min=1)] = 1,
    iterations: Annotated[int, option("Steps for each person, with --neutral.", min=1)] = 5,
    batch: Annotated[int, option("Clips in a step.", min=1)] = 3,
    lr: Annotated[float | None, option("Learning rate. [default: that of the fit]")] = None,
    device: DeviceOption = "auto",
    json: JsonOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    seed: SeedOption = 1,
    quiet: QuietOption = False,
) -> None:
    """Train a stored network further on clips of new people."""
    options = {"json": json, "out": out, "force": force, "quiet": quiet}
    options |= {"seed": seed} if neutral is not None else {}
    files = {"--save": save if neutral is None else None}
    with open_session("deep adapt", files=files, **options) as session:
        if neutral is None:
            check_ending(save)
        if save is None and neutral is None:
            message = (
                "give --save for a network adapted to all clips, or --neutral to judge what "
                "adapting to each person changes."
            )
            raise OptionError(message)
        if neutral is not None and save is not None:
            from exprstats.io.folders import refuse_folder

            check_folders({"--out": out, "--save": save}, session.files)
            refuse_folder(save, force=force, inputs=[model, clips, sequences])
        targets = split_names(target, "--target") or [target]
        single = targets[0] if len(targets) == 1 else None
        table = read_windows(session, clips, single, clip=clip, subject=subject, context=None)
        note_arrays(session, sequences, table)
        network = open_network(session, model, sequences, device)
        chosen = {"batch": batch, "lr": lr}
        if neutral is not None:
            from exprstats.deep.intensity.windows import mark_value

            marked = table.assign(**{_MARK: mark_value(table, neutral)})
            chosen |= {"target": target, "iterations": iterations, "seed": seed}
            _judge(session, network, marked, save=save, **chosen)
        elif save is not None:
            _adapt(session, network, table, targets, save=save, epochs=epochs, **chosen)


def _judge(
    session: Session, network: Any, table: pd.DataFrame, *, save: Path | None, **options: Any
) -> None:
    """Print what adapting to each person changes, and write the copies into a folder."""
    from exprstats.deep import adapt_people
    from exprstats.io import stage_folder

    if save is None:
        found = adapt_people(network, table, neutral=_MARK, **options)
    else:
        spared = [*session.files.values(), *(one["file"] for one in session.inputs)]
        with stage_folder(save, force=session.force, inputs=spared) as stage:
            found = adapt_people(network, table, neutral=_MARK, folder=stage, **options)
    session.add_table("adaptation", found.tidy())
    session.tables |= {"people": found.people, "predictions": found.predictions}
    session.present(found)
    if save is not None:
        told = count_things(len(found.people), "copy is", "copies are")
        session.say(f"{told} in {save}; predict with: exprstats deep predict {save} CLIPS.")


def _adapt(
    session: Session,
    network: Any,
    table: pd.DataFrame,
    targets: list[str],
    *,
    save: Path,
    **options: Any,
) -> None:
    from exprstats.contracts import find_absent, find_unnumbers

    problems = find_absent(table, targets, "clips") or find_unnumbers(table, targets)
    if problems:
        raise DataError(problems)
    given: Any = table[targets] if len(targets) > 1 else table[targets[0]].to_numpy()
    if hasattr(network, "classes_") and (given == given.astype(int)).all():
        given = given.astype(int)
    seen = {str(one) for one in [*network.trained_on_, *network.held_out_]}
    known = [one for one in table["subject"].astype(str).unique() if one in seen]
    if known:
        counted = count_things(len(known), "person took", "people took")
        warn_user(f"{counted} part in the network's training: {name_some(known)}.")
    tuned = network.adapt(table, given, **options)
    tuned.save(save)
    session.add_table("history", tuned.history_.drop(columns=["loss_validate", "best"]))
    first, last = tuned.history_["loss_train"].iloc[[0, -1]]
    passes = count_things(options["epochs"], "pass", "passes")
    people = count_things(table["subject"].nunique(), "person", "people")
    session.say(
        f"{count_things(len(table), 'clip')} of {people} in {passes}: the training loss went "
        f"from {write_number(first)} to {write_number(last)}. The adapted network is in {save}."
    )


@allow_strict
@reads_files
@opens_session("deep predict", "predictions", seeded=False)
def predict_sequences(
    session: Session,
    model: CopiesArgument,
    clips: ClipsArgument,
    sequences: SequencesOption,
    clip: ClipOption = None,
    subject: Annotated[
        str, option("Person seen in the clip; kept beside the predictions.", "COLUMN")
    ] = "subject",
    predictions: Annotated[Path | None, option("Write the predictions as CSV.", "FILE")] = None,
    device: DeviceOption = "auto",
) -> None:
    """Predict clips by a stored network."""
    table = read_windows(session, clips, None, clip=clip, subject=subject, context=None)
    note_arrays(session, sequences, table)
    told = count_things(len(table), "clip was predicted", "clips were predicted")
    if model.is_dir():
        found = _predict_people(session, model, table, sequences, device)
        told = count_things(len(found), "clip was predicted", "clips were predicted")
        people = count_things(found["subject"].nunique(), "person", "people")
        session.say(f"{told} by the copies in {model}, each for its own of {people}.")
    else:
        network = open_network(session, model, sequences, device)
        found = list_guesses(network, table, model.stem)
        session.say(f"{told} by {type(network).__name__} '{network.net}' from {model}.")
    session.add_table("predictions", found)
    if predictions is not None:
        write_predictions(session, found, predictions)


def _predict_people(
    session: Session, folder: Path, table: pd.DataFrame, sequences: Path, device: str
) -> pd.DataFrame:
    """Return predictions of the people to whom copies in a folder were adapted."""
    import pandas as pd

    from exprstats.deep.files import list_copies
    from exprstats.deep.recipes import require_torch
    from exprstats.errors import DataError, Problem, warn_user
    from exprstats.options import name_some
    from exprstats.parallel import report_progress

    require_torch()
    copies = list_copies(folder)
    people = table["subject"].astype(str)
    pieces = []
    for number, (person, own) in enumerate(table.groupby(people, sort=False)):
        report_progress("Predicting", number, people.nunique())
        if str(person) in copies:
            network = open_network(session, copies[str(person)], sequences, device)
            pieces.append(list_guesses(network, own, folder.name))
    lacking = [one for one in people.unique().tolist() if one not in copies]
    if not pieces:
        fact = f"none of the copies is of these people: {name_some(lacking)}."
        remedy = f"They are of {name_some(list(copies))}."
        raise DataError(Problem(fact, remedy, file=str(folder), column="subject"))
    if lacking:
        told = count_things(len(lacking), "person has", "people have")
        warn_user(f"{told} no copy of their own and are left out: {name_some(lacking)}.")
    return pd.concat(pieces, ignore_index=True)


def list_guesses(network: Any, table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return predictions, one row per clip; of several targets one row each, of labels chances."""
    import pandas as pd

    ids = table[["clip", "subject"]].assign(model=name)
    several = type(network).__name__ == "DeepMultilabel"
    guess = network.predict_proba(table) if several else network.predict(table)
    if guess.ndim == 1:
        return ids.assign(prediction=guess)
    seats = network.targets_ or [f"target {number}" for number in range(1, guess.shape[1] + 1)]
    pieces = [ids.assign(seat=seat, prediction=guess[:, at]) for at, seat in enumerate(seats)]
    return pd.concat(pieces, ignore_index=True)
