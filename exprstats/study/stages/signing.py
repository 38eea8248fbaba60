"""Stage of a study on annotated signing: labels, co-occurrence and prediction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from exprstats.study.settings import SigningSettings
from exprstats.study.stages import Note, Outcome, note_source

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.io import Reading
    from exprstats.results import Result

ROLES = ("utterance", "signer", "tier", "start", "end", "value")


def analyse_signing(
    settings: SigningSettings,
    *,
    seed: int,
    note: Note,
    n_jobs: int = 1,
    reading: Reading | None = None,
) -> Outcome:
    """Read annotations and a lexicon, count, relate labels to features, and predict them.

    Co-occurrence is measured on the annotated values; labels are predicted from action units, or
    from the values where none of these has a unit. Results are `EventCounts`, `CoOccurrence`, and
    `LabelPrediction` where there are folds to be had; a warning says why there are none.
    """
    from exprstats.errors import DataError, warn_user
    from exprstats.events import (
        compare_tokens,
        count_events,
        find_labels,
        map_units,
        measure_cooccurrence,
        predict_labels,
        read_lexicon,
    )
    from exprstats.events.readers.files import list_files

    others = (settings.lexicon, settings.units, settings.spellings)
    for path in (*list_files(settings.files), *(one for one in others if one is not None)):
        note_source(note, path, table=path.suffix.lower() in {".csv", ".xlsx"})
    fps = settings.fps
    lexicon = read_lexicon(settings.lexicon, categories=settings.categories)
    spellings = _read_table(settings.spellings)
    events, text = _read_annotations(settings, spellings, reading)
    labels = find_labels(events, lexicon, text=text, tokens=settings.tokens)
    table = _read_table(settings.units)
    units = None
    try:
        units = map_units(events, table)
    except DataError:
        if table is not None:
            raise
    tokens = compare_tokens(events, lexicon, text=text)
    shared = {"among": settings.among, "fps": fps, "level": settings.level, "seed": seed}
    shared["least"] = settings.least
    found: list[Result] = [
        count_events(events, labels, units, tokens=tokens, fps=fps),
        measure_cooccurrence(
            events, labels, given=settings.given, unit=settings.unit, draws=settings.draws, **shared
        ),
    ]
    try:
        predicted = predict_labels(
            events if units is None else units,
            labels,
            folds=settings.folds,
            n_folds=settings.n_folds,
            trees=settings.trees,
            n_jobs=n_jobs,
            **shared,
        )
        found.append(predicted)
    except DataError as error:
        warn_user(("Labels are not predicted: ", *error.parts))
    return Outcome(tuple(found))


def _read_annotations(
    settings: SigningSettings, spellings: pd.DataFrame | None, reading: Reading | None
) -> tuple[pd.DataFrame, str]:
    """Return the annotations, and the tier of their texts under the name that marks it as such.

    The texts of the tier that bounds utterances are theirs; a tier of texts is no feature.
    """
    from exprstats.events import read_events
    from exprstats.events.intervals import TEXTS

    events = read_events(
        settings.files,
        fps=settings.fps,
        within=settings.within,
        spellings=spellings,
        unit=settings.time_unit,
        reading=settings.choose_reading(reading),
        **{role: getattr(settings, role) for role in ROLES},
    )
    text = TEXTS[0] if settings.text == settings.within else settings.text
    if text in TEXTS or not events["tier"].eq(text).any():
        return events, text
    events["tier"] = events["tier"].replace(text, TEXTS[1])
    return events, TEXTS[1]


def _read_table(path: Path | None) -> pd.DataFrame | None:
    """Return a table of texts, empty cells as empty texts; None without a file."""
    if path is None:
        return None
    from exprstats.io import read_table

    table = read_table(path)
    return table.astype(object).where(table.notna(), "").astype(str)
