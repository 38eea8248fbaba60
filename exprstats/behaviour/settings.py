"""Settings of clip features, checked once: sampling of frames, and quality of what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from exprstats.behaviour.openface.recordings import Face
from exprstats.errors import Option, OptionError
from exprstats.options import (
    PointUnit,
    SamplingRule,
    check_share,
    check_word,
    is_positive,
    name_nearest,
    tell_kind,
)

FailedRule = Literal["drop", "keep", "error"]


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How frames become moments, and moments movement.

    Parameters
    ----------
    hz
        Moments a second.
    sampling
        ``"nearest"``: the frame nearest to each moment, at most half a step away, of two equally
        near the earlier. ``"mean"``: the mean over the valid frames from each moment up to the
        next (of angles the mean direction, of action units the mean of each frame's count and
        intensity), where at least half of the frames are valid and these show one face. It
        smooths the tracker's jitter, so that displacements and velocities come out smaller;
        features of one kind are not comparable with those of the other.
    fps
        Frames per second, where the time stamps are wrong; None: as the time stamps say.
    unit
        Landmarks in the picture (``"px"``: x_, y_) or in space (``"mm"``: X_, Y_, Z_; these
        carry the head's translation).
    signed
        Average velocity with its sign instead of its size. The sum of signed changes is the last
        displacement less the first, so that almost nothing is left.

    Raises
    ------
    OptionError
        If a value cannot be.

    Examples
    --------
    >>> Sampling(hz=10, sampling="mean")
    Sampling(hz=10, sampling='mean', fps=None, unit='px', signed=False)
    """

    hz: float = 5.0
    sampling: SamplingRule = "nearest"
    fps: float | None = None
    unit: PointUnit = "px"
    signed: bool = False

    def __post_init__(self) -> None:
        """Refuse values that no analysis could use."""
        check_word(self.sampling, SamplingRule, "sampling")
        check_word(self.unit, PointUnit, "unit")
        for name, value in (("hz", self.hz), ("fps", self.fps)):
            if value is not None and not is_positive(value):
                message = f"{name} is {tell_kind(value)}; it must be above 0."
                raise OptionError(message, option=name)

    @property
    def reach(self) -> float:
        """Seconds beyond which a frame is too far from a moment of the grid."""
        return 1 / (2 * self.hz)


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Which frames count, and which clips are kept.

    Parameters
    ----------
    confidence
        Least confidence of a valid frame, 0 to 1; its ``success`` must be 1, too.
    min_valid
        Clips with a smaller share of valid moments fail, 0 to 1.
    face
        An OpenFace face id, or ``"largest"``; needed where frames show several faces.
    failed
        Whether clips that fail are left out with a warning, kept, or an error.
    unmatched
        Tolerated share of segments whose video has no frames, 0 to 1.

    Raises
    ------
    OptionError
        If a value cannot be.

    Examples
    --------
    >>> Quality(confidence=0.9, face="largest").min_valid
    0.5
    """

    confidence: float = 0.8
    min_valid: float = 0.5
    face: Face = None
    failed: FailedRule = "drop"
    unmatched: float = 0.05

    def __post_init__(self) -> None:
        """Refuse values that no analysis could use."""
        check_word(self.failed, FailedRule, "failed")
        for name in ("confidence", "min_valid", "unmatched"):
            check_share(getattr(self, name), name)
        if isinstance(self.face, str) and self.face != "largest":
            message = f"face '{self.face}' is not known. Give a face id or 'largest'."
            raise OptionError(message, option="face")


@dataclass(frozen=True, kw_only=True)
class Settings(Sampling, Quality):
    """How clips are summarised: `Sampling` and `Quality` together."""

    def __post_init__(self) -> None:
        """Refuse values that no analysis could use."""
        Sampling.__post_init__(self)
        Quality.__post_init__(self)


def choose_settings(
    sampling: SamplingRule | Sampling, quality: Quality | None, choices: Mapping[str, Any]
) -> Settings:
    """Return the settings of a verb from groups of options, or a rule's word, and single ones.

    A choice that is not known, given twice, or whose value cannot be is an OptionError.
    """
    given: dict[str, Any] = {}
    for group, kind in ((sampling, Sampling), (quality, Quality)):
        if isinstance(group, kind):
            twice = next((one.name for one in fields(kind) if one.name in choices), None)
            if twice is not None:
                what = kind.__name__.lower()
                raise OptionError(Option(twice), f" is given twice: alone and within {what}=.")
            given |= asdict(group)
    if not isinstance(sampling, Sampling):
        given["sampling"] = sampling
    known = [one.name for one in fields(Settings)]
    wrong = next((name for name in choices if name not in known), None)
    if wrong is not None:
        message = f"'{wrong}' is no choice here. {name_nearest(wrong, known)}"
        raise OptionError(message, option=wrong)
    return Settings(**given, **choices)
