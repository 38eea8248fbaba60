"""Networks of pictures inside a study, on tiny videos written here.

R3D-18 with one output has 33,166,785 numbers: the published 33,371,472 at 400 outputs less 399
times 513; I3D has 12,288,289 = 12,298,539 at 11 less 10 times 1,025. Predictions of the table are
those of the stored networks on the same pictures, read again: single precision, 1e-5.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.report import write_report
from exprstats.study import read_study, run_study

cv2 = pytest.importorskip("cv2")
pytestmark = [
    pytest.mark.torch,
    # One clip a person, and few people: the study says so.
    pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning"),
]
SIZES = {"r3d": 33_371_472 - 399 * 513, "i3d": 12_298_539 - 10 * 1025}
STUDY = """
title = "Pictures"
seed = 3

[clips]
file = "clips.csv"
features = ["gaze", "smile"]
target = "y"

[split]
train = 0.5
validate = 0.25
test = 0.25

[[models]]
name = "elastic"
kind = "elastic"

[[models]]
NETWORK
[video]
folder = "videos"
segments = "segments.csv"
frames = 2

[deep]
device = "cpu"

[compare]
metrics = ["rmse"]
draws = 100

[importance]
repeats = 1
draws = 100
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "videos").mkdir()
    rng = np.random.default_rng(2)
    clips = pd.DataFrame({"clip": [f"c{i}" for i in range(12)], "subject": np.arange(12)})
    clips[["gaze", "smile"]] = rng.normal(size=(12, 2))
    clips["y"] = clips["smile"] + rng.normal(size=12)
    clips.to_csv(folder / "clips.csv", index=False)
    code = cv2.VideoWriter.fourcc(*"mp4v")
    for subject in range(12):
        path = folder / "videos" / f"v{subject}.mp4"
        writer = cv2.VideoWriter(str(path), code, 10, (64, 48))
        for row in clips[clips["subject"].eq(subject)].itertuples():
            light = int(np.clip(128 + 40 * row.smile, 0, 255))
            for _ in range(10):
                writer.write(np.full((48, 64, 3), light, np.uint8))
        writer.release()
    segments = clips[["clip"]].assign(video=[f"v{i}" for i in range(12)], start=0.0, end=1.0)
    segments.to_csv(folder / "segments.csv", index=False)
    return folder


@pytest.fixture(scope="module", params=["r3d", pytest.param("i3d", marks=pytest.mark.slow)])
def run(place, request):
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    name = request.param
    more = "crop = 192\nbrightness = 0.2\n" if name == "i3d" else ""
    path = place / f"{name}.toml"
    text = STUDY.replace("NETWORK", f'name = "{name}"\nkind = "{name}"\nepochs = 1\n{more}')
    path.write_text(text, encoding="utf-8")
    yield name, run_study(read_study(path))
    torch.set_num_threads(threads)


def test_pictures_are_predicted_for_the_people_of_the_other_models(run, place):
    from exprstats.deep.video.pictures import read_pictures

    name, study = run
    rows = study.predictions[study.predictions["fitted_on"].eq("all")]
    people = rows.groupby("model")["subject"].agg(set)
    assert people[name] == people["elastic"]
    network = study.networks[name].fits[-1]
    assert network.n_parameters_ == SIZES[name]
    segments = pd.read_csv(place / "segments.csv")
    load = read_pictures(place / "videos", segments, net=name, frames=2, whole=name == "i3d")
    own = rows[rows["model"].eq(name)]
    clips = np.stack([load(pd.Series({"clip": clip})) for clip in own["clip"]])
    side = 112 if name == "r3d" else 256
    assert clips.shape[1:] == network.shape_ == (3, 2, side, side)
    np.testing.assert_allclose(network.predict(clips), own["prediction"], atol=1e-5)
    assert network.augment == (None if name == "r3d" else {"crop": 192, "brightness": 0.2})
    assert name in set(study.comparison.tidy()["model"])


@pytest.mark.usefixtures("blank_pictures")
def test_the_report_shows_them_in_the_table_of_all_models(run, tmp_path):
    name, study = run
    page = write_report(study, tmp_path / "report").read_text(encoding="utf-8")
    assert f"{SIZES[name]:,} parameters" in page
    tables = (tmp_path / "report" / "tables").glob("table*_performance*")
    told = "".join(table.read_text(encoding="utf-8") for table in tables)
    assert {"r3d": "R3D-18 from scratch", "i3d": "I3D"}[name] in told
