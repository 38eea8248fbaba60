"""Sections on adaptation, tasks and ablation: what they say, at the edges too.

Predictions are written by hand, so that no network takes part; estimates of printed cells are
formed again with numpy and rounded as the cells are.
"""

import numpy as np
import pandas as pd
import pytest

from exprstats.deep.evoked.ablation import Ablation
from exprstats.deep.evoked.ablation import _compare as compare_networks
from exprstats.deep.intensity.adaptation import Adaptation, _compare
from exprstats.deep.intensity.evaluation import compare_tasks
from exprstats.document.text import write_plain
from exprstats.inference import Resampling
from exprstats.report import gather_analysis
from exprstats.report.outline import describe_results

HOW = Resampling(draws=200, seed=1)


def build(shift, people=8, seed=1):
    """Predictions before and after: errors of the given mean, in labels."""
    rng = np.random.default_rng(seed)
    pieces, rows = [], []
    for person in range(people):
        truth = rng.integers(0, 11, 20)
        away = {}
        for iteration, mean in shift.items():
            error = np.rint(mean + rng.normal(size=20)).astype(int)
            guess = np.clip(truth + error, 0, 10)
            away[iteration] = guess - truth
            names = [f"p{person}c{i}" for i in range(20)]
            columns = {"clip": names, "subject": f"p{person}", "iteration": iteration}
            pieces.append(pd.DataFrame({**columns, "truth": truth, "prediction": guess}))
        first, last = (away[place] for place in (0, max(shift)))
        near = [float(np.mean(np.abs(one) <= 2)) for one in (first, last)]
        row = {"subject": f"p{person}", "n_neutral": 5, "n_clips": 20}
        row |= {"before": near[0], "after": near[1]}
        rows.append({**row, "bias_before": first.mean(), "bias_after": last.mean()})
    predictions = pd.concat(pieces, ignore_index=True)
    last = max(shift)
    return Adaptation(
        table=_compare(predictions, last, HOW),
        predictions=predictions,
        people=pd.DataFrame(rows),
        iterations=last,
        batch=3,
        lr=0.001,
        level=0.95,
    )


def describe(result):
    (section,) = [
        one
        for one in describe_results(gather_analysis([result]))
        if one.name in {"adaptation", "tasks", "ablation"}
    ]
    return section


def tell(section):
    texts = (*section.sentences, *section.caveats)
    return " ".join(write_plain(text) for text in texts).replace("\xa0", " ")


def test_a_gain_is_told_with_who_gained_and_no_caution():
    found = build({0: 3.0, 2: 0.0})
    section, people = describe(found), found.people
    text = tell(section)
    gained = int((people["after"] > people["before"]).sum())
    assert f"{gained} people gained, 0 lost" in text
    before = found.predictions.query("iteration == 0")
    bias = (before["prediction"] - before["truth"]).mean()
    assert f"{bias:.2f} labels too high on average before" in text
    assert not section.caveats
    assert [one.name for one in section.tables] == ["adaptation", "distances"]
    assert [one.name for one in section.figures] == ["adaptation", "distances"]


def test_predictions_that_become_too_low_are_a_caution():
    text = tell(describe(build({0: 0.0, 1: -1.0, 2: -3.0})))
    assert "lowered the predictions, which are now too low" in text
    assert "labels too low after" in text
    assert "includes 0" not in text


def test_what_is_not_shown_is_not_called_a_gain():
    text = tell(describe(build({0: 0.0, 2: 0.0})))
    assert "the data do not show a gain" in text


def test_the_methods_paragraph_says_how_and_cites():
    from exprstats.report import build_document

    document = build_document(gather_analysis([build({0: 0.0, 2: 0.0})]))
    (section,) = [one for one in document.sections if one.name == "methods"]
    text = " ".join(map(write_plain, section.sentences)).replace("\xa0", " ")
    assert "by 2 steps on 3 windows of the neutral face at a learning rate of 0.001" in text
    assert [write_plain(one)[:6] for one in document.references] == ["Ouyang"]


def test_cells_are_shares_of_the_predictions():
    found = build({0: 2.0, 1: 1.0, 2: 0.5, 3: 0.3, 5: 0.0})
    curve, errors = describe(found).tables
    away = found.predictions["prediction"] - found.predictions["truth"]
    cells = curve.cells
    shown = cells[cells["metric"].eq("Within 2 labels")].set_index("iteration")["estimate"]
    for place in shown.index:
        near = away[found.predictions["iteration"].eq(int(place))].abs().le(2).mean()
        assert shown[place] == f"{near:.2f}".removeprefix("0")
    assert list(shown.index) == ["0", "1", "2", "3", "5"]
    last = away[found.predictions["iteration"].eq(5)].abs()
    known = [f"{last.eq(size).mean():.2f}".removeprefix("0") for size in range(len(errors.cells))]
    assert errors.cells["after"].tolist() == known
    assert errors.cells["size"].tolist() == [str(size) for size in range(len(known))]


def test_figures_draw_what_the_tables_hold(tmp_path):
    from exprstats.plots import draw_adaptation, draw_errors

    found = build({0: 2.0, 2: 0.0})
    drawn = draw_adaptation(found).data
    assert len(drawn) == 6
    assert drawn["estimate"].tolist() == [
        found.pick(metric, place)["estimate"]
        for metric in ("accuracy", "within2", "within3")
        for place in (0, 2)
    ]
    bars = draw_errors(found)
    assert bars.data.groupby("end", observed=True)["estimate"].sum().tolist() == pytest.approx(
        [1, 1]
    )
    bars.save(tmp_path / "errors.png", verbose=False)


def test_tasks_are_told_in_words_and_drawn(tmp_path):
    rng = np.random.default_rng(3)
    frames = pd.DataFrame({"subject": np.repeat(list("abcdef"), 4), "task": ["rest", "smile"] * 12})
    frames["intensity"] = np.where(frames["task"].eq("smile"), 0.6, 0.2) + 0.1 * rng.random(24)
    found = compare_tasks(frames, draws=200, seed=1)
    section = describe(found)
    assert "smile − rest: .4" in tell(section)
    assert section.tables[0].cells["term"].tolist()[-1] == "smile − rest"
    section.figures[0].draw().save(tmp_path / "tasks.png", verbose=False)


def test_one_training_is_a_caution_and_several_are_a_spread():
    rng = np.random.default_rng(4)
    rows = pd.DataFrame({"clip": np.repeat(range(60), 2), "seat": ["joy", "awe"] * 60})
    rows["subject"], rows["part"] = (rows["clip"] // 6).astype(str), "test"
    rows["truth"] = rng.integers(0, 2, 120)
    models = {
        "face + voice": rows["truth"] + rng.normal(size=120),
        "face": rows["truth"] + 2 * rng.normal(size=120),
        "no features": rows["seat"].map({"joy": 0.5, "awe": 0.4}),
    }
    both = pd.concat(
        [rows.assign(model=name, prediction=value) for name, value in models.items()],
        ignore_index=True,
    ).assign(fitted_on="all")
    table = compare_networks(both, ["average_precision"], "face + voice", HOW)
    once = pd.DataFrame({"model": list(models), "run": 1, "target": None, "metric": "map"})
    once["estimate"] = [0.7, 0.6, 0.5]
    fits = dict.fromkeys(["face + voice", "face"])
    section = describe(Ablation(table, both, fits, once, "face + voice", 0.95))
    assert "trained once" in tell(section)
    assert section.tables[0].cells["model"].tolist() == list(models)
    again = pd.concat([once, once.assign(run=2, estimate=once["estimate"] + 0.1)])
    section = describe(Ablation(table, both, fits, again, "face + voice", 0.95))
    assert "trained 2 times" in tell(section)
    assert "SD of .071 to .071" in tell(section)
    assert not section.caveats


def test_predictions_that_were_too_low_before_and_hardly_change_are_no_caution():
    found = build({0: -1.4, 2: -1.6})
    change = found.pick("bias", 2, versus=True)
    assert found.pick("bias", 2)["estimate"] < found.pick("bias", 0)["estimate"] < 0
    assert change["conf_low"] < 0 < change["conf_high"]
    assert "lowered the predictions" not in tell(describe(found))
