"""Files in the forms that other programs publish, against values read off them by hand.

SignStream 3: an export as ASLLRP's pages write it: the participant on the tier, signs with times on
one of two hands, UTTERANCE-NUMBER inside the utterance, all texts in single quotes, the last frame
included. LIWC-22: a comma-separated table with a mark for each category; the program marks by X,
quanteda's and other tools write 1, weighted dictionaries other numbers. Tolerance 1e-12 s: sums of
doubles.
"""

import pandas as pd
import pytest

import exprstats as ex
from exprstats.errors import DataError, DataWarning

DAI = """<?xml version='1.0' encoding='utf-8'?>
<SIGNSTREAM_DAI AUTHOR='UNIVERSITY' DOWNLOAD_DATE='Sun Jul 05 20:03:06 EDT 2026'>
  <COLLECTIONS>
  <COLLECTION ID='11' NAME='Ann_sc107'>
    <MEDIA-FILES><MEDIA-FILE ID='12' FILE-NAME='sc107-cam1.mp4'/></MEDIA-FILES>
    <TEMPORAL-PARTITIONS><TEMPORAL-PARTITION ID='1' NAME='Temporal Partition 1'>
      <SEGMENT-TIERS><SEGMENT-TIER ID='1' NAME='Segment 1'>
        <PARTICIPANT>'Ann'</PARTICIPANT><DOMINANT-HAND>'R'</DOMINANT-HAND>
        <UTTERANCES><UTTERANCE ID='627' START_FRAME='36' END_FRAME='221'>
          <TRANSLATION>'The mouse was afraid.'</TRANSLATION>
          <UTTERANCE-NUMBER>'U1'</UTTERANCE-NUMBER>
          <MANUALS>
            <SIGN ID='1'><LABEL>'MOUSE'</LABEL><SIGN_TYPE>'Lexical Signs'</SIGN_TYPE>
              <NON_DOMINANT_HAND START_FRAME='40' END_FRAME='50'/>
              <DOMINANT_HAND START_FRAME='46' END_FRAME='55'/></SIGN>
            <SIGN ID='2'><LABEL>'ESCAPE'</LABEL>
              <NON_DOMINANT_HAND START_FRAME='60' END_FRAME='70'/></SIGN>
            <SIGN ID='3'><LABEL>'LOST'</LABEL></SIGN>
          </MANUALS>
          <NON_MANUALS>
            <NON_MANUAL ID='4' START_FRAME='89' END_FRAME='106'>
              <LABEL>'eye brows'</LABEL><VALUE>'raised'</VALUE></NON_MANUAL>
            <NON_MANUAL ID='5' START_FRAME='152' END_FRAME='300'>
              <LABEL>'eye brows'</LABEL><VALUE>'lowered'</VALUE>
              <ONSET START_FRAME='150' END_FRAME='151'/></NON_MANUAL>
          </NON_MANUALS>
        </UTTERANCE></UTTERANCES>
      </SEGMENT-TIER></SEGMENT-TIERS>
    </TEMPORAL-PARTITION></TEMPORAL-PARTITIONS>
  </COLLECTION>
  </COLLECTIONS>
</SIGNSTREAM_DAI>
"""


def pick(events, tier):
    return events[events["tier"].eq(tier)]


def test_an_export_of_signstream_3_has_signs_of_either_hand_and_values_of_a_label(write):
    with pytest.warns(DataWarning) as told:
        events = ex.read_events(write("dai.xml", DAI))
    assert sorted(str(one.message) for one in told) == [
        "1 interval cut at the ends of their utterance.",
        "1 interval left out, since they have no times.",
    ]
    assert events["utterance"].unique().tolist() == ["dai/627"]
    assert set(events["signer"]) == {"Ann"}
    whole = pick(events, "utterance").iloc[0]
    assert (whole["value"], whole["end"]) == ("U1", pytest.approx(186 / 30, abs=1e-12))
    signs = pick(events, "gloss").set_index("value")
    assert signs.index.tolist() == ["MOUSE", "ESCAPE"]
    # The dominant hand where there is one; 46 to 55 are ten frames from the tenth on.
    assert signs.loc["MOUSE", "start"] == pytest.approx(10 / 30, abs=1e-12)
    assert signs.loc["MOUSE", "end"] == pytest.approx(20 / 30, abs=1e-12)
    assert signs.loc["ESCAPE", "start"] == pytest.approx(24 / 30, abs=1e-12)
    brows = pick(events, "eye brows")
    assert brows["value"].tolist()[:2] == ["raised", "lowered"]
    assert brows["phase"].tolist()[2] == "onset"
    assert brows["end"].tolist()[1] == pytest.approx(186 / 30, abs=1e-12)
    assert pick(events, "translation")["value"].item() == "The mouse was afraid."
    # The same words as of SignStream 2 have their units.
    assert {"AU 4"} <= set(ex.map_units(events)["value"].dropna())


def test_numbers_that_begin_anew_in_a_collection_are_told_apart(write):
    start, _, rest = DAI.partition("  <COLLECTION ID")
    one, _, end = ("  <COLLECTION ID" + rest).partition("  </COLLECTIONS>")
    two = one.replace("Ann_sc107", "Ben_sc108").replace("'Ann'", "'Ben'")
    with pytest.warns(DataWarning):
        events = ex.read_events(write("two.xml", f"{start}{one}{two}  </COLLECTIONS>{end}"))
    people = events.groupby("utterance")["signer"].unique().map(list).to_dict()
    assert people == {"two/Ann_sc107/1/627": ["Ann"], "two/Ben_sc108/1/627": ["Ben"]}


def test_databases_of_another_version_are_refused(write):
    text = '<SIGNSTREAM-DATABASE SIGNSTREAM-VERSION="3"><UTTERANCE S="0" E="9"/>'
    with pytest.raises(DataError, match="SignStream 3, whose form is not known"):
        ex.read_events(write("v3.xml", text + "</SIGNSTREAM-DATABASE>"))


_CRY = "cry,anger,1\ncry,sad,1\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("liwc.dicx", "DicTerm,anger,sad\nhate*,X,\ntears,,X\ncry,X,X\n"),
        ("mark.dicx", "Entry,anger,sad\nhate*,1,\ntears,,1\ncry,1,1\n"),
        ("excel.dicx", "Entry;anger;sad\r\nhate*;X;\r\ntears;;X\r\ncry;x;x\r\n"),
        ("saved.csv", '"DicTerm","anger","sad"\n"hate*","X",""\n"tears","","X"\n"cry","X","X"\n'),
        ("wide.txt", "word\tanger\tsad\nhate*\t1\t0\ntears\t0\t1\ncry\t1\t1\n"),
        ("long.txt", "hate*\tanger\t1\nhate*\tsad\t0\ntears\tsad\t1\ncry\tanger\t1\ncry\tsad\t1\n"),
        ("old.dic", "%\n1\tanger\n2\tsad\n%\nhate*\t1\ntears\t2\ncry\t1 2\n"),
        ("table.csv", "Word,Category\nhate*,anger\ntears,sad\ncry,anger\ncry,sad\n"),
        ("rows.tsv", "anger\thate*\tcry\nsad\ttears\tcry\n"),
        ("lists.json", '{"anger": ["hate*", "cry"], "sad": ["tears", "cry"]}'),
        ("pairs.csv", "word,sentiment\nhate*,anger\ntears,sad\ncry,anger\ncry,sad\n"),
        ("marked.csv", "word,emotion,n\nhate*,anger,1\nhate*,sad,0\ntears,sad,1\n" + _CRY),
        (
            "nrc.txt",
            "Copyright (C) 2011 NRC\n\nTo be cited.\n...\nhate*\tanger\t1\nhate*\tsad\t0\n"
            "tears\tsad\t1\ncry\tanger\t1\ncry\tsad\t1\n",
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_forms_of_one_lexicon_are_equal(write, name, text, encoding):
    found = ex.read_lexicon(write(name, text, encoding=encoding))
    rows = set(map(tuple, found.to_numpy().tolist()))
    assert rows == {
        ("anger", "hate", True),
        ("sad", "tears", False),
        ("anger", "cry", False),
        ("sad", "cry", False),
    }


def test_a_weighted_dictionary_says_that_weights_are_not_used(write):
    with pytest.warns(DataWarning, match="2 entries have weights, which are not used"):
        found = ex.read_lexicon(write("w.dicx", "Entry,joy\nglad,0.7\nok,0\nbad,-0.4\n"))
    assert found["word"].tolist() == ["glad", "bad"]


@pytest.mark.parametrize(
    "text",
    [
        "English Word\tEmotion\tIntensity-Score\nglad\tjoy\t0.7\nmad\tanger\t.5\nok\tjoy\t0\n",
        "term\tscore\tAffectDimension\nglad\t0.7\tjoy\nmad\t0.5\tanger\nok\t0\tjoy\n",
        "glad\tjoy\t0.7\nmad\tanger\t0.5\nok\tjoy\t0\n",
        "joy\tglad\t0.7\nanger\tmad\t0.5\njoy\tok\t0\n",
        "word\tjoy\tanger\nglad\t0.7\t0\nmad\t0\t0.5\nok\t0\t0\n",
    ],
)
def test_intensities_of_words_are_not_used_and_said_so(write, text):
    with pytest.warns(DataWarning, match="2 entries have weights, which are not used"):
        found = ex.read_lexicon(write("intensity.txt", text))
    rows = found.sort_values("word")[["category", "word"]].to_numpy().tolist()
    assert rows == [["joy", "glad"], ["anger", "mad"]]


def test_categories_of_liwc2015_go_by_their_short_names(write):
    text = "%\n1\taffect (Affect)\n\t2\tposemo (Positive Emotion)\n%\nglad\t1\t2\n"
    found = ex.read_lexicon(write("l.dic", text), categories=["posemo"])
    assert found["category"].tolist() == ["posemo (Positive Emotion)"]


def test_wildcards_hold_within_phrases(write):
    lexicon = ex.read_lexicon(write("l.dic", "%\n1\tfear\n%\nscar* of\t1\nafraid*\t1\n*\t1\n"))
    texts = ["He is scared of it.", "scar on", "A scary of thing", "unafraid"]
    events = pd.DataFrame({"utterance": list("abcd"), "start": 0.0, "end": 1.0, "value": texts})
    found = ex.find_labels(events.assign(tier="translation"), lexicon)
    assert found["utterance"].tolist() == ["a", "c"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.dicx", "Entry,joy\nglad,maybe\n", r"'maybe' marks a word of category 'joy' \(line 2\)"),
        ("b.dicx", "glad\nhappy\n", "does not name a category for each column"),
        ("c.dicx", "Entry,joy\nglad,X,X\n", "line 2 has 3 cells, and the header 2"),
        ("d.dic", "sad\ntears\n", "has no line with '%'"),
        ("e.dic", "%\n1\tsad\n1\tjoy\n%\ntears\t1\n", "two categories have the number 1"),
        ("f.dicx", "Entry,joy\nglad,\n", "no word of the lexicon has a category"),
        ("g.txt", "a\0b", "bytes that no text has"),
        ("vad.txt", "Word\tV\tA\tD\nglad\t.9\t.6\t.8\nmad\t.2\t.8\t.5\n", "numbers and no cat"),
        ("afinn.txt", "glad\t3\nmad\t-2\n", "words have numbers and no category"),
        (
            "vader.txt",
            "glad\t2.7\t0.9\t[3, 2]\nmad\t-2\t0.9\t[-2, -2]\n",
            "numbers and no category",
        ),
        ("i.json", '["glad", "mad"]', "no object of categories with a list of words"),
        ("h.csv", "emotion,words\njoy,glad\n", "'glad' marks a word of category 'words'"),
    ],
)
def test_what_is_no_lexicon_is_told_with_its_place(write, name, text, told):
    with pytest.raises(DataError, match=told):
        ex.read_lexicon(write(name, text))
