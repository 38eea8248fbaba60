"""``exprstats r-script``: a one-factor model as R code that needs lavaan only."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from exprstats.cli.options import (
    ByOption,
    EstimatorOption,
    GapsOption,
    ItemsArgument,
    ItemsOption,
    LevelOption,
    QuietOption,
    RobustOption,
    RowsOption,
    option,
    split_gaps,
    split_id,
    split_names,
)
from exprstats.cli.places import check_places, spare_input
from exprstats.cli.reading import get_reading, reads_files
from exprstats.cli.session import open_session
from exprstats.errors import OptionError

if TYPE_CHECKING:
    from exprstats.io import FileFacts


@reads_files
def write_script(
    files: ItemsArgument,
    items: ItemsOption,
    script: Annotated[Path, option("Where the script goes.", "FILE.R")] = Path("refit.R"),
    clip: RowsOption = None,
    by: ByOption = None,
    subject: Annotated[
        str | None, option("Person seen in the clip, for --cluster-robust.", "COLUMN")
    ] = None,
    estimator: EstimatorOption = "ml",
    missing: GapsOption = None,
    cluster_robust: RobustOption = False,
    level: LevelOption = 0.95,
    force: Annotated[bool, option("Replace a script that exists.", name="--force")] = False,
    quiet: QuietOption = False,
) -> None:
    """Write R code that fits the factor with lavaan alone."""
    with open_session("r-script", quiet=quiet, force=force, files={"--script": script}) as session:
        if cluster_robust and subject is None:
            message = "--cluster-robust needs to know whose clips belong together. Name --subject."
            raise OptionError(message)
        names = split_names(items, "--items") or []
        rule, codes = split_gaps(missing)
        from exprstats.io import Reading, read_items, write_csv
        from exprstats.io.files.joined import take_files
        from exprstats.measurement import fit_factor, write_lavaan_script

        file, reading = take_files(files), get_reading(missing=codes)
        columns: dict[str, Any] = {"clip": split_id(clip, "--clip") or "clip", "items": names}
        columns |= {"subject": split_id(subject, "--subject"), "context": split_id(by, "--by")}
        joined = any(isinstance(columns[one], list) for one in ("clip", "subject", "context"))
        plain = _is_plain(session.note_file(file)) and reading == Reading() and not joined
        data = file if plain else script.with_suffix(".csv")
        if not plain:
            _check_data(script, data, file, force=force)
        table = read_items(file, **columns, reading=reading)
        options: dict[str, Any] = {"missing": rule, "estimator": estimator, "level": level}
        factor = fit_factor(
            table,
            items=names,
            by="context" if by else None,
            cluster="subject" if cluster_robust else None,
            **options,
        )
        data, who = data.resolve(), subject if plain else "subject"
        if plain:
            factor = replace(factor, by=by)
        else:
            write_csv(table, data)
            session.say(f"R reads the items from {data}: it could not read {file} as it is.")
        place = data.name if data.parent == script.resolve().parent else data.as_posix()
        write_lavaan_script(factor, script, data=place, cluster=who if cluster_robust else None)
        session.say(f"The script is {script}. {factor.sentence()}")
        folder, name = script.resolve().parent, script.name
        session.parts.append(f"Run: cd {shlex.quote(str(folder))} && Rscript {shlex.quote(name)}")


def _is_plain(facts: FileFacts) -> bool:
    """Return whether R's read.csv reads the file as it stands."""
    plain = facts.separator == "," and len(facts.inputs) == 1
    return plain and facts.decimal != "," and facts.encoding == "utf-8"


def _check_data(script: Path, data: Path, file: Path, *, force: bool) -> None:
    """Refuse to write the items for R over the script, the file they come from, or another."""
    files = {"--script": script, f"The data of --script {script}, written as": data}
    check_places(files)
    spare_input(file, files)
    _check_target(data, force=force)


def _check_target(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        message = f"{path} exists. Choose another --script, or add --force."
        raise OptionError(message)
