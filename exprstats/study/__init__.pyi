import exprstats.io.detection

from .file import read_study
from .inputs import drop_gaps, read_tables
from .provenance import CaughtWarning, Exclusion, InputFile, Logbook, Provenance, list_versions
from .recovery import compare_truth, measure_performance
from .run import StudyRun, run_study
from .settings import (
    ClipsSettings,
    CompareSettings,
    ContrastsSettings,
    ModelSettings,
    RatingsSettings,
    ScoresSettings,
    SplitSettings,
    Study,
    WeightsSettings,
)
from .stages.clips import list_numbers

Guess = exprstats.io.detection.Guess
guess_roles = exprstats.io.detection.guess_roles

__all__ = [
    "CaughtWarning",
    "ClipsSettings",
    "CompareSettings",
    "ContrastsSettings",
    "Exclusion",
    "Guess",
    "InputFile",
    "Logbook",
    "ModelSettings",
    "Provenance",
    "RatingsSettings",
    "ScoresSettings",
    "SplitSettings",
    "Study",
    "StudyRun",
    "WeightsSettings",
    "compare_truth",
    "drop_gaps",
    "guess_roles",
    "list_numbers",
    "list_versions",
    "measure_performance",
    "read_study",
    "read_tables",
    "run_study",
]
