"""Sentences and tables on descriptives, means and correlations, at their edges."""

import numpy as np
import pandas as pd
import pytest

from exprstats.descriptives import (
    compare_means,
    correlate_features,
    describe_columns,
    describe_ratings,
)
from exprstats.document.text import write_plain
from exprstats.report import describe_results, gather_analysis


def tell(*results):
    """Return the sections' sentences and caveats as one text with plain blanks."""
    texts = [
        write_plain(text)
        for section in describe_results(gather_analysis(results))
        for text in (*section.sentences, *section.caveats)
    ]
    return " ".join(texts).replace("\N{NO-BREAK SPACE}", " ")


def find_tables(*results):
    sections = describe_results(gather_analysis(results))
    return {table.name: table for section in sections for table in section.tables}


def build_ratings(values, items=("smile",), raters=2):
    rows = [
        (f"c{place // raters}", f"r{place % raters}", item, value)
        for item in items
        for place, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=["clip", "rater", "item", "rating"])


def build_scores(people=12, contexts="ab", clips=3, shift=0.0, seed=1):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        [
            (f"s{person:02d}", context)
            for person in range(people)
            for context in contexts
            for _ in range(clips)
        ],
        columns=["subject", "context"],
    )
    noise = rng.normal(size=len(table))
    return table.assign(score=noise + shift * table["context"].eq(contexts[-1]))


def test_one_question_of_whole_answers():
    told = tell(describe_ratings(build_ratings([0, 1, 1, 2, 4, 4, 3, 3])))
    assert "Ratings of smile ran from 0 to 4, M = 2.25, SD = 1.49 (Table descriptives)." in told
    assert "answered every question" not in told
    assert "averaged over the questions" not in told
    assert "correlated" not in told


def test_a_scale_wider_than_the_answers_is_said():
    found = describe_ratings(build_ratings([1, 1, 2, 2, 3, 1, 2, 3]), scale=(0, 4))
    assert "ran from 1 to 3 on a scale of 0 to 4" in tell(found)
    note = write_plain(find_tables(found)["descriptives"].notes[0])
    assert "share of answers of 0 and of 4" in note
    bare = write_plain(
        find_tables(describe_ratings(build_ratings([-1.5, 2, 3, 4])))["descriptives"].notes[0]
    )
    assert "answers of the lowest and the highest one that occurred" in bare
    assert "ran from −1.5 to 4," in tell(describe_ratings(build_ratings([-1.5, 2, 3, 4])))
    assert "SPSS, SAS and Excel" in note


def test_answers_at_one_end_of_the_scale_are_a_caution():
    crowded = build_ratings([0, 0, 0, 0, 0, 0, 4, 3])
    told = tell(describe_ratings(crowded, scale=(0, 4)))
    assert "More than half of the answers were the lowest possible one: smile (75%)." in told
    told = tell(describe_ratings(crowded))
    assert "More than half of the answers were the lowest one that occurred: smile (75%)." in told
    assert "More than half" not in tell(describe_ratings(crowded, scale=(-4, 4)))
    assert "highest" not in told
    half = tell(describe_ratings(build_ratings([0, 0, 0, 0, 1, 2, 4, 3])))
    assert "More than half" not in half


def test_items_with_scales_of_their_own_have_ends_of_their_own():
    both = pd.concat([build_ratings([1, 1, 2, 5], ("a",)), build_ratings([0, 50, 90, 100], ("b",))])
    cells = find_tables(describe_ratings(both))["descriptives"].cells.set_index("item")
    assert cells.loc["a", ["range", "share_low", "share_high"]].tolist() == [
        "1 to 5 (3)",
        "50%",
        "25%",
    ]
    assert cells.loc["b", "share_high"] == "25%"


def test_raters_are_told_by_their_number_and_spread():
    two = tell(describe_ratings(build_ratings([1, 2, 2, 4, 3, 3])))
    assert "The 2 raters differed from the other raters of the same clips by −1.00 to 1.00" in two
    alike = tell(describe_ratings(build_ratings([1, 1, 2, 2, 3, 3])))
    assert (
        "No rater was more severe than the others of the same clips (Table rater_spread)." in alike
    )
    many = np.random.default_rng(1).integers(0, 5, 90)
    assert "The middle half of the raters differed" in tell(
        describe_ratings(build_ratings(many, raters=9))
    )


def test_strong_skewness_of_clip_means_is_a_caution():
    values = np.repeat([0.0] * 29 + [9.0], 2)
    assert "skewness beyond ±2" in tell(describe_ratings(build_ratings(values)))
    plain = tell(describe_ratings(build_ratings(np.repeat(np.arange(20.0), 2))))
    assert "skewness" not in plain


def test_missing_answers_are_counted_with_their_share():
    table = build_ratings([1, 2, 3, 4], items=("smile", "joy"))
    whole = describe_ratings(table)
    assert "Every rater of a clip answered every question about it." in tell(whole)
    assert "missing_patterns" not in find_tables(whole)
    table.loc[0, "rating"] = np.nan
    found = describe_ratings(table)
    assert "1 of 8 answers is missing (12.5%; Table missing_patterns)." in tell(found)
    cells = find_tables(found)["missing_patterns"].cells
    assert cells["items"].tolist() == ["none", "smile"]
    assert cells["share"].tolist() == ["75.0%", "25.0%"]
    names = [figure.name for section in describe_results(gather_analysis([found]))
             for figure in section.figures]  # fmt: skip
    assert names == ["ratings", "missing", "agreement"]


def test_two_questions_have_their_two_correlations():
    table = build_ratings([1, 2, 3, 5, 4, 4], items=("smile",))
    other = build_ratings([2, 1, 5, 3, 4, 4], items=("joy",))
    told = tell(describe_ratings(pd.concat([table, other])))
    assert "between clips and" in told and "−1.00 within clips (Table item_correlations)." in told


def test_a_context_called_all_stays_apart():
    table = build_ratings([1, 2, 3, 4, 5, 3, 2, 2])
    table["context"] = ["All"] * 4 + ["joy"] * 4
    cells = find_tables(describe_ratings(table, by="context"))["descriptives"].cells
    assert cells["context"].tolist() == ["All (context)", "joy", "All"]


def test_scores_without_people_or_contexts_are_described():
    found = describe_columns(pd.DataFrame({"score": [1.0, 2, 4, np.nan]}), "score", what="scores")
    assert "Table scores_descriptives describes the scores of 4 clips; 1 value is missing." in tell(
        found
    )
    assert "people" not in find_tables(found)["scores_descriptives"].cells.columns or (
        "People"
        not in [
            write_plain(one.heading) for one in find_tables(found)["scores_descriptives"].columns
        ]
    )


@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_two_contexts_say_whether_both_ways_agree(shift):
    found = compare_means(build_scores(shift=shift))
    told = tell(found)
    verb = "differed" if shift else "did not differ significantly"
    assert f"Means {verb} between contexts, F(1, 11) = " in told
    way = "find a difference" if shift else "find no difference"
    assert f"the cluster interval of clips both {way}" in told
    assert "Greenhouse" not in told
    columns = [write_plain(one.heading) for one in find_tables(found)["mean_tests"].columns]
    assert "ε" not in columns


def test_people_without_a_context_are_named():
    table = build_scores(contexts="abc", shift=1)
    lost = table[~(table["subject"].eq("s03") & table["context"].eq("b"))]
    told = tell(compare_means(lost))
    assert (
        "1 person without clips in all contexts is not in the ANOVA and its t tests ('s03')" in told
    )
    assert "(repeated-measures ANOVA, 11 people, Greenhouse–Geisser; Table mean_tests)." in told
    assert "without all contexts" not in tell(compare_means(table))


def test_one_context_and_too_few_people_are_said_without_tests():
    one = compare_means(build_scores(contexts="a"))
    assert "There is one context, so that there are no means to compare." in tell(one)
    assert set(find_tables(one)) == {"means"}
    few = compare_means(build_scores(people=2))
    assert "Only 2 of 2 people have all 2 contexts" in tell(few)
    assert "agree" not in tell(few) and "ANOVA," not in tell(few)


def test_means_over_people_stand_before_those_of_clips():
    table = build_scores(shift=1).iloc[2:]
    cells = find_tables(compare_means(table))["means"].cells
    people = table.groupby(["context", "subject"])["score"].mean().groupby("context").mean()
    clips = table.groupby("context")["score"].mean()
    for name, means in (("estimate", people), ("clips", clips)):
        assert cells[name].str.replace("−", "-").tolist() == [f"{one:.2f}" for one in means]
    assert cells["n_clips"].tolist() == ["34", "36"]


def test_groups_have_rows_and_pairs_of_their_own():
    table = build_scores(contexts="abc")
    table["sex"] = np.where(table["subject"] < "s05", "f", "m")
    tables = find_tables(compare_means(table, between="sex"))
    assert tables["mean_tests"].cells["term"].tolist() == ["Group", "Context", "Context × group"]
    assert tables["mean_pairs"].cells["name"].tolist() == ["a – b", "a – c", "b – c", "f – m"]
    assert set(tables["means"].cells["block"]) == {"All people", "Group f", "Group m", "Groups"}


def test_correlations_say_how_many_are_significant():
    table = build_scores(people=20, clips=4)
    rng = np.random.default_rng(2)
    level = table["subject"].str[1:].astype(float)
    table["smile"] = table["score"] + 0.1 * rng.normal(size=len(table))
    table["noise"] = rng.normal(size=len(table))
    table["score"] = table["score"] + level
    told = tell(correlate_features(table, ["smile", "noise"]))
    assert "Within people, 1 of 2 features correlates significantly with score (smile most" in told
    alone = tell(correlate_features(table, "noise"))
    assert "Within people, noise does not correlate significantly with score (r = " in alone
    assert "on the one" not in alone and "agree on all 2 correlations" in alone
    gaps = table.assign(smile=table["smile"].mask(table.index < 2))
    assert "2 clips were left out" in tell(correlate_features(gaps, ["smile"]))
