"""Stage of a study on estimates of expression: description, structure, sentences, recall."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from exprstats.options import list_inside
from exprstats.study.files import EstimatesSettings
from exprstats.study.stages import Note, Outcome, note_source

if TYPE_CHECKING:
    from exprstats.expressions import Transfer
    from exprstats.io import Reading
    from exprstats.results import Result

_ENDINGS = (".csv", ".tsv", ".txt", ".gz", ".json", ".xlsx", ".sav")
FEWEST_SPEAKERS = 4


def analyse_estimates(
    settings: EstimatesSettings,
    *,
    seed: int,
    note: Note,
    n_jobs: int = 1,
    reading: Reading | None = None,
) -> Outcome:
    """Describe estimates, compare their structure, write sentences, and classify from them.

    Results are `Estimates`, `EstimateStructure`, `ExpressionMap` where asked for, `Sentences`, and
    `Transfer` where recordings have labels and four speakers, with the different ``texts`` of the
    sentences that were classified.
    """
    from exprstats.expressions import (
        compare_structure,
        map_expressions,
        rate_estimates,
        write_sentences,
    )

    table = _read(settings, settings.choose_reading(reading), note)
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
    found += [] if transfer is None else [transfer]
    return Outcome(tuple(found), {"texts": texts} if len(texts) else {})


def _read(settings: EstimatesSettings, reading: Reading, note: Note) -> pd.DataFrame:
    """Return the ESTIMATES of the files, with what the table about recordings says of them."""
    from exprstats.expressions import read_estimates

    files = [one for path in settings.files for one in list_inside(path, _ENDINGS)]
    table = read_estimates(
        files,
        id=settings.id,
        time=settings.time,
        subject=settings.subject,
        modality=settings.modality,
        context=settings.by,
        emotions=settings.emotions,
        about=settings.about,
        reading=reading,
    )
    others = (settings.about, settings.thresholds, settings.adjectives, settings.vectors)
    for path in (*files, *(one for one in others if isinstance(one, Path))):
        note_source(note, path, table.attrs["rows"].get(str(path)))
    return table


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
