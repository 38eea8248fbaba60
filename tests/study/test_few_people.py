"""Studies of 20 to 30 people: contexts without scores are named, and arithmetic stays silent.

Every warning but our own is an error in these tests, so that "invalid value encountered" would
fail them. In studies of so few people residual variances of an item near 0 come out negative by
chance; one is made so here for certain. No tolerance: sentences and names.
"""

import warnings

import numpy as np
import pytest

from exprstats.cli.demo import write_study_files
from exprstats.document.text import write_plain
from exprstats.errors import ExprStatsWarning
from exprstats.measurement import average_raters, fit_factor
from exprstats.models import guess_human
from exprstats.report import describe_results, gather_analysis
from exprstats.simulate import simulate_expressiveness
from exprstats.study import read_study, run_study
from exprstats.study.recovery import compare_truth

ITEMS = ["response", "emotion", "motion"]


def make_heywood(study, context):
    """Return the ratings of a study whose second item is the first one without its own error.

    cov(1, 2) cov(2, 3) / cov(1, 3) is above var(2) where item 3 follows item 2 more than item 1.
    """
    wide = study.ratings.pivot_table(
        "rating", ["context", "subject", "clip", "rater"], "item", observed=True
    ).reset_index()
    here = wide["context"] == context
    third = wide.loc[here, "emotion"] + (wide.loc[here, "rater"].astype(str).str[-1] == "1")
    wide.loc[here, "motion"] = third.clip(upper=7).astype(float)
    ids = ["context", "subject", "clip", "rater"]
    return wide.melt(ids, ITEMS, "item", "rating")


@pytest.fixture(scope="module")
def flawed():
    """Ratings and factor of 24 people; the pooled fit and two contexts have scores."""
    study = simulate_expressiveness(subjects=24, seed=1)
    ratings = make_heywood(study, "disgust")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExprStatsWarning)
        factor = fit_factor(average_raters(ratings), items=ITEMS, by="context")
    bad = [one.context for one in factor.solutions if one.flaw]
    assert bad == ["disgust"], bad
    return ratings, factor


@pytest.mark.parametrize("unit", ["worker", "seat"])
def test_raters_are_judged_where_there_are_scores(flawed, unit):
    ratings, factor = flawed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExprStatsWarning)
        found = guess_human(ratings, factor, unit=unit)
    own = found[found["fitted_on"] == "context"]
    assert set(own["context"]) == {"startle", "pain"}
    assert set(found.loc[found["fitted_on"] == "all", "context"]) == {"startle", "pain", "disgust"}
    assert np.isfinite(found[["truth", "prediction"]].to_numpy(float)).all()


def test_without_any_scores_raters_have_none(flawed):
    ratings, _ = flawed
    here = ratings[ratings["context"] == "disgust"].drop(columns="context")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExprStatsWarning)
        with pytest.raises(Exception, match=r"Heywood|no model of the factor has scores"):
            guess_human(here, fit_factor(average_raters(here), items=ITEMS))


@pytest.mark.usefixtures("blank_pictures")
@pytest.mark.parametrize(
    ("subjects", "seed"),
    [
        (24, 1),
        *(
            pytest.param(*one, marks=pytest.mark.slow)
            for one in [(20, 1), (22, 2), (25, 3), (28, 4), (30, 5)]
        ),
    ],
)
def test_demonstrations_of_few_people_speak_our_words_only(tmp_path, monkeypatch, subjects, seed):
    monkeypatch.setattr("exprstats.study.recovery.PANELS", 2)
    simulated = simulate_expressiveness(subjects=subjects, seed=seed)
    write_study_files(simulated, tmp_path, seed=seed)
    path = tmp_path / "study.toml"
    text = path.read_text(encoding="utf-8")
    text = text[: text.index("[weights]")].replace("draws = 2000", "draws = 100")
    text = text.replace('[[models]]\nname = "forest"\nkind = "forest"\n', "")
    path.write_text(text, encoding="utf-8")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run = run_study(read_study(path))
        compare_truth(run, simulated, subjects=50, seed=seed + 1)
    assert [one for one in caught if not issubclass(one.category, ExprStatsWarning)] == []
    assert run.provenance.failures == ()
    told = [str(one) for one in run.provenance.warnings]
    lost = {one.context for one in run.factor.solutions if one.flaw and one.part == "train"}
    for context in lost - {None}:
        assert any(f"context '{context}' of training subjects" in one for one in told)
    own = run.predictions[run.predictions["fitted_on"] == "context"]
    assert set(own["context"]) == set(simulated.clips["context"]) - lost
    shown = describe_results(gather_analysis(list(run.results)))
    words = " ".join(write_plain(text) for one in shown for text in one.sentences)
    assert "nan" not in words.split()
