"""A stage that fails is named with its cause; the others, and the files, are there all the same."""

import html
import json
import warnings

import pandas as pd
import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app
from exprstats.errors import DataError, ExprStatsWarning
from exprstats.report import write_report
from exprstats.study import read_study, run_study


@pytest.fixture
def study(folder, tmp_path):
    """Write the small study with its tables changed; return the study file."""

    def write(change_ratings=None, change_clips=None, text=""):
        for name, change in (("ratings", change_ratings), ("clips", change_clips)):
            table = pd.read_csv(folder / f"{name}.csv")
            (change(table) if change else table).to_csv(tmp_path / f"{name}.csv", index=False)
        whole = (folder / "study.toml").read_text(encoding="utf-8").replace("scale = [0, 4]\n", "")
        (tmp_path / "study.toml").write_text(whole + text, encoding="utf-8")
        return tmp_path / "study.toml"

    return write


def read_page(folder):
    page = (folder / "index.html").read_text(encoding="utf-8")
    return html.unescape(page).replace("\N{NO-BREAK SPACE}", " ").replace("’", "'")


def call(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def add_up(rows):
    """Make an item the sum of two others in the given rows."""

    def change(table):
        here = slice(None) if rows is None else table["task"].eq(rows)
        table.loc[here, "motion"] = table.loc[here, "response"] + table.loc[here, "emotion"]
        return table

    return change


@pytest.mark.usefixtures("blank_pictures")
def test_an_item_that_is_a_sum_leaves_the_reliability(study, tmp_path):
    result = call("report", study(add_up(None)))
    assert result.exit_code == 2
    told = " ".join(result.stderr.split())
    assert "exprstats report: 1 part failed" in told
    assert "'factor' failed" in told
    assert "one is a sum of the others" in told
    assert "Table 1. Inter-Rater Reliability" in result.stdout
    found = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    origin = json.loads((tmp_path / "report" / "provenance.json").read_text(encoding="utf-8"))
    assert len(found["reliability"]) > 0
    assert len(found["failed"]) == 1
    assert found["failed"][0].startswith("The stage 'factor' failed: ")
    assert origin["failures"][0]["stage"] == "factor"
    assert origin["failures"][0]["kind"] == "DataError"
    page = read_page(tmp_path / "report")
    assert "The analysis is incomplete. The stage 'factor' failed" in page


def test_a_context_that_cannot_be_measured_leaves_the_others(study):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run = run_study(read_study(study(add_up("pain"))))
    assert any("'pain'" in str(one.message) for one in caught)
    loadings = run.factor.tidy().query("term == 'loading' and headline")
    sound = loadings.dropna(subset="estimate")["context"].dropna().unique()
    assert list(sound) == ["startle"]
    assert run.reliability is not None


def test_test_subjects_that_are_too_few_leave_the_models(study):
    few = lambda table: table[table["subject"].isin(sorted(table["subject"].unique())[:9])]  # noqa: E731
    with pytest.warns(ExprStatsWarning, match="'compare' failed"):
        run = run_study(read_study(study(few, few)))
    assert [one.stage for one in run.provenance.failures] == ["compare"]
    assert list(run.models) == ["elastic"]
    assert run.factor is not None
    assert run.comparison is None


def test_where_nothing_is_left_the_first_cause_is_raised(tmp_path):
    rows = ["clip,rater,smile", *(f"{clip},1,{clip}" for clip in range(5))]
    (tmp_path / "ratings.csv").write_text("\n".join(rows))
    keys = ["[ratings]", "file = 'ratings.csv'", "items = ['smile']"]
    (tmp_path / "study.toml").write_text("\n".join(keys))
    with pytest.raises(DataError, match="rater"):
        run_study(read_study(tmp_path / "study.toml"))


@pytest.mark.usefixtures("blank_pictures")
def test_a_figure_that_cannot_be_drawn_is_left_out_with_its_reason(run, tmp_path, monkeypatch):
    def fail(*_, **__):
        message = "the weights are all 0"
        raise ValueError(message)

    monkeypatch.setattr("exprstats.report.sections.weights.draw_weights", fail)
    write_report(run, tmp_path / "report")
    page = read_page(tmp_path / "report")
    assert "The figure ‘Feature Weights" in page
    assert "was left out: it could not be drawn (ValueError: the weights are all 0)" in page
    assert not list((tmp_path / "report" / "figures").glob("figure*weights*"))
    assert list((tmp_path / "report" / "figures").glob("figure*performance*"))


@pytest.mark.usefixtures("blank_pictures")
def test_a_figure_that_fails_leaves_the_results_of_a_command(folder, tmp_path, monkeypatch):
    def fail(*_, **__):
        message = "no room"
        raise ValueError(message)

    monkeypatch.setattr("exprstats.report.sections.measurement.draw_factor", fail)
    table = pd.read_csv(folder / "ratings.csv").groupby("clip")[["response", "emotion", "motion"]]
    table.mean().reset_index().to_csv(tmp_path / "items.csv", index=False)
    words = ("factor", tmp_path / "items.csv", "--items", "response,emotion,motion")
    result = call(*words, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "was left out: it could not be drawn (ValueError: no room)" in " ".join(
        result.stdout.split()
    )
    assert (tmp_path / "out" / "results.json").is_file()
    assert "no room" in (tmp_path / "out" / "sentences.txt").read_text(encoding="utf-8")


@pytest.mark.usefixtures("blank_pictures")
def test_a_section_that_fails_does_not_take_the_report_with_it(run, tmp_path, monkeypatch):
    def describe_weights(_):
        message = "odd"
        raise KeyError(message)

    from exprstats.report.sections import weights

    monkeypatch.setattr(weights, "describe_weights", describe_weights)
    with pytest.warns(ExprStatsWarning, match="section on weights"):
        write_report(run, tmp_path / "report")
    found = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    assert found["failed"] == ["The section on weights could not be written (KeyError: 'odd')."]
    assert found["comparison"]


def test_models_that_do_not_exist_are_named_beside_those_that_do(tmp_path):
    rows = [f"{clip},s{clip // 2},net,{clip},{clip % 3}" for clip in range(12)]
    (tmp_path / "p.csv").write_text("\n".join(["clip,subject,model,truth,prediction", *rows]))
    for named in ("Q,Z", "net,Z"):
        result = call("compare", tmp_path / "p.csv", "--subject", "subject", "--models", named)
        assert result.exit_code == 2
        assert "'Z'" in result.stderr
        assert "net" in result.stderr


def test_a_model_that_fails_is_named_and_the_others_are_compared(study, monkeypatch):
    def fail(*_, **__):
        message = "out of memory"
        raise MemoryError(message)

    monkeypatch.setattr("exprstats.models.fit_forest", fail)
    text = "".join(
        f'\n[[models]]\nname = "{name}"\nkind = "{kind}"\n'
        for name, kind in (("net", "elastic"), ("trees", "forest"))
    )
    with pytest.warns(ExprStatsWarning, match="'models' of 'trees' failed: MemoryError"):
        run = run_study(read_study(study(text=text)))
    assert list(run.models) == ["net"]
    assert run.comparison is not None
