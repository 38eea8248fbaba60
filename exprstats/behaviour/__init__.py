"""Frames of face trackers to clip features, with the quality of what they rest on."""

from exprstats.behaviour.clips import summarise_clips, trace_clips
from exprstats.behaviour.expressivity import rate_expressivity
from exprstats.behaviour.folders import summarise_openface
from exprstats.behaviour.intensity import count_labels, cut_windows, label_intensity
from exprstats.behaviour.ledger import ClipFeatures
from exprstats.behaviour.motion import FEATURES
from exprstats.behaviour.openface.frames import inspect_openface, read_openface
from exprstats.behaviour.plans import plan_segments, plan_windows
from exprstats.behaviour.segments import read_segments
from exprstats.behaviour.sensitivity import Sensitivity, vary_confidence
from exprstats.behaviour.settings import Quality, Sampling
from exprstats.behaviour.trackers.faces import Frames, join_frames, read_faces

__all__ = [
    "FEATURES",
    "ClipFeatures",
    "Frames",
    "Quality",
    "Sampling",
    "Sensitivity",
    "count_labels",
    "cut_windows",
    "inspect_openface",
    "join_frames",
    "label_intensity",
    "plan_segments",
    "plan_windows",
    "rate_expressivity",
    "read_faces",
    "read_openface",
    "read_segments",
    "summarise_clips",
    "summarise_openface",
    "trace_clips",
    "vary_confidence",
]
