"""``exprstats signing`` and ``simulate signing``: rows, files, and messages that help."""

import json

import pytest
from typer.testing import CliRunner

from exprstats.cli.program import app


def invoke(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture(scope="module", autouse=True)
def few_halves():
    """Divide clusters into halves three times, the fewest that give limits, in place of five."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("exprstats.events.folds._SPLITS", 3)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("signing") / "data"
    run = invoke("simulate", "signing", "--out", place, "--subjects", "10", "--seed", "4")
    assert run.exit_code == 0, run.output
    assert "exprstats report" in run.output
    return place


def relate(folder, *more):
    quick = ("--trees", "3", "--n-folds", "3", "--draws", "99")
    return invoke(
        "signing", folder / "events.csv", "--lexicon", folder / "lexicon.csv", *quick, *more
    )


@pytest.fixture(scope="module")
def plain(folder, tmp_path_factory):
    """Where the tables, figures and rows of events are that nothing was changed of."""
    place = tmp_path_factory.mktemp("plain")
    run = relate(folder, "--json", place / "rows.json", "--out", place / "out")
    assert run.exit_code == 0, run.output
    return place


def test_rows_have_label_feature_and_term(plain):
    held = json.loads((plain / "rows.json").read_text(encoding="utf-8"))
    assert held["command"] == "signing"
    assert [one["file"].rpartition("/")[2] for one in held["inputs"]] == [
        *("events.csv", "lexicon.csv")
    ]
    terms = {row["term"] for row in held["rows"]}
    assert terms >= {
        *("p_label_given_feature", "p_feature_given_label", "lift", "precision", "recall", "f1"),
        *("importance_impurity", "importance_permutation", "frames"),
    }
    row = next(one for one in held["rows"] if one["term"] == "lift")
    assert {"label", "feature", "n_joint", "conf_low", "p_value", "p_max_t"} <= set(row)
    assert "NaN" not in (plain / "rows.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--given", "label"), "P(feature | label) is the share of frames with the label"),
        (("--unit", "utterances"), "share of utterances with the feature"),
        (("--among", "labelled"), "Only frames with a label are included"),
        (("--folds", "signers"), "In signers that no tree had seen"),
        (("--draws", "0"), "without a test of independence"),
        ((), "divide, as here, by the frames with the feature"),
    ],
)
def test_options_are_said_in_the_text(folder, more, told):
    run = relate(folder, *more)
    assert run.exit_code == 0, run.output
    assert told in " ".join(run.output.replace("\N{NO-BREAK SPACE}", " ").split())


def test_the_tables_that_can_be_edited_go_back_in(folder, plain):
    tables = plain / "out" / "tables"
    again = relate(
        folder, "--quiet", "--units", tables / "units.csv", "--spellings", tables / "spellings.csv"
    )
    assert again.exit_code == 0, again.output
    assert {one.name for one in (plain / "out" / "figures").glob("*.png")} == {
        *("figure1_label_scores.png", "figure2_events.png")
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("none.xml", "--lexicon", "{lexicon}"), "none.xml is not there"),
        (("{events}", "--lexicon", "none.dic"), "Check the path"),
        (("{events}", "--lexicon", "{lexicon}", "--categories", "joi"), "Did you mean 'joy'"),
        (("{events}", "--lexicon", "{lexicon}", "--text", "gloss"), "no interval of tier 'gloss'"),
        (("{lexicon}", "--lexicon", "{lexicon}"), "it has no 'tier'"),
        (
            ("{events}", "--lexicon", "{lexicon}", "--text", "translatn"),
            "Did you mean 'translation'",
        ),
        (("{events}", "--lexicon", "{lexicon}", "--fps", "0"), "--fps is 0"),
    ],
)
def test_mistakes_end_in_one_block_with_a_remedy(folder, arguments, told):
    places = {"lexicon": folder / "lexicon.csv", "events": folder / "events.csv"}
    run = invoke("signing", *(one.format(**places) for one in arguments))
    assert run.exit_code == 2
    assert "Traceback" not in run.output
    assert told in " ".join(run.output.split())


def test_one_utterance_has_counts_and_says_why_nothing_is_predicted(tmp_path):
    rows = ["tier,start,end,value", "translation,0,2,So sad!", "nose,0,1,wrinkle"]
    (tmp_path / "one.csv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "sad.txt").write_text("sad\n", encoding="utf-8")
    run = invoke("signing", tmp_path / "one.csv", "--lexicon", tmp_path / "sad.txt")
    assert run.exit_code == 0, run.output
    text = " ".join(run.output.split())
    assert "1 utterance with 60 frames at 30 per second" in text
    assert "Labels are not predicted: there is one utterance" in text
    assert "No pair of a label and a feature occurs in enough utterances for a test" in text


def test_changed_tables_and_tokens_change_what_is_counted(folder, plain, tmp_path):
    """A unit of one's own, a spelling of one's own, and texts split at blanks, each with effect."""
    (tmp_path / "units.csv").write_text("unit,tier,value\nAU 99,nose,wrinkle\n")
    (tmp_path / "spellings.csv").write_text("tier,value,tier_as,value_as\nnose,wrinkle,Nose,up\n")
    rows = {}
    for name, more in {
        "units": ("--units", tmp_path / "units.csv"),
        "spellings": ("--spellings", tmp_path / "spellings.csv"),
        "tokens": ("--tokens", "spaces"),
    }.items():
        run = relate(folder, *more, "--quiet", "--json", tmp_path / f"{name}.json")
        assert run.exit_code == 0, run.output
        rows[name] = json.loads((tmp_path / f"{name}.json").read_text("utf-8"))["rows"]
    plain = json.loads((plain / "rows.json").read_text("utf-8"))["rows"]

    def list_features(rows):
        return {row["feature"] for row in rows if row.get("feature")}

    assert "AU 9" in list_features(plain) and "AU 99" not in list_features(plain)
    own = list_features(rows["units"])
    assert {one for one in own if str(one).startswith("AU")} == {"AU 99"}
    assert "Nose=up" in list_features(rows["spellings"]) - list_features(plain)
    assert "nose=wrinkle" not in list_features(rows["spellings"])

    def count_labels(rows):
        kept = [row for row in rows if row.get("kind") == "label" and row["term"] == "frames"]
        return sum(row["n_utterances"] for row in kept)

    assert count_labels(rows["tokens"]) < count_labels(plain)


def test_texts_of_the_tier_of_utterances_are_theirs_and_no_features(tmp_path):
    """An ELAN file of twelve free translations, which bound the utterances, and a tier of brows."""
    slots, marks, brows = [], [], []
    for place in range(12):
        for end in (0, 1):
            time = 2000 * (place + end) - end
            slots.append(f'<TIME_SLOT TIME_SLOT_ID="t{place}{end}" TIME_VALUE="{time}"/>')
        span = f'TIME_SLOT_REF1="t{place}0" TIME_SLOT_REF2="t{place}1"'
        text = "I am sad." if place % 2 else "I go home."
        for held, what, value in ((marks, "a", text), (brows, "b", ("up", "down")[place % 2])):
            held.append(
                f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{what}{place}" {span}>'
                f"<ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
            )
    (tmp_path / "e.eaf").write_text(
        f"<ANNOTATION_DOCUMENT><TIME_ORDER>{''.join(slots)}</TIME_ORDER>"
        f'<TIER TIER_ID="free">{"".join(marks)}</TIER>'
        f'<TIER TIER_ID="brows">{"".join(brows)}</TIER></ANNOTATION_DOCUMENT>'
    )
    (tmp_path / "sad.txt").write_text("sad\n")
    quick = ("--trees", "3", "--n-folds", "3", "--draws", "99", "--json", tmp_path / "rows.json")
    places = (tmp_path / "e.eaf", "--lexicon", tmp_path / "sad.txt")
    run = invoke("signing", *places, "--within", "free", "--text", "free", *quick)
    assert run.exit_code == 0, run.output
    assert "12 utterances" in run.output
    rows = json.loads((tmp_path / "rows.json").read_text("utf-8"))["rows"]
    assert {row["feature"] for row in rows if row.get("feature")} == {"brows=up", "brows=down"}
    run = invoke("signing", *places, "--text", "free", *quick)
    told = " ".join(run.output.split())
    assert "read as one utterance" in told and "--within" in told
