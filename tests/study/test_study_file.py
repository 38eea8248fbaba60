"""What a study file may say, and how every mistake in it is told at once."""

import dataclasses

import pytest

from exprstats.errors import DataError
from exprstats.study import (
    ClipsSettings,
    CompareSettings,
    ModelSettings,
    RatingsSettings,
    ScoresSettings,
    SplitSettings,
    Study,
    read_study,
)

WHOLE = """\
title = "Expressiveness in three contexts"
seed = 20201

[ratings]
file = "ratings.csv"
clip = "clip"
rater = "rater"
subject = "subject"
context = "task"
items = ["response", "emotion", "motion"]
scale = [0, 4]

[scores]
fitted_on = "train"
method = "bartlett"

[clips]
file = "clips.csv"
clip = "clip"
subject = "subject"
context = "task"
features = ["points_displacement", "au_count"]

[split]
train = 0.6
validate = 0.2
test = 0.2

[[models]]
name = "net"
kind = "elastic"

[compare]
against = "net"
metrics = ["nrmse", "correlation"]
span = 7
draws = 2000
"""


def list_facts(path):
    with pytest.raises(DataError) as caught:
        read_study(path)
    assert all(problem.file == str(path) for problem in caught.value.problems)
    return [problem.fact for problem in caught.value.problems]


def test_every_key_is_read(write_study):
    path = write_study(WHOLE)
    assert read_study(path) == Study(
        path=path,
        title="Expressiveness in three contexts",
        seed=20201,
        ratings=RatingsSettings(
            file=path.parent / "ratings.csv",
            subject="subject",
            context="task",
            items=("response", "emotion", "motion"),
            scale=(0.0, 4.0),
        ),
        scores=ScoresSettings("train", "bartlett"),
        clips=ClipsSettings(
            file=path.parent / "clips.csv",
            context="task",
            features=("points_displacement", "au_count"),
        ),
        split=SplitSettings(0.6, 0.2, 0.2),
        models=(
            ModelSettings("net", "elastic"),
            ModelSettings("uniform", "uniform"),
            ModelSettings("normal", "normal"),
            ModelSettings("mean", "mean"),
        ),
        compare=CompareSettings("net", ("nrmse", "correlation"), 7.0, 2000),
    )


def test_what_is_left_out_has_a_default(write_study):
    study = read_study(write_study('[ratings]\nfile = "ratings.csv"\n'))
    assert (study.title, study.seed, study.clips, study.models) == ("Study", 1, None, ())
    assert study.scores == ScoresSettings(fitted_on="all")
    assert study.target is None


def test_ratings_and_clips_make_a_whole_study(write_study):
    study = read_study(write_study('[ratings]\nfile = "ratings.csv"\n[clips]\nfile = "clips.csv"'))
    assert study.scores == ScoresSettings(fitted_on="train")
    assert study.split == SplitSettings()
    assert [model.name for model in study.models] == ["elastic", "uniform", "normal", "mean"]
    assert study.target == "score"


def test_normal_guesses_are_for_factor_scores_only(write_study):
    study = read_study(write_study('[clips]\nfile = "clips.csv"\ntarget = "au_count"\n'))
    assert [model.name for model in study.models] == ["elastic", "uniform", "mean"]
    assert study.target == "au_count"


def test_baselines_that_are_named_are_the_only_ones(write_study):
    text = WHOLE + '\n[[models]]\nname = "chance"\nkind = "uniform"\n'
    names = [model.name for model in read_study(write_study(text)).models]
    assert names == ["net", "chance"]


def test_a_study_is_frozen(write_study):
    study = read_study(write_study(WHOLE))
    with pytest.raises(dataclasses.FrozenInstanceError):
        study.seed = 2


def test_all_mistakes_come_together_with_the_nearest_words(write_study):
    text = """
titel = "x"
seed = -1
[ratings]
file = "rating.csv"
raterr = "r"
scale = [4, 0]
items = ["a", "a"]
[clips]
file = 3
[split]
train = 1.5
[[models]]
nme = "e"
kind = "elastik"
[compare]
metrics = ["nrms"]
draws = true
"""
    path = write_study(text)
    with pytest.raises(DataError) as caught:
        read_study(path)
    told = str(caught.value)
    for part in (
        "no key 'titel'. Did you mean 'title'?",
        "seed must be a whole number of at least 0, not -1.",
        "[ratings] file 'rating.csv' is not there",
        "Did you mean 'ratings.csv'?",
        "[ratings] has no key 'raterr'. Did you mean 'rater'?",
        "[ratings] scale must be the lowest and the highest answer such as [0, 4], not [4, 0].",
        "[ratings] items names 'a' more than once",
        "[clips] file must be a text, not 3.",
        "[split] train must be a number between 0 and 1, not 1.5.",
        "[[models]] number 1: has no key 'nme'. Did you mean 'name'?",
        "[[models]] number 1: name is missing.",
        "kind cannot be 'elastik'. Did you mean 'elastic'?",
        "metrics cannot be 'nrms'. Did you mean 'nrmse'?",
        "draws must be a whole number of at least 100, not true.",
    ):
        assert part in told
    assert len(caught.value.problems) == 13


def test_a_mistake_has_its_line_and_a_key_of_another_table_its_place(write_study):
    """Lines as an editor counts them: of the key, or of the heading that lacks one."""
    text = """titel = "x"
[ratings]
file = "ratings.csv"
  scale = [
  4, 0]
draws = 5
[[models]]
name = "a"
kind = "elastic"

[[models]]  # the second
"kind" = 3
[compare]
"""
    with pytest.raises(DataError) as caught:
        read_study(write_study(text))
    told = {problem.rows: str(problem).partition(": ")[2] for problem in caught.value.problems}
    starts = {
        (1,): "the study file has no key 'titel'. Did you mean 'title'?",
        (4,): "[ratings] scale must be",
        (6,): "[ratings] has no key 'draws'. It is a key of [compare], [weights], [contrasts].",
        (11,): "[[models]] number 2: name is missing.",
        (12,): "[[models]] number 2: kind cannot be 3.",
        (7,): "[models] needs [clips], which is absent.",
        (13,): "[compare] needs [clips], which is absent.",
    }
    assert all(told[rows].startswith(start) for rows, start in starts.items())
    assert ", line 6: [ratings]" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ('title = "x"', "the study has neither [ratings] nor [clips]."),
        (
            '[ratings]\nfile = "ratings.csv"\n[compare]\nspan = 7\n',
            "[compare] needs [clips], which is absent.",
        ),
        (
            '[ratings]\nfile = "ratings.csv"\n[scores]\nfitted_on = "train"\n',
            '[scores] fitted_on = "train" needs [clips], whose subjects are split.',
        ),
        (
            '[clips]\nfile = "clips.csv"\n',
            "[clips] has no target and there is no [ratings] to take a score from.",
        ),
        (
            '[clips]\nfile = "clips.csv"\ntarget = "au_count"\nfeatures = ["au_count"]\n',
            "[clips] features names 'au_count', which has another role.",
        ),
        (
            WHOLE.replace('against = "net"', 'against = "nett"'),
            "[compare] against 'nett' names no model.",
        ),
        (
            WHOLE.replace("train = 0.6", "train = 0.7"),
            "[split] train, validate and test add up to 1.1.",
        ),
        (WHOLE.replace('kind = "elastic"', 'kind = "mean"'), "[[models]] has baselines only."),
        (WHOLE + '\n[[models]]\nname = "net"\nkind = "elastic"\n', "two models named 'net'"),
        (
            WHOLE.replace("[clips]", "[clips]\nclasses = true"),
            "[clips] classes describes a target column",
        ),
        (WHOLE.replace("scale", 'rating = "x"\nscale'), "[ratings] has items and rating"),
        ("[models]\n", "models must be written as [[models]]"),
        ("clips = 3\n", "[clips] must be a table, not 3."),
        ("title = x\n", "this is not valid TOML"),
    ],
)
def test_a_mistake_is_named(write_study, text, fact):
    assert any(fact in one for one in list_facts(write_study(text)))


def test_a_study_that_is_not_there(tmp_path):
    assert list_facts(tmp_path / "none.toml") == ["there is no such file."]
    assert list_facts(tmp_path) == ["this is a folder."]


def test_a_study_in_another_encoding(tmp_path):
    path = tmp_path / "study.toml"
    path.write_bytes('title = "Größe"'.encode("latin-1"))
    assert list_facts(path) == ["the study file is not in UTF-8."]


def test_a_table_in_place_of_a_study_names_the_command_that_writes_one(folder):
    with pytest.raises(
        DataError, match=r"this is a file of data.*Write one for it: exprstats init .*csv"
    ):
        read_study(folder / "ratings.csv")


def test_windows_files_are_read(write_study):
    path = write_study("")
    path.write_bytes(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())
    assert read_study(path).seed == 20201


@pytest.mark.parametrize("name", ["study.toml/below", f"{'long' * 100}.toml"])
def test_a_path_that_cannot_be_opened_is_told(write_study, name):
    path = write_study("").parent / name
    (told,) = list_facts(path)
    assert told.startswith("the file cannot be read: ")
