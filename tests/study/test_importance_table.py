"""What models need to predict, measured where a study has a forest or weights, or asks for it.

Tolerance: none; the same verbs with the same seeds must give the same bits.
"""

import warnings

import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.models import rate_importance, trace_dependence
from exprstats.study import read_study, run_study
from exprstats.study.settings import ImportanceSettings
from exprstats.study.stages.learning import list_important

HEAD = """\
seed = 5
[clips]
file = "clips.csv"
context = "task"
features = ["head_velocity", "au_count", "points_displacement"]
target = "au_intensity"
[compare]
draws = 100
[split]
train = 0.5
validate = 0.25
test = 0.25
"""
ELASTIC = '[[models]]\nname = "elastic"\nkind = "elastic"\n'
FOREST = '[[models]]\nname = "trees"\nkind = "forest"\n'


@pytest.fixture(scope="module")
def both(folder):
    path = folder / "importance.toml"
    table = "[importance]\nrepeats = 3\ndraws = 100\n"
    path.write_text(f"{HEAD}{table}{ELASTIC}{FOREST}", encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run_study(read_study(path))


def test_the_numbers_are_those_of_the_verbs_with_one_seed_for_all_models(both):
    seed = both.provenance.seeds["importance"]
    assert list(both.importance) == ["elastic", "trees"]
    for name, found in both.importance.items():
        wanted = rate_importance(both.models[name], repeats=3, draws=100, seed=seed)
        pd.testing.assert_frame_equal(found.tidy(), wanted.tidy())


def test_forests_are_traced_along_their_most_important_features(both):
    assert list(both.dependence) == ["trees"]
    rows = both.importance["trees"].tidy()
    rows = rows[rows["term"].eq("importance") & rows["headline"] & rows["context"].isna()]
    wanted = rows.sort_values("estimate", ascending=False)["feature"].tolist()
    assert list_important(both.importance["trees"], 2) == wanted[:2]
    curves = trace_dependence(both.models["trees"], features=wanted)
    pd.testing.assert_frame_equal(both.dependence["trees"].tidy(), curves.tidy())


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        (ELASTIC, None),
        (ELASTIC + FOREST, ImportanceSettings(20, 500)),
        ("[weights]\n", ImportanceSettings(20, 500)),
        ("[importance]\nrepeats = 1\n", ImportanceSettings(1, 500)),
    ],
)
def test_importance_follows_from_what_a_study_has(write_study, tables, expected):
    assert read_study(write_study(HEAD + tables)).importance == expected


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("repeat = 5", r"\[importance\] has no key 'repeat'. Did you mean 'repeats'"),
        ("repeats = 0", r"\[importance\] repeats must be a whole number of at least 1, not 0"),
        ("draws = 50", r"\[importance\] draws must be a whole number of at least 100, not 50"),
    ],
)
def test_mistakes_are_told(write_study, line, said):
    with pytest.raises(DataError, match=said):
        read_study(write_study(f"{HEAD}[importance]\n{line}\n"))
