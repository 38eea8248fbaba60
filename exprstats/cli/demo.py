"""``exprstats demo`` and ``exprstats simulate``: data with known truth and the report on them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exprstats.cli.options import (
    ForceOption,
    JobsOption,
    JsonOption,
    QuietOption,
    SeedOption,
    option,
)
from exprstats.cli.session import open_session
from exprstats.options import Design

if TYPE_CHECKING:
    import pandas as pd

    from exprstats.simulate import Simulated
    from exprstats.study import StudyRun

_STUDY = """\
# A study file: what to analyze. Run it with: exprstats report study.toml
title = "Expressiveness in three contexts (simulated)"
seed = {seed}

[ratings]                      # one row per rater and clip, one column per item
file = "ratings.csv"
clip = "clip"
rater = "rater"
subject = "subject"
context = "context"
items = [{items}]
scale = [{low:g}, {high:g}]

[scores]
fitted_on = "train"            # scores come from training subjects only; "all" uses everyone
method = "bartlett"

[clips]                        # one row per clip, one column per feature
file = "clips.csv"
clip = "clip"
subject = "subject"
context = "context"
features = [
{features}
]

[split]                        # shares of subjects; nobody is in two parts
train = 0.6
validate = 0.2
test = 0.2

[[models]]
name = "elastic"
kind = "elastic"

[[models]]
name = "forest"
kind = "forest"

[[models]]                     # baselines: random guesses, the training mean, other raters
name = "uniform"
kind = "uniform"

[[models]]
name = "normal"
kind = "normal"

[[models]]
name = "mean"
kind = "mean"

[[models]]
name = "human"
kind = "human"

[compare]
against = "elastic"
metrics = ["nrmse", "correlation"]
draws = 2000

[weights]                      # intervals of the weights, from refits to resampled subjects
draws = 500

[contrasts]                    # do contexts differ in their weights, and need models of their own?
draws = 500
"""

_SIGNING = """\
# A study file: what to analyze. Run it with: exprstats report study.toml
title = "Emotion in signing (simulated)"
seed = {seed}

[signing]
files = "events.csv"           # or SignStream and ELAN files, or a folder of them
lexicon = "lexicon.csv"
given = "feature"              # P(label | feature); "label" turns it round
folds = "utterances"           # or "signers"; folds of frames are shown beside
trees = 50
"""

_EVOKED = """\
# A study file: what to analyze. Run it with: exprstats report study.toml
title = "What videos evoke (simulated)"
seed = {seed}

[evoked]
files = "machine.csv"          # or EEV's and LIRIS-ACCEDE's files
by = "group"                   # themes, each compared with all others
human = "human.csv"            # annotations of people, to judge the machine by
truth = "majority"             # or "each", "any", "all"
predictions = ["full.csv", "image.csv"]
metrics = ["average_precision"]
split = [0.6, 0.15, 0.25]
"""


_ESTIMATES = """\
# A study file: what to analyze. Run it with: exprstats report study.toml
title = "Acted emotions on face and voice (simulated)"
seed = {seed}

[estimates]
files = ["acted_face.csv", "acted_prosody.csv"]
by = "context"                 # two data sets, each described apart
thresholds = "published"       # or "quantile", or a table of bounds
folds = 6                      # of speakers, each once the test
# maps = true                  # t-SNE
# nulls = 20                   # permutations of the labels: what chance gives
"""


def show_demo(
    out: Annotated[Path, option("The report folder.", "DIR")] = Path("exprstats-demo"),
    force: ForceOption = False,
    subjects: Annotated[int, option("How many people.", min=20)] = 140,
    json: JsonOption = None,
    seed: SeedOption = 1,
    n_jobs: JobsOption = 2,
    quiet: QuietOption = False,
) -> None:
    """Simulate a study, report on it, and show the truth beside it."""
    with open_session("demo", seed=seed, json=json, force=force, quiet=quiet) as session:
        from exprstats.io import stage_folder
        from exprstats.report import describe_recovery
        from exprstats.simulate import simulate_expressiveness
        from exprstats.study import compare_truth

        with stage_folder(out, force=force) as stage:
            simulated = simulate_expressiveness(subjects=subjects, seed=seed)
            run = _run_study(simulated, stage, seed=seed, n_jobs=n_jobs)
            truth = compare_truth(run, simulated, seed=seed + 1)
        for one in run.provenance.inputs:
            session.add_input(out / "data" / one.file, one.sha256, one.rows)
        session.add_table("truth", truth)
        session.show(describe_recovery(truth))
        session.say(
            f"The report is {out / 'index.html'}, and for Word report.docx beside it; its data are "
            f"in {out / 'data'}."
        )


def _run_study(simulated: Simulated, stage: Path, *, seed: int, n_jobs: int) -> StudyRun:
    from exprstats.report import write_report
    from exprstats.study import read_study, run_study

    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "data"
        data.mkdir()
        write_study_files(simulated, data, seed=seed)
        run = run_study(read_study(data / "study.toml"), n_jobs=n_jobs)
        write_report(run, stage)
        shutil.copytree(data, stage / "data", dirs_exist_ok=True)
    return run


def simulate_design(
    design: Annotated[Design, typer.Argument(metavar="DESIGN", help="What to simulate.")],
    out: Annotated[Path, option("Folder for the files.", "DIR")],
    subjects: Annotated[int, option("How many people, or videos.", min=5)] = 140,
    force: ForceOption = False,
    seed: SeedOption = 1,
    quiet: QuietOption = False,
) -> None:
    """Write a simulated study whose truth is known, as files."""
    with open_session("simulate", seed=seed, quiet=quiet) as session:
        from exprstats.io import stage_folder

        with stage_folder(out, force=force) as stage:
            written = _WRITERS[design](stage, subjects, seed)
        session.show_points(f"In {out}:", written)
        labels = f"label {out / 'faces'} --subjects {out / 'subjects.csv'} --tasks task "
        labels += f"--sequences {out / 'windows'} --features 'x_*,y_*'"
        following = labels if design == "intensity" else f"report {out / 'study.toml'}"
        session.say(f"Next: exprstats {following}")


def _write_tables(
    folder: Path, design: Design, seed: int, tables: dict[str, tuple[pd.DataFrame, str]], study: str
) -> list[str]:
    """Write tables, a study file and the provenance; say how many there are of what in each."""
    from exprstats.io import write_csv, write_json
    from exprstats.study import list_versions

    for name, (table, _) in tables.items():
        write_csv(table, folder / f"{name}.csv")
    if study:
        (folder / "study.toml").write_text(study, encoding="utf-8")
    described = {"design": design, "seed": seed, "versions": list_versions()}
    write_json(described, folder / "provenance.json")
    told = [f"{name}.csv: {len(table):,} {what}" for name, (table, what) in tables.items() if what]
    return [*told, "study.toml: what to analyze"] if study else told


def write_study_files(simulated: Simulated, folder: Path, *, seed: int) -> list[str]:
    """Write ratings, clips, truth and a study file; return a line about each."""
    tables = {
        "ratings": (widen_ratings(simulated.ratings), "rows, one per rater and clip"),
        "clips": (simulated.clips, "rows, one per clip"),
        "truth": (simulated.truth, "population values"),
    }
    return _write_tables(folder, "expressiveness", seed, tables, describe_study(simulated, seed))


def _write_expressiveness(folder: Path, people: int, seed: int) -> list[str]:
    from exprstats.simulate import simulate_expressiveness

    return write_study_files(simulate_expressiveness(subjects=people, seed=seed), folder, seed=seed)


def _write_signing(folder: Path, people: int, seed: int) -> list[str]:
    """Write a simulated corpus of signing, eight utterances a person."""
    from exprstats.simulate import simulate_signing

    study = simulate_signing(utterances=8 * people, signers=people, seed=seed)
    tables = {
        "events": (study.events, "annotated intervals"),
        "lexicon": (study.lexicon, "words by label"),
        "truth": (study.truth, "population values"),
    }
    return _write_tables(folder, "signing", seed, tables, _SIGNING.format(seed=seed))


def _write_evoked(folder: Path, videos: int, seed: int) -> list[str]:
    """Write simulated reactions to videos."""
    from exprstats.simulate import simulate_evoked

    study = simulate_evoked(videos=videos, seed=seed)
    tables = {
        "machine": (study.machine, "moments with scores of a machine"),
        "human": (study.human, "annotations of three people"),
        "truth": (study.truth, "population values"),
    }
    tables |= {name: (table, "") for name, table in study.predictions.items()}
    told = _write_tables(folder, "evoked", seed, tables, _EVOKED.format(seed=seed))
    return [*told[:2], "full.csv, image.csv: scores of two models", *told[2:]]


def _write_estimates(folder: Path, people: int, seed: int) -> list[str]:
    """Write simulated estimates of acted emotions, half of the people in each data set."""
    from exprstats.simulate import simulate_estimates

    study = simulate_estimates(speakers=(people + 1) // 2, seed=seed)
    keys = ["context", "subject", "recording", "label", "id", "time", "end"]
    tables = {}
    for modality, part in study.estimates.groupby("modality", sort=False):
        kept = [key for key in keys if part[key].notna().all()]
        wide = part.pivot_table("score", kept, "emotion", sort=False).reset_index()
        tables[f"acted_{modality}"] = (wide, "rows, one column per emotion")
    tables["truth"] = (study.truth, "population values")
    return _write_tables(folder, "estimates", seed, tables, _ESTIMATES.format(seed=seed))


def _write_intensity(folder: Path, people: int, seed: int) -> list[str]:
    """Write simulated smiles as OpenFace writes them."""
    from exprstats.io import write_csv
    from exprstats.simulate import simulate_intensity

    study = simulate_intensity(subjects=people, seed=seed)
    keys = ["video", "subject", "task"]
    (folder / "faces").mkdir()
    for video, own in study.frames.groupby("video", sort=True):
        write_csv(own.drop(columns=[*keys, "intensity"]), folder / "faces" / f"{video}.csv")
    owners = study.frames[keys].drop_duplicates()
    tables = {"subjects": (owners, ""), "truth": (study.truth, "neutral levels and peaks")}
    told = _write_tables(folder, "intensity", seed, tables, "")
    first = f"faces: {len(owners):,} files of OpenFace, one per video"
    return [first, "subjects.csv: who does what in each video", *told]


_WRITERS: dict[Design, Callable[[Path, int, int], list[str]]] = {
    "expressiveness": _write_expressiveness,
    "signing": _write_signing,
    "evoked": _write_evoked,
    "estimates": _write_estimates,
    "intensity": _write_intensity,
}


def widen_ratings(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return one row per rater and clip, with one column per item, as crowd platforms export it."""
    key = ["context", "subject", "clip", "rater"]
    wide = ratings.pivot_table("rating", key, "item", sort=False, observed=True)
    items = list(dict.fromkeys(ratings["item"]))
    return wide[items].astype(int).reset_index()


def describe_study(simulated: Simulated, seed: int) -> str:
    """Return the study file."""
    ratings = simulated.ratings
    features = [name for name in simulated.clips if name not in {"clip", "subject", "context"}]
    return _STUDY.format(
        seed=seed,
        items=", ".join(f'"{name}"' for name in dict.fromkeys(ratings["item"])),
        low=ratings["rating"].min(),
        high=ratings["rating"].max(),
        features="\n".join(f'  "{name}",' for name in features),
    )
