"""The tables of a study file that say where its data come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from exprstats.study.amounts import read_portion, read_positive, read_scale
from exprstats.study.fields import (
    one_of,
    read_codes,
    read_face,
    read_file,
    read_flag,
    read_folder,
    read_text,
    read_texts,
)
from exprstats.words import Duplicates, PointUnit, SamplingRule


@dataclass(frozen=True, slots=True)
class RatingsSettings:
    """The table ``[ratings]``: one row a rating, or one column a rater (``raters``)."""

    file: Annotated[Path, read_file]
    clip: Annotated[str, read_text] = "clip"
    rater: Annotated[str, read_text] = "rater"
    raters: Annotated[tuple[str, ...] | None, read_texts] = None
    rating: Annotated[str | None, read_text] = None
    items: Annotated[tuple[str, ...] | None, read_texts] = None
    subject: Annotated[str | None, read_text] = None
    context: Annotated[str | None, read_text] = None
    scale: Annotated[tuple[float, float] | None, read_scale] = None
    duplicates: Annotated[Duplicates, one_of(Duplicates)] = "error"
    missing: Annotated[tuple[str, ...], read_codes] = ()


@dataclass(frozen=True, slots=True)
class ClipsSettings:
    """The table ``[clips]``: one row a clip, with its features.

    A target of texts is one of classes; ``classes`` says so of one of whole numbers.
    """

    file: Annotated[Path, read_file]
    clip: Annotated[str, read_text] = "clip"
    subject: Annotated[str, read_text] = "subject"
    context: Annotated[str | None, read_text] = None
    features: Annotated[tuple[str, ...] | None, read_texts] = None
    target: Annotated[str | None, read_text] = None
    classes: Annotated[bool, read_flag] = False
    scale: Annotated[tuple[float, float] | None, read_scale] = None
    missing: Annotated[tuple[str, ...], read_codes] = ()


@dataclass(frozen=True, slots=True)
class OpenfaceSettings:
    """The table ``[openface]`` instead of ``[clips]``: videos' frames, and where clips lie.

    How frames become features is said in the words of `exprstats.behaviour.summarise_openface`;
    ``target``, ``classes`` and ``missing`` are those of ``[clips]``, of the segments' file.
    """

    folder: Annotated[Path, read_folder]
    segments: Annotated[Path, read_file]
    hz: Annotated[float, read_positive] = 5.0
    sampling: Annotated[SamplingRule, one_of(SamplingRule)] = "nearest"
    confidence: Annotated[float, read_portion] = 0.8
    min_valid: Annotated[float, read_portion] = 0.5
    unit: Annotated[PointUnit, one_of(PointUnit)] = "px"
    signed: Annotated[bool, read_flag] = False
    face: Annotated[int | Literal["largest"] | None, read_face] = None
    fps: Annotated[float | None, read_positive] = None
    unmatched: Annotated[float, read_portion] = 0.05
    recursive: Annotated[bool, read_flag] = False
    endings: Annotated[tuple[str, ...], read_texts] = ()
    clip: Annotated[str, read_text] = "clip"
    video: Annotated[str, read_text] = "video"
    subject: Annotated[str, read_text] = "subject"
    context: Annotated[str | None, read_text] = None
    features: Annotated[tuple[str, ...] | None, read_texts] = None
    target: Annotated[str | None, read_text] = None
    classes: Annotated[bool, read_flag] = False
    scale: Annotated[tuple[float, float] | None, read_scale] = None
    missing: Annotated[tuple[str, ...], read_codes] = ()

    def describe_clips(self) -> ClipsSettings:
        """Return what later stages need to know of the clips that come from it."""
        return ClipsSettings(
            self.segments,
            features=self.features,
            target=self.target,
            classes=self.classes,
            scale=self.scale,
        )
