"""OpenFace frames to clip features, with the quality of what they rest on."""

from exprstats.behaviour.expressivity import rate_expressivity
from exprstats.behaviour.features import summarise_clips, trace_clips
from exprstats.behaviour.folders import summarise_openface
from exprstats.behaviour.intensity import label_intensity
from exprstats.behaviour.openface import inspect_openface, read_openface
from exprstats.behaviour.plans import plan_segments, plan_windows
from exprstats.behaviour.result import ClipFeatures
from exprstats.behaviour.segments import read_segments
from exprstats.behaviour.sensitivity import Sensitivity, vary_confidence
from exprstats.behaviour.signals import FEATURES
from exprstats.behaviour.windows import count_labels, cut_windows

__all__ = [
    "FEATURES",
    "ClipFeatures",
    "Sensitivity",
    "count_labels",
    "cut_windows",
    "inspect_openface",
    "label_intensity",
    "plan_segments",
    "plan_windows",
    "rate_expressivity",
    "read_openface",
    "read_segments",
    "summarise_clips",
    "summarise_openface",
    "trace_clips",
    "vary_confidence",
]
