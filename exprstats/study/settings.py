"""Settings of a study file as frozen dataclasses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from exprstats.io.files.reading import Reading
from exprstats.options import (
    NETWORKS,
    BaselineKind,
    FittedOn,
    HumanUnit,
    IccChoice,
    IntervalName,
    MetricName,
    ModelKind,
)
from exprstats.study.files import (
    ClipsSettings,
    EstimatesSettings,
    EvokedSettings,
    OpenfaceSettings,
    RatingsSettings,
    SigningSettings,
    SubjectsSettings,
)
from exprstats.study.values import (
    one_of,
    read_counts,
    read_draws,
    read_file,
    read_flag,
    read_folder,
    read_folds,
    read_groups,
    read_pair,
    read_part,
    read_place,
    read_portion,
    read_positive,
    read_rates,
    read_repeats,
    read_share,
    read_sizes,
    read_strata,
    read_text,
    read_texts,
    read_whole,
    some_of,
)

ScoreMethod = Literal["bartlett"]
DeviceName = Literal["auto", "cpu", "cuda"]

USUAL_BASELINES: tuple[ModelKind, ...] = ("uniform", "normal", "mean")
BASELINES: tuple[ModelKind, ...] = get_args(BaselineKind)


@dataclass(frozen=True, slots=True)
class ReliabilitySettings:
    """The table ``[reliability]``: the model, in the words of `exprstats.rate_reliability`.

    ``"auto"`` takes the one that the design decides. Without the table it is one-way. ``decisions``
    adds how reliable other numbers of raters would be, ``raters`` a description of each rater,
    ``agreement`` the agreement about categories.
    """

    model: Annotated[IccChoice, one_of(IccChoice)] = "auto"
    decisions: Annotated[bool, read_flag] = False
    raters: Annotated[bool, read_flag] = False
    agreement: Annotated[bool, read_flag] = False


@dataclass(frozen=True, slots=True)
class ScoresSettings:
    """The table ``[scores]``: which clips the factor model learns from, and the method."""

    fitted_on: Annotated[FittedOn, one_of(FittedOn)] = "train"
    method: Annotated[ScoreMethod, one_of(ScoreMethod)] = "bartlett"


@dataclass(frozen=True, slots=True)
class SplitSettings:
    """The table ``[split]``: shares of subjects.

    With ``folds``, elastic nets are tuned in so many folds of all subjects but the test's, which
    are dealt ``repeats`` times. ``stratify`` shares out the subjects of each set of contexts, or of
    each value of the column that it names. ``training_only`` names a column that is 1 for clips
    which no other part may have, such as windows that were added to make labels more even.
    """

    train: Annotated[float, read_share] = 0.6
    validate: Annotated[float, read_part] = 0.2
    test: Annotated[float, read_share] = 0.2
    folds: Annotated[int | None, read_folds] = None
    repeats: Annotated[int, read_repeats] = 1
    stratify: Annotated[bool | str, read_strata] = False
    training_only: Annotated[str | None, read_text] = None


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """One of the tables ``[[models]]``.

    ``unit`` says what a seat of the human baseline is; the keys after it are those of networks.
    Every combination of ``lr``, ``layers`` and ``hidden`` is tried on the validation subjects.
    ``rescale`` standardises features by all training frames; ``crop`` (pixels) and ``brightness``
    (a share) vary pictures in training.
    """

    name: Annotated[str, read_text]
    kind: Annotated[ModelKind, one_of(ModelKind)]
    unit: Annotated[HumanUnit | None, one_of(HumanUnit)] = None
    weights: Annotated[Path | None, read_file] = None
    lr: Annotated[tuple[float, ...], read_rates] = ()
    layers: Annotated[tuple[int, ...], read_sizes] = ()
    hidden: Annotated[tuple[int, ...], read_sizes] = ()
    epochs: Annotated[int | None, read_repeats] = None
    batch: Annotated[int | None, read_repeats] = None
    patience: Annotated[int | None, read_repeats] = None
    rescale: Annotated[bool | None, read_flag] = None
    crop: Annotated[int | None, read_repeats] = None
    brightness: Annotated[float | None, read_portion] = None

    @property
    def trained(self) -> dict[str, Any]:
        """What the file says of a network's training, by key."""
        keys = ("weights", "lr", "layers", "hidden", "epochs", "batch", "patience")
        keys += ("rescale", "crop", "brightness")
        return {key: held for key in keys if (held := getattr(self, key)) not in {None, ()}}


@dataclass(frozen=True, slots=True)
class CompareSettings:
    """The table ``[compare]``.

    Without ``span`` the theoretical range of the target is used; without ``metrics`` these are
    nrmse and correlation, or for a target of classes accuracy and macro_f1. ``calibration`` says
    of fitted models of numbers whether predictions are too extreme, and how far off a clip may be.
    """

    against: Annotated[str | None, read_text] = None
    metrics: Annotated[tuple[MetricName, ...] | None, some_of(MetricName)] = None
    span: Annotated[float | None, read_positive] = None
    draws: Annotated[int, read_draws] = 2000
    interval: Annotated[IntervalName, one_of(IntervalName)] = "auto"
    level: Annotated[float, read_share] = 0.95
    calibration: Annotated[bool, read_flag] = True


@dataclass(frozen=True, slots=True)
class WeightsSettings:
    """The table ``[weights]``: intervals of the elastic net's weights, from so many refits."""

    draws: Annotated[int, read_draws] = 500


@dataclass(frozen=True, slots=True)
class ContrastsSettings:
    """The table ``[contrasts]``: how contexts differ in their weights, from so many refits."""

    draws: Annotated[int, read_draws] = 500


@dataclass(frozen=True, slots=True)
class ImportanceSettings:
    """The table ``[importance]``: permutations of each feature, and draws of test subjects."""

    repeats: Annotated[int, read_repeats] = 20
    draws: Annotated[int, read_draws] = 500


@dataclass(frozen=True, slots=True)
class DeepSettings:
    """The table ``[deep]``: sequences of features for the networks, and how these are trained.

    ``sequences`` is a folder of arrays, one a clip; else frames come from ``openface`` and
    ``segments``, by default those of the table ``[openface]``. ``modalities`` says how many
    features of each lie side by side in a frame, ``units`` how many units each has in a gated GRU.
    ``checkpoints`` is a folder that keeps unfinished training, from which a stopped run goes on.
    """

    sequences: Annotated[Path | None, read_folder] = None
    openface: Annotated[Path | None, read_folder] = None
    segments: Annotated[Path | None, read_file] = None
    features: Annotated[tuple[str, ...] | None, read_texts] = None
    hz: Annotated[float, read_positive] = 25.0
    seconds: Annotated[float, read_positive] = 3.0
    confidence: Annotated[float, read_portion] = 0.8
    clip: Annotated[str, read_text] = "clip"
    video: Annotated[str, read_text] = "video"
    modalities: Annotated[Mapping[str, int] | None, read_counts] = None
    units: Annotated[Mapping[str, int] | None, read_counts] = None
    runs: Annotated[int, read_repeats] = 1
    checkpoints: Annotated[Path | None, read_place] = None
    device: Annotated[DeviceName, one_of(DeviceName)] = "auto"


@dataclass(frozen=True, slots=True)
class AblationSettings:
    """The table ``[ablation]``: networks that lack some modalities, beside elastic nets.

    ``targets`` are predicted together by the gated GRU of ``model``, by default the first one; they
    are labels of 0 and 1, or numbers. ``subsets`` are the modalities of the other networks, by
    default all but one each.
    """

    targets: Annotated[tuple[str, ...] | None, read_texts] = None
    subsets: Annotated[tuple[tuple[str, ...], ...] | None, read_groups] = None
    model: Annotated[str | None, read_text] = None


@dataclass(frozen=True, slots=True)
class AdaptationSettings:
    """The table ``[adaptation]``: a network trained further for each test subject.

    ``neutral`` is a column and its value for clips of the neutral face (``"task=neutral"``), on
    which the network of ``model``, by default the first one, is trained for ``iterations`` of
    ``batch`` clips; the subject's other clips judge it.
    """

    neutral: Annotated[str, read_pair]
    iterations: Annotated[int, read_repeats] = 5
    batch: Annotated[int, read_repeats] = 3
    lr: Annotated[float | None, read_positive] = None
    model: Annotated[str | None, read_text] = None


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """The table ``[video]``: videos and where clips lie in them, for networks of pictures."""

    folder: Annotated[Path, read_folder]
    segments: Annotated[Path, read_file]
    frames: Annotated[int, read_repeats] = 16
    clip: Annotated[str, read_text] = "clip"
    video: Annotated[str, read_text] = "video"


@dataclass(frozen=True, slots=True)
class Study:
    """A study file, read and checked.

    Attributes
    ----------
    path
        The study file.
    title, seed
        The report's title; the one seed from which every stage takes its own.
    ratings, scores, clips, split, compare
        The tables of the file; None where the study does not need them.
    models
        The models, baselines included; empty without clips.
    openface
        Where the clips are summarised from videos; `clips` then says what comes of them.
    reliability, weights, contrasts
        Tables that a file need not have; None leaves them out.
    deep, video
        What networks learn from, where the study names some.
    ablation, adaptation
        Networks that lack modalities, and networks adapted to new people; None leaves them out.
    importance
        How the importance of features is measured; there without being asked for where the
        study has a forest or ``[weights]``.
    signing, evoked
        Annotated intervals, and what videos evoke, beside or in place of ratings and clips.
    estimates
        Estimates of expression, beside or in place of ratings and clips.
    subjects
        The file of the people who are seen.
    usual_models
        Whether the file names no model, so that the usual ones stand in.
    rated_target
        Whether models predict the mean of one or two rated items, which no file holds.
    reading
        How the files are to be read, where a command was told; None in studies.
    """

    path: Path
    title: Annotated[str, read_text] = "Study"
    seed: Annotated[int, read_whole] = 1
    ratings: RatingsSettings | None = None
    scores: ScoresSettings | None = None
    clips: ClipsSettings | None = None
    split: SplitSettings | None = None
    models: tuple[ModelSettings, ...] = ()
    compare: CompareSettings | None = None
    weights: WeightsSettings | None = None
    contrasts: ContrastsSettings | None = None
    openface: OpenfaceSettings | None = None
    importance: ImportanceSettings | None = None
    reliability: ReliabilitySettings | None = None
    deep: DeepSettings | None = None
    video: VideoSettings | None = None
    ablation: AblationSettings | None = None
    adaptation: AdaptationSettings | None = None
    signing: SigningSettings | None = None
    evoked: EvokedSettings | None = None
    estimates: EstimatesSettings | None = None
    subjects: SubjectsSettings | None = None
    usual_models: bool = False
    rated_target: bool = False
    reading: Reading | None = None

    def list_files(self) -> list[Path]:
        """Return the study file, and all files and folders that its tables name."""
        tables = (getattr(self, one.name) for one in fields(self) if one.name != "models")
        named = [self.path]
        for table in (*tables, *self.models):
            for key in fields(table) if is_dataclass(table) else ():
                held = getattr(table, key.name)
                listed = held if isinstance(held, tuple) else (held,)
                named += [one for one in listed if isinstance(one, Path)]
        return list(dict.fromkeys(named))

    @property
    def target(self) -> str | None:
        """The column that models predict: the factor score, or the one that the file names."""
        if self.clips is None:
            return None
        return self.clips.target or ("score" if self.ratings else None)

    @property
    def needs_columns(self) -> bool:
        """Whether clips must keep columns that are neither features nor the target."""
        split = self.split or SplitSettings()
        marked = split.training_only is not None or isinstance(split.stratify, str)
        return marked or self.ablation is not None or self.adaptation is not None

    @property
    def scored(self) -> bool:
        """Whether models predict the factor scores of the ratings."""
        return self.ratings is not None and self.clips is not None and self.clips.target is None


def list_validated(study: Study) -> Iterator[str]:
    """Yield what is tuned on validation subjects even where folds tune elastic nets."""
    for model in study.models:
        if model.kind == "forest":
            yield f"the forest '{model.name}'"
        elif model.kind in NETWORKS:
            yield f"the network '{model.name}'"
    if study.contrasts is not None:
        yield "[contrasts]"


def tell_split(study: Study) -> Iterator[str]:
    """Yield what a study does with its subjects, a sentence each."""
    shares = study.split
    if shares is None:
        return
    named = {"training": shares.train, "validation": shares.validate, "test": shares.test}
    tuned = list(list_validated(study))
    if shares.folds and not tuned:
        named = {"training": shares.train + shares.validate, "test": shares.test}
    told = ", ".join(f"{100 * share:.3g}% {part}" for part, share in named.items() if share)
    by_column = isinstance(shares.stratify, str)
    what = f"value of '{shares.stratify}'" if by_column else "set of contexts"
    evenly = f"; each {what} in these shares" if shares.stratify else ""
    yield f"Subjects: {told}{evenly}."
    if shares.folds:
        again = f" (dealt {shares.repeats} times)" if shares.repeats > 1 else ""
        others = f"; {' and '.join(tuned)} on the validation subjects" if tuned else ""
        yield f"Elastic nets are tuned in {shares.folds} folds{again} of all others{others}."
