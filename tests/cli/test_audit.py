"""What ``audit`` says of published tables.

Tolerance: none; expected limits are rounded to the decimals in print.
"""

from pathlib import Path
from typing import get_type_hints

import pandas as pd
import pytest

from exprstats.cli import audit as audit
from exprstats.reliability.audit import AuditTerm

LIN = Path(__file__).parents[1] / "oracles" / "reliability" / "lin2020.csv"
HEADER = "estimate,conf_low,conf_high,n_clips,raters_per_clip"


def squeeze(text):
    return " ".join(text.split())


@pytest.fixture
def write(tmp_path):
    def put(*rows, header=HEADER, name="table.csv"):
        file = tmp_path / name
        file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return file

    return put


def test_the_central_papers_tables(call_both):
    both = call_both("audit", LIN)
    told = both.told
    wrong = [row for row in told["rows"] if not row["consistent"]]
    assert (len(told["rows"]), len(wrong)) == (40, 10)
    # The pilot has 5 x 8 clips of sadness; its limits are those of 35.
    sadness = [row for row in wrong if row["task"] == "sadness"]
    assert len(sadness) == 4
    assert all("it fits 35 clips, not 40" in row["note"] for row in sadness)
    assert (sadness[0]["expected_low"], sadness[0]["expected_high"]) == (0.021, 0.673)
    assert {type(row["estimate"]) for row in told["rows"]} == {float}
    out = squeeze(both.stdout)
    assert "30 of 40 rows follow from the 95% F interval of ICC(1,k)." in out
    assert "5 startle 3: it fits if the upper limit reads .881, not .861" in out
    # What is printed is what JSON holds, with the decimals in print.
    for row in wrong:
        limits = (row["expected_low"], row["expected_high"])
        told = ", ".join(f"{one:.3f}".replace("0.", ".").replace("-", "−") for one in limits)
        name = f"{row['table']:g} {row['task']} {row['question']:g} {row['n_clips']}"
        assert f"[{told}]" in out.split(name)[1].split(row["task"])[0]


def test_names_that_mean_other_things_go_through(call, write):
    rows = ("All,.419,-.014,.687,40,3", ",.419,-.014,.687,40,3")
    file = write(*rows, header=f"context,{HEADER}", name="run_span=3.csv")
    out = call("audit", file).stdout
    assert "- All: it fits 35 clips" in out and "- A row: it fits 35 clips" in out
    lines = out.split(". Rows That Do Not Follow")[1].splitlines()
    assert [line.split()[0] for line in lines if ".419" in line] == ["All", "—"]


def test_decimals_are_those_of_the_text(call_json, write):
    # .80 [.62, .91] of 20 clips by 4 raters follows with two decimals, and not with three.
    rows = {digits: f"{0.8:.{digits}f},.62,.91,20,4" for digits in (1, 2, 3)}
    found = {
        digits: call_json("audit", write(row))["rows"][0]["consistent"]
        for digits, row in rows.items()
    }
    assert found == {1: True, 2: True, 3: False}


def test_decimals_can_be_given_where_a_file_lost_them(call_json, write):
    file = write(".8,.6,.9,20,4")
    assert call_json("audit", file)["rows"][0]["consistent"]
    assert not call_json("audit", file, "--decimals", 3)["rows"][0]["consistent"]


def test_commas_and_dashes(call_json, write):
    file = write("−1,010;–2,509;-,084;35;3", header=HEADER.replace(",", ";"))
    [row] = call_json("audit", file)["rows"]
    assert (row["estimate"], row["conf_low"], row["conf_high"]) == (-1.01, -2.509, -0.084)
    assert row["consistent"]


def test_workbooks(call, tmp_path):
    table = pd.read_csv(LIN)
    table.to_excel(tmp_path / "published.xlsx", index=False)
    out = call("audit", tmp_path / "published.xlsx").stdout
    assert "30 of 40 rows" in out
    assert "5 sadness 1 40 3 .419 [−.014, .687] [.021, .673]" in squeeze(out)


def test_other_coefficients_and_levels(call_json, write):
    # Shrout and Fleiss (1979): ICC(3,1) = .71 [.34, .95] of 6 targets and 4 judges.
    file = write(".715,.342,.946,6,4")
    assert call_json("audit", file, "--term", "ICC(C,1)")["rows"][0]["consistent"]
    assert not call_json("audit", file, "--term", "ICC(1,1)")["rows"][0]["consistent"]
    options = ("--term", "ICC(C,1)", "--level", 0.9)
    assert not call_json("audit", file, *options)["rows"][0]["consistent"]
    assert get_type_hints(audit.audit_file)["term"] == AuditTerm


def test_rows_need_no_names_and_names_may_be_empty(call, write):
    assert "A row: it fits 35 clips, not 40." in call("audit", write(".419,-.014,.687,40,3")).stdout
    file = write("a,,.419,-.014,.687,40,3", "b,1,.419,-.014,.687,40,3", header=f"x,y,{HEADER}")
    out = call("audit", file).stdout
    assert "- a: it fits" in out and "- b 1: it fits" in out


def test_a_table_that_is_no_published_one(call, write):
    told = squeeze(call("audit", write("1,2", header="estimate,score"), code=2).stderr)
    assert "there is no column 'conf_low' or 'conf_high' or 'n_clips'" in told
    rows = (".419,-.014,.687,35,3", ".5,.6,.7,20,4", "1.2,.6,.7,20,4")
    told = squeeze(call("audit", write(*rows)).stdout)
    assert "1 of 3 rows follow" in told
    assert ".5 [.6, .7] is impossible, for whatever data: it is no coefficient" in told
    assert "[.6, .7]" in told and "nan" not in told.lower()
