"""The table ``[split]``: folds, strata, and what a study and its report say of them.

Tolerance 1e-12: the same verbs called one by one.
"""

import warnings

import pandas as pd
import pytest

from exprstats.errors import DataError
from exprstats.models import fit_elastic, fit_forest, fold_subjects, report_weights, split_subjects
from exprstats.report import write_report
from exprstats.study import Logbook, read_study, run_study
from exprstats.study.settings import tell_split
from exprstats.study.stages.central import split_people

pytestmark = pytest.mark.usefixtures("blank_pictures")

FEATURES = ["points_displacement", "au_intensity", "head_velocity"]
CLIPS = (
    '[clips]\nfile = "clips.csv"\ncontext = "task"\ntarget = "au_count"\n'
    f"features = {FEATURES}\n".replace("'", '"')
)
FOREST = '[[models]]\nname = "net"\nkind = "elastic"\n[[models]]\nname = "wood"\nkind = "forest"\n'


@pytest.fixture(scope="module")
def run(folder):
    path = folder / "folds.toml"
    split = "[split]\nfolds = 3\nrepeats = 2\nstratify = true\n"
    more = (
        "[weights]\ndraws = 100\n[importance]\nrepeats = 1\ndraws = 100\n[compare]\ndraws = 100\n"
    )
    path.write_text(f"{CLIPS}{split}{more}", encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run_study(read_study(path))


def read_page(results, place):
    page = write_report(results, place).read_text(encoding="utf-8")
    return " ".join(page.split())


def test_nets_are_tuned_in_folds_of_all_but_the_test_people(run):
    seeds = Logbook(run.study.seed)
    parts = split_subjects(run.clips, stratify=True, seed=seeds.draw_seed("split"))
    tested = set(parts.query("part == 'test'")["subject"])
    assert set(run.parts["part"]) == {"train", "test"}
    assert set(run.parts.query("part == 'test'")["subject"]) == tested
    rest = run.clips[~run.clips["subject"].isin(tested)]
    folds = fold_subjects(rest, folds=3, repeats=2, seed=seeds.draw_seed("folds"))
    asked = {"target": "au_count", "features": FEATURES, "by": "context", "parts": parts}
    wanted = fit_elastic(run.clips, folds=folds, **asked)
    found = run.models["elastic"].tidy()
    assert found["estimate"].tolist() == pytest.approx(wanted.table["estimate"].tolist(), abs=1e-12)


def test_the_report_names_the_folds(run, tmp_path):
    page = read_page(run, tmp_path / "report")
    told = "divided at random into 32 for training and 8 for testing, stratified by the contexts"
    assert told in page
    told = "in 3 folds (dealt 2 times) of the training subjects"
    assert f"the lowest root mean square error {told} among" in page
    assert f"Penalties chosen {told}:" in page
    assert "refits to 32 resampled training subjects." in page
    assert "100 refits to resampled training subjects, the penalty tuned anew" in page
    assert "validation" not in page


def test_a_forest_keeps_its_validation_subjects(run, folder, tmp_path):
    path = folder / "forest.toml"
    path.write_text(f"{CLIPS}[split]\nfolds = 3\n{FOREST}", encoding="utf-8")
    study = read_study(path)
    parts = split_people(run.clips, study, Logbook(study.seed))
    assert parts["part"].value_counts().to_dict() == {"train": 24, "validate": 8, "test": 8}
    assert list(tell_split(study)) == [
        "Subjects: 60% training, 20% validation, 20% test.",
        "Elastic nets are tuned in 3 folds of all others; "
        "the forest 'wood' on the validation subjects.",
    ]
    rest = run.clips[run.clips["subject"].isin(parts.query("part != 'test'")["subject"])]
    folds = fold_subjects(rest, folds=3, seed=1)
    data = {"target": "au_count", "features": FEATURES, "parts": parts}
    net = fit_elastic(run.clips, folds=folds, **data)
    small = {"trees": 5, "max_features": [1.0], "min_leaves": [5], "seed": 1}
    results = [net, fit_forest(run.clips, **small, **data), report_weights(net, draws=100, seed=1)]
    page = read_page(results, tmp_path / "both")
    assert "into 24 for training, 8 for validation, and 8 for testing;" in page
    assert "in 3 folds of the training and validation subjects among" in page
    assert "were those with the lowest root mean square error on the validation subjects." in page
    assert "refits to 32 resampled training and validation subjects." in page


def test_weights_without_intervals_name_the_folds_too(run, tmp_path):
    page = read_page(run.models["elastic"], tmp_path / "one")
    assert "Tuned in 3 folds (dealt 2 times) of the training subjects" in page


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("repeats = 3", "[split] repeats deals folds anew, and there are none. Add folds = 5"),
        ("folds = 1", "[split] folds must be a whole number of at least 2, not 1."),
        ("validate = 0\ntrain = 0.8", "[split] validate is 0, and the models need subjects"),
        (
            f"validate = 0\ntrain = 0.8\nfolds = 5\n{FOREST}",
            "validate is 0, and the forest 'wood' need subjects to tune on. Give validate a",
        ),
        (
            "validate = 0\ntrain = 0.8\nfolds = 5\n[contrasts]\n",
            "validate is 0, and [contrasts] need subjects to tune on.",
        ),
        (
            'folds = 5\n[[models]]\nname = "wood"\nkind = "forest"\n',
            "[split] folds tunes elastic nets, and there is none. Remove folds.",
        ),
    ],
)
def test_splits_that_make_no_sense_are_refused(write_study, text, told):
    with pytest.raises(DataError) as caught:
        read_study(write_study(f"{CLIPS}[split]\n{text}"))
    assert told in str(caught.value)


def test_folds_need_no_validation_part(write_study):
    study = read_study(write_study(f"{CLIPS}[split]\nvalidate = 0\ntrain = 0.8\nfolds = 5\n"))
    assert next(iter(tell_split(study))) == "Subjects: 80% training, 20% test."


def test_strata_need_contexts_and_folds_numbers(write_study):
    one = CLIPS.replace('context = "task"\n', "")
    study = read_study(write_study(f"{one}[split]\nstratify = true\n"))
    clips = pd.read_csv(study.path.parent / "clips.csv")
    clips["clip"] = [f"c{i}" for i in range(len(clips))]
    clips["loud"] = clips["au_count"].gt(clips["au_count"].median()).map({True: "yes", False: "no"})
    clips.to_csv(study.path.parent / "clips.csv", index=False)
    with pytest.raises(DataError, match="Name the contexts' column"):
        run_study(study)
    text = f"{one}[split]\nfolds = 3\n".replace('target = "au_count"', 'target = "loud"')
    study.path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"elastic nets of numbers\. Remove folds"):
        run_study(read_study(study.path))
