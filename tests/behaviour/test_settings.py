"""Options of clip features, alone and in groups."""

import numpy as np
import pandas as pd
import pytest

from exprstats import (
    OptionError,
    Quality,
    Sampling,
    summarise_clips,
    summarise_openface,
    trace_clips,
    vary_confidence,
)
from exprstats.behaviour.settings import Settings, choose_settings

pytestmark = pytest.mark.filterwarnings("ignore::exprstats.errors.DataWarning")


@pytest.fixture(scope="module")
def frames():
    rng = np.random.default_rng(7)
    table = pd.DataFrame({"video": "v", "face": 0, "frame": np.arange(1, 91)})
    table = table.assign(timestamp=np.arange(90) / 30, success=1, confidence=0.9)
    return table.assign(pose_Tx=rng.normal(size=90), pose_Ty=0.0, pose_Tz=500.0)


def test_groups_and_single_options_mean_the_same(frames, tmp_path):
    grouped = {"sampling": Sampling(hz=10, sampling="mean"), "quality": Quality(confidence=0.85)}
    single = {"hz": 10, "sampling": "mean", "confidence": 0.85}
    names = {"face": "face_id"}
    frames.drop(columns="video").rename(columns=names).to_csv(tmp_path / "v.csv", index=False)
    for verb, source in ((summarise_clips, frames), (trace_clips, frames)):
        pd.testing.assert_frame_equal(verb(source, **grouped), verb(source, **single))
    a, b = (summarise_openface(tmp_path, **options) for options in (grouped, single))
    pd.testing.assert_frame_equal(a.clips, b.clips)
    assert a.settings == b.settings
    varied = vary_confidence(frames, thresholds=[0.5], **grouped)
    assert varied.chosen == 0.85


def test_a_group_may_be_joined_by_single_options_of_the_other_one():
    settings = choose_settings(Sampling(hz=10), None, {"confidence": 0.9})
    assert settings == Settings(hz=10, confidence=0.9)


@pytest.mark.parametrize(
    ("options", "name", "told"),
    [
        ({"sampling": Sampling(hz=10), "hz": 5}, "hz", "twice: alone and within sampling="),
        ({"quality": Quality(), "face": 1}, "face", "twice: alone and within quality="),
        ({"confidense": 0.9}, "confidense", "Did you mean 'confidence'"),
        ({"hz": 0}, "hz", "must be above 0"),
        ({"fps": float("inf")}, "fps", "must be above 0"),
        ({"min_valid": 50}, "min_valid", "share between 0 and 1"),
        ({"sampling": "median"}, "sampling", "There is: nearest, mean"),
        ({"face": "tallest"}, "face", "a face id or 'largest'"),
    ],
)
def test_what_cannot_be_is_refused_with_the_name_of_the_option(frames, options, name, told):
    with pytest.raises(OptionError, match=told) as caught:
        summarise_clips(frames, **options)
    assert caught.value.option == name
