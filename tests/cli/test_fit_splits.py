"""Folds, shares, nested folds and splits by clips from the command line.

Tolerance 1e-12: the same verbs called from Python, so nothing but printing lies between.
"""

import re
from functools import partial

import pandas as pd
import pytest

from exprstats import models
from exprstats.io import read_clips
from exprstats.models import (
    fit_elastic,
    fit_forest,
    fold_subjects,
    measure_leakage,
    nest_elastic,
    split_subjects,
)
from exprstats.study import Logbook

SEED = Logbook(1).draw_seed  # each stage's own, from the seed of the command
TARGET = ("--target", "au_count", "--subject", "subject")
FEATURES = ["points_displacement", "au_intensity", "head_velocity"]
CHOSEN = ("--features", ",".join(FEATURES))


@pytest.fixture(scope="module")
def clips(data):
    return read_clips(data / "clips.csv", features=FEATURES, target="au_count")


@pytest.fixture(scope="module")
def fit(data):
    return ("fit", data / "clips.csv", *TARGET, *CHOSEN)


@pytest.fixture
def refuse(call, fit):
    def run(*options):
        return " ".join(call(*fit, *options, code=2).stderr.split())

    return run


def find(rows, **keys):
    return [row for row in rows if all(row.get(key) == value for key, value in keys.items())]


def test_folds_tune_on_everybody_but_the_test_people(call_json, fit, clips):
    rows = call_json(*fit, "--by", "context", "--folds", 4, "--repeats", 2)["rows"]
    parts = split_subjects(clips, seed=SEED("split"))
    rest = clips[clips["subject"].isin(parts.query("part != 'test'")["subject"])]
    folds = fold_subjects(rest, folds=4, repeats=2, seed=SEED("folds"))
    options = {"target": "au_count", "features": FEATURES, "by": "context"}
    table = fit_elastic(clips, parts=parts, folds=folds, **options).tidy()
    assert [row["estimate"] for row in rows] == pytest.approx(table["estimate"].tolist(), abs=1e-12)
    pooled = {"context": None, "term": "rmse"}
    (held,) = find(rows, part="validate", **pooled)
    assert held["n_clusters"] == 24
    assert (
        held["note"]
        == "in 4 folds (dealt 2 times) of the training subjects, which chose the penalty"
    )
    # The test people are those of the split without folds.
    (tested,) = find(rows, part="test", **pooled)
    plain = fit_elastic(clips, parts=parts, **options).tidy()
    plain = plain[plain["context"].isna() & (plain["part"] == "test") & (plain["term"] == "rmse")]
    assert tested["n_clusters"] == plain["n_clusters"].item() == 6
    assert tested["estimate"] != plain["estimate"].item()


def test_folds_are_called_so_in_print(call, fit):
    out = call(*fit, "--folds", 4).stdout
    lines = out.split(". Scores of Each Part of the Split")[1].splitlines()[4:7]
    assert [line.split()[0] for line in lines] == ["Training", "Folds", "Test"]
    assert "tuned in 4 folds of the training subjects and tested on 6" in " ".join(out.split())
    note = "In 4 folds of the training subjects, which chose the penalty (Folds)."
    assert note in " ".join(out.split())
    plain = call(*fit).stdout
    assert "Validation" in plain and "Folds" not in plain


def test_shares_and_strata_are_those_of_the_verb(call, fit, data, tmp_path):
    everybody = pd.read_csv(data / "clips.csv")
    # Half of the people never saw the task of pain.
    few = sorted(everybody["subject"].unique())[:15]
    everybody = everybody[(everybody["context"] != "pain") | everybody["subject"].isin(few)]
    everybody.to_csv(tmp_path / "clips.csv", index=False)
    place = tmp_path / "p.csv"
    options = ("--split", "50,20,30", "--stratify", "--predictions", place)
    call("fit", tmp_path / "clips.csv", *TARGET, *CHOSEN, "--by", "context", *options)
    parts = pd.read_csv(place).drop_duplicates("subject").set_index("subject")["part"]
    shares = {"train": 0.5, "validate": 0.2, "test": 0.3}
    wanted = split_subjects(everybody, **shares, stratify=True, seed=SEED("split")).set_index(
        "subject"
    )["part"]
    assert parts.sort_index().to_dict() == wanted.to_dict()
    assert parts.value_counts().to_dict() == {"train": 15, "test": 9, "validate": 6}
    saw = parts[few].value_counts()
    assert saw["train"] in {7, 8} and saw["validate"] == 3 and saw["test"] in {4, 5}


def test_folds_need_no_validation_part(call_json, fit):
    rows = call_json(*fit, "--folds", 3, "--split", "80,0,20")["rows"]
    (train,) = find(rows, part="train", term="rmse")
    assert train["n_clusters"] == 24


@pytest.mark.usefixtures("blank_pictures")
def test_nested_folds_predict_everybody_with_intervals(call, call_both, fit, clips, tmp_path):
    options = ("--by", "context", "--nested", "--folds", 3, "--repeats", 2)
    both = call_both(*fit, *options)
    rows = find(both.told["rows"], part="nested", headline=True)
    folds = fold_subjects(clips, folds=3, repeats=2, seed=SEED("folds"))
    asked = {"target": "au_count", "features": FEATURES, "by": "context", "folds": folds}
    table = nest_elastic(clips, **asked).tidy().query("part == 'test' and headline == True")
    assert len(rows) == len(table) == 8
    for row in rows:
        own = table[table["term"] == row["term"]]
        own = own[
            own["context"].isna() if row["context"] is None else own["context"] == row["context"]
        ]
        assert row["estimate"] == pytest.approx(own["estimate"].item(), abs=1e-12)
        assert row["conf_low"] < row["estimate"] < row["conf_high"]
        assert row["n_clusters"] == 30
    pooled = {row["term"]: row for row in rows if row["context"] is None}
    out = both.stdout
    line = next(
        line.split()
        for line in out.split(". Nested Cross-Validation: Each Subject")[1].splitlines()
        if line.startswith("All ")
    )
    for place, term in ((1, "rmse"), (4, "correlation")):
        limits = [text.strip("[],") for text in line[place + 1 : place + 3]]
        wanted = [pooled[term][name] for name in ("estimate", "conf_low", "conf_high")]
        assert [float(one) for one in (line[place], *limits)] == pytest.approx(wanted, abs=0.005)
    out = " ".join(call(*fit, "--nested", "--out", tmp_path / "out").stdout.split())
    assert re.search(r"Every subject was a test subject once \(Table \w+\)\.", out)
    assert "In 5-fold cross-validation over 30 subjects, with the penalty" in out
    assert "Note. Intervals: jackknife-t intervals over subjects." in out
    kept = pd.read_csv(tmp_path / "out" / "tables" / "nested.csv")
    assert set(kept["fold"].dropna()) == {1, 2, 3, 4, 5}


@pytest.fixture
def _fast(monkeypatch):
    """Two splits of each kind, and small forests."""
    monkeypatch.setattr("exprstats.cli.fit.LEAKS", 2)
    small = partial(fit_forest, trees=5, max_features=[1.0], min_leaves=[5])
    monkeypatch.setattr("exprstats.models.fit_forest", small)


@pytest.mark.usefixtures("_fast")
@pytest.mark.parametrize("model", ["elastic", "forest"])
def test_leakage_is_the_gain_of_splits_by_clips(call_both, fit, clips, model):
    options = ("--leakage", "--model", model)
    both = call_both(*fit, *options)
    rows = [row for row in both.told["rows"] if row.get("split")]
    fitted = models.fit_forest if model == "forest" else fit_elastic
    asked = {"target": "au_count", "features": FEATURES, "repeats": 2, "seed": SEED("split")}
    table = measure_leakage(fitted, clips, **asked).tidy()
    assert [row["estimate"] for row in rows] == pytest.approx(table["estimate"].tolist(), abs=1e-12)
    out = both.stdout
    assert "What a split by clips would have shown" in out
    assert "(mean of 2 splits of each kind)" in " ".join(out.split())
    line = next(
        line.split()
        for line in out.split(". Test Scores Under Splits")[1].splitlines()
        if line.startswith("All ")
    )
    wanted = table[table["split"] != "rows - subjects"]["estimate"]
    assert [float(one) for one in line[1:]] == pytest.approx(wanted.tolist(), abs=0.005)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--repeats", 3), "there are none. Add --folds 5."),
        (("--folds", 5, "--model", "forest"), "--folds tunes elastic nets; a forest needs"),
        (("--nested", "--model", "forest"), "--nested tunes elastic nets"),
        (("--nested", "--folds", 2), "--folds 2 is too few, 3 are needed."),
        (("--split", "60,40"), "with sum 100, such as 60,20,20"),
        (("--split", "60,20,30"), "with sum 100, such as 60,20,20"),
        (("--split", "a,b,c"), "with sum 100, such as 60,20,20"),
        (("--split", "80,0,20"), "leaves no subjects to tune on. Add --folds 5"),
        (("--split", "80,20,0"), "only validation may be 0."),
        (("--folds", 29), "24 subjects cannot fill 29 folds. Use fewer folds."),
    ],
)
def test_splits_that_make_no_sense_are_refused(refuse, options, told):
    assert told in refuse(*options)


def test_what_needs_contexts_or_numbers_is_refused(call, data, tmp_path):
    table = pd.read_csv(data / "clips.csv").drop(columns="context")
    table["clip"] = range(len(table))
    table["high"] = table["au_count"].gt(table["au_count"].median()).map({True: "yes", False: "no"})
    table.to_csv(tmp_path / "clips.csv", index=False)
    fit = ("fit", tmp_path / "clips.csv", "--subject", "subject", *CHOSEN)
    told = call(*fit, "--target", "au_count", "--stratify", code=2).stderr
    told = " ".join(told.split())
    assert "--stratify shares out the subjects of several contexts; there is one." in told
    assert "Name the contexts' column with --by, or leave this out." in told
    told = call(*fit, "--target", "high", "--model", "forest", "--leakage", code=2).stderr
    assert "which classes do not have. Leave it out." in " ".join(told.split())
    told = call(*fit[:4], "--target", "high", "--model", "forest", "--features", "high", code=2)
    assert "is among the features" in told.stderr and "away" not in told.stderr


def test_check_says_how_a_study_splits_and_tunes(call, data):
    study = data / "folds.toml"
    text = '[clips]\nfile = "clips.csv"\ntarget = "au_count"\n'
    study.write_text(f"{text}[split]\nfolds = 4\nrepeats = 2\nstratify = true\n", encoding="utf-8")
    out = " ".join(call("check", study).stdout.split())
    assert "Subjects: 80% training, 20% test; each set of contexts in these shares." in out
    assert "Elastic nets are tuned in 4 folds (dealt 2 times) of all others." in out
    study.write_text(f"{text}[[models]]\nname = 'wood'\nkind = 'forest'\n", encoding="utf-8")
    out = call("check", study).stdout
    assert "60% training, 20% validation, 20% test." in out and "Elastic nets" not in out


def test_a_context_called_all_and_an_option_in_a_file_name(call, call_both, data, tmp_path):
    table = pd.read_csv(data / "clips.csv").replace({"context": {"pain": "All"}})
    file = tmp_path / "run_span=3.csv"
    table.rename(columns={FEATURES[0]: "All"}).to_csv(file, index=False)
    features = ",".join(["All", *FEATURES[1:]])
    options = ("--by", "context", "--features", features, "--nested", "--importance")
    both = call_both("fit", file, *TARGET, *options)
    rows = both.told["rows"]
    out = both.stdout
    contexts = {"startle": "startle", "All": "All (context)", "disgust": "disgust", None: "All"}
    lines = out.split(". Scores of Each Part of the Split")[1].splitlines()
    for context, shown in contexts.items():
        (place,) = [i for i, line in enumerate(lines[:30]) if line == shown]
        test = next(line.split() for line in lines[place:] if line.startswith("  Test"))
        (row,) = find(rows, context=context, part="test", term="rmse")
        assert float(test[3]) == pytest.approx(row["estimate"], abs=0.005)
        (row,) = find(rows, context=context, part="nested", term="rmse")
        nested = out.split(". Nested Cross-Validation: Each Subject")[1].splitlines()
        line = next(line for line in nested if re.match(rf"{re.escape(shown)} +\d", line))
        printed = float(line.removeprefix(shown).split()[0])
        assert printed == pytest.approx(row["estimate"], abs=0.005)
    told = " ".join(call("fit", file, *TARGET, "--features", "x", code=2).stderr.split())
    assert "run_span=3.csv" in told and "--span" not in told
