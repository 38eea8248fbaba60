"""Counts of annotated values, action units and labels: intervals, frames and utterances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from exprstats.apa import count_things, write_count
from exprstats.contracts import arrange_rows
from exprstats.events.facs import UNIT
from exprstats.events.intervals import LABEL, TEXTS, check_events, lay_runs, name_pair
from exprstats.results import Result


@dataclass(frozen=True, slots=True, eq=False)
class EventCounts(Result):
    """What annotations hold.

    Attributes
    ----------
    table
        Rows by ``kind`` (``"feature"``, ``"unit"``, ``"label"``) and ``feature`` or ``label``, its
        name: ``term`` ``frames``, with ``estimate`` their number, ``share`` of all frames,
        ``n_intervals`` and ``n_utterances``.
    tokens
        Texts with each label by two ways to find words, from `compare_tokens`; None: not asked.
    spellings
        Spellings that were merged and how often each was met; None: not known.
    units
        The table of action units and how many intervals each row met; None: not known.
    n_files, n_utterances, n_signers, n_frames
        Sizes; utterances may have no known signer.
    n_intervals, n_phases
        Annotated intervals (those that span utterances left out), and phases among them.
    fps
        Frames per second.
    """

    place: ClassVar[str] = "event_counts"
    table: pd.DataFrame
    tokens: pd.DataFrame | None
    spellings: pd.DataFrame | None
    n_files: int
    n_utterances: int
    n_signers: int
    n_frames: int
    n_intervals: int
    n_phases: int
    fps: float
    units: pd.DataFrame | None = None

    def export(self) -> dict[str, Any]:
        """Return the counts, and the tables of tokens and spellings where there are any."""
        found = {self.place: self.tidy()}
        more = {"event_tokens": self.tokens, "event_spellings": self.spellings}
        more["event_units"] = self.units
        return found | {name: table for name, table in more.items() if table is not None}

    def glance(self) -> pd.DataFrame:
        """Return one row: the sizes."""
        names = ("n_files", "n_utterances", "n_signers", "n_frames", "n_intervals", "n_phases")
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def sentence(self) -> str:
        """Return the sizes."""
        signers = ""
        if self.n_signers:
            signers = f" of {count_things(self.n_signers, 'signer')}"
        phases = ""
        if self.n_phases:
            share = 100 * self.n_phases / self.n_intervals
            counted = write_count(self.n_phases)
            phases = f", of which {counted} ({share:.0f}%) are phases and not values"
        verb = "has" if self.n_utterances == 1 else "have"
        return (
            f"{count_things(self.n_utterances, 'utterance')}{signers} with "
            f"{count_things(self.n_frames, 'frame')} at {self.fps:g} per second {verb} "
            f"{count_things(self.n_intervals, 'annotated interval')}{phases}."
        )


def count_events(
    events: pd.DataFrame,
    labels: pd.DataFrame | None = None,
    units: pd.DataFrame | None = None,
    *,
    tokens: pd.DataFrame | None = None,
    fps: float = 30.0,
) -> EventCounts:
    """Count the intervals, frames and utterances of every value, unit and label.

    Parameters
    ----------
    events
        EVENTS, as from `read_events`.
    labels, units
        EVENTS of labels and of action units, as from `find_labels` and `map_units`; None: none.
    tokens
        From `compare_tokens`; None: not reported.
    fps
        Frames per second.

    Returns
    -------
    EventCounts
        Frames of a value count once, however many of its intervals overlap.

    Raises
    ------
    DataError
        If a table is none of EVENTS.

    Examples
    --------
    >>> events = pd.DataFrame({"utterance": ["u", "u"], "tier": ["nose", "nose"], "start": [0, 1]})
    >>> rows = count_events(events.assign(end=[2, 3], value="wrinkle"), fps=10).table
    >>> rows[["feature", "estimate", "n_intervals"]].to_numpy().tolist()
    [['nose=wrinkle', 30.0, 2]]
    """
    check_events(events)
    parts = [events[~events["tier"].isin([LABEL, UNIT])]]
    parts += [one[one["tier"].isin([LABEL, UNIT])] for one in (units, labels) if one is not None]
    runs = lay_runs(pd.concat(parts, ignore_index=True), fps=fps)
    frames = np.asarray(runs.shown.T @ runs.frames)
    seen = runs.shown.tocoo()
    found = pd.DataFrame({"column": seen.coords[1], "utterance": runs.codes[seen.coords[0]]})
    utterances = found.drop_duplicates()["column"].value_counts()
    every = pd.concat(parts, ignore_index=True)
    intervals = every.assign(value=every["value"].astype(str)).groupby(["tier", "value"]).size()
    rows = []
    for place, pair in enumerate(runs.pairs):
        kind = pair[0] if pair[0] in {LABEL, UNIT} else "feature"
        name = {"label" if kind == LABEL else "feature": name_pair(pair)}
        rows.append(
            {
                "kind": kind,
                **name,
                "term": "frames",
                "estimate": float(frames[place]),
                "share": float(frames[place] / runs.frames.sum()),
                "n_intervals": int(intervals[pair]),
                "n_utterances": int(utterances[place]),
            }
        )
    own = parts[0][parts[0]["tier"].ne(TEXTS[0])]
    merged = events.attrs.get("spellings")
    phases = own["phase"].notna().sum() if "phase" in own else 0
    return EventCounts(
        arrange_rows(rows, ("kind", "label", "feature", "term")),
        tokens,
        None if merged is None else pd.DataFrame(merged),
        n_files=int(events.attrs.get("files", 1)),
        n_utterances=len(runs.utterances),
        n_signers=len({str(one) for one in runs.signers if one is not None}),
        n_frames=int(runs.frames.sum()),
        n_intervals=len(own),
        n_phases=int(phases),
        fps=fps,
        units=None
        if units is None or "units" not in units.attrs
        else pd.DataFrame(units.attrs["units"]),
    )
