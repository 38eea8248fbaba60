from .cooccurrence import CoOccurrence, measure_cooccurrence
from .counts import EventCounts, count_events
from .evoked.annotators import EvokedAnnotators, compare_annotators
from .evoked.labels import EvokedLabels, measure_labels
from .evoked.reading import read_evoked
from .evoked.scores import EvokedScores, rate_evoked
from .evoked.splits import VideoSplit, split_videos
from .evoked.vote import vote_labels
from .facs import list_units, map_units
from .intervals import expand_frames
from .lexicons import compare_tokens, find_labels, read_lexicon
from .prediction import LabelPrediction, predict_labels
from .readers.files import list_spellings, read_events

__all__ = [
    "CoOccurrence",
    "EventCounts",
    "EvokedAnnotators",
    "EvokedLabels",
    "EvokedScores",
    "LabelPrediction",
    "VideoSplit",
    "compare_annotators",
    "compare_tokens",
    "count_events",
    "expand_frames",
    "find_labels",
    "list_spellings",
    "list_units",
    "map_units",
    "measure_cooccurrence",
    "measure_labels",
    "predict_labels",
    "rate_evoked",
    "read_events",
    "read_evoked",
    "read_lexicon",
    "split_videos",
    "vote_labels",
]
