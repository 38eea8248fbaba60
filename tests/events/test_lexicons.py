"""Lexicons of four kinds, and the labels of texts, against answers read off by hand."""

import pandas as pd
import pytest

import exprstats as ex
from exprstats.errors import DataError, DataWarning, OptionError

DIC = "%\n1\tanger\n2\tsad\n%\nhate*\t1\ntears\t2\ncry\t1\t2\nkind\t(02 134)125/464\n"
DICX = "DicTerm,anger,sad\nhate*,X,\ntears,,X\ncry,X,X\n"


def make_texts(*texts):
    rows = [{"utterance": f"u{i}", "start": 0.0, "end": 1.0} for i in range(len(texts))]
    return pd.DataFrame(rows).assign(tier="translation", value=list(texts))


def label(texts, lexicon, **options):
    found = ex.find_labels(make_texts(*texts), lexicon, **options)
    return found.groupby("utterance")["value"].apply(list).to_dict()


def test_liwc_dictionaries_in_both_forms_say_the_same(write):
    with pytest.warns(DataWarning, match="1 of its entries"):
        one = ex.read_lexicon(write("l.dic", DIC))
    other = ex.read_lexicon(write("l.dicx", DICX))
    order = ["category", "word"]
    pd.testing.assert_frame_equal(
        one.sort_values(order, ignore_index=True), other.sort_values(order, ignore_index=True)
    )
    found = label(["They hated it.", "Tears", "crying", "cry"], one)
    assert found == {"u0": ["anger"], "u1": ["sad"], "u3": ["anger", "sad"]}


def test_empath_lists_tables_and_phrases_are_read(write):
    rows = write("categories.tsv", "sad\ttears\tpoor_guy\tgrief\nfun\tplay\tgame\tjoke\n")
    lexicon = ex.read_lexicon(rows)
    assert lexicon["category"].unique().tolist() == ["sad", "fun"]
    assert label(["Poor guy!", "poor old guy", "JOKE"], lexicon) == {"u0": ["sad"], "u2": ["fun"]}
    pairs = ex.read_lexicon(write("pairs.csv", "category,word\nsad,grie*\n"))
    assert label(["Grieving"], pairs) == {"u0": ["sad"]}
    words = ex.read_lexicon(write("happy.txt", "# mine\nglad\nsmile\n"))
    assert label(["Glad?"], words) == {"u0": ["happy"]}


def test_punctuation_and_capitals_matter_to_blanks_alone(write):
    lexicon = ex.read_lexicon(write("sad.txt", "afraid\nsad\n"))
    texts = ["Afraid, he ran.", "how sad!", "so sad now"]
    assert set(label(texts, lexicon)) == {"u0", "u1", "u2"}
    assert set(label(texts, lexicon, tokens="spaces")) == {"u2"}
    table = ex.compare_tokens(make_texts(*texts), lexicon)
    assert table.to_numpy().tolist() == [["sad", 3, 1, 3]]


def test_labels_span_the_text_that_names_them(write):
    lexicon = ex.read_lexicon(write("sad.txt", "sad\n"))
    gloss = make_texts("SAD").assign(tier="gloss", start=0.4, end=0.6)
    found = ex.find_labels(pd.concat([make_texts("no"), gloss]), lexicon, text="gloss")
    assert found[["tier", "value", "start", "end"]].to_numpy().tolist() == [
        ["label", "sad", 0.4, 0.6]
    ]


def test_what_is_not_there_is_told(write, tmp_path):
    lexicon = ex.read_lexicon(write("sad.txt", "sad\n"))
    with pytest.raises(OptionError, match="Did you mean 'sad'"):
        ex.read_lexicon(tmp_path / "sad.txt", categories=["sade"])
    with pytest.raises(DataError, match="no interval of tier 'gloss'"):
        ex.find_labels(make_texts("x"), lexicon, text="gloss")
    with pytest.warns(DataWarning, match="None of 1 texts has a word"):
        assert ex.find_labels(make_texts("x"), lexicon).empty
    with pytest.raises(DataError, match="no second line with '%'"):
        ex.read_lexicon(write("bad.dic", "%\n1\tsad\n"))
    with pytest.raises(DataError, match="lexicon is empty"):
        ex.read_lexicon(write("empty.txt", ""))
    with pytest.raises(DataError, match="Check the path"):
        ex.read_lexicon(tmp_path / "none.dic")


def test_units_are_a_table_with_several_units_a_value(corpus):
    events = make_texts("x").assign(tier="eye gaze", value="up/left")
    assert set(ex.map_units(events)["value"].dropna()) == {"AU 61", "AU 63"}
    own = pd.DataFrame({"unit": ["AU 99"], "tier": ["eye gaze"], "value": [""]})
    assert set(ex.map_units(events, own)["value"].dropna()) == {"AU 99"}
    with pytest.raises(DataError, match="no annotated value has an action unit"):
        ex.map_units(make_texts("x"))
    idle = pd.concat([own, own.assign(tier="ear")])
    with pytest.warns(DataWarning, match="what does not occur: 'ear'"):
        ex.map_units(events, idle)
    spans = ex.map_units(corpus.events).query("tier == 'utterance'")
    assert len(spans) == 160
