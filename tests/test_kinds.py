"""Every verb that is given something of another kind says so in words, whatever it is.

The public names are listed by the package, so that a new verb is tried without a line here.
"""

import inspect
import warnings

import numpy as np
import pandas as pd
import pytest

import exprstats as ex

TABLE = pd.DataFrame({"p": [1.0, 2.0], "q": ["u", "v"]})
# What further arguments are, where they must be something: by name, else a table of other columns.
FURTHER = {
    **{"items": ["a", "b", "c"], "features": ["p"], "names": ["q"], "columns": ["p"]},
    **{"target": "q", "by": "context", "model": "net", "length": 3.0, "path": "nowhere.json"},
    **{"stem": "nowhere.png", "margin": 0.5, "modalities": {"face": 1}, "reduction": 0.1},
    **{"labels": ["u", "v"], "speakers": ["s", "t"], "emotions": ["joy"], "subjects": 20},
}


@pytest.fixture(scope="module")
def result():
    rows = [(f"c{clip}", f"r{rater}") for clip in range(12) for rater in range(3)]
    ratings = pd.DataFrame(rows, columns=["clip", "rater"]).assign(item="a")
    ratings["rating"] = np.random.default_rng(0).normal(size=len(ratings))
    return ex.rate_reliability(ratings)


def list_verbs():
    return [
        name
        for name in ex.__all__
        if inspect.isfunction(verb := getattr(ex, name))
        and any(one.default is one.empty for one in inspect.signature(verb).parameters.values())
    ]


@pytest.mark.parametrize("name", list_verbs())
def test_a_first_argument_of_another_kind_is_refused_in_words(name, result, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    verb = getattr(ex, name)
    first, *rest = inspect.signature(verb).parameters.values()
    kinds = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    needed = [one for one in rest if one.default is one.empty and one.kind not in kinds]
    further = {one.name: FURTHER.get(one.name, TABLE) for one in needed}
    for wrong in (None, 3, TABLE, result, [result], np.zeros((3, 2))):
        given = [] if first.kind is inspect.Parameter.KEYWORD_ONLY else [wrong]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                verb(*given, **further)
            except ex.ExprStatsError as error:
                assert len(str(error)) > 20, (name, wrong)


WRONG_OPTIONS = {
    "rate_reliability": ("by", "cluster", "items", "model", "level"),
    "measure_agreement": ("by", "cluster", "items"),
    "fit_factor": ("by", "cluster", "items", "ratings", "missing"),
    "fit_elastic": ("by", "target", "features", "parts", "folds"),
    "nest_elastic": ("by", "features", "folds"),
    "compare_models": ("by", "cluster", "strata", "metrics", "folds", "interval"),
    "compare_human": ("by", "metrics"),
    "correlate_features": ("by", "features", "subject"),
    "describe_columns": ("by", "cluster", "columns"),
    "join_scores": ("factor", "unmatched"),
    "code_categories": ("names",),
    "write_csv": ("path",),
}


@pytest.mark.parametrize(
    ("name", "option"), [(name, one) for name, given in WRONG_OPTIONS.items() for one in given]
)
def test_an_option_of_another_kind_is_refused_in_words(name, option, result, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    keys = pd.DataFrame({"clip": [f"c{i}" for i in range(60)], "context": ["p", "q"] * 30})
    clips = keys.assign(subject=[f"s{i // 4}" for i in range(60)])
    clips[["a", "b", "c"]] = rng.normal(size=(60, 1)) + rng.normal(size=(60, 3)) / 2
    rated = [clips[keys.columns].assign(rater=r, item="a", rating=clips["a"]) for r in "uvw"]
    rated = pd.concat(rated).assign(rating=rng.integers(0, 5, 180))
    predicted = clips.assign(model="net", truth=clips["a"], prediction=clips["b"])
    tables = {"ratings": rated, "predictions": predicted}
    verb = getattr(ex, name)
    first, *rest = inspect.signature(verb).parameters.values()
    good = {"items": ["a", "b", "c"], "features": ["a", "b"], "target": "c", "metrics": "rmse"}
    good |= {"folds": ex.fold_subjects(clips, seed=1), "parts": ex.split_subjects(clips, seed=1)}
    good |= {"columns": ["a"], "names": ["context"], "path": "nowhere.csv", "factor": None}
    for wrong in (result, TABLE, [3, result]):
        needed = {one.name: good[one.name] for one in rest if one.default is one.empty}
        with warnings.catch_warnings(), pytest.raises(ex.ExprStatsError) as caught:
            warnings.simplefilter("ignore")
            verb(tables.get(first.name, clips), **{**needed, option: wrong})
        assert len(str(caught.value)) > 20
