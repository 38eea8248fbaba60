"""The section on audits of published tables. Limits are those that F gives, by hand."""

import pandas as pd
import pytest
from scipy.stats import f

from exprstats.document.text import write_plain
from exprstats.reliability import audit_table
from exprstats.report import describe_results, gather_analysis, write_report

pytestmark = pytest.mark.usefixtures("blank_pictures")


@pytest.fixture
def published():
    """A row that follows; one that does not, as text and as numbers; and one without a name."""
    rows = [
        {"task": "pain", "estimate": ".80", "conf_low": ".62", "conf_high": ".91", "n_clips": 20},
        {"task": "fear", "estimate": "−.010", "conf_low": "−.9", "conf_high": ".50", "n_clips": 30},
        {"task": None, "estimate": 0.8, "conf_low": 0.62, "conf_high": 0.95, "n_clips": 20},
    ]
    return pd.DataFrame(rows).assign(raters_per_clip=4)


def read(result):
    [section] = describe_results(gather_analysis(result))
    return section, " ".join(write_plain(one) for one in section.sentences).replace("\xa0", " ")


def test_rows_that_do_not_follow_have_their_limits(published):
    section, words = read(audit_table(published))
    assert words.startswith("1 of 3 rows follow from the 95% F interval of ICC(1,k). Table audit")
    table = section.tables[0]
    assert table.name == "audit_further1"
    assert table.cells["name0"].tolist() == ["fear", "—"]
    assert table.cells["estimate"].tolist() == ["−.010", ".80"]
    assert table.cells["printed"].tolist() == ["[−.9, .50]", "[.62, .95]"]
    # One-way, k = 4: F = 1 / (1 - ICC(1,k)); each printed limit has its own decimals.
    ratio = 1 / (1 + 0.010)
    low, high = (1 - f.ppf(0.975, 29, 90) / ratio, 1 - 1 / (ratio * f.ppf(0.975, 90, 29)))
    told = f"[{low:.1f}, {high:.2f}]".replace("0.", ".").replace("-", "−")
    assert table.cells["expected"].tolist()[0] == told
    points = [write_plain(point) for point in section.points]
    assert points[0].startswith("fear: ") and points[1].startswith("A row: ")
    assert "expected [" not in " ".join(points)


def test_decimals_that_were_given_are_printed(published):
    table = read(audit_table(published.assign(estimate=0.8, conf_high=0.95), decimals=3))[0].tables[
        0
    ]
    assert set(table.cells["estimate"]) == {".800"}


def test_a_table_that_holds_needs_no_list(published):
    section, words = read(audit_table(published.head(1)))
    assert section.tables == () and section.points == ()
    assert words.startswith("1 of 1 rows follow") and "explain" not in words


def test_an_audit_has_its_name_in_the_folder(published, tmp_path):
    page = write_report(audit_table(published), tmp_path / "report")
    assert "Audit of published reliabilities" in page.read_text(encoding="utf-8")
    names = {path.name for path in (page.parent / "tables").iterdir()}
    assert {"table1_audit_further1.csv", "table1_audit_further1_rows.csv"} <= names
