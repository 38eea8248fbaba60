"""``exprstats deep predict``: clips by a stored network, or each person by a copy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exprstats.apa import count_things
from exprstats.cli.command import opens_session
from exprstats.cli.deep import (
    ClipOption,
    ClipsArgument,
    DeviceOption,
    SequencesOption,
    note_arrays,
    open_network,
    read_windows,
    write_predictions,
)
from exprstats.cli.reading import allow_strict, reads_files
from exprstats.cli.session import Session

if TYPE_CHECKING:
    import pandas as pd

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
@opens_session("deep predict", "predictions", seeded=False)
def predict_sequences(
    session: Session,
    model: CopiesArgument,
    clips: ClipsArgument,
    sequences: SequencesOption,
    clip: ClipOption = None,
    subject: Annotated[
        str,
        typer.Option(
            metavar="COLUMN", help="Person seen in the clip; kept beside the predictions."
        ),
    ] = "subject",
    predictions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the predictions as CSV.")
    ] = None,
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
