"""Columns that say how well a clip was tracked are features only where somebody names them."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.behaviour.ledger import KEPT_QUALITY
from exprstats.cli.program import app
from exprstats.study import Logbook, list_numbers
from exprstats.study.settings import ClipsSettings
from exprstats.study.stages.clips import take_features


@pytest.fixture
def clips():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.normal(size=(120, 2)), columns=["au_count", "score"])
    table["clip"], table["subject"] = np.arange(120).astype(str), np.repeat(np.arange(20), 6)
    quality = pd.DataFrame(rng.uniform(size=(120, len(KEPT_QUALITY))), columns=list(KEPT_QUALITY))
    return pd.concat([table, quality], axis=1).astype({"subject": str})


def test_quality_is_no_feature_by_default(clips):
    assert list_numbers(clips, "score") == ["au_count"]


def test_quality_is_a_feature_by_name(clips, tmp_path):
    settings = ClipsSettings(tmp_path / "clips.csv", features=("au_count", "gaps"), target="score")
    assert take_features(clips, settings, Logbook(1))[1] == ["au_count", "gaps"]


@pytest.mark.parametrize(
    ("options", "named"),
    [([], ["au_count"]), (["--features", "au_count,valid_share"], ["au_count", "valid_share"])],
)
def test_the_command_keeps_to_it(clips, tmp_path, options, named):
    path = tmp_path / "clips.csv"
    clips.to_csv(path, index=False)
    place = tmp_path / "rows.json"
    call = ["fit", str(path), "--target", "score", "--subject", "subject", "--json", str(place)]
    run = CliRunner().invoke(app, [*call, *options])
    assert run.exit_code == 0, run.output
    rows = pd.DataFrame(pd.read_json(place, typ="series")["rows"])
    assert rows.loc[rows["term"] == "weight", "feature"].unique().tolist() == named
