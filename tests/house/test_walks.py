"""The number of files that one result passes through, from a table to what is printed of it."""

import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import exprstats as ex

ROOT = str(Path(ex.__file__).parent)
MOST = 30
FEATURES = ["points_displacement", "au_intensity"]


def list_files(walk):
    """Return the files of the package in which a function is called while a walk is taken.

    What runs while a module loads is no step of the walk: it is there or not as others loaded it.
    """
    called, loading = set(), 0

    def note(frame, event, _):
        nonlocal loading
        if frame.f_code.co_name == "<module>":
            loading += {"call": 1, "return": -1}.get(event, 0)
        elif event == "call" and not loading:
            called.add(frame.f_code.co_filename)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        walk()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return sorted(
        Path(name).relative_to(ROOT).as_posix()
        for name in called
        if name[:1] == "/" and name.startswith(ROOT)
    )


@pytest.fixture(scope="module")
def study():
    return ex.simulate_expressiveness(subjects=30, seed=1)


@pytest.fixture(scope="module")
def models(study):
    parts = ex.split_subjects(study.clips, seed=1)
    return fit(study.clips, parts)


def fit(clips, parts):
    return ex.fit_elastic(clips, target="au_count", features=FEATURES, parts=parts, by="context")


def walk_ratings(tmp_path, study, models):
    return lambda: ex.rate_reliability(study.ratings, by="context").sentence()


def walk_items(tmp_path, study, models):
    items = ex.average_raters(study.ratings)
    return lambda: ex.fit_factor(items, items=["response", "emotion", "motion"], by="context")


def walk_openface(tmp_path, study, models):
    table = pd.DataFrame({"frame": range(1, 31), "timestamp": np.arange(30) / 10})
    table = table.assign(confidence=0.98, success=1, pose_Tx=1.0, pose_Ty=1.0, pose_Tz=1.0)
    table.to_csv(tmp_path / "v.csv", index=False)
    return lambda: ex.summarise_openface(tmp_path, hz=5).sentence()


def walk_weights(tmp_path, study, models):
    from exprstats.plots import draw_weights

    parts = ex.split_subjects(study.clips, seed=1)
    return lambda: draw_weights(ex.report_weights(fit(study.clips, parts), draws=20, seed=1))


def walk_predictions(tmp_path, study, models):
    both = ex.stack_predictions(models, ex.guess_mean(models.predictions))
    return lambda: ex.compare_models(both, metrics=["rmse"], draws=100, seed=1).sentence()


WALKS = [walk_ratings, walk_items, walk_openface, walk_weights, walk_predictions]


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
@pytest.mark.parametrize("prepare", WALKS, ids=lambda one: one.__name__)
def test_a_result_passes_through_at_most_30_files(prepare, tmp_path, study, models, capsys):
    walk = prepare(tmp_path, study, models)
    files = list_files(walk)
    with capsys.disabled():
        print(f"\n{prepare.__name__}: {len(files)} files", end="")
    assert 5 < len(files) <= MOST, files
