"""Table 1 and its words name the coefficient that was estimated. Words are compared as printed."""

import numpy as np
import pandas as pd
import pytest

from exprstats.apa import write_interval, write_number
from exprstats.document.text import write_plain
from exprstats.reliability import plan_raters, rate_reliability
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
    tables = {table.name: table for section in document.sections for table in section.tables}
    table = tables["reliability"]
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
    # One-way components are computed without lme4, and crossed ones by it where R is at hand.
    assert "was estimated by restricted maximum likelihood with the" in words
    assert "lme4" not in words
    reliability = rate_reliability(crossed, model="two-way", estimator="reml")
    words, _ = tell(reliability)
    assert "was estimated by restricted maximum likelihood in lme4 (Bates et al., 2015)" in words
    document = build_document(gather_analysis(reliability, None))
    assert any("lme4" in write_plain(text) for text in document.references)


def read_table(reliability, number):
    document = build_document(gather_analysis(reliability, None))
    tables = [table for section in document.sections for table in section.tables]
    return next(table for table in tables if table.name == number)


def test_every_form_has_its_own_interval(crossed):
    reliability = rate_reliability(crossed, model="two-way")
    table, rows = read_table(reliability, "forms"), reliability.tidy()
    assert table.cells["term"].tolist() == ["ICC(A,k)", "ICC(C,k)"]
    for cells in table.cells.to_dict("records"):
        for key, term in (("", cells["term"]), ("single_", cells["term"].replace("k)", "1)"))):
            mine = rows[rows["term"].eq(term) & rows["k_rule"].isin(["harmonic", "all", None])]
            row = mine[mine["method"].eq("jackknife")].iloc[0]
            limits = write_interval(row["conf_low"], row["conf_high"], bounded=True)
            assert cells[f"{key}limits"] == limits
            value = cells[key.removesuffix("_") or "average"]
            assert value == write_number(row["estimate"], bounded=True)
    words = " ".join(write_plain(note) for note in table.notes)
    assert words.startswith("Intervals: clustered by subject. ICC(A)")
    assert "ICC(within)" not in words and "ICC(C) in the order" in words


def test_one_form_has_no_table_of_forms(crossed):
    document = build_document(gather_analysis(rate_reliability(crossed), None))
    assert "forms" not in [table.name for part in document.sections for table in part.tables]


def test_a_bootstrap_stands_beside_the_other_intervals(crossed):
    reliability = rate_reliability(crossed, draws=100, seed=1)
    table, rows = read_table(reliability, "reliability"), reliability.tidy()
    row = rows[rows["method"].eq("bootstrap") & rows["term"].eq("ICC(1,k)")].iloc[0]
    limits = write_interval(row["conf_low"], row["conf_high"], bounded=True)
    assert table.cells["bootstrap"].tolist() == [limits]
    words = " ".join(write_plain(note) for note in table.notes)
    assert "Bootstrap: percentiles of 100 draws of subjects; that raters are shared" in words
    words = " ".join(
        write_plain(note)
        for note in read_table(
            rate_reliability(crossed.drop(columns="subject"), cluster=None, draws=100, seed=1),
            "reliability",
        ).notes
    )
    assert "100 draws of clips." in words and "raters are shared" not in words


def test_two_raters_are_said_to_be_fixed(crossed):
    """Without one of two raters no clip has two ratings: subjects alone are left out."""
    two = crossed[crossed["rater"].isin(["r0", "r1"])]
    reliability = rate_reliability(two)
    words, heads = tell(reliability)
    row = reliability.table[reliability.table["headline"]].iloc[0]
    assert row["method"] == "jackknife_subjects"
    limits = write_interval(row["conf_low"], row["conf_high"], bounded=True)
    assert heads["Clustered by subject, raters fixed"] == limits
    assert f"ICC(1,k) = {write_number(row['estimate'], bounded=True)}, 95% CI {limits}" in words
    assert "Clustered by subject" not in heads and heads["Subjects"] == "10"
    assert (
        "Two raters are too few for an interval that allows for raters; this one leaves out the "
        "10 subjects one by one and treats the raters as fixed."
    ) in words
    assert "a delete-one jackknife over subjects, with raters treated as fixed, so" in words
    for missing in ("No subjects were named", "could be given", "over raters where"):
        assert missing not in words


def test_three_raters_rest_on_two_degrees_of_freedom(crossed):
    three = crossed[crossed["rater"].ne("r3")]
    reliability = rate_reliability(three, model="two-way")
    words, heads = tell(reliability)
    assert (
        "With only 3 raters this interval rests on 2 degrees of freedom and is very wide" in words
    )
    rows = reliability.table
    rows = rows[rows["term"].eq("ICC(A,k)")].set_index("method")
    for method, head in (
        ("jackknife", "Clustered by subject"),
        ("jackknife_subjects", "Clustered by subject, raters fixed"),
        ("satterthwaite", "Clips treated as independent"),
    ):
        row = rows.loc[method]
        assert heads[head] == write_interval(row["conf_low"], row["conf_high"], bounded=True)
    assert "that all raters rated" not in words


def build(*clips):
    """Return ratings of one question; of each clip those of all raters."""
    rows = [
        {"clip": f"c{i}", "rater": f"r{j}", "item": "joy", "rating": float(value)}
        for i, clip in enumerate(clips)
        for j, value in enumerate(clip)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("clips", "value", "told"),
    [
        # Means 2, 2, 5: MSB = 6; differences 4, 4, 2: MSW = 6.
        (((0, 4), (0, 4), (4, 6)), ".00", "is exactly 0: clips differ just as much as"),
        (((0, 4), (4, 1), (2, 5)), "−", "is negative: clips differ less than"),
        (((1, 1), (2, 2), (4, 4)), "1.00", "No interval could be computed for joy: raters agree"),
    ],
)
def test_coefficients_at_the_edges_have_true_sentences(clips, value, told):
    words, heads = tell(rate_reliability(build(*clips)))
    assert heads["ICC(1,k)"].startswith(value)
    assert told in words
    edges = ("is exactly 0", "is negative", "raters agree")
    assert [edge in words for edge in edges] == [edge in told for edge in edges]
    assert "No subjects were named" in words or value == "1.00"
    assert "CI —" not in words


def test_level_differences_between_contexts_stand_apart(crossed):
    contexts = {"calm": 0.0, "wild": 9.0}
    both = pd.concat(
        [
            crossed.assign(
                context=name, rating=crossed["rating"] + add, clip=crossed["clip"] + name
            )
            for name, add in contexts.items()
        ]
    )
    reliability = rate_reliability(both, by="context")
    words, _ = tell(reliability)
    table, rows = read_table(reliability, "reliability"), reliability.table
    cells = table.cells.set_index("context")["average"]
    assert cells.index.tolist() == [*contexts, "All", "All clips as one sample"]
    pooled = rows[rows["context"].isna() & rows["k_rule"].eq("all")].drop_duplicates("term")
    within, whole = (
        pooled.set_index("term")["estimate"][f"ICC(1,k){end}"] for end in ("", " of all clips")
    )
    # Levels that differ by 9 make all but nothing of the rest.
    assert whole > 0.95 > within + 0.1
    assert cells["All"] == write_number(within, bounded=True)
    assert cells["All clips as one sample"] == write_number(whole, bounded=True)
    assert f"within contexts ({cells['All']}); as one sample" in words
    assert f"all clips give {cells['All clips as one sample']}." in words


def test_panels_of_raters_by_context_leave_the_pooled_row_alone(crossed):
    other = crossed.assign(context="B", rater="x" + crossed["rater"], clip="x" + crossed["clip"])
    both = pd.concat([crossed.assign(context="A"), other])
    reliability = rate_reliability(both, by="context", model="two-way")
    table = read_table(reliability, "reliability")
    cells = table.cells.set_index("context")["average"]
    assert cells["A"] == cells["B"] != "—" and cells["All"] == "—"
    notes = " ".join(write_plain(note) for note in table.notes).replace("\xa0", " ")
    assert (
        "Not estimated: raters and clips fall into 2 sets that share nothing; differences between "
        "raters and between clips cannot be told apart (All)."
    ) in notes
    plan = plan_raters(reliability)
    document = build_document(gather_analysis([reliability, plan]))
    section = next(one for one in document.sections if one.name == "reliability")
    words = " ".join(write_plain(one) for one in section.sentences)
    assert "no number of raters is enough" not in words and "not attainable" not in words
    a5 = next(one for one in section.tables if one.name == "decisions")
    assert a5.cells.set_index("context")["raters"]["All"] == "—"


def test_a_coefficient_far_below_reads_as_a_sentence():
    """Means 2, 2.05 and 2.1, MSB = .005; differences of 4 or so: far below −10."""
    table = build((0, 4.0), (4.1, 0), (0, 4.2))
    words, heads = tell(rate_reliability(table))
    assert heads["ICC(1,k)"] == "< −10"
    assert "had a reliability of ICC(1,k) < −10" in words
    assert "= <" not in words
    two = pd.concat(
        [table.assign(context="joy"), build((0, 1), (2, 2), (4, 3.0)).assign(context="pain")]
    )
    words, _ = tell(rate_reliability(two, by="context"))
    assert "between < −10" not in words
    assert "= <" not in words
