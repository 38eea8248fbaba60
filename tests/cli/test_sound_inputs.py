"""Inputs that are unusual and sound are read, by the command and by the verb alike.

Values follow from how the files were made, or are those of the verb on the same file (to 1e-9).
"""

import csv
import json
import re
import warnings

import numpy as np
import pytest

from exprstats import (
    ExprStatsError,
    average_raters,
    fit_factor,
    measure_agreement,
    rate_reliability,
    read_items,
    read_ratings,
    read_study,
    run_study,
)

from .made_files import (
    COMPARE,
    HEADER,
    ITEMS,
    LEVELS,
    ROWS,
    Case,
    change,
    clips,
    compare,
    one_factor,
    predictions,
    rate,
    write,
)

pytestmark = pytest.mark.usefixtures("blank_pictures")


def single(rows):
    return next(r["estimate"] for r in rows if r["term"] in {"ICC(1,1)", "ICC(A,1)"})


BASE = [HEADER, *ROWS]
FINE = {
    "3": ([HEADER, *([c, w, LEVELS[int(c[1:])], s] for c, w, _, s in ROWS)], ".csv", (), {}, 1.0),
    "8": (change(3, 2, ""), ".csv", (), {}, None),
    "9": ([HEADER, *ROWS[:-2]], ".csv", (), {}, None),
    "16": (BASE, ".utf16", (), {}, None),
    "17": (BASE, ".semicolon", (), {}, None),
    "55": (
        [[*HEADER, "task"], *([*r, ["All", "b"][i // 32]] for i, r in enumerate(ROWS))],
        ".csv",
        ("--by", "task"),
        {"context": "task"},
        None,
    ),
}


@pytest.mark.parametrize("row", FINE)
def test_an_unusual_input_that_is_sound_is_read(call_json, tmp_path, row):
    rows, ending, more, options, value = FINE[row]
    path = tmp_path / "table.csv"
    encoding = "utf-16" if ending == ".utf16" else "utf-8"
    with path.open("w", newline="", encoding=encoding) as stream:
        csv.writer(stream, delimiter=";" if ending == ".semicolon" else ",").writerows(rows)
    found = call_json("reliability", path, "--subject", "subject", *more)["rows"]
    with warnings.catch_warnings(action="ignore"):
        table = read_ratings(path, subject="subject", **options)
        known = rate_reliability(table, by="context" if more else None).tidy()
    assert single(found) == pytest.approx(known["estimate"].iloc[0], abs=1e-9)
    if value is not None:
        assert single(found) == pytest.approx(value, abs=1e-9)


def test_rows_31_and_28_hostile_names_and_scales_change_nothing(call_json, tmp_path):
    found = []
    names = ['system("touch x")*x1', "größe 😀", "a ~ b", "TRUE"]
    for unit, titles in ((1.0, ITEMS), (1e6, names)):
        path = tmp_path / f"{unit:g}.csv"
        with path.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(one_factor(unit=unit, names=titles))
        listed = ",".join('"' + one.replace('"', '""') + '"' for one in titles)
        rows = call_json("factor", path, "--items", listed)["rows"]
        loadings = [r["estimate"] for r in rows if r["term"] == "loading"]
        known = fit_factor(read_items(path, items=titles), items=titles).tidy()
        own = known[known["term"] == "loading"]["estimate"].tolist()
        assert loadings == pytest.approx(own, abs=1e-6)
        found.append(loadings)
    assert found[1] == pytest.approx(found[0], abs=1e-4)


def test_row_7_a_negative_icc_is_given_and_explained(call_json, tmp_path):
    path = tmp_path / "a.csv"
    rows = [[f"c{i}", f"w{j}", (i + 3 * j) % 4, f"p{i // 2}"] for i in range(16) for j in range(4)]
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([HEADER, *rows])
    value = single(call_json("reliability", path, "--subject", "subject")["rows"])
    assert value < 0
    assert value == pytest.approx(rate(path).tidy()["estimate"].iloc[0], abs=1e-9)


def test_row_20_predictions_that_do_not_vary_have_errors_but_no_correlation(call_json, tmp_path):
    path = write(Case("20", predictions(base=lambda t: 0.5), ""), tmp_path / "p.csv")
    rows = call_json(*(word.replace("{}", str(path)) for word in COMPARE), "--span", "4",
                     "--metric", "nrmse,correlation")["rows"]  # fmt: skip
    base = {r["metric"]: r["estimate"] for r in rows if r["model"] == "base" and not r["versus"]}
    assert base["nrmse"] > 0 and base["correlation"] is None
    with warnings.catch_warnings(action="ignore"):
        table = compare(path).tidy()
    own = table[(table["model"] == "base") & table["versus"].isna()].set_index("metric")["estimate"]
    assert own["rmse"].iloc[0] > 0 and own[["correlation"]].isna().all()


def test_row_58_people_that_gaps_take_are_counted(tmp_path):
    def label(table):
        return np.where(table.index < 60, "low", "high")

    rows = clips(label=label, y=lambda t: t["y"].where(t.index >= 60))
    write(Case("58", rows, ""), tmp_path / "c.csv")
    study = tmp_path / "study.toml"
    study.write_text('[clips]\nfile = "c.csv"\ntarget = "label"\nfeatures = ["smile", "y"]\n')
    with warnings.catch_warnings(action="ignore"), pytest.raises(ExprStatsError):
        run_study(read_study(study))
    some = clips(label=label, y=lambda t: t["y"].where(t.index >= 20))
    write(Case("58", some, ""), tmp_path / "c.csv")
    with warnings.catch_warnings(action="ignore"):
        run = run_study(read_study(study), draws=100)
    (one,) = [one for one in run.provenance.exclusions if one.stage == "read"]
    assert "'y' (20); nothing is left of 5 of 30 subjects ('p0'" in one.reason


def test_row_41_ids_of_two_files_that_do_not_match_are_counted(call, tmp_path):
    for name, rows in (
        ("r.csv", BASE),
        ("c.csv", [["clip", "subject", "x"], *([f"z{i}", f"p{i}", i * i % 7] for i in range(30))]),
    ):
        with (tmp_path / name).open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(rows)
    study = tmp_path / "study.toml"
    study.write_text('[ratings]\nfile = "r.csv"\n[clips]\nfile = "c.csv"\n')
    command = call("report", study, "--out", tmp_path / "report", code=2)
    shown = " ".join((command.stdout + command.stderr).split())
    assert re.search(
        "16 of 16 rated clips of r.csv are not in c.csv .* 30 of 30 clips of c.csv", shown
    ), shown
    with warnings.catch_warnings(action="ignore"):
        run = run_study(read_study(study))
    (cause,) = [one.cause for one in run.provenance.failures if one.stage == "join"]
    assert "30 of 30 clips of c.csv are not in r.csv" in cause


def test_rows_47_48_and_64_nothing_of_others_is_replaced(call, tmp_path):
    from exprstats import write_report

    path = write(Case("48", BASE, ""), tmp_path / "a.csv")
    call("reliability", path, "--out", tmp_path / "out")
    told = call("reliability", path, "--out", tmp_path / "out", code=2).stderr
    assert "--force" in told
    call("reliability", path, "--out", tmp_path / "out", "--force")
    result = rate(path)
    write_report(result, tmp_path / "report")
    with pytest.raises(ExprStatsError, match="already holds results"):
        write_report(result, tmp_path / "report")
    (tmp_path / "mine.json").write_text("mine")
    call("reliability", path, "--json", tmp_path / "mine.json", code=2)
    assert (tmp_path / "mine.json").read_text() == "mine"


def test_strict_takes_every_warning_for_an_error(call, tmp_path):
    path = write(Case("49", change(5, 2, 44), ""), tmp_path / "a.csv")
    assert json.loads(call("reliability", path, "--json", "-").stdout)["warnings"]
    told = call("reliability", path, "--strict", code=2).stderr
    assert "1 cell holds 44" in told


def test_average_and_agreement_meet_codes_as_reliability_does(tmp_path):
    path = write(Case("49", change(5, 2, 44), ""), tmp_path / "a.csv")
    with pytest.warns(UserWarning, match="1 cell holds 44"):
        table = read_ratings(path, subject="subject")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        average_raters(table)
        measure_agreement(table, weights="identity")
    assert not [one for one in caught if "far from" in str(one.message)]
