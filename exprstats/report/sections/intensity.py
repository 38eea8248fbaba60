"""Section on labels of emotional intensity and the windows that carry them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exprstats.apa import count_things, write_count, write_number
from exprstats.behaviour import count_labels
from exprstats.document.model import Column, Section, Table
from exprstats.document.text import say


def describe_labels(
    frames: pd.DataFrame, windows: pd.DataFrame, *, length: int, step: int, emotion: str = ""
) -> Section:
    """Return the section on labelled frames and windows.

    Parameters
    ----------
    frames
        One row a frame: ``subject``, ``video``, ``label``.
    windows
        From `exprstats.behaviour.cut_windows`.
    length, step
        Of the windows, in frames.
    emotion
        Its name, where there are several.
    """
    known = int(frames["label"].notna().sum())
    whole = windows[windows["complete"].astype(bool)]
    sentences = [
        say(
            "We labeled {known} of {frames} of {people} by how much of the person's own strongest "
            "expression each shows, in tenths from 0 to 10.",
            known=write_count(known),
            frames=count_things(len(frames), "frame"),
            people=count_things(frames["subject"].nunique(), "person", "people"),
        ),
        say(
            "{windows} of {length} frames, one every {step} frames, {carry} the label of the last "
            "frame.",
            windows=count_things(len(whole), "window").capitalize(),
            carry="carries" if len(whole) == 1 else "carry",
            length=length,
            step=step,
        ),
    ]
    added = int(whole["added"].astype(bool).sum())
    if added:
        counted = count_things(added, "was", "were")
        sentences.append(
            say(
                "Of these {counted} added nearer to each other, for labels 3 to 7.", counted=counted
            )
        )
    broken = len(windows) - len(whole)
    if broken:
        counted = count_things(broken, "further window holds", "further windows hold")
        sentences.append(
            say(
                "{counted} a frame without a label or a gap, and {are} left out here.",
                counted=counted,
                are="is" if broken == 1 else "are",
            )
        )
    counts = count_labels(whole)
    cells: list[dict[str, Any]] = [
        {
            "label": str(row["label"]),
            "n": write_count(int(row["n"])),
            "share": write_number(row["share"], 2, bounded=True),
        }
        for row in counts.astype({"label": int}).to_dict("records")
    ]
    columns = (
        Column("label", say("Label")),
        Column("n", say("Windows")),
        Column("share", say("Share")),
    )
    title = "Windows by Label" if not emotion else f"Windows by Label of {emotion.capitalize()}"
    table = Table("labels", title, columns, pd.DataFrame(cells), rows=counts)
    heading = "Intensity Labels" if not emotion else f"Intensity Labels: {emotion.capitalize()}"
    return Section("labels", heading, sentences=tuple(sentences), tables=(table,))
