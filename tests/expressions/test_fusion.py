"""Fusion of modalities and Table 1: recalls, differences, permutations, vectors of a file.

Witnesses: scikit-learn's pipelines on the same folds, a jackknife typed as a loop, statsmodels'
Holm, and the closed answer 1/k where labels are permuted. Tolerance 1e-12: the same sums in
another order.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from statsmodels.stats.multitest import multipletests

import exprstats as ex
from exprstats.errors import DataError, DataWarning, OptionError

CLASSES = ("Calmness", "Joy", "Sadness")


def make_estimates(seed=1, speakers=8, signal=0.5, moments=3):
    """Return acted clips of face (several moments) and prosody (one segment with words)."""
    rng = np.random.default_rng(seed)
    rows = []
    for speaker in range(speakers):
        for clip in range(6):
            label = CLASSES[clip % 3]
            keys = {"recording": f"s{speaker}c{clip}", "subject": f"s{speaker}", "label": label}
            for modality, count in (("face", moments), ("prosody", 1)):
                for time in range(count):
                    for name in CLASSES:
                        score = 0.3 + signal * (name == label) * rng.random() + 0.1 * rng.random()
                        rows.append(
                            keys
                            | {"id": "one", "modality": modality, "time": float(time)}
                            | {"emotion": name, "score": score}
                            | {"end": 1.0 if modality == "prosody" else None}
                            | {"text": "Kids are talking." if modality == "prosody" else None}
                        )
    return pd.DataFrame(rows)


def predict_by_folds(predict, y, who):
    """Return predictions of each speaker by a function of training and test rows."""
    found = np.empty(len(y), object)
    for train, test in GroupKFold(len(np.unique(who))).split(y, y, who):
        found[test] = predict(train, test)
    return found


@pytest.fixture(scope="module")
def fused():
    return ex.fuse_modalities(make_estimates())


@pytest.fixture(scope="module")
def clips(fused):
    return fused.clips["label"].to_numpy(), fused.clips["subject"].to_numpy()


def test_the_rows_of_table_1_are_there(fused):
    assert list(fused.features) == [
        *("face: scores", "face: sentence of mean", "face: sentences of frames"),
        *("prosody: scores", "prosody: sentence of mean", "face + prosody: scores"),
        *("face + prosody: early fusion", "face + prosody: late fusion"),
    ]
    late = fused.features["face + prosody: late fusion"][0]
    assert late.count("They look") == 3 and late.count("They said “Kids are talking.” and") == 1
    assert set(fused.features["face: sentences of frames"]) <= set(fused.texts["sentence"])


@pytest.mark.parametrize("fusion", ["early", "late"])
def test_fused_recalls_are_those_of_scikit_learn(fused, clips, fusion):
    y, who = clips
    name = f"face + prosody: {fusion} fusion"
    values = fused.features[name]
    parts = values if fusion == "early" else (values,)

    def predict(train, test):
        tools = [TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", ngram_range=(1, 2)) for _ in parts]
        both = [
            (tool.fit_transform(np.array(part)[train]), tool.transform(np.array(part)[test]))
            for tool, part in zip(tools, parts, strict=True)
        ]
        seen, new = (np.hstack([one[side].toarray() for one in both]) for side in (0, 1))
        return SVC(kernel="linear", C=1.0).fit(seen, y[train]).predict(new)

    found = ex.classify_expressions({name: values}, y, who, folds=8, costs=[1.0])
    recall = balanced_accuracy_score(y, predict_by_folds(predict, y, who).astype(str))
    row = found.tidy().query("term == 'uar'").iloc[0]
    assert row["estimate"] == pytest.approx(recall, abs=1e-12)


def test_differences_are_jackknifed_by_speaker_and_adjusted():
    rng = np.random.default_rng(4)
    y, who = np.tile([0, 1, 2], 16), np.repeat(np.arange(8), 6)
    sets = {
        name: rng.normal(size=(48, 3)) + signal * np.eye(3)[y]
        for name, signal in (("a", 0.4), ("b", 1.5), ("c", 1.0))
    }
    table = ex.classify_expressions(sets, y, who, folds=8, costs=[0.1]).tidy()
    tools = {
        name: predict_by_folds(
            lambda train, test, x=x: (
                make_pipeline(SVC(kernel="linear", C=0.1))
                .fit((x[train] - x[train].mean(0)) / x[train].std(0), y[train])
                .predict((x[test] - x[train].mean(0)) / x[train].std(0))
            ),
            y,
            who,
        ).astype(int)
        for name, x in sets.items()
    }

    def gain(name, kept):
        one, two = (balanced_accuracy_score(y[kept], tools[k][kept]) for k in (name, "a"))
        return one - two

    p = []
    for name in ("b", "c"):
        whole = gain(name, np.ones(48, bool))
        left = np.array([gain(name, who != person) for person in range(8)])
        error = np.sqrt(7 / 8 * ((left - left.mean()) ** 2).sum())
        p.append(2 * stats.t.sf(abs(whole / error), 7))
        row = table.query("term == 'uar_difference' and features == @name").iloc[0]
        assert row["versus"] == "a"
        assert row["estimate"] == pytest.approx(whole, abs=1e-12)
        ends = whole + np.array([-1, 1]) * stats.t.ppf(0.975, 7) * error
        assert row[["conf_low", "conf_high"]].tolist() == pytest.approx(ends.tolist(), abs=1e-10)
        assert row["p_value"] == pytest.approx(p[-1], rel=1e-9)
    adjusted = table.query("term == 'uar_difference'")["p_adjusted"]
    assert adjusted.tolist() == pytest.approx(multipletests(p, method="holm")[1].tolist())


@pytest.mark.parametrize("repeats", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_permuted_labels_are_recalled_at_chance_and_better_with_c_by_the_test(repeats):
    """20 permutations of 3 classes: the mean lies within 4 of its own standard errors of 1/3."""
    rng = np.random.default_rng(5)
    y, who = np.tile([0, 1, 2], 20), np.repeat(np.arange(10), 6)
    x = rng.normal(size=(60, 5)) + np.eye(3, 5)[y]
    options = {"folds": 5, "costs": [0.01, 0.1, 1.0], "nulls": 20, "seed": 2}
    options["repeats"] = repeats
    found = ex.classify_expressions({"x": x}, y, who, **options)
    rows = found.tidy().set_index("term")
    assert len(found.nulls) == 20
    error = found.nulls["uar"].std(ddof=1) / np.sqrt(20)
    assert abs(rows.loc["uar_null", "estimate"] - 1 / 3) < 4 * error < 0.08
    assert rows.loc["uar_test_null", "estimate"] > 1 / 3 + 0.02
    assert rows.loc["uar_null", "p_value"] == 1 / 21
    assert rows.loc["uar_null", "estimate"] == pytest.approx(found.nulls["uar"].mean())


def test_workers_and_seeds_give_the_same_numbers(fused, clips):
    sets = {"face": fused.features["face: sentence of mean"]}
    one, two = (
        ex.classify_expressions(sets, *clips, folds=4, repeats=2, nulls=2, seed=3, n_jobs=jobs)
        for jobs in (1, 2)
    )
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.nulls, two.nulls)


def test_vectors_of_a_file_are_the_embedding(fused, clips, tmp_path):
    texts = fused.texts["sentence"]
    rng = np.random.default_rng(6)
    numbers = rng.normal(size=(len(texts), 3))
    table = pd.DataFrame(numbers, columns=["d1", "d2", "d3"]).assign(sentence=texts)
    table.to_csv(tmp_path / "v.csv", index=False)
    told = fused.features["prosody: sentence of mean"]
    by_file = ex.classify_expressions(
        {"t": told}, *clips, embed=ex.read_vectors(tmp_path / "v.csv"), repeats=1
    )
    places = [texts.tolist().index(one) for one in told]
    by_numbers = ex.classify_expressions({"t": numbers[places]}, *clips, repeats=1)
    np.testing.assert_allclose(by_file.table["estimate"], by_numbers.table["estimate"], atol=1e-12)
    assert by_file.table["dimensions"].eq(3).all()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sentence,a\nx,1\nx,2\n", "'x' has two vectors"),
        ("sentence,a\nx,\ny,1\n", "1 vector lacks a number"),
        ("sentence,a\nx,b\n", "must hold numbers"),
        ("text,a\nx,1\n", "sentence"),
    ],
)
def test_vectors_that_cannot_be_are_refused(tmp_path, text, told):
    (tmp_path / "v.csv").write_text(text)
    with pytest.raises(DataError, match=told):
        ex.read_vectors(tmp_path / "v.csv")


def test_a_text_without_a_vector_is_named(tmp_path):
    (tmp_path / "v.csv").write_text("sentence,a\nx,1\n")
    with pytest.raises(DataError, match=r"1 text without a vector, the first: 'They look sad\.'"):
        ex.read_vectors(tmp_path / "v.csv")(["They look sad."])


def test_clips_without_a_modality_are_counted_and_left_out():
    table = make_estimates()
    table = table[~(table["recording"].eq("s0c0") & table["modality"].eq("prosody"))]
    with pytest.warns(DataWarning, match="not classified: 1 of 48"):
        found = ex.fuse_modalities(table)
    assert len(found.clips) == 47
    with pytest.raises(DataError, match="no column 'label'"):
        ex.fuse_modalities(table.drop(columns="label"))


@pytest.mark.parametrize("costs", [[], [0.0], [-1.0]])
def test_costs_must_be_positive(costs):
    with pytest.raises(OptionError, match="costs"):
        ex.classify_expressions({"a": np.ones((8, 1))}, [0, 1] * 4, list("aabbccdd"), costs=costs)
