"""Annotated intervals, their labels and co-occurrence; expressions that videos evoke."""

from exprstats.events.cooccurrence import CoOccurrence, measure_cooccurrence
from exprstats.events.counts import EventCounts, count_events
from exprstats.events.evoked.annotators import EvokedAnnotators, compare_annotators
from exprstats.events.evoked.labels import EvokedLabels, measure_labels
from exprstats.events.evoked.reading import read_evoked
from exprstats.events.evoked.scores import EvokedScores, rate_evoked
from exprstats.events.evoked.splits import VideoSplit, split_videos
from exprstats.events.evoked.vote import vote_labels
from exprstats.events.facs import list_units, map_units
from exprstats.events.intervals import expand_frames
from exprstats.events.lexicons import compare_tokens, find_labels, read_lexicon
from exprstats.events.prediction import LabelPrediction, predict_labels
from exprstats.events.readers.files import list_spellings, read_events

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
