"""The quality ledger: measured recordings joined to the segments that asked for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_count, write_number
from exprstats.behaviour.measurements import EMPTY, OUTSIDE, QUALITY, Measured, note_switches
from exprstats.behaviour.motion import FEATURES
from exprstats.behaviour.segments import SegmentPlan
from exprstats.behaviour.settings import Settings
from exprstats.behaviour.trackers.units import TRACKER_NAMES
from exprstats.errors import DataError, Option, Problem, warn_user
from exprstats.options import name_some
from exprstats.results import Result

KEPT_QUALITY = ("valid_share", "mean_confidence", "gaps", "face_switches")
# Rates that differ by rounding of time stamps only.
_ALIKE = 1.05
_TIMES = (
    "Correct the times of the segments: seconds, or negative ones from the video's end. ",
    *("Milliseconds are read with ", Option("unit", "ms"), ". "),
    "Frame numbers become seconds if they are divided by the rate of the video.",
)
_IDS = ("context", "clip", "video", "subject")


def assemble(
    plan: SegmentPlan,
    measured: Mapping[str, Measured],
    files: Iterable[Mapping[str, Any]],
    settings: Settings,
) -> ClipFeatures:
    """Join features and quality to the segments, and leave out the clips that fail.

    Recordings that could not be read are absent from ``measured``. It is a DataError if clips may
    not fail and one does, or if none is left.
    """
    table = _collect(plan, measured)
    reason, jumps = table.pop("reason"), table.pop("jumps")
    kept = reason.isna().to_numpy()
    ledger = _join(plan.segments, table[list(QUALITY)])
    ledger = ledger.assign(kept=kept, reason=reason.to_numpy())
    failed = ledger[~kept]
    status = pd.DataFrame(list(files))
    _settle_failures(failed, len(ledger), settings, status)
    absent = find_absent_everywhere(measured)
    present = [name for name in FEATURES if name not in absent]
    clips = _join(plan.segments, table[[*present, *KEPT_QUALITY]])
    clips = clips if settings.failed == "keep" else clips[kept]
    named = ledger.assign(video=plan.video.to_numpy())
    _tell_beyond(named[kept], status, settings)
    _tell_jumps(jumps[clips.index])
    _tell_switches(clips)
    _tell_rates(status)
    _tell_absent(clips, absent)
    return ClipFeatures(clips, ledger, status, settings)


def _collect(plan: SegmentPlan, measured: Mapping[str, Measured]) -> pd.DataFrame:
    """Return one row for each segment, in the segments' order and with their index."""
    columns = [*FEATURES, *QUALITY, "jumps", "reason"]
    table = pd.DataFrame(index=range(len(plan.segments)), columns=columns, dtype=float)
    table["reason"] = pd.Series(None, index=table.index, dtype=object)
    pieces = []
    places = pd.Series(range(len(plan.segments))).groupby(plan.video.to_numpy()).indices
    for video, rows in places.items():
        if str(video) in measured:
            pieces.append(measured[str(video)].table.set_axis(rows))
    if pieces:
        table = pd.concat(pieces).reindex(table.index)
    absent = plan.video.isna().to_numpy()
    unread = ~plan.video.isin(list(measured)).to_numpy() & ~absent
    table.loc[absent, "reason"] = "its video has no frames"
    table.loc[unread, "reason"] = "its file could not be used"
    return table.set_axis(plan.segments.index)


def _join(segments: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return the segments' ids and other columns, without their times, beside a table."""
    taken = {*table.columns, "start", "end"}
    first = [name for name in _IDS if name in segments.columns]
    rest = [name for name in segments.columns if name not in {*first, *taken}]
    return pd.concat([segments[[*first, *rest]], table], axis=1)


def _compare_ranges(failed: pd.DataFrame, files: pd.DataFrame) -> str:
    """Return the two ranges of time side by side: of the segments and of the videos."""
    low, high = failed["start"].min(), failed["end"].max()
    length = files["length"] if "length" in files else pd.Series(dtype=float)
    return (
        f"The segments run from {low:,.5g} to {high:,.5g} s, the videos from 0 to "
        f"{length.max():,.5g} s."
    )


def _settle_failures(
    failed: pd.DataFrame, total: int, settings: Settings, files: pd.DataFrame
) -> None:
    if failed.empty:
        return
    counted = count_things(len(failed), "clips fails", "clips fail", of=total)
    fact = f"{counted} ({count_reasons(failed)}): {name_some([*failed['clip']])}."
    if settings.failed == "error":
        raise DataError(Problem(fact, ("Leave them out with ", Option("failed", "drop"), ".")))
    if len(failed) == total and settings.failed == "drop":
        timed = failed["reason"].isin([OUTSIDE, EMPTY]).all()
        lower = ("Check the videos, or lower ", Option("confidence"), " or ", Option("min_valid"))
        timed |= failed["reason"].eq(OUTSIDE).any()
        if timed and failed["reason"].ne(EMPTY).all():
            fact += f" {_compare_ranges(failed, files)}"
        remedy = _TIMES if timed else (*lower, ".")
        raise DataError(Problem(fact, remedy))
    fate = "left out" if settings.failed == "drop" else "kept"
    warn_user(f"{fact} {'It is' if len(failed) == 1 else 'They are'} {fate}.")


def _tell_beyond(kept: pd.DataFrame, files: pd.DataFrame, settings: Settings) -> None:
    """Warn of clips of which a moment or more lies after the end of the video."""
    if "length" not in files or kept.empty:
        return
    length = kept["video"].map(files.drop_duplicates("video").set_index("video")["length"])
    late = kept["end"].to_numpy(float) > length.to_numpy(float) + 1 / settings.hz
    if late.any():
        pairs = zip(kept.loc[late, "clip"], kept.loc[late, "end"], length[late], strict=True)
        shown = [f"'{clip}' ({end:.5g} s of {held:.5g} s)" for clip, end, held in pairs]
        more = f" and {len(shown) - 5:,} more" if len(shown) > 5 else ""
        verb = ("clips ends after its video", "clips end after their videos")
        counted = count_things(len(shown), *verb, of=len(kept))
        effect = "What lies after the end counts as moments without a valid frame."
        warn_user(f"{counted}: {', '.join(shown[:5])}{more}. {effect}")


def _tell_jumps(jumps: pd.Series) -> None:
    """Warn of frames that are absent; those that are not valid count in the quality of clips."""
    broken = int((jumps > 0).sum())
    if broken:
        total = int(jumps.sum())
        verb = "is 1 gap" if total == 1 else f"are {total:,} gaps"
        fact = f"There {verb} between frames in {broken:,} of {len(jumps):,} clips."
        effect = "Moments without a frame near enough are missing; no change is counted across "
        warn_user(f"{fact} {effect}(see 'gaps', which counts moments without a valid frame, too).")


def _tell_switches(clips: pd.DataFrame) -> None:
    switched = [*clips.loc[clips["face_switches"] > 0, "clip"]]
    if switched:
        fact = "No movement is counted from one face to another (see 'face_switches')."
        warn_user((*note_switches(switched, len(clips)), f" {fact}"))


def _tell_rates(files: pd.DataFrame) -> None:
    if "fps" not in files:
        return
    rates = files["fps"].to_numpy(float, na_value=np.nan)
    if np.nanmax(rates, initial=0) > _ALIKE * np.nanmin(rates, initial=np.inf):
        low, high = np.nanargmin(rates), np.nanargmax(rates)
        fact = f"Videos run at {rates[low]:.3g} ('{files['video'].iloc[low]}') to "
        fact += f"{rates[high]:.3g} frames per second. "
        remedy = "Jitter depends on the rate; see 'fps' of the files before you compare them."
        warn_user(fact + remedy)


def find_absent_everywhere(measured: Mapping[str, Measured]) -> list[str]:
    """Return the features that no recording has columns for."""
    lacking = [set(str(one.facts["absent"]).split(", ")) for one in measured.values()]
    return [name for name in FEATURES if lacking and all(name in one for one in lacking)]


def _tell_absent(clips: pd.DataFrame, absent: Sequence[str]) -> None:
    if absent:
        message = f"The files hold no columns for {', '.join(absent)}; these are left out."
        warn_user(message)
    partly = [
        name if len(clips) == 1 else f"{name} in {int(clips[name].isna().sum()):,}"
        for name in FEATURES
        if name in clips.columns and clips[name].isna().any()
    ]
    if partly:
        where = "the one clip" if len(clips) == 1 else f"some of {len(clips):,} clips"
        warn_user(f"Features are missing in {where}: {', '.join(partly)}.")


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
    tracker
        Which program followed the faces, as `read_faces` names it.
    rated
        Whether it says how confident it is; if not, every tracked frame counts.
    """

    place: ClassVar[str] = "clip_features"
    clips: pd.DataFrame
    ledger: pd.DataFrame
    files: pd.DataFrame
    settings: Settings
    tracker: str = "openface"
    rated: bool = True

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
        name = TRACKER_NAMES[self.tracker]
        frames = f"the {name} frames nearest to a grid of {choice.hz:g} Hz"
        if choice.sampling == "mean":
            frames = f"{name} frames, averaged over steps of {1 / choice.hz:.3g} s,"
        least = write_number(choice.confidence, 2, bounded=True)
        sure = f" with confidence of at least {least}" if self.rated else ""
        text = (
            f"Features of {count_things(len(kept), 'clip')} come from {frames} that were tracked"
            f"{sure} (median valid share {share}); no change is counted across a gap"
            f"{_count_switched(kept)}."
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
