"""Readers of annotations against values read off small files by hand.

Times: SignStream 2 counts milliseconds from the start of the utterance, at 30 frames per second,
rounded; the end is the start of the last frame. 0-67 ms is frames 0, 1, 2, that is [0, 0.1) s.
Tolerance 1e-12 s: sums of doubles.
"""

import pandas as pd
import pytest

import exprstats as ex
from exprstats.errors import DataError, DataWarning, OptionError

from .conftest import ELAN, SIGNSTREAM2, SIGNSTREAM3


def pick(events, tier):
    return events[events["tier"].eq(tier)]


@pytest.fixture
def two(write):
    with pytest.warns(DataWarning, match="1 interval cut at the end of their utterance"):
        return ex.read_events(write("story.xml", SIGNSTREAM2))


def test_times_are_relative_and_the_last_frame_counts(two):
    nose = pick(two, "nose")
    assert nose["start"].tolist() == pytest.approx([0, 0.1, 0.2], abs=1e-12)
    assert nose["end"].tolist() == pytest.approx([0.1, 0.2, 0.3], abs=1e-12)
    whole = pick(two, "utterance").iloc[0]
    assert (whole["start"], whole["value"]) == (0, "DOG")
    assert whole["end"] == pytest.approx(9 / 30)


def test_phases_are_no_values_and_fields_go_by_name(two):
    nose = pick(two, "nose")
    assert nose["phase"].tolist()[0] == "onset"
    assert pd.isna(nose["value"].iloc[0])
    # "wrinkle " loses its blank; "tense" is a spelling of "tensed".
    assert nose["value"].tolist()[1:] == ["wrinkle", "tensed"]
    gloss = pick(two, "gloss")
    assert gloss["value"].tolist()[0] == "WHY"
    assert gloss["phase"].tolist()[1] == "hold"
    assert set(two["signer"]) == {"Ben"}
    assert pick(two, "translation")["value"].item() == "He's AFRAID, I think."
    assert two["utterance"].unique().tolist() == ["story/7"]


def test_a_value_that_is_called_hold_is_no_phase(write):
    text = SIGNSTREAM2.replace('NAME="wrinkle "', 'NAME="hold"')
    with pytest.warns(DataWarning):
        nose = pick(ex.read_events(write("story.xml", text)), "nose")
    assert nose["value"].tolist()[1] == "hold" and nose["phase"].isna().tolist()[1]


def test_tables_of_a_folder_are_read_where_no_program_wrote_a_file(write, tmp_path):
    write("a.csv", "utterance,tier,start,end,value\nu,nose,0,1,wrinkle\n")
    assert ex.read_events(tmp_path)["value"].tolist() == ["wrinkle"]
    write("story.xml", SIGNSTREAM2)
    with pytest.warns(DataWarning):
        assert set(ex.read_events(tmp_path)["utterance"]) == {"story/7"}


def test_spellings_are_a_table_that_can_be_edited(write):
    table = ex.list_spellings()
    own = table[table["tier"].ne("nose")]
    with pytest.warns(DataWarning):
        events = ex.read_events(write("story.xml", SIGNSTREAM2), spellings=own)
    assert "tense" in set(pick(events, "nose")["value"])
    with pytest.raises(DataError, match="is in two rows"):
        ex.read_events(write("t.csv", "tier,start,end\na,0,1\n"), spellings=pd.concat([own, own]))


@pytest.mark.parametrize("times", [(60, 90, 119, 30), (500, 1500, 2467, 1000)])
def test_signstream_3_is_read_in_frames_or_milliseconds(write, recwarn, times):
    start, middle, end, rate = times
    text = SIGNSTREAM3.format(start=start, middle=middle, end=end)
    events = ex.read_events(write("dai.xml", text))
    assert pick(events, "utterance")["end"].item() == pytest.approx((end - start) / rate + 1 / 30)
    brows = pick(events, "eye brows")
    raised = brows[brows["value"].eq("raised")].iloc[0]
    assert raised["start"] == pytest.approx((middle - start) / rate)
    assert brows["phase"].dropna().tolist() == ["onset"]
    assert pick(events, "gloss")["value"].item() == "SAD"
    assert pick(events, "translation")["value"].item() == "I''m sad."
    told = any("milliseconds" in str(one.message) for one in recwarn)
    assert told == (rate == 1000)


def test_elan_slots_without_a_time_lie_between_their_neighbours(write):
    with pytest.warns(DataWarning, match=r"read as one utterance.*'brows'.*within"):
        events = ex.read_events(write("e.eaf", ELAN))
    assert pick(events, "brows")["start"].tolist() == [2.0, 9.0]
    assert pick(events, "translation")[["start", "end"]].to_numpy().tolist() == [[1.0, 3.0]]


def test_elan_annotations_that_subdivide_another_have_equal_parts_of_it(write):
    """Words, in another order in the file than in the text, with one part of speech each."""

    def refer(key, parent, value, before=None):
        before = "" if before is None else f' PREVIOUS_ANNOTATION="{before}"'
        head = f'<REF_ANNOTATION ANNOTATION_ID="{key}" ANNOTATION_REF="{parent}"{before}>'
        value = f"<ANNOTATION_VALUE>{value}</ANNOTATION_VALUE>"
        return f"<ANNOTATION>{head}{value}</REF_ANNOTATION></ANNOTATION>"

    words = refer("c", "a", "three", "b2") + refer("b", "a", "one") + refer("b2", "a", "two", "b")
    kinds = "".join(refer(f"p{one}", one, one.upper()) for one in ("b", "b2", "c"))
    text = (
        '<ANNOTATION_DOCUMENT><TIME_ORDER><TIME_SLOT TIME_SLOT_ID="1" TIME_VALUE="1000"/>'
        '<TIME_SLOT TIME_SLOT_ID="2" TIME_VALUE="4000"/></TIME_ORDER><TIER TIER_ID="text">'
        '<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a" TIME_SLOT_REF1="1" TIME_SLOT_REF2="2">'
        "<ANNOTATION_VALUE>one two three</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
        f'</TIER><TIER TIER_ID="word">{words}</TIER><TIER TIER_ID="kind">{kinds}</TIER>'
        f'<TIER TIER_ID="free">{refer("f", "a", "un deux trois")}</TIER></ANNOTATION_DOCUMENT>'
    )
    found = ex.read_events(write("words.eaf", text)).set_index("value")[["start", "end"]]
    parts = {"one": [1, 2], "two": [2, 3], "three": [3, 4], "B": [1, 2], "B2": [2, 3], "C": [3, 4]}
    for value, times in (parts | {"un deux trois": [1, 4], "one two three": [1, 4]}).items():
        assert found.loc[value].tolist() == pytest.approx(times)
    with pytest.raises(DataError, match="a time slot holds no number"):
        ex.read_events(write("odd.eaf", text.replace('"4000"', '"4s"')))


def test_elan_utterances_are_a_tier(write):
    with pytest.warns(DataWarning, match="1 interval left out, since they lie outside"):
        events = ex.read_events(write("e.eaf", ELAN), within="sentence")
    assert pick(events, "utterance")[["start", "end"]].to_numpy().tolist() == [[0.0, 2.0]]
    assert pick(events, "brows")["start"].tolist() == [1.0]
    with pytest.raises(DataError, match="brows, sentence, translation"):
        ex.read_events(write("f.eaf", ELAN), within="sentences")


def test_an_entity_bomb_is_refused_and_a_doctype_is_not(write):
    bomb = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><a>&y;</a>'
    with pytest.raises(DataError, match="declares an entity of its own"):
        ex.read_events(write("bomb.xml", bomb))
    plain = SIGNSTREAM2.replace("<SIGN", '<!DOCTYPE SIGNSTREAM-DATABASE SYSTEM "x.dtd"><SIGN', 1)
    with pytest.warns(DataWarning, match="cut"):
        assert len(ex.read_events(write("dtd.xml", plain)))


def test_tables_of_intervals_are_read_with_texts_as_they_stand(write):
    text = "utterance,signer,tier,start,end,value\n007,S1,AU,0,0.5,4\n007,S1,AU,0.5,1,12\n"
    events = ex.read_events(write("t.csv", text))
    assert events["utterance"].unique().tolist() == ["007"]
    assert events["value"].tolist() == ["4", "12"]
    bare = ex.read_events(write("smile.csv", "tier,start,end\nsmile,1,2\n"))
    assert bare[["utterance", "value"]].to_numpy().tolist() == [["smile", "yes"]]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.xml", "<A></A>", "first element is 'A'"),
        ("b.xml", "<A><B></A>", "line 1 is no valid XML"),
        ("c.csv", "tier,begin,end\na,0,1\n", "it has no 'start'"),
        ("d.csv", "tier,start,end\na,2,1\n", "1 interval ends before its start"),
        ("e.eaf", "<ANNOTATION_DOCUMENT/>", "holds no annotation"),
        ("f.xml", SIGNSTREAM2.replace('S="100"', 'S="x"'), "a time is 'x'"),
    ],
)
def test_what_cannot_be_read_is_told(write, name, text, told):
    with pytest.raises(DataError, match=told):
        ex.read_events(write(name, text))


def test_problems_of_all_files_come_together(write, tmp_path):
    write("a.xml", "<A></A>")
    write("b.xml", "<B>")
    with pytest.raises(DataError) as caught:
        ex.read_events(tmp_path)
    assert len(caught.value.problems) == 2


def test_paths_that_hold_nothing_are_refused(tmp_path):
    with pytest.raises(OptionError, match=r"holds no file that ends in \.xml, \.eaf, \.csv"):
        ex.read_events(tmp_path)
    with pytest.raises(OptionError, match="is not there"):
        ex.read_events(tmp_path / "x.xml")


def test_another_encoding_is_read_when_it_is_named(write):
    text = SIGNSTREAM2.replace("DOG", "CAFÉ")
    path = write("mac.xml", text, encoding="mac-roman")
    with pytest.raises(DataError, match="encoding="):
        ex.read_events(path)
    with pytest.warns(DataWarning, match="cut"):
        events = ex.read_events(path, encoding="mac-roman")
    assert pick(events, "utterance")["value"].item() == "CAFÉ"


STRANGE = "Ebene;von;bis;Wert;Satz;Person\nNase;0;500;kraus;s1;A\nNase;250;1000;glatt;s2;B\n"


def test_tables_with_other_names_and_units_are_read_when_these_are_named(write):
    named = {"tier": "Ebene", "start": "von", "end": "bis", "value": "Wert"}
    path = write("strange.csv", STRANGE)
    events = ex.read_events(path, utterance="Satz", signer="Person", unit="ms", **named)
    assert events[["utterance", "signer", "tier", "start", "end", "value"]].to_numpy().tolist() == [
        ["s1", "A", "Nase", 0.0, 0.5, "kraus"],
        ["s2", "B", "Nase", 0.25, 1.0, "glatt"],
    ]
    with pytest.raises(DataError, match="it has no 'tier'") as caught:
        ex.read_events(path)
    assert "Name the column with --tier." in caught.value.speak("command")
    with pytest.raises(DataError, match="it has no 'Anfang'"):
        ex.read_events(path, start="Anfang")
    with pytest.warns(DataWarning, match=r"half of the intervals last 625 s or more.*'ms'"):
        ex.read_events(path, **named)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("upper.csv", "Tier,Start,END,Value,Signer\nnose,.5,1,wrinkle,Ann\n"),
        (
            "elan.txt",
            "Tier\tParticipant\tBegin Time - ss.msec\tEnd Time - ss.msec\tDuration - ss.msec\t"
            "Annotation\nnose\tAnn\t0.500\t1.000\t0.500\twrinkle\n",
        ),
    ],
)
def test_tables_of_elan_and_names_in_capitals_are_known(write, name, text):
    found = ex.read_events(write(name, text))
    held = found[["tier", "start", "end", "value", "signer"]].to_numpy().tolist()
    assert held == [["nose", 0.5, 1.0, "wrinkle", "Ann"]]


def test_rows_that_stand_twice_count_once(write):
    rows = "u,nose,0,1,wrinkle\n" * 2 + "u,nose,1,2,wrinkle\n"
    with pytest.warns(DataWarning, match="1 row repeats another and counts? once"):
        events = ex.read_events(write("t.csv", "utterance,tier,start,end,value\n" + rows))
    assert len(events) == 2


def test_intervals_shorter_than_frames_are_told(write):
    with pytest.warns(UserWarning, match="shorter than half a frame.*unit='s'"):
        ex.read_events(write("ms.csv", "tier,start,end\nnose,0.5,1\n"), unit="ms")
