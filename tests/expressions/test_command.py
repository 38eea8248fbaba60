"""The command line on files of a wide table and of RAVDESS recordings."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import exprstats as ex
from exprstats.cli.program import app

LABELS = {"neutral": "01", "happy": "03", "sad": "04"}


def run(*parts):
    return CliRunner().invoke(app, ["estimates", *map(str, parts)])


@pytest.fixture
def acted(tmp_path):
    """Two tables, face and voice, of 6 actors with 4 takes of 3 emotions; the scores know them."""
    rng = np.random.default_rng(1)
    for modality in ("face", "prosody"):
        rows = []
        for actor in range(1, 7):
            for place, code in enumerate(LABELS.values()):
                for take in ("01-01", "01-02", "02-01", "02-02"):
                    name = f"01-01-{code}-01-{take}-{actor:02d}"
                    scores = np.clip(0.2 + 0.5 * np.eye(3)[place] + 0.1 * rng.normal(size=3), 0, 1)
                    rows.append([name, *scores])
        table = pd.DataFrame(rows, columns=["recording", "Calmness", "Joy", "Sadness"])
        table.to_csv(tmp_path / f"acted_{modality}.csv", index=False)
    return [tmp_path / f"acted_{one}.csv" for one in ("face", "prosody")]


def test_rows_of_acted_recordings(acted, tmp_path):
    found = run(*acted, "--json", tmp_path / "x.json", "--maps", "--draws", "9")
    assert found.exit_code == 0, found.output
    held = json.loads((tmp_path / "x.json").read_text())
    assert [one["rows"] for one in held["inputs"]] == [72, 72]
    rows = pd.DataFrame(held["rows"])
    assert {"mean", "share_top", "spearman", "uar", "trustworthiness"} <= set(rows["term"])
    assert rows.query("term == 'mean'")["n_clusters"].eq(6).all()
    uar = rows.query("term == 'uar'").set_index("features")["estimate"]
    assert uar["face: scores"] > 0.9 and len(uar) == 7
    assert "Estimates of expression" in found.output and "trustworthiness" in found.output


def test_two_data_sets_of_a_wide_table(tmp_path):
    rng = np.random.default_rng(2)
    table = pd.DataFrame(rng.random((60, 3)), columns=["Joy", "Fear", "Awe"])
    table = table.assign(person=np.arange(60) // 5, study=np.repeat(["lab", "field"], 30))
    table.to_csv(tmp_path / "scores.csv", index=False)
    options = ["--subject", "person", "--by", "study", "--draws", "9", "--out", tmp_path / "out"]
    found = run(tmp_path / "scores.csv", *options)
    assert found.exit_code == 0, found.output
    assert "differ between field and lab" in found.output or "lab and field" in found.output
    means = pd.read_csv(tmp_path / "out" / "tables" / "estimates.csv")
    expected = table.groupby("study")["Joy"].mean()
    rows = means.query("term == 'mean' and emotion == 'Joy'").set_index("context")
    assert rows["estimate"].to_dict() == pytest.approx(expected.to_dict(), abs=1e-6)


@pytest.mark.parametrize(
    ("text", "told"), [("a,b\nx,y\n", "no column holds numbers"), ("id,Joy\n1,0.5\n1,0.4\n", None)]
)
def test_files_that_hold_no_scores_end_in_one_block(tmp_path, text, told):
    (tmp_path / "x.csv").write_text(text)
    found = run(tmp_path / "x.csv")
    assert found.exit_code == (0 if told is None else 2)
    if told:
        assert told in " ".join(found.output.split())


def test_a_missing_file_is_named(tmp_path):
    found = run(tmp_path / "none.csv")
    assert found.exit_code == 2 and "no such file" in found.output


def test_maps_repeat_and_trust_what_scikit_learn_says():
    from sklearn.manifold import trustworthiness

    rng = np.random.default_rng(3)
    wide = pd.DataFrame(rng.normal(size=(50, 4)), columns=list("abcd"))
    long = wide.assign(id="x", modality="face", time=np.arange(50.0)).melt(
        ["id", "modality", "time"], var_name="emotion", value_name="score"
    )
    one, two = (ex.map_expressions(long, perplexities=[5, 10], seed=1) for _ in range(2))
    assert one.points.equals(two.points)
    mine = one.points.query("perplexity == 10").sort_values("time")
    trust = trustworthiness(wide.to_numpy(), mine[["x", "y"]].to_numpy(), n_neighbors=5)
    assert one.tidy()["estimate"].iloc[1] == pytest.approx(trust, abs=1e-6)
    # Venna and Kaski (2001), eq. 1, in a loop: ranks among the scores of neighbours on the map.
    places = (wide.to_numpy(), mine[["x", "y"]].to_numpy())
    apart = [np.linalg.norm(held[:, None] - held, axis=2) for held in places]
    ranks, order = (np.argsort(np.argsort(held, axis=1), axis=1) for held in apart)
    lost = sum(
        max(ranks[i, j] - 5, 0) for i in range(50) for j in range(50) if 1 <= order[i, j] <= 5
    )
    assert trust == pytest.approx(1 - 2 * lost / (50 * 5 * (100 - 15 - 1)), abs=1e-6)


@pytest.mark.usefixtures("blank_pictures")
def test_tables_that_were_written_are_read_again(acted, tmp_path):
    """Bounds, adjectives and texts of one run give the next its thresholds, words and vectors."""
    shared = ["--draws", "9", "--folds", "6", "--seed", "3"]
    first = run(acted[1], *shared, "--out", tmp_path / "one")
    assert first.exit_code == 0, first.output
    tables = tmp_path / "one" / "tables"
    texts = pd.read_csv(tables / "texts.csv")
    rng = np.random.default_rng(1)
    texts.assign(**{f"d{n}": rng.normal(size=len(texts)) for n in range(3)}).to_csv(
        tmp_path / "vectors.csv", index=False
    )
    again = ["--thresholds", tables / "adverbs.csv", "--adjectives", tables / "adjectives.csv"]
    again += ["--vectors", tmp_path / "vectors.csv", "--out", tmp_path / "two"]
    second = run(acted[1], *shared, *again)
    assert second.exit_code == 0, second.output
    one, two = (
        pd.read_csv(tmp_path / name / "tables" / "sentences.csv") for name in ("one", "two")
    )
    assert one["sentence"].equals(two["sentence"])
    recall = pd.read_csv(tmp_path / "two" / "tables" / "transfer.csv").set_index("features")
    assert recall.loc["prosody: sentence of mean", "dimensions"].eq(3).all()
    inputs = json.loads((tmp_path / "two" / "results.json").read_text())["inputs"]
    assert len(inputs) == 4
    (tmp_path / "few.csv").write_text("sentence,d1\nThey look sad.,1\n")
    third = run(acted[1], *shared, "--vectors", tmp_path / "few.csv")
    assert third.exit_code == 2 and "without a vector" in " ".join(third.output.split())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--thresholds", "published.csv"], "published.csv"),
        (["--thresholds", "quantil"], "Did you mean 'quantile'"),
        (["--by", "site"], "no column 'site'"),
        (["--about", "none.csv"], "none.csv"),
        (["--emotions", "Joy,Pride"], "there is no column 'Pride'. There is: Calmness"),
    ],
)
def test_options_that_cannot_be_end_in_one_block(acted, options, told):
    found = run(acted[0], *options)
    assert found.exit_code == 2, found.output
    assert told in " ".join(found.output.split())
