"""Stage of a study on estimates of expression: description, structure, sentences, recall."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from exprstats.study.files import EstimatesSettings
from exprstats.study.provenance import Logbook

if TYPE_CHECKING:
    from exprstats.expressions import Transfer
    from exprstats.results import Result

_ENDINGS = (".csv", ".tsv", ".txt", ".gz", ".json", ".xlsx", ".sav")
FEWEST_SPEAKERS = 4


def list_sources(settings: EstimatesSettings) -> list[Path]:
    """Return the files of estimates, those of folders one by one.

    Raises
    ------
    DataError
        If a folder holds none.
    """
    from exprstats.errors import DataError, Problem

    found = []
    for path in settings.files:
        held = [path]
        if path.is_dir():
            held = sorted(one for one in path.iterdir() if one.suffix.lower() in _ENDINGS)
        if not held:
            fact = f"the folder holds no file that ends in {', '.join(_ENDINGS)}."
            raise DataError(Problem(fact, "Name the files.", file=str(path)))
        found += held
    return found


def list_companions(settings: EstimatesSettings) -> list[Path]:
    """Return the further tables that the settings name."""
    named = (settings.about, settings.thresholds, settings.adjectives, settings.vectors)
    return [one for one in named if isinstance(one, Path)]


def measure_source(path: Path, rows: int | None = None) -> tuple[str, int]:
    """Return the SHA-256 hash of a file, and its rows."""
    from exprstats.io import sniff_file
    from exprstats.io.files.kinds import hash_file

    return hash_file(path), sniff_file(path).rows if rows is None else rows


def run_estimates(
    settings: EstimatesSettings, folder: Path, log: Logbook, *, n_jobs: int
) -> tuple[Result, ...]:
    """Return the results of ``[estimates]``, and write its files down.

    Parameters
    ----------
    settings
        The table.
    folder
        That of the study file.
    log
        Gets the files, and gives the seed.
    n_jobs
        Workers.
    """
    table = read_sources(settings)
    read = table.attrs["rows"]
    for path in (*list_sources(settings), *list_companions(settings)):
        log.note_file("estimates", folder, path, *measure_source(path, read.get(str(path))))
    results, _ = analyse_estimates(settings, table, seed=log.draw_seed("estimates"), n_jobs=n_jobs)
    return results


def read_sources(settings: EstimatesSettings) -> pd.DataFrame:
    """Return the ESTIMATES of the files, with what the table about recordings says of them."""
    from exprstats.expressions import read_estimates

    return read_estimates(
        list_sources(settings),
        id=settings.id,
        time=settings.time,
        subject=settings.subject,
        modality=settings.modality,
        context=settings.by,
        emotions=settings.emotions,
        about=settings.about,
        reading=settings.choose_reading(),
    )


def analyse_estimates(
    settings: EstimatesSettings, table: pd.DataFrame, *, seed: int, n_jobs: int = 1
) -> tuple[tuple[Result, ...], pd.DataFrame]:
    """Describe estimates, compare their structure, write sentences, and classify from them.

    Parameters
    ----------
    settings
        As ``[estimates]`` of a study file.
    table
        ESTIMATES, from `read_sources`.
    seed
        Of permutations, maps and folds.
    n_jobs
        Workers.

    Returns
    -------
    tuple
        The results (`Estimates`, `EstimateStructure`, `ExpressionMap` where asked for,
        `Sentences`, and `Transfer` where recordings have labels and four speakers), and the
        different texts of the sentences that were classified.

    Raises
    ------
    DataError, OptionError
        As the verbs of `exprstats.expressions`.
    """
    from exprstats.expressions import (
        compare_structure,
        map_expressions,
        rate_estimates,
        write_sentences,
    )

    by = "context" if settings.by else None
    worded = {
        "thresholds": _read_table(settings.thresholds),
        "adjectives": _read_table(settings.adjectives),
        "most": settings.most,
    }
    found: list[Result] = [
        rate_estimates(table, by=by, level=settings.level),
        replace(
            compare_structure(table, by=by, draws=settings.draws, seed=seed), level=settings.level
        ),
    ]
    if settings.maps:
        found.append(map_expressions(table, seed=seed))
    found.append(write_sentences(table, unit=settings.unit, **worded))
    transfer, texts = _classify(settings, table, worded, seed=seed, n_jobs=n_jobs)
    return (*found, *([] if transfer is None else [transfer])), texts


def _classify(
    settings: EstimatesSettings, table: pd.DataFrame, worded: dict, *, seed: int, n_jobs: int
) -> tuple[Transfer | None, pd.DataFrame]:
    """Classify what was acted, where recordings have labels and speakers are four."""
    from exprstats.expressions import classify_expressions, fuse_modalities, read_vectors

    keys = [name for name in ("recording", "subject", "label") if name in table]
    counts = {name: len(table[name].dropna().unique()) for name in keys}
    if len(keys) < 3 or counts["subject"] < FEWEST_SPEAKERS or counts["label"] < 2:
        return None, pd.DataFrame({"sentence": []})
    fused = fuse_modalities(table, **worded)
    transfer = classify_expressions(
        fused.features,
        fused.clips["label"].tolist(),
        fused.clips["subject"].tolist(),
        embed=None if settings.vectors is None else read_vectors(settings.vectors),
        folds=settings.folds,
        repeats=settings.repeats,
        nulls=settings.nulls,
        level=settings.level,
        seed=seed,
        n_jobs=n_jobs,
    )
    return transfer, fused.texts


def _read_table(given: object) -> object:
    """Return the table of a path; anything else as it is."""
    if not isinstance(given, Path):
        return given
    from exprstats.io import read_table

    return read_table(given)
