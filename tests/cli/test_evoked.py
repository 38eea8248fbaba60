"""``exprstats evoked`` and ``simulate evoked``: rows, files, and messages that help."""

import json

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory, call):
    place = tmp_path_factory.mktemp("evoked") / "data"
    run = call("simulate", "evoked", "--out", place, "--subjects", "30", "--seed", "4")
    assert "exprstats report" in run.output
    return place


def tell(run):
    return " ".join(run.output.replace("\N{NO-BREAK SPACE}", " ").split())


def test_rows_have_expression_and_term(folder, call_json):
    models = ("--predictions", folder / "full.csv", "--predictions", folder / "image.csv")
    held = call_json(
        *("evoked", folder / "machine.csv", "--by", "group", "--human", folder / "human.csv"),
        *models,
        *("--metrics", "average_precision", "--split", "60,15,25", "--draws", "100"),
    )
    assert [one["file"].rpartition("/")[2] for one in held["inputs"]] == [
        *("machine.csv", "human.csv", "full.csv", "image.csv")
    ]
    terms = {row["term"] for row in held["rows"]}
    assert terms >= {
        *("share", "label_share", "cardinality", "co_occurrence", "lift", "share_difference"),
        *("fleiss_kappa", "precision", "recall", "f1", "average_precision", "correlation"),
    }
    assert all("expression" in row for row in held["rows"])
    truths = {row["truth"] for row in held["rows"] if row["term"] == "average_precision"}
    assert truths == {"labels", "majority of annotators"}
    row = next(one for one in held["rows"] if one["term"] == "co_occurrence")
    assert {"versus", "n_joint", "conf_low", "n_clusters"} <= set(row)


@pytest.mark.usefixtures("blank_pictures")
def test_eev_is_voted_and_written(tmp_path, call):
    stamps = [0, 166_666, 333_333, 500_000, 666_666, 833_333]
    rows = [
        f"v{video},{second * 1_000_000 + one},{(second + video) % 2 * 0.6 + 0.2},0.1"
        for video in range(5)
        for second in range(8)
        for one in stamps
    ]
    text = "Video ID,Timestamp (milliseconds),amusement,awe\n" + "\n".join(rows)
    (tmp_path / "eev.csv").write_text(text, encoding="utf-8")
    told = call("evoked", tmp_path / "eev.csv", "--vote", "--ties", "missing").output
    assert "a tie is missing (0 of 60 votes)" in " ".join(told.split())
    run = call("evoked", tmp_path / "eev.csv", "--vote", "--out", tmp_path / "out")
    assert "5 videos with 30 moments have labels" in tell(run)
    assert (
        "majorities over windows of 3 s, one each 1 s: a tie is no label (0 of 60 votes)"
        in tell(run)
    )
    voted = pd.read_csv(tmp_path / "out" / "tables" / "voted.csv")
    assert voted["time"].tolist() == [0, 1, 2, 3, 4, 5] * 5
    # Seconds alternate, so that two of three have the label every other time.
    assert voted["amusement"].tolist()[:3] == [0, 1, 0]
    assert voted["awe"].sum() == 0


def test_ratings_are_compared_with_predictions(tmp_path, call, call_json):
    for film in range(4):
        lines = [f"{t}\t{(t + film) % 5 / 5}\t{-(t % 3) / 3}" for t in range(30)]
        name = f"MEDIAEVAL18_0{film}_Valence-Arousal.txt"
        (tmp_path / name).write_text(
            "\n".join(["Time\tValence\tArousal", *lines]), encoding="utf-8"
        )
    films = sorted(tmp_path.glob("MEDIAEVAL*"))
    rows = [
        f"MEDIAEVAL18_0{film},{t},{(t + film) % 5 / 6},{-(t % 3) / 4}"
        for film in range(4)
        for t in range(30)
    ]
    (tmp_path / "net.csv").write_text("\n".join(["video,time,valence,arousal", *rows]))
    held = call_json("evoked", *films, "--predictions", tmp_path / "net.csv", "--draws", "100")
    terms = {row["term"] for row in held["rows"]}
    assert terms == {"mse", "mse_mean", "correlation", "correlation_mean"}
    run = call("evoked", *films, code=2)
    assert "named with --predictions" in tell(run)


def test_themes_of_a_file_and_annotators_alone(folder, tmp_path, call):
    machine = pd.read_csv(folder / "machine.csv")
    themes = machine[["video", "group"]].drop_duplicates().rename(columns={"group": "theme"})
    pd.concat([themes, themes.assign(theme="all of them").iloc[::2]]).to_csv(
        tmp_path / "themes.csv", index=False
    )
    run = call("evoked", folder / "machine.csv", "--themes", tmp_path / "themes.csv")
    assert "differences between one theme and all other moments" in tell(run)
    run = call("evoked", folder / "human.csv")
    assert "3 annotators per moment rated" in tell(run)
    assert "annotations have labels" in tell(run)
    assert "machine" not in tell(run).lower()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("none.csv",), "there is no such file"),
        (("{machine}", "--video", "clip"), "there is no column 'clip'"),
        (("{machine}", "--expressions", "amusment"), "Did you mean 'amusement'"),
        (("{machine}", "--threshold", "2"), "--threshold is 2"),
        (
            ("{machine}", "--split", "60,15"),
            "'60,15' must be percents of videos that add up to 100",
        ),
        (("{machine}", "--vote"), "1 and not 6 a second. Say how many there are with --hz"),
        (("{machine}", "--human", "{machine}"), "Name it with --annotator"),
        (("{machine}", "--predictions", "{full}", "--against", "ful"), "--against 'ful' is no"),
        (("{machine}", "--metrics", "r3", "--predictions", "{full}"), "'r3'"),
    ],
)
def test_mistakes_end_in_one_block_with_a_remedy(folder, call, arguments, told):
    places = {name: folder / f"{name}.csv" for name in ("machine", "human", "full")}
    run = call("evoked", *(one.format(**places) for one in arguments), code=2)
    assert "Traceback" not in run.output
    assert told in tell(run)


def test_few_videos_have_numbers_without_limits(folder, tmp_path, call):
    table = pd.read_csv(folder / "machine.csv").drop(columns="group").iloc[:20]
    table.to_csv(tmp_path / "few.csv", index=False)
    told = tell(call("evoked", tmp_path / "few.csv", "--human", folder / "human.csv"))
    assert "1 video with 20 moments has labels" in told
    assert "The scores are not compared with the share of annotators" in told
    assert "No interval: it occurs in 1 video" in told


def test_predictions_of_few_moments_are_refused_or_shared(folder, tmp_path, call):
    table = pd.read_csv(folder / "full.csv")
    table.iloc[10:].to_csv(tmp_path / "short.csv", index=False)
    options = ("evoked", folder / "machine.csv", "--predictions", tmp_path / "short.csv")
    options += ("--metrics", "average_precision", "--draws", "100")
    run = call(*options, code=2)
    assert "lacks 10 of" in tell(run) and "--common" in tell(run)
    assert "left out for all models" in tell(call(*options, "--common"))


def test_the_envelope_says_the_same_with_the_same_seed(folder, tmp_path, call):
    options = ("evoked", folder / "machine.csv", "--predictions", folder / "full.csv", "--quiet")
    for name in ("one", "two"):
        call(*options, "--draws", "100", "--seed", "7", "--json", tmp_path / f"{name}.json")
    one, two = ((tmp_path / f"{name}.json").read_text() for name in ("one", "two"))
    assert one == two
    assert "NaN" not in one
    assert json.loads(one)["seed"] == 7


def test_scores_of_people_are_labels_before_their_share_is_taken(folder, tmp_path, call_json):
    """People who score 0.7 for a label and 0.4 for none say what labels of 1 and 0 say."""
    human = pd.read_csv(folder / "human.csv")
    names = [one for one in human if one not in ("video", "time", "annotator")]
    human.assign(**{one: human[one].map({1: 0.7, 0: 0.4}) for one in names}).to_csv(
        tmp_path / "scored.csv", index=False
    )
    found = []
    for path in (folder / "human.csv", tmp_path / "scored.csv"):
        options = ("--predictions", folder / "full.csv", "--draws", "100")
        held = call_json("evoked", folder / "machine.csv", "--human", path, *options)
        found.append([row for row in held["rows"] if row.get("truth") != "labels"])
    assert found[0] == found[1]
