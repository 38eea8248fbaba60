"""The table ``[estimates]`` of a study file as a frozen dataclass."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from exprstats.options import SentenceUnit, Thresholds
from exprstats.study.files import FileSettings
from exprstats.study.values import (
    one_of,
    read_draws,
    read_file,
    read_flag,
    read_folds,
    read_places,
    read_repeats,
    read_share,
    read_text,
    read_texts,
    read_whole,
    word_or_file,
)


@dataclass(frozen=True, slots=True)
class EstimatesSettings(FileSettings):
    """The table ``[estimates]``: estimates of expression, and what is asked of them.

    The words are those of `exprstats.expressions`. ``about`` is a table of recordings or of their
    parts, ``thresholds`` and ``adjectives`` are tables as the command writes them, and ``vectors``
    holds embeddings of texts.
    """

    files: Annotated[tuple[Path, ...], read_places]
    about: Annotated[Path | None, read_file] = None
    id: Annotated[str | None, read_text] = None
    time: Annotated[str | None, read_text] = None
    subject: Annotated[str | None, read_text] = None
    by: Annotated[str | None, read_text] = None
    modality: Annotated[str | None, read_text] = None
    emotions: Annotated[tuple[str, ...] | None, read_texts] = None
    thresholds: Annotated[Thresholds | Path, word_or_file(Thresholds)] = "published"
    adjectives: Annotated[Path | None, read_file] = None
    unit: Annotated[SentenceUnit, one_of(SentenceUnit)] = "mean"
    most: Annotated[int | None, read_repeats] = None
    vectors: Annotated[Path | None, read_file] = None
    folds: Annotated[int, read_folds] = 6
    nulls: Annotated[int, read_whole] = 0
    maps: Annotated[bool, read_flag] = False
    draws: Annotated[int, read_draws] = 999
    level: Annotated[float, read_share] = 0.95
