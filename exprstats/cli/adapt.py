"""``exprstats deep adapt``: a stored network is trained further on clips of new people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exprstats.apa import count_things, write_number
from exprstats.cli.deep import (
    ClipOption,
    ClipsArgument,
    DeviceOption,
    ModelArgument,
    SequencesOption,
    TargetsOption,
    check_ending,
    open_network,
    read_windows,
)
from exprstats.cli.options import (
    ForceOption,
    JsonOption,
    OutOption,
    QuietOption,
    SeedOption,
    split_names,
)
from exprstats.cli.reading import allow_strict, reads_files
from exprstats.cli.session import Session, open_session
from exprstats.errors import DataError, OptionError, Problem
from exprstats.options import name_some

if TYPE_CHECKING:
    import pandas as pd

_MARK = "is neutral"  # a column of our own


@allow_strict
@reads_files
def adapt_sequences(
    model: ModelArgument,
    clips: ClipsArgument,
    sequences: SequencesOption,
    target: TargetsOption,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the adapted network (.safetensors)."),
    ] = None,
    neutral: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN=VALUE",
            help="Adapt to each person by the clips of this value, such as task=neutral, and judge "
            "the others. [default: adapt one network to all clips]",
        ),
    ] = None,
    clip: ClipOption = None,
    subject: Annotated[
        str, typer.Option(metavar="COLUMN", help="Who is seen, one person as a rule.")
    ] = "subject",
    epochs: Annotated[int, typer.Option(min=1, help="Passes through the clips.")] = 1,
    iterations: Annotated[
        int, typer.Option(min=1, help="Steps for each person, with --neutral.")
    ] = 5,
    batch: Annotated[int, typer.Option(min=1, help="Clips in a step.")] = 3,
    lr: Annotated[
        float | None, typer.Option(help="Learning rate. [default: that of the fit]")
    ] = None,
    device: DeviceOption = "auto",
    json: JsonOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    seed: SeedOption = 1,
    quiet: QuietOption = False,
) -> None:
    """Train a stored network further on clips of new people, such as neutral ones."""
    options = {"json": json, "out": out, "force": force, "quiet": quiet}
    options |= {"seed": seed} if neutral is not None else {}
    with open_session("deep adapt", files={"--save": save}, **options) as session:
        check_ending(save)
        if (save is None) == (neutral is None):
            message = (
                "give --save for a network adapted to all clips, or --neutral to judge what "
                "adapting to each person changes."
            )
            raise OptionError(message)
        targets = split_names(target, "--target") or [target]
        single = targets[0] if len(targets) == 1 else None
        table = read_windows(session, clips, single, clip=clip, subject=subject, context=None)
        network = open_network(session, model, sequences, device)
        chosen = {"batch": batch, "lr": lr}
        if neutral is not None:
            _judge(session, network, _mark(table, neutral, clips), target,
                   iterations=iterations, seed=seed, **chosen)  # fmt: skip
        elif save is not None:
            _adapt(session, network, table, targets, save=save, epochs=epochs, **chosen)


def _mark(table: pd.DataFrame, neutral: str, file: Path) -> pd.DataFrame:
    """Return the clips with a column that tells which are neutral."""
    column, mark, value = (part.strip() for part in neutral.partition("="))
    if not (column and mark and value):
        message = f"--neutral {neutral}: give a column and a value, such as task=neutral."
        raise OptionError(message)
    if column not in table:
        fact = "there is no such column."
        raise DataError(Problem(fact, "Name one of the clips' columns.", file=str(file),
                                column=column))  # fmt: skip
    held = table[column]
    texts = held.astype(str)
    if held.dtype.kind == "f":
        texts = held.map("{:g}".format)
    marked = texts == value
    if not marked.any():
        fact = f"no clip has the value '{value}'; there is {name_some(texts.unique().tolist())}."
        raise DataError(Problem(fact, file=str(file), column=column))
    return table.assign(**{_MARK: marked})


def _judge(
    session: Session, network: Any, table: pd.DataFrame, target: str, **options: Any
) -> None:
    from exprstats.deep import adapt_people

    found = adapt_people(network, table, neutral=_MARK, target=target, **options)
    session.add_table("adaptation", found.tidy())
    session.tables |= {"people": found.people, "predictions": found.predictions}
    session.present(found)


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
