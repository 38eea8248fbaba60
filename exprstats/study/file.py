"""Study files: TOML to a checked `Study`, with every problem at once."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from exprstats.errors import NO_FILE, DataError, Problem
from exprstats.options import NETWORKS, ModelKind, name_nearest, take_path
from exprstats.study.settings import (
    BASELINES,
    USUAL_BASELINES,
    ClipsSettings,
    CompareSettings,
    ImportanceSettings,
    ModelSettings,
    RatingsSettings,
    ScoresSettings,
    SplitSettings,
    Study,
    list_validated,
)
from exprstats.study.stages.networks import check_people
from exprstats.study.values import Lines, Reader, Unreadable, find_lines, show_value

Settings = TypeVar("Settings")

_DATA = {".csv", ".tsv", ".gz", ".xlsx", ".ods", ".sav", ".dta"}
_PICTURES = {"r3d", "r3d-pretrained", "i3d"}  # networks that see these; others see features
# Each table of the file, and the class of its settings: what a Study holds.
_TABLES: dict[str, type] = {
    name: get_args(hint)[0]
    for name, hint in get_type_hints(Study).items()
    if name not in {"models", "reading"} and any(map(is_dataclass, get_args(hint)))
}
_NEEDS = {
    "reliability": "ratings",
    "scores": "ratings",
    "split": "clips",
    "models": "clips",
    "compare": "clips",
}
_NEEDS |= dict.fromkeys(("weights", "contrasts", "importance", "deep", "video"), "clips")
_NEEDS |= dict.fromkeys(("ablation", "adaptation"), "clips")
Conflict = tuple[str, str]


def read_study(path: str | Path) -> Study:
    """Read a study file and check every key in it.

    Parameters
    ----------
    path
        A TOML file; the paths in it are relative to it.

    Returns
    -------
    Study
        With the defaults filled in: a study with ratings and clips has `ScoresSettings`,
        `SplitSettings`, models and `CompareSettings` even where the file leaves them out.

    Raises
    ------
    DataError
        With one `Problem` for each unknown key, wrong type, absent file or table that does not
        fit the others.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "ratings.csv").write_text("clip,rater,smile")
    >>> keys = ["title = 'Smiles'", "[ratings]", "file = 'ratings.csv'", "items = ['smile']"]
    >>> _ = (folder / "study.toml").write_text(chr(10).join([*keys, "rater = 'rater'"]))
    >>> read_study(folder / "study.toml").title
    'Smiles'
    """
    path = take_path(path)
    if path.suffix.lower() in _DATA:
        fact = "this is a file of data, and not a study file."
        remedy = f"Write one for it: exprstats init {shlex.quote(str(path))}"
        raise DataError(Problem(fact, remedy, file=str(path)))
    content, lines = _load_toml(path)
    reading = _Reading(path, lines)
    study = reading.read_all(content)
    if reading.problems or study is None:
        raise DataError(reading.problems)
    return study


def _load_toml(path: Path) -> tuple[dict[str, Any], Lines]:
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        return tomllib.loads(text), find_lines(text)
    except FileNotFoundError:
        fact, remedy = NO_FILE, "Check the name and the folder."
    except IsADirectoryError:
        fact, remedy = "this is a folder.", "Name the study file in it."
    except UnicodeDecodeError:
        fact, remedy = "the study file is not in UTF-8.", "Save it as UTF-8."
    except tomllib.TOMLDecodeError as error:
        fact = f"this is not valid TOML: {error}."
        remedy = 'Texts are in quotes ("clip"), lists in brackets (["a", "b"]), one key per line.'
    except OSError as error:
        fact, remedy = f"the file cannot be read: {error.strerror}.", "Check its name and rights."
    raise DataError(Problem(fact, remedy, file=str(path)))


class _Reading:
    """One pass over one file, gathering problems."""

    def __init__(self, path: Path, lines: Lines) -> None:
        self.path, self.lines = path, lines
        self.problems: list[Problem] = []

    def complain(self, fact: str, remedy: str = "", key: tuple[str, str] = ("", "")) -> None:
        """Note a problem, with the line of a key below its heading."""
        rows = (self.lines[key],) if key in self.lines else ()
        self.problems.append(Problem(fact, remedy, file=str(self.path), rows=rows))

    def read_all(self, content: dict[str, Any]) -> Study | None:
        known = ["title", "seed", "models", *_TABLES]
        self._refuse_unknown(content, known, "")
        tables = {
            name: self._read_table(content[name], kind, f"[{name}]")
            for name, kind in _TABLES.items()
            if name in content
        }
        models = self._read_models(content.get("models", []))
        top = self._read_keys(content, Study, "")
        self._check_presence(content)
        if self.problems:
            return None
        study = Study(self.path, **top, **fill_tables(tables, models))
        for fact, remedy in find_conflicts(study):
            self.complain(fact, remedy)
        return study

    def _read_table(self, value: Any, kind: type[Settings], where: str) -> Settings | None:
        if not isinstance(value, dict):
            self.complain(
                f"{where} must be a table, not {show_value(value)}.",
                f"Write {where} on a line of its own and its keys below.",
                ("", where.strip("[]")),
            )
            return None
        self._refuse_unknown(value, list(_list_readers(kind)), f"{where} ")
        before = len(self.problems)
        read = self._read_keys(value, kind, f"{where} ")
        return kind(**read) if len(self.problems) == before else None

    def _read_keys(self, table: dict[str, Any], kind: type, where: str) -> dict[str, Any]:
        read = {}
        needed = {key.name for key in fields(kind) if key.default is MISSING}
        for name, reader in _list_readers(kind).items():
            if name in table:
                try:
                    read[name] = reader(table[name], self.path.parent)
                except Unreadable as error:
                    self.complain(f"{where}{name} {error}", key=(where, name))
            elif name in needed:
                self.complain(f"{where}{name} is missing.", "Add it.", (where, ""))
        return read

    def _refuse_unknown(self, table: dict[str, Any], known: list[str], where: str) -> None:
        for name in table:
            if name not in known:
                fact = f"{where or 'the study file '}has no key '{name}'."
                remedy = name_nearest(name, known)
                owners = [
                    f"[{one}]" for one, kind in _TABLES.items() if name in _list_readers(kind)
                ]
                if owners and not remedy.startswith("Did you mean"):
                    remedy = f"It is a key of {', '.join(owners[:3])}."
                self.complain(fact, remedy, (where, name))

    def _read_models(self, value: Any) -> tuple[ModelSettings, ...]:
        if not isinstance(value, list):
            self.complain("models must be written as [[models]], with two brackets on each side.")
            return ()
        read = [
            self._read_table(table, ModelSettings, f"[[models]] number {number}:")
            for number, table in enumerate(value, start=1)
        ]
        return tuple(model for model in read if model is not None)

    def _check_presence(self, content: dict[str, Any]) -> None:
        given = set(content) | ({"clips"} if "openface" in content else set())
        if {"clips", "openface"} <= content.keys():
            fact = "the study has both [clips] and [openface], which give the same table."
            self.complain(fact, "Keep the one that you have.")
        if not {"ratings", "clips", "signing", "evoked", "estimates"} & given:
            self.complain(
                "the study has neither [ratings] nor [clips].",
                "Add the table of the file that you have.",
            )
            return
        if "subjects" in content and not {"ratings", "clips"} & given:
            fact = "[subjects] describes the people of [clips] or [ratings], which are absent."
            self.complain(fact, "Add one of them or remove [subjects].")
        for name, needed in _NEEDS.items():
            if name in content and needed not in given:
                fact = f"[{name}] needs [{needed}], which is absent."
                self.complain(fact, f"Add [{needed}] or remove [{name}].", ("", name))


def _list_readers(kind: type) -> Mapping[str, Reader]:
    hints = get_type_hints(kind, include_extras=True)
    return {
        name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")
    }


def fill_tables(tables: dict[str, Any], models: tuple[ModelSettings, ...]) -> dict[str, Any]:
    """Return the tables of a study file with those that it needs and leaves out."""
    if "openface" in tables:
        tables["clips"] = tables["openface"].describe_clips()
    if "ratings" in tables:
        # Scores that no model predicts can leak nothing, and without clips nobody is held out.
        predicted = "clips" in tables and tables["clips"].target is None
        tables.setdefault("scores", ScoresSettings("train" if predicted else "all"))
    if "clips" in tables:
        tables.setdefault("split", SplitSettings())
        tables.setdefault("compare", CompareSettings())
        scored = "ratings" in tables and tables["clips"].target is None
        tables["models"] = _fill_models(models, rated=scored)
        tables["usual_models"] = not models
        # A forest says nothing of its features by itself, and weights alone only half.
        if "weights" in tables or any(model.kind == "forest" for model in models):
            tables.setdefault("importance", ImportanceSettings())
    return tables


def _fill_models(models: tuple[ModelSettings, ...], *, rated: bool) -> tuple[ModelSettings, ...]:
    fitted = [model for model in models if model.kind not in BASELINES]
    named = [model for model in models if model.kind in BASELINES]
    if not models:
        fitted = [ModelSettings("elastic", "elastic")]
    if not named:
        taken = {model.name for model in fitted}
        # Standard normal guesses are in the unit of factor scores, not of any other target.
        kinds: list[ModelKind] = [kind for kind in USUAL_BASELINES if rated or kind != "normal"]
        named = [ModelSettings(kind, kind) for kind in kinds if kind not in taken]
    return (*fitted, *named)


def find_conflicts(study: Study) -> Iterator[Conflict]:
    """Yield a fact and a remedy for each pair of settings that cannot both hold."""
    if study.ratings:
        yield from _check_ratings(study.ratings)
    if study.scores and study.scores.fitted_on == "train" and not study.clips:
        yield (
            '[scores] fitted_on = "train" needs [clips], whose subjects are split.',
            'Write fitted_on = "all" or leave it out.',
        )
    if study.clips:
        yield from _check_target(study, study.clips)
        yield from _check_models(study)
    if study.split:
        yield from _check_split(study, study.split)
    if study.subjects:
        named = [*(study.subjects.features or ()), *filter(None, [study.subjects.group])]
        own = (study.subjects.subject, study.subjects.context)
        ids = {part for one in own if one for part in ((one,) if isinstance(one, str) else one)}
        for name in dict.fromkeys(one for one in named if one in ids):
            yield f"[subjects] names '{name}', which has another role.", "Remove it there."


def _check_ratings(ratings: RatingsSettings) -> Iterator[Conflict]:
    given = [name for name in ("raters", "items", "rating") if getattr(ratings, name)]
    if len(given) > 1:
        yield (
            f"[ratings] has {' and '.join(given)}: raters names one column per rater, "
            "items one column per item, rating the one column of all ratings.",
            "Keep the one that fits the file.",
        )


def _check_target(study: Study, clips: ClipsSettings) -> Iterator[Conflict]:
    rated = study.ratings is not None
    where = "[openface]" if study.openface else "[clips]"
    if rated and clips.target and any(one.kind == "human" for one in study.models):
        yield (
            f"the target is '{clips.target}', and a model of kind \"human\" judges raters by the "
            "factor scores of [ratings].",
            "Remove the model, or the target.",
        )
    if study.scored and clips.classes:
        yield (
            f"{where} classes describes a target column, but the study has [ratings].",
            "Remove classes, since the factor score is a quantity, or name a target.",
        )
    if study.scored and clips.scale:
        yield (
            f"{where} scale describes a target column, but the study has [ratings].",
            "Put scale into [ratings], or name a target.",
        )
    if not rated and not clips.target:
        yield (
            f"{where} has no target and there is no [ratings] to take a score from.",
            'Name the column to predict: target = "...".',
        )
    ids = (one if isinstance(one, str) else None for one in (clips.clip, clips.subject))
    roles = {*ids, clips.context, clips.target}
    for name in clips.features or ():
        if name in roles:
            yield f"{where} features names '{name}', which has another role.", "Remove it there."


def _check_models(study: Study) -> Iterator[Conflict]:
    names = [model.name for model in study.models]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"[[models]] has two models named '{name}'.", "Rename one."
    beside = {*BASELINES, *NETWORKS}
    if all(model.kind in beside for model in study.models):
        networks = any(model.kind in NETWORKS for model in study.models)
        told = "only networks, which need another model" if networks else "baselines only"
        yield f"[[models]] has {told}.", 'Add one with kind = "elastic".'
    yield from _check_networks(study)
    yield from check_people(study)
    kinds = [model.kind for model in study.models]
    if "human" in kinds and not study.ratings:
        yield (
            'kind = "human" needs [ratings], whose raters it judges.',
            "Add [ratings] or remove the model.",
        )
    odd = [model.name for model in study.models if model.unit and model.kind != "human"]
    if odd:
        yield f"[[models]] '{odd[0]}' has a unit, which is for raters.", "Remove unit."
    if study.weights and "elastic" not in kinds:
        yield "[weights] needs a model that has weights.", 'Add one with kind = "elastic".'
    against = study.compare.against if study.compare else None
    if against is not None and against not in names:
        yield f"[compare] against '{against}' names no model.", name_nearest(against, names)


def _check_networks(study: Study) -> Iterator[Conflict]:
    """Yield what networks of a study lack, and what other models have of theirs."""
    for model in study.models:
        if model.kind in NETWORKS:
            yield from _check_network(model, study)
        elif model.trained:
            fact = f"[[models]] '{model.name}' has {next(iter(model.trained))}"
            yield f"{fact}, which is for networks.", "Remove it."
    for name in ("deep", "video"):
        if getattr(study, name) and all(one.kind not in NETWORKS for one in study.models):
            fact = f"[{name}] is for networks, and [[models]] has none."
            yield fact, f'Add one, such as kind = "lstm", or remove [{name}].'
    deep = study.deep
    fed = deep and (deep.sequences or deep.openface or study.openface)
    if deep and not fed and any(one.kind in {*NETWORKS} - _PICTURES for one in study.models):
        yield "[deep] names no input.", "Add sequences = a folder, or openface and segments."
    if deep and deep.openface and not deep.segments:
        yield "[deep] openface needs segments, which say where clips lie.", "Add segments = a file."


def _check_network(model: ModelSettings, study: Study) -> Iterator[Conflict]:
    named, pictures = f"[[models]] '{model.name}'", model.kind in _PICTURES
    table = "video" if pictures else "deep"
    arrays = study.deep is not None and study.deep.sequences is not None
    given = study.video if pictures else study.deep or study.openface
    if given is None and not arrays:
        fact = f"{named} needs [{table}], which is absent."
        yield fact, f"Add [{table}] with the clips' {'videos' if pictures else 'sequences'}."
    if model.kind == "r3d-pretrained" and model.weights is None:
        yield f"{named} starts from weights.", "Name a local file: weights = '...'."
    if model.kind == "r3d" and model.weights is not None:
        yield f"{named} is trained from scratch.", 'Remove weights or use "r3d-pretrained".'
    for keys, fits, whose in (
        (("layers", "hidden"), model.kind == "lstm", "kind = 'lstm'"),
        (("crop", "brightness"), pictures, "networks of pictures"),
        (("rescale",), not pictures, "networks of features"),
    ):
        odd = [key for key in keys if key in model.trained and not fits]
        if odd:
            yield f"{named} has {odd[0]}, which is for {whose}.", f"Remove {odd[0]}."


def _check_split(study: Study, split: SplitSettings) -> Iterator[Conflict]:
    total = split.train + split.validate + split.test
    if abs(total - 1) > 1e-6:
        yield (
            f"[split] train, validate and test add up to {total:.6g}.",
            "Let them add up to 1 (shares left out are 0.6, 0.2 and 0.2).",
        )
    if split.repeats > 1 and split.folds is None:
        yield "[split] repeats deals folds anew, and there are none.", "Add folds = 5 or remove it."
    if split.folds is not None and all(model.kind != "elastic" for model in study.models):
        yield "[split] folds tunes elastic nets, and there is none.", "Remove folds."
    tuned = list(list_validated(study)) if split.folds else ["the models"]
    if split.validate == 0 and tuned:
        remedy = "Give validate a share." if split.folds else "Add folds = 5, or give it a share."
        yield f"[split] validate is 0, and {' and '.join(tuned)} need subjects to tune on.", remedy
