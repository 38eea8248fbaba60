"""Study files and what they run: the verbs of the other rooms in order, with provenance."""

from exprstats.study.file import read_study
from exprstats.study.inputs import read_tables
from exprstats.study.logbook import Logbook
from exprstats.study.newcomers import measure_performance
from exprstats.study.outcome import StudyRun
from exprstats.study.pipeline import run_study
from exprstats.study.provenance import (
    CaughtWarning,
    Exclusion,
    InputFile,
    Provenance,
    list_versions,
)
from exprstats.study.recovery import compare_truth
from exprstats.study.roles import Guess, guess_roles
from exprstats.study.settings import (
    CompareSettings,
    ContrastsSettings,
    ModelSettings,
    ScoresSettings,
    SplitSettings,
    Study,
    WeightsSettings,
)
from exprstats.study.sources import ClipsSettings, RatingsSettings
from exprstats.study.usable import drop_gaps, list_numbers

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
