"""Forests, human baselines, intervals of weights and contrasts, where a study asks for them.

Tolerance: none; the same verbs with the same seeds must give the same bits.
"""

import warnings
from dataclasses import replace

import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.inference import compare_models
from exprstats.io import read_ratings
from exprstats.models import (
    contrast_contexts,
    guess_human,
    pair_pooled,
    rate_ceiling,
    report_weights,
)
from exprstats.report import write_report
from exprstats.report.analysis import gather_analysis
from exprstats.study import measure_performance, read_study, run_study
from exprstats.study.settings import ContrastsSettings, ModelSettings, WeightsSettings

HEAD = """\
seed = 5
[ratings]
file = "ratings.csv"
subject = "subject"
context = "task"
items = ["response", "emotion", "motion"]
scale = [0, 4]
[clips]
file = "clips.csv"
context = "task"
features = ["au_count", "points_displacement"]
[compare]
draws = 200
"""
FULL = f"""{HEAD}
[weights]
draws = 100
[contrasts]
draws = 100
[[models]]
name = "elastic"
kind = "elastic"
[[models]]
name = "forest"
kind = "forest"
[[models]]
name = "human"
kind = "human"
"""


@pytest.fixture(scope="module")
def full(folder):
    path = folder / "full.toml"
    path.write_text(FULL, encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run_study(read_study(path))


def read_problems(path):
    with pytest.raises(DataError) as caught:
        read_study(path)
    return str(caught.value)


def test_the_numbers_are_those_of_the_verbs(full, folder):
    seeds = full.provenance.seeds
    elastic = full.models["elastic"]
    weights = report_weights(elastic, draws=100, repeats=0, seed=seeds["weights"])
    pd.testing.assert_frame_equal(full.weights.table, weights.table)
    settings = {"target": "score", "features": list(full.features), "parts": full.parts}
    contrasts = contrast_contexts(full.clips, **settings, draws=100, seed=seeds["contrasts"])
    pd.testing.assert_frame_equal(full.contrasts.table, contrasts.table)
    pair = pair_pooled(elastic).query("part == 'test'")
    asked = {"against": "elastic", "by": "context", "draws": full.study.compare.draws}
    metrics = ["rmse", "correlation"]
    pooling = compare_models(pair, metrics=metrics, seed=seeds["pooling"], **asked)
    pd.testing.assert_frame_equal(full.pooling.table, pooling.table)
    ratings = read_ratings(
        folder / "ratings.csv",
        items=["response", "emotion", "motion"],
        context="task",
        scale=(0, 4),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        human = guess_human(ratings, full.factor, full.parts)
    told = full.predictions[full.predictions["model"].eq("human")]
    wanted = human[human["part"].eq("test")]
    assert told["truth"].tolist() == wanted["truth"].tolist()
    assert told["prediction"].tolist() == wanted["prediction"].tolist()


def test_the_ceiling_is_that_of_the_rated_clips(full, folder, tmp_path):
    items = ["response", "emotion", "motion"]
    ratings = read_ratings(folder / "ratings.csv", items=items, context="task", scale=(0, 4))
    # Only clips with features are models' to predict.
    key = pd.MultiIndex.from_frame(full.clips[["context", "clip"]])
    ratings = ratings[pd.MultiIndex.from_frame(ratings[["context", "clip"]]).isin(key)]
    wanted = rate_ceiling(ratings, full.factor)
    pd.testing.assert_frame_equal(full.ceiling.table, wanted.table)


@pytest.mark.usefixtures("blank_pictures")
def test_a_seat_may_be_a_place_instead_of_a_worker(full, folder, write_study):
    path = folder / "seats.toml"
    path.write_text(f'{FULL}unit = "seat"\n', encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seats = run_study(replace(read_study(path), weights=None, contrasts=None))
    frames = [one.predictions[one.predictions["model"] == "human"] for one in (full, seats)]
    assert frames[0]["seat"].nunique() > frames[1]["seat"].nunique() > 1
    page = write_report(seats, folder / "seats").read_text(encoding="utf-8")
    assert page.count("averaged over seats (the first, second … rater of a clip)") == 2
    both = ModelSettings("places", "human", "seat")
    study = replace(full.study, models=(*full.study.models, both))
    told = gather_analysis(replace(full, study=study), None).name_judges()
    assert told == (
        "raters (the human baseline) or seats (the first, second … rater of a clip) (places)"
    )
    wrong = '[[models]]\nname = "elastic"\nkind = "elastic"\nunit = "seat"\n'
    assert "'elastic' has a unit, which is for raters. Remove unit." in read_problems(
        write_study(HEAD + wrong)
    )


def test_every_model_is_compared_in_the_order_of_the_file(full):
    assert list(full.models) == ["elastic", "forest"]
    assert list(full.comparison.table["model"].unique()) == ["elastic", "forest", "human"]
    assert list(full.provenance.seconds)[-4:] == ["weights", "contrasts", "importance", "compare"]


def test_the_report_speaks_of_all_of_it(full, draw_only, tmp_path):
    draw_only("contrasts")
    page = write_report(full, tmp_path / "report").read_text(encoding="utf-8")
    headings = ("Human baseline", "Context contrasts", "One model or one for each context")
    for words in ("Random forest", *headings, "Breiman, L. (2001)"):
        assert words in page
    assert "against the mean of the other raters" in page
    assert list((tmp_path / "report" / "figures").glob("figure*_contrasts.png"))


def test_the_truth_of_forests_and_of_raters_is_measured(full, simulated, monkeypatch):
    # How many panels the mean needs is seen in tests of the recovery.
    monkeypatch.setattr("exprstats.study.recovery.PANELS", 20)
    truth = measure_performance(full, simulated, subjects=60, seed=3)
    assert list(truth["model"].unique()) == ["elastic", "forest", "human"]
    own = truth[truth["model"].isin(["forest", "human"]) & truth["metric"].eq("correlation")]
    assert own["estimate"].between(0.2, 1).all()


def test_without_the_tables_nothing_is_resampled(run):
    assert run.weights is None
    assert run.contrasts is None
    assert "weights" not in run.provenance.seconds


def test_the_tables_have_usual_draws_and_refuse_unknown_keys(write_study):
    study = read_study(write_study(f"{HEAD}[weights]\n[contrasts]\n"))
    assert study.weights == WeightsSettings(500)
    assert study.contrasts == ContrastsSettings(500)
    assert "[weights] has no key 'drawz'" in read_problems(
        write_study(f"{HEAD}[weights]\ndrawz = 500\n")
    )


def test_what_cannot_be_asked_for_is_said_at_once(write_study):
    plain = '[clips]\nfile = "clips.csv"\ncontext = "task"\ntarget = "au_count"\n'
    human = '[[models]]\nname = "people"\nkind = "human"\n'
    told = read_problems(write_study(f"{plain}[[models]]\nname='e'\nkind='elastic'\n{human}"))
    assert 'kind = "human" needs [ratings]' in told
    forest = '[[models]]\nname = "forest"\nkind = "forest"\n'
    told = read_problems(write_study(f"{plain}[weights]\n{forest}"))
    assert "[weights] needs a model that has weights." in told
    ratings = HEAD.split("[clips]", maxsplit=1)[0]
    assert "[contrasts] needs [clips]" in read_problems(write_study(f"{ratings}[contrasts]\n"))
