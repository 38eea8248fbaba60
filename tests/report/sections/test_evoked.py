"""Sections and figures on evoked expressions: words at the edges, and names that stay apart."""

import numpy as np
import pandas as pd
import pytest

import exprstats as ex
from exprstats.document.text import write_plain
from exprstats.errors import DataError
from exprstats.plots import draw_evoked_scores, draw_groups, draw_together, save_figure
from exprstats.report import describe_results, gather_analysis
from exprstats.simulate import simulate_evoked


@pytest.fixture(scope="module")
def study():
    return simulate_evoked(videos=40, seed=6)


def tell(*results):
    sections = describe_results(gather_analysis(results))
    texts = [*(t for s in sections for t in (*s.sentences, *s.caveats))]
    texts += [note for s in sections for table in s.tables for note in table.notes]
    words = " ".join(write_plain(one) for one in texts).replace("\N{NO-BREAK SPACE}", " ")
    return sections, words


def test_labels_have_their_tables_and_figures(study, tmp_path):
    found = ex.measure_labels(study.machine, by="group")
    (section,), words = tell(found)
    assert [one.name for one in section.tables] == [
        "evoked_labels",
        "evoked_pairs",
        "evoked_groups",
    ]
    assert "none came together clearly more or less often than chance" in words
    assert "Clearest:" in words
    for place, figure in enumerate(section.figures):
        png, _ = save_figure(figure.draw(), tmp_path / f"f{place}")
        assert png.stat().st_size > 5000


def test_expressions_that_go_together_are_counted():
    rng = np.random.default_rng(1)
    joy = rng.random(2000) < 0.3
    table = pd.DataFrame({"video": np.arange(2000) % 40, "joy": joy * 1})
    table["awe"] = (rng.random(2000) < np.where(joy, 0.6, 0.1)) * 1
    table["pain"] = (rng.random(2000) < np.where(joy, 0.02, 0.3)) * 1
    (section,), words = tell(ex.measure_labels(table))
    cells = {one.name: one for one in section.tables}["evoked_pairs"].cells.set_index("pair")
    for one, other in (("joy", "awe"), ("joy", "pain"), ("awe", "pain")):
        shares = [table.loc[table[a] == 1, b].mean() for a, b in ((one, other), (other, one))]
        told = cells.loc[f"{one} (A) and {other} (B)", ["given", "back"]].tolist()
        assert told == [f"{share:.2f}".removeprefix("0") for share in shares]
    assert (
        "Of 3 pairs of expressions that ten videos or more show, 1 came together more often"
        in words
    )
    assert "and 2 less (lift" in words


def test_one_expression_has_no_pairs_and_few_videos_say_so():
    table = pd.DataFrame({"video": ["a"] * 5 + ["b"] * 5, "joy": [0, 1] * 5})
    (section,), words = tell(ex.measure_labels(table))
    assert [one.name for one in section.tables] == ["evoked_labels"]
    assert not section.figures
    assert "With several labels" not in section.tables[0].cells["name"].tolist()
    assert "No interval: it occurs in 2 videos" in words
    with pytest.raises(DataError, match="no expression stands beside another"):
        draw_together(ex.measure_labels(table))
    with pytest.raises(DataError, match="no groups of videos"):
        draw_groups(ex.measure_labels(table))


def test_annotators_alone_and_with_a_machine(study):
    (section,), words = tell(ex.compare_annotators(study.human))
    assert section.title == "Annotators"
    assert [one.name for one in section.tables] == ["evoked_annotators"]
    (section,), words = tell(ex.compare_annotators(study.human, study.machine, truth="each"))
    assert [one.name for one in section.tables] == ["evoked_annotators", "evoked_rules"]
    assert "its recall is lower than that of an annotator" in words
    assert "The machine against single annotators" in words


def test_perfect_agreement_is_one_without_a_false_interval(study):
    one = study.human[study.human["annotator"].eq("A1")]
    people = pd.concat([one.assign(annotator=name) for name in "xyz"])
    _, words = tell(ex.compare_annotators(people, one.drop(columns="annotator")))
    assert "mean Fleiss’ κ of 4 expressions = 1.00. The machine" in words
    assert "its precision equals that of an annotator" in words


def test_scores_of_several_truths_are_numbered_without_gaps(study):
    cut = study.machine.drop(columns="group")
    names = [name for name in cut if name not in {"video", "time"}]
    cut[names] = (cut[names] >= 0.5) * 1.0
    options = {"draws": 100, "seed": 1}
    labels = ex.rate_evoked(cut, study.predictions, **options)
    share = study.human.groupby(["video", "time"], as_index=False)[names].mean()
    share = share.merge(study.machine[["video", "time", "group"]])
    people = ex.rate_evoked(
        share, {"machine": study.machine}, by="group", source="share of annotators", **options
    )
    (section,), words = tell(people, labels)
    assert len({one.name for one in section.tables}) == len(section.tables) == 5
    assert "Against the labels of the files:" in words
    assert "Against the share of annotators:" in words
    assert "MAP of 4 expressions" in words and "mean MSE of 4 expressions" in words
    assert "Difference from image" in words and "from chance" in words


def test_many_expressions_and_hostile_names_are_drawn(tmp_path):
    rng = np.random.default_rng(2)
    names = [f"{i} {'very ' * 9}long {{name}} *{i}*" for i in range(21)]
    table = pd.DataFrame(rng.random((240, 21)), columns=names)
    table = table.assign(video=np.repeat(np.arange(20), 12), time=np.tile(np.arange(12.0), 20))
    table["group"] = "g" + (table["video"] % 18).astype(str)
    found = ex.measure_labels(table, by="group")
    (section,), words = tell(found)
    assert "{name} *" in words
    assert "Groups could not be compared" in words
    assert [one.name for one in section.tables] == ["evoked_labels", "evoked_pairs"]
    for place, draw in enumerate((draw_together, draw_groups)):
        save_figure(draw(found), tmp_path / str(place))
    table = table.drop(columns=names[9:])
    cut = table.assign(**{name: (table[name] > 0.5) * 1.0 for name in names[:9]})
    scores = ex.rate_evoked(cut, {"a": table, "b": table}, draws=100, seed=1)
    tell(scores)
    save_figure(draw_evoked_scores(scores), tmp_path / "scores")
    with pytest.raises(DataError, match="average_precision"):
        draw_evoked_scores(scores, term="mse")
