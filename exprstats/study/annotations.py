"""Settings of studies on annotations: ``[signing]`` and ``[evoked]``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from exprstats.options import Among, Counted, FoldUnit, Given, TimeUnit, Tokens, Truth, ZeroRows
from exprstats.study.values import (
    one_of,
    read_draws,
    read_file,
    read_flag,
    read_folds,
    read_places,
    read_portions,
    read_positive,
    read_repeats,
    read_share,
    read_text,
    read_texts,
)


@dataclass(frozen=True, slots=True)
class SigningSettings:
    """The table ``[signing]``: annotation files, a lexicon, and what is asked of them.

    The words are those of `exprstats.events`; ``units`` and ``spellings`` are tables as
    `exprstats.list_units` and `exprstats.list_spellings` give them.
    """

    files: Annotated[tuple[Path, ...], read_places]
    lexicon: Annotated[Path, read_file]
    categories: Annotated[tuple[str, ...] | None, read_texts] = None
    text: Annotated[str, read_text] = "translation"
    tokens: Annotated[Tokens, one_of(Tokens)] = "words"
    given: Annotated[Given, one_of(Given)] = "feature"
    unit: Annotated[Counted, one_of(Counted)] = "frames"
    among: Annotated[Among, one_of(Among)] = "all"
    folds: Annotated[FoldUnit, one_of(FoldUnit)] = "utterances"
    n_folds: Annotated[int, read_folds] = 10
    trees: Annotated[int, read_repeats] = 100
    units: Annotated[Path | None, read_file] = None
    spellings: Annotated[Path | None, read_file] = None
    within: Annotated[str | None, read_text] = None
    fps: Annotated[float, read_positive] = 30.0
    draws: Annotated[int, read_draws] = 2000
    level: Annotated[float, read_share] = 0.95


@dataclass(frozen=True, slots=True)
class EvokedSettings:
    """The table ``[evoked]``: labels or scores of videos, annotators, predictions, and parts.

    The words are those of `exprstats.events`; ``vote`` reduces the files before anything else.
    """

    files: Annotated[tuple[Path, ...], read_places]
    video: Annotated[str | None, read_text] = None
    time: Annotated[str | None, read_text] = None
    unit: Annotated[TimeUnit, one_of(TimeUnit)] = "s"
    expressions: Annotated[tuple[str, ...] | None, read_texts] = None
    zeros: Annotated[ZeroRows, one_of(ZeroRows)] = "auto"
    by: Annotated[str | None, read_text] = None
    themes: Annotated[Path | None, read_file] = None
    part: Annotated[str | None, read_text] = None
    split: Annotated[tuple[float, ...] | None, read_portions] = None
    human: Annotated[tuple[Path, ...], read_places] = ()
    annotator: Annotated[str | None, read_text] = None
    truth: Annotated[Truth, one_of(Truth)] = "majority"
    predictions: Annotated[tuple[Path, ...], read_places] = ()
    model: Annotated[str | None, read_text] = None
    against: Annotated[str | None, read_text] = None
    common: Annotated[bool, read_flag] = False
    metrics: Annotated[tuple[str, ...] | None, read_texts] = None
    vote: Annotated[bool, read_flag] = False
    hz: Annotated[float, read_positive] = 6.0
    window: Annotated[float, read_positive] = 3.0
    stride: Annotated[float, read_positive] = 1.0
    threshold: Annotated[float, read_share] = 0.5
    draws: Annotated[int, read_draws] = 2000
    level: Annotated[float, read_share] = 0.95
