"""Every command on small files: what it prints, its JSON, its files.

Tolerance: none against the verbs, which give the same bits; 1e-12 against numbers that went
through a file, whose texts hold all digits.
"""

import hashlib
import json

import pandas as pd
import pytest

import exprstats
from exprstats.io import read_clips, read_ratings
from exprstats.reliability import rate_reliability
from exprstats.study import read_study

KEYS = ["command", "version", "seed", "inputs", "rows", "warnings"]
RATINGS = ("--rating", "response,emotion,motion", "--subject", "subject")


@pytest.fixture(scope="module")
def items(data, tmp_path_factory):
    ratings = pd.read_csv(data / "ratings.csv")
    key = ["context", "subject", "clip"]
    place = tmp_path_factory.mktemp("items") / "items.csv"
    ratings.groupby(key)[["response", "emotion", "motion"]].mean().reset_index().to_csv(place)
    return place


def test_the_envelope_is_the_contract(call_json, data):
    file = data / "ratings.csv"
    told = call_json("reliability", file, *RATINGS, "--by", "context", "--seed", 7)
    assert list(told) == [*KEYS, "descriptives"]
    assert (told["command"], told["seed"]) == ("reliability", 7)
    assert told["version"] == exprstats.__version__
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    rows = len(pd.read_csv(file))
    assert told["inputs"] == [{"file": str(file), "sha256": sha256, "rows": rows}]


def test_reliability_gives_the_rows_of_the_verb(call_json, data):
    file = data / "ratings.csv"
    told = call_json("reliability", file, *RATINGS, "--by", "context")
    ratings = read_ratings(file, items=["response", "emotion", "motion"])
    wanted = rate_reliability(ratings, by="context").table
    told["rows"] = [row for row in told["rows"] if "versus" not in row]
    assert [row["estimate"] for row in told["rows"]] == wanted["estimate"].tolist()
    contexts = [row["context"] for row in told["rows"]]
    first = contexts.index(None)
    assert set(contexts[first:]) == {None}
    assert set(contexts[:first]) == {"startle", "pain", "disgust"}


def test_reliability_prints_pooled_rows_last_and_named(call, data):
    out = call("reliability", data / "ratings.csv", *RATINGS, "--by", "context").stdout
    table = out.split("Table 1.")[1].split("Note.")[0]
    blocks = [line for line in table.splitlines()[5:] if line and not line.startswith(" ")]
    assert blocks[-5:] == ["startle", "pain", "disgust", "All", "All clips as one sample"]
    items = [
        line.split()[0] for line in table.splitlines() if line.startswith("  ") and "[" in line
    ]
    assert items == ["response", "emotion", "motion"] * 5
    assert "Seed 1." in out
    assert " 0." not in table


def test_reliability_prints_the_decision_study(call, data):
    out = call("reliability", data / "ratings.csv", *RATINGS).stdout
    table = out.split(". Reliability With Other Numbers of Rater")[1].splitlines()
    line = next(line for line in table if line.startswith("response")).split()
    # Spearman and Brown: k ratings of reliability r have k r / (1 + (k - 1) r).
    single = float(line[1])
    for count, printed in zip((2, 3, 5, 8, 12), line[4:-3:3], strict=True):
        assert float(printed) == pytest.approx(
            count * single / (1 + (count - 1) * single), abs=0.011
        )


def test_json_files_and_quiet(call, data, tmp_path):
    file = tmp_path / "rows.json"
    result = call("reliability", data / "ratings.csv", *RATINGS, "--json", file, "--quiet")
    assert result.output == ""
    assert list(json.loads(file.read_text())) == [*KEYS, "descriptives"]


def test_warnings_stand_in_json_and_in_print(call, call_both, data, tmp_path):
    ratings = pd.read_csv(data / "ratings.csv")
    ratings.loc[ratings["rater"] == ratings["rater"][0], "response"] = 2
    file = tmp_path / "ratings.csv"
    ratings.to_csv(file, index=False)
    options = ("reliability", file, "--rating", "response", "--subject", "subject")
    both = call_both(*options)
    [told] = both.told["warnings"]
    assert f"'{ratings['rater'][0]}'" in told
    assert "Warnings\n  - raters" in both.stdout
    beside = call(*options, "--json", "-")
    assert "Warnings" in beside.stderr
    json.loads(beside.stdout)


def test_names_with_commas_and_signs(call_json, data, tmp_path):
    ratings = pd.read_csv(data / "ratings.csv")
    names = {"response": "a, b", "emotion": "system('x')", "motion": "Größe ~ 1"}
    ratings.rename(columns=names).to_csv(tmp_path / "odd.csv", index=False)
    columns = "\"a, b\",system('x'),Größe ~ 1"
    told = call_json("reliability", tmp_path / "odd.csv", "--rating", columns)
    assert {row["item"] for row in told["rows"]} == set(names.values())


def test_factor_writes_scores_and_rows(call_json, items, tmp_path):
    scores = tmp_path / "scores.csv"
    told = call_json(
        *("factor", items, "--items", "response,emotion,motion", "--by", "context"),
        *("--clip", "clip", "--subject", "subject", "--scale", "0,4", "--scores", scores),
    )
    terms = {row["term"] for row in told["rows"]}
    assert {"loading", "residual", "loading_raw", "residual_raw", "intercept", "omega"} <= terms
    written = pd.read_csv(scores)
    assert {"context", "clip", "subject", "fitted_on", "score", "std_error"} <= set(written)
    assert len(written) == 2 * len(pd.read_csv(items))


def test_factor_says_who_computed(call, items):
    out = call("factor", items, "--items", "response,emotion,motion").stdout
    assert "R call for all clips: lavaan::cfa(" in " ".join(out.split()) or "closed-form" in out
    assert "three items: the model has no degrees of freedom (df = 0)" in " ".join(out.split())


def test_fit_prints_weights_and_writes_predictions(call, call_json, data, predictions):
    fit = ("fit", data / "clips.csv", "--target", "au_count", "--subject", "subject")
    told = call_json(*fit, "--by", "context")
    weights = [row for row in told["rows"] if row["term"] == "weight"]
    features = [name for name in read_clips(data / "clips.csv") if name.startswith("yaw")]
    assert set(features) <= {row["feature"] for row in weights}
    assert "au_count" not in {row["feature"] for row in weights}
    assert {row["part"] for row in told["rows"]} == {"train", "validate", "test"}
    table = pd.read_csv(predictions)
    assert {"clip", "model", "subject", "part", "fitted_on", "truth", "prediction"} <= set(table)
    out = call(*fit, "--features", "au_intensity,yaw_velocity").stdout
    assert "au_intensity" in out and "pitch_velocity" not in out


def test_fit_gives_weights_their_intervals(call_json, data):
    options = ("--target", "au_count", "--subject", "subject", "--features", "au_intensity")
    told = call_json("fit", data / "clips.csv", *options, "--weights-draws", "50")
    [row] = [row for row in told["rows"] if row["term"] == "weight" and row["headline"]]
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    assert row["draws"] == 50


def test_fit_grows_forests(call, call_json, data):
    options = ("--target", "au_count", "--subject", "subject", "--features", "au_intensity")
    told = call_json("fit", data / "clips.csv", *options, "--model", "forest")
    terms = {row["term"] for row in told["rows"]}
    assert {"rmse", "correlation", "max_features", "min_leaf"} == terms
    ended = call(
        "fit", data / "clips.csv", *options, "--model", "forest", "--weights-draws", 99, code=2
    )
    assert "a forest has no weights" in " ".join(ended.stderr.split())
    few = call("fit", data / "clips.csv", *options, "--weights-draws", 9, code=2)
    assert "too few" in " ".join(few.stderr.split())


def test_fit_leaves_out_clips_with_gaps_and_says_so(call_json, data, tmp_path):
    clips = pd.read_csv(data / "clips.csv")
    clips.loc[4, "yaw_velocity"] = None
    clips.to_csv(tmp_path / "clips.csv", index=False)
    told = call_json("fit", tmp_path / "clips.csv", "--target", "au_count", "--subject", "subject")
    [warning] = told["warnings"]
    assert warning.startswith(f"1 of {len(clips)} clips left out")
    assert clips["clip"][4] in warning


def test_compare_reads_what_fit_wrote(call_json, predictions):
    told = call_json(
        *("compare", predictions, "--subject", "subject", "--by", "context"),
        *("--metric", "rmse,correlation", "--draws", "200"),
    )
    table = pd.read_csv(predictions).query("part == 'test' and fitted_on == 'all'")
    [row] = [
        row
        for row in told["rows"]
        if row["headline"] and row["context"] is None and row["metric"] == "rmse"
    ]
    wanted = ((table["truth"] - table["prediction"]) ** 2).mean() ** 0.5
    assert row["estimate"] == pytest.approx(wanted, rel=1e-12)
    assert "Only rows whose part is" in told["warnings"][0]


def test_compare_reads_wide_files(call, call_json, predictions, tmp_path):
    table = pd.read_csv(predictions).query("part == 'test' and fitted_on == 'all'")
    wide = table[["clip", "subject", "truth", "prediction"]].rename(columns={"truth": "y"})
    wide = wide.assign(flat=table["truth"].mean(), net=wide["prediction"])
    wide.to_csv(tmp_path / "wide.csv", index=False)
    options = ("--subject", "subject", "--truth", "y", "--models", "net,flat", "--draws", "200")
    told = call_json("compare", tmp_path / "wide.csv", *options, "--metric", "rmse")
    assert {row["term"] for row in told["rows"]} == {"net", "flat", "net - flat"}
    out = call("compare", tmp_path / "wide.csv", *options, "--metric", "nrmse", "--span", "7")
    assert "NRMSE (lower is better)" in out.stdout and "Table 2." in out.stdout


def test_out_is_a_folder_that_is_refused_twice(call, predictions, tmp_path):
    options = ("compare", predictions, "--subject", "subject", "--draws", "100", "--metric", "rmse")
    folder = tmp_path / "out"
    call(*options, "--out", folder)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {
        "figures/figure1_performance.png",
        "figures/figure1_performance.svg",
        "provenance.json",
        "results.json",
        "sentences.txt",
        "tables/comparison.csv",
    }
    assert list(json.loads((folder / "results.json").read_text())) == KEYS
    before = (folder / "provenance.json").read_bytes()
    assert "--force" in call(*options, "--out", folder, code=2).stderr
    assert (folder / "provenance.json").read_bytes() == before
    told = (folder / "sentences.txt").read_text(encoding="utf-8")
    call(*options, "--out", folder, "--force", "--quiet")
    assert (folder / "sentences.txt").read_text(encoding="utf-8") == told
    assert told.startswith("On the ") and "The performance of " in told


def test_a_failed_command_leaves_no_folder(call, predictions, tmp_path):
    folder = tmp_path / "out"
    call("compare", predictions, "--subject", "nobody", "--out", folder, code=2)
    assert list(tmp_path.iterdir()) == []


def test_simulate_writes_a_study_that_runs(call, data):
    assert {path.name for path in data.iterdir()} == {
        *("ratings.csv", "clips.csv", "truth.csv", "study.toml", "provenance.json")
    }
    assert "No problems found." in call("check", data / "study.toml").stdout


def test_simulate_is_repeatable(call, data, tmp_path):
    again = ("simulate", "expressiveness", "--out", tmp_path / "x", "--subjects", 30, "--seed", 4)
    call(*again)
    for name in ("ratings.csv", "clips.csv", "truth.csv", "study.toml"):
        assert (tmp_path / "x" / name).read_bytes() == (data / name).read_bytes()


@pytest.mark.usefixtures("blank_pictures")
def test_report_writes_a_report_and_its_rows(call_json, data, tmp_path):
    text = (data / "study.toml").read_text().replace("draws = 2000", "draws = 200")
    text = text.replace("draws = 500", "draws = 100")
    study = tmp_path / "study.toml"
    study.write_text(
        text.replace('"ratings.csv"', f'"{data}/ratings.csv"').replace(
            '"clips.csv"', f'"{data}/clips.csv"'
        )
    )
    told = call_json("report", study, "--out", tmp_path / "report", "--seed", 9)
    assert (tmp_path / "report" / "index.html").is_file()
    assert told["seed"] == 9 != read_study(study).seed
    assert [one["file"].rsplit("/")[-1] for one in told["inputs"]] == ["ratings.csv", "clips.csv"]
    by_result = {}
    for row in told["rows"]:
        by_result.setdefault(row.pop("result"), []).append(row)
    found = json.loads((tmp_path / "report" / "results.json").read_text())
    assert by_result == {
        "descriptives": found["descriptives"],
        "columns scores": found["columns"]["scores"],
        "means": found["means"],
        "feature_correlations": found["feature_correlations"],
        "reliability": found["reliability"],
        "factor": found["factor"]["rows"],
        "score_reliability": found["score_reliability"],
        "model elastic": found["models"]["elastic"],
        "model forest": found["models"]["forest"],
        "comparison": found["comparison"],
        "calibration": found["calibration"]["rows"],
        "ceiling": found["ceiling"],
        "weights": found["weights"],
        "contrasts": found["contrasts"],
        "pooling": found["pooling"],
        "importance elastic": found["importance"]["elastic"],
        "importance forest": found["importance"]["forest"],
        "dependence forest": found["dependence"]["forest"],
    }
    terms = {name: {row.get("term") for row in rows} for name, rows in by_result.items()}
    assert {"weight", "unpenalised"} <= terms["weights"]
    assert "importance" in terms["importance forest"]
