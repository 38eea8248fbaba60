"""Table 1 and its words name the coefficient that was estimated. Words are compared as printed."""

import numpy as np
import pandas as pd
import pytest

from exprstats.apa import write_interval, write_number
from exprstats.document.text import write_plain
from exprstats.reliability import rate_reliability
from exprstats.report import build_document, gather_analysis


@pytest.fixture(scope="module")
def crossed():
    """Ratings of 30 clips, three of a subject, by the same four raters."""
    rng = np.random.default_rng(1)
    level, severity = rng.normal(size=30), rng.normal(size=4)
    rows = [
        {"clip": f"c{i}", "subject": f"s{i // 3}", "rater": f"r{j}", "item": "joy"}
        | {"rating": 2 + level[i] + severity[j] + rng.normal()}
        for i in range(30)
        for j in range(4)
    ]
    return pd.DataFrame(rows)


def tell(reliability):
    """Return the words of the report, the headings of Table 1 and its only line."""
    document = build_document(gather_analysis(reliability, None))
    (table,) = [table for section in document.sections for table in section.tables]
    texts = [one for section in document.sections for one in (*section.sentences, *section.caveats)]
    words = " ".join(write_plain(text) for text in (*texts, *table.notes)).replace("\xa0", " ")
    heads = {write_plain(column.heading): table.cells[column.key][0] for column in table.columns}
    return words, heads


def test_agreement_of_crossed_raters_is_not_called_one_way(crossed):
    reliability = rate_reliability(crossed.drop(columns="subject"), model="two-way", cluster=None)
    words, heads = tell(reliability)
    rows = reliability.tidy().set_index("term")
    average = rows.loc["ICC(A,k)"]
    assert heads["ICC(A,k)"] == write_number(average["estimate"], bounded=True)
    assert heads["ICC(A,1)"] == write_number(rows.loc["ICC(A,1)", "estimate"], bounded=True)
    limits = write_interval(average["conf_low"], average["conf_high"], bounded=True)
    assert heads["Clips treated as independent"] == limits
    assert "Clustered by subject" not in heads
    assert f"a reliability of ICC(A,k) = {heads['ICC(A,k)']}" in words
    assert "two-way random-effects intraclass correlation of absolute agreement" in words
    assert "interval rests on the F distribution" in words
    assert "No subjects were named" in words
    assert "one-way" not in words and "ICC(1" not in words


def test_clips_nested_in_subjects_have_no_interval_that_ignores_them(crossed):
    reliability = rate_reliability(crossed, model="nested")
    words, heads = tell(reliability)
    assert {"ICC(clip,k)", "ICC(clip,1)", "Clustered by subject"} <= heads.keys()
    assert "Clips treated as independent" not in heads
    assert "ICC(clip,k) = intraclass correlation (clips nested in subjects)" in words
    assert "McGraw" not in words and "treated as independent" not in words


def test_one_way_of_crossed_raters_is_warned_of(crossed):
    words, heads = tell(rate_reliability(crossed))
    assert {"ICC(1,k)", "ICC(1,1)", "Clips treated as independent"} <= heads.keys()
    assert "The one-way model counts differences in severity between raters as error" in words


@pytest.mark.r
def test_restricted_maximum_likelihood_is_named(crossed):
    reliability = rate_reliability(crossed, estimator="reml")
    words, heads = tell(reliability)
    rows = reliability.tidy()
    (shown,) = rows.loc[rows["headline"], "estimate"]
    assert heads["ICC(1,k)"] == write_number(shown, bounded=True)
    assert "was estimated by restricted maximum likelihood in lme4 (Bates et al., 2015)" in words
    document = build_document(gather_analysis(reliability, None))
    assert any("lme4" in write_plain(text) for text in document.references)
