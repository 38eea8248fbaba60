"""What ``agreement`` prints and writes: the section of the report, and rows for JSON.

Tolerance: none against the verb; α of Krippendorff (2011) and kappas by hand to their decimals.
"""

import pandas as pd
import pytest

from exprstats.apa import write_number
from exprstats.io import read_ratings
from exprstats.reliability import measure_agreement

from .strange_tables import join, long


def squeeze(text):
    return " ".join(text.split())


@pytest.fixture
def coders(tmp_path):
    """Krippendorff (2011), section D: four observers, twelve units, five values, gaps."""
    table = {
        "clip": range(1, 13),
        "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        "C": [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    }
    file = tmp_path / "run_span=3.csv"
    pd.DataFrame(table).to_csv(file, index=False)
    return file


@pytest.mark.parametrize(("weights", "alpha"), [("identity", 0.743), ("quadratic", 0.849)])
def test_alpha_is_that_of_the_literature(call_both, coders, weights, alpha):
    options = ("agreement", coders, "--raters", "A,B,C,D", "--weights", weights)
    both = call_both(*options)
    rows = both.told["rows"]
    [headline] = [row for row in rows if row.get("headline")]
    assert headline["term"] == "alpha" and headline["estimate"] == pytest.approx(alpha, abs=5e-4)
    out = squeeze(both.stdout)
    kind = "nominal" if weights == "identity" else "interval"
    value = write_number(headline["estimate"], bounded=True)
    assert f"Krippendorff’s α ({kind} differences) = {value}, 95% CI [" in out
    assert "with --scale for" in out and "name their column with --subject" in out
    assert "run_span=3" not in out


def test_the_scale_is_the_declared_one(call, call_both, coders):
    options = ("agreement", coders, "--raters", "A,B,C,D", "--scale", "1,7")
    both = call_both(*options)
    rows = both.told["rows"]
    wanted = measure_agreement(read_ratings(coders, raters=["A", "B", "C", "D"]), scale=(1, 7))
    found = {
        row["term"]: row["estimate"] for row in rows if row["term"] not in {"pair", "confusion"}
    }
    assert found == wanted.table.set_index("term")["estimate"].to_dict()
    pairs = [row for row in rows if row["term"] == "pair"]
    assert [row["kappa"] for row in pairs] == wanted.pairs["kappa"].tolist()
    counts = [row["count"] for row in rows if row["term"] == "confusion"]
    assert counts == wanted.confusions["count"].tolist()
    out = both.stdout
    line = next(line for line in out.splitlines() if "Gwet’s AC2" in line)
    assert write_number(found["ac"], bounded=True) in line
    assert "--scale" not in out
    told = squeeze(call(*options[:-1], "1,4", code=2).stderr)
    assert "5" in told and "scale" in told


@pytest.mark.usefixtures("blank_pictures")
def test_a_context_called_all_is_not_the_pooled_one(call, call_json, data, tmp_path):
    file = tmp_path / "ratings.csv"
    table = pd.read_csv(data / "ratings.csv").replace({"context": {"pain": "All"}})
    table.to_csv(file, index=False)
    options = ("--rating", "response", "--subject", "subject", "--by", "context", "--scale", "0,4")
    rows = call_json("agreement", file, *options)["rows"]
    out = call("agreement", file, *options, "--out", tmp_path / "out").stdout
    shown = out.split(". Agreement of Raters About Categories")[1].split("Note.")[0]
    for context, name in (("All", "All (context)"), (None, "All")):
        [row] = [row for row in rows if row.get("headline") and row["context"] == context]
        lines = [line for line in shown.splitlines() if line.startswith(f"{name}  ")]
        [line] = [line for line in lines if "Krippendorff" in line]
        assert write_number(row["estimate"], bounded=True) in line
    assert "--subject" not in out
    names = {path.name for path in (tmp_path / "out").rglob("*.csv")}
    assert {"agreement.csv", "agreement_pairs.csv", "agreement_confusions.csv"} <= names


def test_words_are_categories_unless_labels_order_them(call, call_json, tmp_path):
    """The same words as codes; capitals and gaps tell no answers apart."""
    words = ["sad", "angry", "Happy", "happy", "sad", "angry", "sad", "happy"]
    table = pd.DataFrame({"clip": range(8), "A": words, "B": [*words[1:], None]})
    file, coded = tmp_path / "words.csv", tmp_path / "codes.csv"
    table.to_csv(file, index=False)
    codes = {"angry": 1, "happy": 2, "Happy": 2, "sad": 3}
    table.replace({"A": codes, "B": codes}).to_csv(coded, index=False)
    rows = {
        path: call_json("agreement", path, "--raters", "A,B", *more)["rows"]
        for path, more in ((file, ()), (coded, ("--weights", "identity")))
    }
    named, numbered = (
        {row["term"]: row["estimate"] for row in found if "estimate" in row}
        for found in rows.values()
    )
    for term in ("percent_agreement", "alpha", "kappa", "fleiss"):
        assert named[term] == pytest.approx(numbered[term], rel=1e-12)
    out = squeeze(call("agreement", file, "--raters", "A,B").stdout)
    assert "Answers are words without an order: Happy, angry, and sad." in out
    ordered = call("agreement", file, "--raters", "A,B", "--labels", "sad,angry,happy").stdout
    assert "α (interval" in squeeze(ordered) and "without an order" not in ordered


@pytest.mark.parametrize("change", [
    lambda c: ["never", "rarely", "sometimes", "often", "always"][int(c) - 1],
    lambda c: f"{c}/5",
    lambda c: "★" * int(c),
])  # fmt: skip
def test_answers_that_hold_an_order_are_compared_as_numbers(call_both, call_json, tmp_path, change):
    words, numbers = tmp_path / "words.csv", tmp_path / "numbers.csv"
    words.write_text(
        join([*long(change)[:5], ["clip02", "Ada", "k.A.", "P001"], *long(change)[6:]])
    )
    numbers.write_text(join([*long()[:5], ["clip02", "Ada", "", "P001"], *long()[6:]]))
    both = call_both("agreement", words)
    assert "words in this order, from the lowest: " + change("1") in squeeze(both.stdout)
    assert "Read as missing: k.A." in squeeze(both.stdout)
    pick = ("term", "estimate", "conf_low")
    known = call_json("agreement", numbers, "--scale", "1,5")["rows"]
    kept = [[row.get(name) for name in pick] for row in both.told["rows"]]
    assert kept == [[row.get(name) for name in pick] for row in known]
