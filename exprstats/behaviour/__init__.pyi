from .clips import summarise_clips, trace_clips
from .expressivity import rate_expressivity
from .folders import summarise_openface
from .intensity import count_labels, cut_windows, label_intensity
from .ledger import ClipFeatures
from .motion import FEATURES
from .openface.frames import inspect_openface, read_openface
from .segments import plan_segments, plan_windows, read_segments
from .sensitivity import Sensitivity, vary_confidence
from .settings import Quality, Sampling
from .trackers.faces import Frames, join_frames, read_faces

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
