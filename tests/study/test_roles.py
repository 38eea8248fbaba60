"""What a table seems to hold, from the names of its columns."""

import pandas as pd
import pytest

from exprstats.study import guess_roles


def make(**columns):
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("table", "kind", "roles", "numbers"),
    [
        (
            make(Target=[1, 2], Rater=[1, 2], Type=[1, 2], Score=[3, 4]),
            "ratings",
            {"clip": "Target", "rater": "Rater", "context": "Type", "rating": "Score"},
            (),
        ),
        (
            make(video_id=["a"], WorkerId=["w"], response=[1.0], emotion_strength=[2.0]),
            "ratings",
            {"clip": "video_id", "rater": "WorkerId"},
            ("response", "emotion_strength"),
        ),
        (
            make(clip=["a"], coder=["w"], response=[1.0]),
            "ratings",
            {"clip": "clip", "rater": "coder", "rating": "response"},
            (),
        ),
        (
            make(clip=["a"], coder=["w"], score=[1.0], duration=[3.0]),
            "ratings",
            {"clip": "clip", "rater": "coder", "rating": "score"},
            ("duration",),
        ),
        (
            make(clip=["a", "b"], subject=["s", "s"], task=["x", "y"], AU01=[0.1, 0.2]),
            "clips",
            {"clip": "clip", "subject": "subject", "context": "task"},
            ("AU01",),
        ),
        (make(J1=[1], J2=[2]), "wide", {}, ("J1", "J2")),
        (
            make(clip=["a"], model=["m"], subject=["s"], truth=[1.0], prediction=[0.5]),
            "predictions",
            {
                "clip": "clip",
                "model": "model",
                "subject": "subject",
                "truth": "truth",
                "prediction": "prediction",
            },
            (),
        ),
    ],
)
def test_kinds_and_roles(table, kind, roles, numbers):
    guess = guess_roles(table)
    assert (guess.kind, guess.roles, guess.numbers) == (kind, roles, numbers)


def test_a_context_of_one_level_is_none():
    assert "context" not in guess_roles(make(subject=["a"], task=["x"], f=[1.0])).roles


def test_names_that_only_mention_a_role_are_no_role():
    guess = guess_roles(make(rater_age=[31], rating_date=["monday"], x=[1.0]))
    assert guess.roles == {}


def test_a_text_column_is_no_rating():
    assert "rating" not in guess_roles(make(rater=["a"], clip=["b"], score=["high"])).roles
