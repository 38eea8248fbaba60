"""Training repeats itself: in other processes, on other numbers of threads, and after a stop.

Recurrent networks run on one thread and so give the same bits on any number of cores of one kind.
Sums of convolutions may be formed in another order by two threads: single precision, 1e-4 of
predictions near 1.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from exprstats.deep import DeepRegressor, fit_deep
from exprstats.errors import DataWarning, OptionError
from exprstats.parallel import watching

pytestmark = pytest.mark.torch
SMALL = {"settings": {"layers": 1, "hidden": 8, "dropout": 0.2}, "epochs": 6, "lr": 0.01}
SMALL |= {"device": "cpu", "random_state": 1}
CODE = """
import json, sys
import numpy as np
from exprstats.deep import DeepRegressor
rng = np.random.default_rng(1)
frames, y = rng.normal(size=(24, 9, 3)), rng.normal(size=24)
people = np.repeat(list("abcdefgh"), 3)
found = {}
for net in ("lstm", "gated-gru"):
    model = DeepRegressor(net, epochs=2, device="cpu", random_state=1).fit(frames, y, people)
    found[net] = [float(one).hex() for one in model.predict(frames)]
pictures = rng.normal(size=(4, 3, 2, 16, 16)).astype("float32")
model = DeepRegressor("r3d", epochs=1, batch=4, device="cpu", random_state=1)
found["r3d"] = model.fit(pictures, y[:4], list("aabb")).predict(pictures).tolist()
print(json.dumps(found))
"""


def test_processes_and_threads_give_the_same_numbers(capsys):
    import torch

    # This process has one thread; another one has two, which need not spin where a core is busy.
    assert torch.get_num_threads() == 1
    exec(CODE, {})
    one = json.loads(capsys.readouterr().out)
    many = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "2")
    environment = {**os.environ, **many, "OMP_WAIT_POLICY": "passive"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    other = json.loads(done.stdout)
    for net in ("lstm", "gated-gru"):
        assert one[net] == other[net]
    np.testing.assert_allclose(one["r3d"], other["r3d"], atol=1e-4)


class Stop(Exception):
    """What ends a run in the middle, as a person at the keyboard does."""


def stop_after(loads, clips):
    """Return what loads rows of a table, and stops when it has done so often enough."""
    done = [0]

    def load(row):
        done[0] += 1
        if done[0] > loads:
            raise Stop
        return clips[row["place"]]

    return load


@pytest.fixture
def table(people):
    import pandas as pd

    clips, y, groups = people
    return clips, pd.DataFrame({"place": range(200)}), y, groups


def test_a_stopped_fit_goes_on_to_the_same_last_bit(table, tmp_path):
    clips, rows, y, groups = table
    whole = DeepRegressor(**SMALL).fit(clips, y, groups)
    place = tmp_path / "training.pt"
    # 160 clips are trained on and 40 stop training in each epoch: the third one is torn.
    with pytest.raises(Stop):
        DeepRegressor(**SMALL, load=stop_after(550, clips)).fit(rows, y, groups, checkpoint=place)
    again = DeepRegressor(**SMALL, load=stop_after(10_000, clips))
    again.fit(rows, y, groups, checkpoint=place)
    assert again.history_.equals(whole.history_)
    assert again.predict(rows).tobytes() == whole.predict(clips).tobytes()
    assert [path.name for path in tmp_path.iterdir()] == ["training.pt"]
    # What has ended is not trained again: two clips are read to know the data.
    ended = DeepRegressor(**SMALL, load=stop_after(10, clips)).fit(
        rows, y, groups, checkpoint=place
    )
    ended.load = again.load
    assert ended.predict(rows).tobytes() == whole.predict(clips).tobytes()


def test_a_checkpoint_of_something_else_is_not_used(people, tmp_path):
    clips, y, groups = people
    place = tmp_path / "training.pt"
    DeepRegressor(**SMALL).fit(clips, y, groups, checkpoint=place)
    changed = y.copy()
    changed[0] += 1
    for data, options in (
        ((clips, changed), {}),
        ((clips[::-1], y), {}),
        ((clips, y), {"lr": 0.02}),
        ((clips, y), {"random_state": 2}),
    ):
        settings = {**SMALL, **options}
        with pytest.warns(DataWarning, match="is of other data, settings or versions"):
            found = DeepRegressor(**settings).fit(*data, groups, checkpoint=place)
        plain = DeepRegressor(**settings).fit(*data, groups)
        assert found.predict(clips).tobytes() == plain.predict(clips).tobytes()
    place.write_bytes(b"nothing")
    with pytest.raises(OptionError, match=r"would be replaced\. Move it elsewhere"):
        DeepRegressor(**SMALL).fit(clips, y, groups, checkpoint=place)
    assert place.read_bytes() == b"nothing"
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match="cannot be written"):
        DeepRegressor(**SMALL).fit(clips, y, groups, checkpoint=tmp_path / "file" / "t.pt")


def test_all_networks_of_a_study_go_on_and_leave_no_files(people, tmp_path):
    import pandas as pd

    import exprstats as ex

    clips, y, groups = people
    rows = pd.DataFrame({"clip": range(200), "place": range(200), "subject": groups, "score": y})
    rows["context"] = np.where(rows["clip"] % 2, "pain", "calm")
    grid = [{"hidden": 4, "layers": 1, "epochs": 3, "lr": lr} for lr in (0.01, 0.03)]
    data = {"target": "score", "parts": ex.split_subjects(rows, seed=1), "by": "context"}
    data |= {"grid": grid, "runs": 2, "device": "cpu", "seed": 1}
    whole = fit_deep(rows, load=lambda row: clips[row["place"]], **data)
    place = tmp_path / "unfinished"
    with pytest.raises(Stop):
        fit_deep(rows, load=stop_after(2500, clips), checkpoints=place, **data)
    assert len(list(place.iterdir())) > 2
    again = fit_deep(rows, load=stop_after(10_000, clips), checkpoints=place, **data)
    assert not place.exists()
    for name in ("predictions", "grid", "history", "repeated"):
        pd.testing.assert_frame_equal(getattr(whole, name), getattr(again, name))


def test_whoever_watches_is_told_each_epoch(people):
    clips, y, groups = people
    told = []
    with watching(lambda *state: told.append(state)):
        DeepRegressor(**SMALL).fit(clips, y, groups)
    assert told == [("Training", done, 6) for done in range(7)]
