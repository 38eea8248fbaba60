"""The section on the design of ratings, and that on the choice of a coefficient.

Counts against the table itself, exactly.
"""

import pandas as pd
import pytest

from exprstats.document.text import write_plain
from exprstats.reliability import choose_icc, describe_design, rate_reliability
from exprstats.report import describe_results, gather_analysis


def read(results, name="design"):
    sections = describe_results(gather_analysis(results))
    section = next(section for section in sections if section.name == name)
    return section, " ".join(write_plain(one) for one in (*section.sentences, *section.points))


@pytest.fixture
def ratings():
    """Three raters of eight clips; one rating of sad is missing, one clip has two raters."""
    rows = [
        {"clip": f"c{i}", "subject": f"s{i // 2}", "rater": f"r{j}", "item": item}
        | {"rating": float((3 * i + 2 * j + (item == "sad")) % 5 - 2)}
        for item in ("joy", "fun", "sad")
        for i in range(8)
        for j in range(3)
        if (i, j) != (0, 2)
    ]
    table = pd.DataFrame(rows)
    table.loc[
        table["item"].eq("sad") & table["clip"].eq("c5") & table["rater"].eq("r1"), "rating"
    ] = None
    return table


def test_counts_are_those_of_the_ratings(ratings):
    results = [rate_reliability(ratings), describe_design(ratings)]
    table = read(results)[0].tables[0]
    assert table.name == "design"
    rows = table.cells.set_index("item")
    assert rows.index.tolist() == ["joy, fun", "sad"]
    assert rows["ratings"].tolist() == ["23", "22"]
    assert rows["missing"].tolist() == ["0", "1"]
    assert rows["clips"].tolist() == ["8", "8"] and rows["raters"].tolist() == ["3", "3"]
    assert rows["subjects"].tolist() == ["4", "4"]
    assert rows["per_clip"].tolist() == ["2–3 (3)"] * 2
    assert rows["per_rater"].tolist() == ["8", "7"]
    assert rows["filled"].tolist() == ["96%", "92%"]
    assert rows["range"].tolist() == ["−2–2"] * 2
    assert "context" not in [column.key for column in table.columns]


def test_the_range_comes_with_the_reliability(ratings):
    section, words = read([describe_design(ratings)])
    assert {"kind", "filled"} <= {column.key for column in section.tables[0].columns}
    assert "range" not in [column.key for column in section.tables[0].columns]
    assert "ICC(A,k) (report this one)" in words
    assert "A subject is seen in 2 clips (median)." in words


def test_a_context_called_all_is_not_the_pooled_one(ratings):
    twice = pd.concat(
        [ratings.assign(context=name, clip=ratings["clip"] + name) for name in ("All", "pain")]
    )
    cells = read([describe_design(twice, by="context")])[0].tables[0].cells
    counts = cells[cells["item"].eq("joy, fun")].set_index("context")["ratings"]
    assert counts.to_dict() == {"All (context)": "23", "pain": "23", "All": "46"}


@pytest.mark.parametrize("subjects", [True, False])
def test_the_choice_says_which_model_gives_it_and_what_else_there_is(ratings, subjects):
    table = ratings if subjects else ratings.drop(columns="subject")
    result = rate_reliability(table, cluster="subject" if subjects else None)
    section, words = read([choose_icc(table), result], "choice")
    assert words.startswith("Report ICC(A,k). ")
    assert [write_plain(step) for step in section.steps] == [
        'rate_reliability(ratings, model="two-way")',
        "exprstats reliability FILE --model two-way",
    ]
    assert "If single ratings, not means, are analyzed: ICC(A,1) (model two-way)." in words
    # Without subjects nothing about them can be asked.
    assert ("ICC(subject,k) (model nested)" in words) == subjects
