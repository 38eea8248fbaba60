"""Study files and their analysis, with provenance."""

from exprstats.io.detection import Guess, guess_roles
from exprstats.study.file import read_study
from exprstats.study.inputs import drop_gaps, read_tables
from exprstats.study.provenance import (
    CaughtWarning,
    Exclusion,
    InputFile,
    Logbook,
    Provenance,
    list_versions,
)
from exprstats.study.recovery import compare_truth, measure_performance
from exprstats.study.run import StudyRun, run_study
from exprstats.study.settings import (
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
from exprstats.study.stages.clips import list_numbers

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
