"""Study files and what they run: the verbs of the other rooms in order, with provenance."""

from exprstats.study.file import read_study
from exprstats.study.outcome import StudyRun
from exprstats.study.provenance import CaughtWarning, Exclusion, InputFile, Provenance
from exprstats.study.settings import (
    ClipsSettings,
    CompareSettings,
    ModelSettings,
    RatingsSettings,
    ScoresSettings,
    SplitSettings,
    Study,
)

__all__ = [
    "CaughtWarning",
    "ClipsSettings",
    "CompareSettings",
    "Exclusion",
    "InputFile",
    "ModelSettings",
    "Provenance",
    "RatingsSettings",
    "ScoresSettings",
    "SplitSettings",
    "Study",
    "StudyRun",
    "read_study",
]
