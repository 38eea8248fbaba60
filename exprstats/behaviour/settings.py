"""Settings of clip features, checked once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from exprstats.behaviour.openface.recordings import Face
from exprstats.errors import OptionError
from exprstats.options import PointUnit, SamplingRule, check_word

FailedRule = Literal["drop", "keep", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How clips are summarised; the arguments of `summarise_clips` under their own names."""

    hz: float = 5.0
    sampling: SamplingRule = "nearest"
    confidence: float = 0.8
    min_valid: float = 0.5
    unit: PointUnit = "px"
    signed: bool = False
    face: Face = None
    fps: float | None = None
    failed: FailedRule = "drop"
    unmatched: float = 0.05

    def __post_init__(self) -> None:
        """Refuse values that no analysis could use."""
        check_word(self.sampling, SamplingRule, "sampling")
        check_word(self.unit, PointUnit, "unit")
        check_word(self.failed, FailedRule, "failed")
        _check_positive("hz", self.hz)
        if self.fps is not None:
            _check_positive("fps", self.fps)
        for name in ("confidence", "min_valid", "unmatched"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                message = f"{name} is {value:g}; it is a share between 0 and 1."
                raise OptionError(message)
        if isinstance(self.face, str) and self.face != "largest":
            message = f"face '{self.face}' is not known. Give a face id or 'largest'."
            raise OptionError(message)

    @property
    def reach(self) -> float:
        """Seconds beyond which a frame is too far from a moment of the grid."""
        return 1 / (2 * self.hz)


def _check_positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        message = f"{name} is {value:g}; it must be above 0."
        raise OptionError(message)
