"""Files that lend one another subjects and contexts, single items, targets, categories.

Numbers must be those of the same study with every column in its file, or of the verbs themselves,
to 1e-12; dummy codes are counted by hand.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats import DataError, average_raters, code_categories, fit_elastic, rate_reliability
from exprstats.io import read_clips, read_ratings
from exprstats.models import predict_clips, split_subjects
from exprstats.study import read_study, run_study

pytestmark = pytest.mark.usefixtures("blank_pictures")

MODELS = '[[models]]\nname = "elastic"\nkind = "elastic"\n[compare]\ndraws = 100\n'
RATED = (
    '[ratings]\nfile = "ratings.csv"\nitems = ["response", "emotion", "motion"]\nscale = [0, 4]\n'
)
CLIPS = '[clips]\nfile = "clips.csv"\n'
BOTH = 'subject = "subject"\ncontext = "task"\n'


@pytest.fixture
def place(write_study):
    """Write a study and change its tables; return the path."""

    def make(text, ratings=lambda table: table, clips=lambda table: table):
        path = write_study(text)
        for name, change in (("ratings.csv", ratings), ("clips.csv", clips)):
            table = pd.read_csv(path.parent / name, dtype={"subject": str, "clip": str})
            change(table).to_csv(path.parent / name, index=False)
        return path

    return make


def drop(*names):
    return lambda table: table.drop(columns=list(names))


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
@pytest.mark.parametrize("lender", ["clips", "ratings", "one each"])
def test_subjects_and_contexts_may_stand_in_either_file(place, lender):
    whole = run_study(read_study(place(RATED + BOTH + CLIPS + BOTH + MODELS)))
    if lender == "clips":
        path = place(RATED + CLIPS + BOTH + MODELS, ratings=drop("subject", "task"))
    elif lender == "ratings":
        path = place(RATED + BOTH + CLIPS + MODELS, clips=drop("subject", "task"))
    else:
        text = RATED + 'context = "task"\n' + CLIPS + 'subject = "subject"\n' + MODELS
        path = place(text, ratings=drop("subject"), clips=drop("task"))
    run = run_study(read_study(path))
    for name in ("reliability", "comparison", "factor"):
        found, known = getattr(run, name).tidy(), getattr(whole, name).tidy()
        pd.testing.assert_frame_equal(found, known, rtol=1e-12)
    assert any("were taken from" in note for note in run.provenance.notes)


def test_without_any_subjects_the_study_says_where_they_may_stand(place):
    path = place(RATED + CLIPS + MODELS, drop("subject", "task"), drop("subject", "task"))
    with pytest.raises(DataError, match=r"no file names the people.*in \[clips\] or in \[ratings"):
        run_study(read_study(path))


def test_a_clip_of_several_contexts_cannot_lend_one(place):
    text = RATED + 'subject = "subject"\n' + CLIPS + BOTH + MODELS
    path = place(
        text, clips=lambda one: one.assign(clip=one["subject"]).drop_duplicates(["clip", "task"])
    )
    table = pd.read_csv(path.parent / "ratings.csv", dtype=str)
    table = table.assign(clip=table["subject"]).drop(columns="task")
    table.drop_duplicates(["clip", "rater"]).to_csv(path.parent / "ratings.csv", index=False)
    with pytest.raises(
        DataError, match=r"no column of contexts, and in clips.csv clip .* has several"
    ):
        run_study(read_study(path))


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
def test_one_rated_item_is_a_target_without_a_factor(place):
    one = '[ratings]\nfile = "ratings.csv"\nitems = ["emotion"]\nscale = [0, 4]\n'
    path = place(one + BOTH + CLIPS + BOTH + MODELS)
    run = run_study(read_study(path))
    assert run.factor is None
    assert run.study.target == "emotion"
    ratings = read_ratings(path.parent / "ratings.csv", items=["emotion"], context="task")
    known = rate_reliability(ratings, by="context").tidy()
    found = run.reliability.tidy()
    both = ["context", "term", "method"]
    pd.testing.assert_series_equal(
        found.sort_values(both)["estimate"], known.sort_values(both)["estimate"], check_index=False
    )
    means = average_raters(ratings).set_index(["context", "clip"])["emotion"]
    truth = run.predictions.query("model == 'elastic' and fitted_on == 'all'")
    expected = means.loc[pd.MultiIndex.from_frame(truth[["context", "clip"]])].to_numpy()
    np.testing.assert_allclose(truth["truth"], expected, atol=1e-12)
    notes = " ".join(run.provenance.notes)
    assert "one item, 'emotion', so that there is no factor and no factor score" in notes
    assert "from 0 to 4 (its scale in the study file)" in notes
    assert "normal" not in [model.name for model in run.study.models]
    human = path.read_text() + '[[models]]\nname = "people"\nkind = "human"\n'
    path.write_text(human)
    with pytest.raises(DataError, match="'people' judges raters by factor scores"):
        run_study(read_study(path))


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
def test_a_target_may_stand_beside_ratings(place):
    text = RATED + BOTH + CLIPS + BOTH + 'target = "au_count"\n' + MODELS
    run = run_study(read_study(place(text)))
    alone = run_study(read_study(place(CLIPS + BOTH + 'target = "au_count"\n' + MODELS)))
    assert run.factor is not None and run.reliability is not None
    assert set(run.factor.tidy()["part"]) == {"all"}
    pd.testing.assert_frame_equal(run.comparison.tidy(), alone.comparison.tidy(), rtol=1e-12)
    assert "score" not in run.clips
    human = text + '[[models]]\nname = "people"\nkind = "human"\n'
    with pytest.raises(DataError, match="judges raters by the factor scores"):
        read_study(place(human))


def test_categories_become_one_column_a_level(place):
    table = pd.DataFrame({"g": ["b", "a", "b", None, "c"], "x": range(5)})
    coded, named = code_categories(table, ["g"])
    assert named == {"g: a": "b", "g: c": "b"}
    np.testing.assert_array_equal(coded["g: a"], [0, 1, 0, np.nan, 0])
    np.testing.assert_array_equal(coded["g: c"], [0, 0, 0, np.nan, 1])
    assert list(table) == ["g", "x"]
    ordered = table.assign(g=pd.Categorical(table["g"], ["c", "b", "a"]))
    assert code_categories(ordered, ["g"])[1] == {"g: b": "c", "g: a": "c"}
    with pytest.raises(DataError, match="a category has 2 to 20"):
        code_categories(pd.DataFrame({"g": [f"p{i}" for i in range(40)]}), ["g"])


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
@pytest.mark.parametrize("named", [True, False])
def test_studies_code_categories_and_say_so(place, named):
    features = 'features = ["au_count", "sex"]\n' if named else ""
    text = CLIPS + BOTH + f'target = "head_velocity"\n{features}' + MODELS

    def add(table):
        code = table["subject"].str[-1].astype(int) % 3
        return table.assign(sex=code.map({0: "f", 1: "m", 2: "d"}))

    run = run_study(read_study(place(text, clips=add)))
    weights = run.models["elastic"].tidy().query("term == 'weight'")["feature"].unique()
    coded = [one for one in weights if one.startswith("sex: ")]
    assert len(coded) == 2
    note = next(note for note in run.provenance.notes if "is a category" in note)
    assert coded[0] in note and "against '" in note
    design = run.models["elastic"].design
    level = coded[0].removeprefix("sex: ")
    marks = design.matrix[:, list(design.features).index(coded[0])]
    np.testing.assert_array_equal(marks == 1, run.clips["sex"].to_numpy() == level)


def test_new_clips_are_coded_as_the_fit_was():
    rng = np.random.default_rng(2)
    clips = pd.DataFrame({"x": rng.normal(size=120), "g": rng.choice(["a", "b", "c"], 120)})
    clips = clips.assign(clip=range(120), subject=[f"p{i // 4}" for i in range(120)])
    clips["y"] = clips["x"] + (clips["g"] == "b") + 0.1 * rng.normal(size=120)
    coded, named = code_categories(clips, ["g"])
    data = {"target": "y", "features": ["x", *named], "parts": split_subjects(clips, seed=1)}
    models = fit_elastic(coded, **data)
    known = predict_clips(models, coded)["prediction"]
    pd.testing.assert_series_equal(predict_clips(models, clips)["prediction"], known)
    with pytest.raises(DataError, match="'new' was not in the fit, which had 'b', 'a', 'c'"):
        predict_clips(models, clips.assign(g=clips["g"].where(clips.index % 7 > 0, "new")))


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
def test_panels_that_differ_by_context_are_each_reported(place):
    rng = np.random.default_rng(8)
    rows = [
        (task, f"{task}{i}", f"{task}r{j}", round(rng.normal() + 2 * (i % 5), 2))
        for task in "AB"
        for i in range(12)
        for j in range(4)
    ]
    path = place('[ratings]\nfile = "ratings.csv"\nrating = "score"\ncontext = "task"\n'
                 '[reliability]\nmodel = "two-way"\n')  # fmt: skip
    table = pd.DataFrame(rows, columns=["task", "clip", "rater", "score"])
    table.to_csv(path.parent / "ratings.csv", index=False)
    rows = run_study(read_study(path)).reliability.tidy()
    own = rows[rows["context"].notna()]
    assert set(own["context"]) == {"A", "B"} and own["estimate"].notna().all()
    assert rows[rows["context"].isna()]["estimate"].isna().all()
    assert rows[rows["context"].isna()]["note"].notna().all()


def test_files_are_read_as_their_tables_say(place, tmp_path):
    text = (
        '[ratings]\nfile = "r.csv"\nrating = "wert"\nencoding = "cp1252"\nheader_row = 3\n'
        'labels = ["nie", "manchmal", "häufig"]\nsubject = ["haus", "person"]\n'
        '[reliability]\nmodel = "auto"\n'
    )
    path = place("[ratings]\nfile = 'ratings.csv'\n")
    words = ["nie", "manchmal", "häufig"]
    lines = ["Studie", "gemacht 2024", "clip;rater;wert;haus;person"]
    rng = np.random.default_rng(1)
    codes = [(i, j, int(rng.integers(0, 3))) for i in range(12) for j in range(3)]
    lines += [f"c{i};r{j};{words[k]};{'AB'[i % 2]};p{i // 4}" for i, j, k in codes]
    (path.parent / "r.csv").write_bytes("\n".join(lines).encode("cp1252"))
    path.write_text(text, encoding="utf-8")
    study = read_study(path)
    run = run_study(study)
    known = pd.DataFrame(
        [(f"c{i}", f"r{j}", k + 1.0, f"{'AB'[i % 2]}:p{i // 4}") for i, j, k in codes],
        columns=["clip", "rater", "rating", "subject"],
    ).assign(item="wert")
    expected = rate_reliability(known, model="auto").tidy()
    pd.testing.assert_frame_equal(run.reliability.tidy(), expected, rtol=1e-12)
    for wrong, told in (
        ('encoding = "utf-99"', "'utf-99' is not known"),
        ("sheet = 0", "sheet"),
        ("labels = 3", "must be the answers from the lowest"),
    ):
        path.write_text(f"[ratings]\nfile = 'r.csv'\n{wrong}\n", encoding="utf-8")
        with pytest.raises(DataError, match=told):
            read_study(path)


def test_reading_clips_alone_may_lack_subjects(tmp_path):
    (tmp_path / "a.csv").write_text("clip,x\na,1\nb,2\n")
    assert list(read_clips(tmp_path / "a.csv", subject=None)) == ["clip", "x"]
    with pytest.raises(DataError, match="no column 'subject'"):
        read_clips(tmp_path / "a.csv")


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
def test_reliability_may_ask_for_raters_decisions_and_agreement(place, tmp_path):
    from exprstats import judge_raters, measure_agreement, study_decisions, write_report

    asked = "[reliability]\ndecisions = true\nraters = true\nagreement = true\n"
    one = '[ratings]\nfile = "ratings.csv"\nitems = ["emotion"]\nscale = [0, 4]\n'
    path = place(one + BOTH + asked)
    run = run_study(read_study(path))
    ratings = read_ratings(path.parent / "ratings.csv", items=["emotion"], context="task")
    pd.testing.assert_frame_equal(run.raters.tidy(), judge_raters(ratings).tidy(), rtol=1e-12)
    known = study_decisions(rate_reliability(ratings, model="auto", by="context")).tidy()
    pd.testing.assert_frame_equal(run.decisions.tidy(), known, rtol=1e-12)
    known = measure_agreement(ratings, scale=(0, 4), by="context").tidy()
    pd.testing.assert_frame_equal(run.agreement.tidy(), known, rtol=1e-12)
    write_report(run, tmp_path / "report")
    assert (tmp_path / "report" / "data" / "raters.csv").is_file()


def test_codes_of_a_file_are_said_once_in_a_study(place):
    one = '[ratings]\nfile = "ratings.csv"\nitems = ["emotion"]\n'

    def spoil(table):
        return table.assign(emotion=table["emotion"].where(table.index % 200 != 7, 99))

    def spoil_clips(table):
        return table.assign(au_count=table["au_count"].round().where(table.index % 50 != 7, -999))

    path = place(one + BOTH + CLIPS + BOTH + MODELS, spoil, spoil_clips)
    with pytest.warns(UserWarning, match="far from") as caught:
        run_study(read_study(path))
    told = [str(one.message) for one in caught if "far from" in str(one.message)]
    assert len(told) == 2
    assert all("missing=" in one and "table[" not in one for one in told)
