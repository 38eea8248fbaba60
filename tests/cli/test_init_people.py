"""Texts of a few levels and files of people in study files that are drafted."""

import tomllib

import numpy as np
import pandas as pd
import pytest

PEOPLE = [f"s{place:02d}" for place in range(12)]


@pytest.fixture
def clips():
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"clip": [f"c{k}" for k in range(72)], "subject": np.repeat(PEOPLE, 6)})
    table["smile"], table["nod"] = rng.normal(size=(2, 72))
    table["wert"] = table["smile"] + rng.normal(size=72)
    return table


def draft(call, folder, **tables):
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    place = folder / "study.toml"
    files = [folder / f"{name}.csv" for name in tables]
    done = call("init", *files, "--out", place)
    text = place.read_text(encoding="utf-8")
    return place, tomllib.loads(text), text, " ".join(done.stdout.split())


def test_a_text_that_is_neither_id_nor_target_is_asked_about(call, tmp_path, clips):
    clips["lage"] = ["a", "b", "c"] * 24
    _, found, text, told = draft(call, tmp_path, clips=clips)
    assert found["clips"]["target"] == "wert" and "context" not in found["clips"]
    assert '# context = "lage"  # asked' in text
    words = "[clips] context: 'lage' holds 3 texts ('a', 'b', 'c'): contexts, if named here, or"
    assert words in told and "what models predict, if named as target" in told
    assert '# features = ["smile", "nod", "lage"]' in text


def test_beside_known_contexts_it_may_be_a_feature(call, tmp_path, clips):
    table = clips.assign(task=["x", "y"] * 36, lage=["a", "b", "c"] * 24)
    _, found, text, told = draft(call, tmp_path, clips=table)
    assert found["clips"]["context"] == "task"
    assert '# features = ["smile", "nod", "lage"]' in text
    assert "'lage' holds 3 texts ('a', 'b', 'c'): a feature, or what models predict" in told


@pytest.mark.parametrize("name", ["emotion", "Expression", "class_name"])
def test_a_text_with_the_name_of_classes_is_the_target(call, tmp_path, clips, name):
    clips = clips.assign(task=["x", "y"] * 36, **{name: ["sad", "happy", "neutral"] * 24})
    place, found, _, told = draft(call, tmp_path, clips=clips)
    assert found["clips"]["target"] == name
    assert "the classes that models predict ('sad', 'happy', 'neutral')" in told
    assert "has 3 classes: happy, neutral, sad" in call("check", place).stdout


def test_one_row_a_person_is_the_file_of_people(call, tmp_path, clips):
    people = pd.DataFrame({"subject": PEOPLE, "alter": range(30, 42), "sex": ["f", "m"] * 6})
    place, found, text, told = draft(call, tmp_path, clips=clips, people=people)
    assert found["subjects"] == {"file": "people.csv", "subject": "subject"}
    assert '# group = "sex"' in text and '# features = ["alter", "sex"]' in text
    assert "people.csv: 12 rows, one row per person." in told
    whole = text.replace("# group", "group").replace('# features = ["alter"', 'features = ["alter"')
    place.write_text(whole, encoding="utf-8")
    assert "No problems found" in call("check", place).stdout


def test_ratings_clips_and_people_are_three_files(call, tmp_path, clips):
    rows = clips[["clip"]].merge(pd.DataFrame({"rater": ["r1", "r2", "r3"]}), how="cross")
    rng = np.random.default_rng(3)
    for item in ("warm", "open", "calm"):
        rows[item] = rng.integers(1, 8, len(rows))
    people = pd.DataFrame({"subject": PEOPLE, "alter": range(30, 42)})
    clips = clips.drop(columns="wert")
    place, found, *_ = draft(call, tmp_path, ratings=rows, clips=clips, people=people)
    assert set(found) >= {"ratings", "clips", "subjects"}
    assert "No problems found" in call("check", place).stdout
    # Alone, the same table is what it was: clips, one of each person.
    people = people.assign(wert=rng.normal(size=12))
    (tmp_path / "study.toml").unlink()
    _, found, *_ = draft(call, tmp_path, ratings=rows, people=people)
    assert "subjects" not in found


def test_repeated_rows_are_told_apart(call, tmp_path, clips):
    twice = pd.concat([clips, clips.head(2)], ignore_index=True)
    twice.loc[72, "smile"] += 1
    place, *_ = draft(call, tmp_path, clips=clips)
    for table, words in (
        (twice, "Rows of one case differ in 'smile'; 1 case has equal rows. Keep one row"),
        (pd.concat([clips, clips.head(2)]), "Rows of one case are equal. Keep one row"),
    ):
        table.to_csv(tmp_path / "clips.csv", index=False)
        assert words in " ".join(call("check", place, code=2).stderr.split())


def test_a_named_feature_that_never_varies_is_told_before_any_work(call, tmp_path, clips):
    place, _, text, _ = draft(call, tmp_path, clips=clips.assign(flach=1.0, wert2=clips["wert"]))
    place.write_text(text.replace("# features", "features"), encoding="utf-8")
    told = " ".join(call("check", place).stdout.split())
    assert "one value in all clips carry no information: 'flach'" in told
