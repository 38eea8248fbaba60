"""What the features of many clips come as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from exprstats.behaviour.settings import Settings
from exprstats.numerals import count_things, write_count, write_number
from exprstats.results import Result


@dataclass(frozen=True, slots=True, eq=False)
class ClipFeatures(Result):
    """Clip features with all that was left out.

    Attributes
    ----------
    clips
        CLIPS: the segments' ids and other columns, features, ``valid_share``,
        ``mean_confidence``, ``gaps``, ``face_switches``; clips that failed are left out unless
        they were to be kept.
    ledger
        One row for every segment: its times in seconds from the start, frames, moments of the
        grid, valid ones, quality, ``kept`` and ``reason``.
    files
        One row for every recording: rows, columns, faces, rate, quality, absent features,
        ``status`` (``ok`` or ``failed``) and ``note``.
    settings
        The choices.
    """

    clips: pd.DataFrame
    ledger: pd.DataFrame
    files: pd.DataFrame
    settings: Settings

    def tidy(self) -> pd.DataFrame:
        """Return one row for each clip."""
        return self.clips

    def glance(self) -> pd.DataFrame:
        """Return one row: how many clips were kept, from how many recordings, and how good."""
        row: dict[str, Any] = {
            "n_clips": int(self.ledger["kept"].sum()),
            "n_left_out": int((~self.ledger["kept"]).sum()),
            "n_files": len(self.files),
            "n_failed_files": int((self.files["status"] == "failed").sum()),
            "median_valid_share": float(self.clips["valid_share"].median()),
            "hz": self.settings.hz,
            "confidence": self.settings.confidence,
        }
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return how the features were made, in words for a paper."""
        kept, out = self.clips, self.ledger[~self.ledger["kept"]]
        choice = self.settings
        share = write_number(kept["valid_share"].median(), 2, bounded=True)
        frames = f"the OpenFace frames nearest to a grid of {choice.hz:g} Hz"
        if choice.sampling == "mean":
            frames = f"OpenFace frames, averaged over steps of {1 / choice.hz:.3g} s,"
        text = (
            f"Features of {count_things(len(kept), 'clip')} come from {frames} "
            f"that were tracked with confidence of at least "
            f"{write_number(choice.confidence, 2, bounded=True)} (median valid share {share}); "
            f"no change is counted across a gap{_count_switched(kept)}."
        )
        if len(out):
            noun = "clip was" if len(out) == 1 else "clips were"
            text += f" {write_count(len(out))} further {noun} left out ({count_reasons(out)})."
        return text


def _count_switched(clips: pd.DataFrame) -> str:
    """Return what a sentence adds where clips show one face after another."""
    switched = (clips["face_switches"] > 0).sum()
    return f" or a change of face ({count_things(switched, 'clip')})" if switched else ""


def count_reasons(left_out: pd.DataFrame) -> str:
    """Return why clips were left out, with counts, the most frequent reason first."""
    kinds = left_out["reason"].map(lambda text: str(text).split(" (")[0]).value_counts()
    return "; ".join(f"{write_count(count)}: {reason}" for reason, count in kinds.items())
