"""One small study for all tests of the report, with plain names and with hostile ones."""

import warnings
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest

from exprstats import rbridge
from exprstats.errors import RError
from exprstats.inference import compare_models
from exprstats.measurement import average_raters, fit_factor, join_scores
from exprstats.models import (
    contrast_contexts,
    fit_elastic,
    guess_mean,
    guess_normal,
    report_weights,
    split_subjects,
    stack_predictions,
)
from exprstats.reliability import rate_reliability
from exprstats.simulate import simulate_expressiveness

FEATURES = ("au_count", "points_displacement", "head_velocity")
ITEMS = ("response", "emotion", "motion")
HOSTILE = {
    "startle": "<script>alert(1)</script>",
    "pain": "$x_1$ & *i*",
    "response": "=cmd()|'!A0",
    "emotion": '"><img src=x onerror=alert(1)>',
    "motion": "{{ 7 * 7 }}",
    "au_count": "<script>alert(2)</script>",
    "points_displacement": "@sum(a) {x} %s",
    "head_velocity": "$\\frac{1}{0}$",
}
VOID = {"meta", "br", "img", "wbr"}


@dataclass
class Results:
    """What the verbs gave, in the order of the path."""

    reliability: object
    factor: object
    models: object
    comparison: object
    ratings: object = None
    data: object = None
    parts: object = None

    def __iter__(self):
        return iter((self.reliability, self.factor, self.models, self.comparison))


def run_path(names=None, *, by="context", metrics=("nrmse", "correlation"), against="elastic"):
    """Return the results of a simulated study, things renamed."""
    names = names or {}
    simulated = simulate_expressiveness(subjects=24, contexts={"startle": 3, "pain": 3}, seed=5)
    ratings = simulated.ratings.replace({"context": names, "item": names})
    clips = simulated.clips.replace({"context": names}).rename(columns=names)
    features = [names.get(name, name) for name in FEATURES]
    if by is None:
        ratings, clips = (merge_contexts(table) for table in (ratings, clips))
    parts = split_subjects(clips, train=0.5, validate=0.25, test=0.25, seed=1)
    items = [names.get(name, name) for name in ITEMS]
    factor = fit_factor(average_raters(ratings), items=items, by=by, parts=parts, scale=(0, 4))
    data = join_scores(clips, factor)
    elastic = fit_elastic(data, target="score", features=features, parts=parts, by=by)
    guesses = [guess_normal(elastic.predictions, seed=2), guess_mean(elastic.predictions)]
    comparison = compare_models(
        stack_predictions(elastic, *guesses),
        metrics=list(metrics),
        span=7,
        by=by,
        against=against,
        draws=300,
        seed=3,
    )
    reliability = rate_reliability(ratings, by=by)
    return Results(reliability, factor, elastic, comparison, ratings, data, parts)


def merge_contexts(table):
    joined = table["context"].astype(str) + "/" + table["clip"].astype(str)
    return table.assign(clip=joined).drop(columns="context")


def run_without_r(*arguments, **options):
    """Return the results as they are where R is absent: the closed form serves."""

    def refuse(*_, **__):
        message = "R was taken away."
        raise RError(message)

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setattr(rbridge, "call", refuse)
        patch.setattr(rbridge, "probe_r", lambda: rbridge.RState())
        return run_path(*arguments, **options)


@pytest.fixture(scope="session")
def plain():
    return run_without_r()


@pytest.fixture(scope="session")
def resampled(plain):
    """Weights and contrasts of the study with plain names."""
    settings = {"target": "score", "features": FEATURES, "parts": plain.parts}
    weights = report_weights(plain.models, draws=40, repeats=0, seed=1)
    return weights, contrast_contexts(plain.data, **settings, draws=40, seed=1)


@pytest.fixture(scope="session")
def hostile():
    return run_without_r(HOSTILE)


@pytest.fixture(scope="session")
def hostile_names():
    return list(HOSTILE.values())


@pytest.fixture(scope="session")
def run_study_path():
    return run_path


@pytest.fixture(scope="session")
def run_path_without_r():
    return run_without_r


class Page(HTMLParser):
    """A page taken apart: texts by element, tables as rows of texts, tags that do not close."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes = [], [], []
        self.tables, self.texts, self.unclosed = [], [], []
        self.captions, self.references = [], []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        self.unclosed += self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag == "figcaption":
            self.captions.append([])
        elif tag == "p" and ("class", "reference") in attrs:
            self.references.append("")
        elif tag in {"td", "th"}:
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.unclosed.append(tag)

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.texts.append(data)
        if "figcaption" in self.open and data.strip():
            self.captions[-1].append(data)
        if self.references and {"p"} & set(self.open):
            self.references[-1] += data
        if {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] += data

    @property
    def text(self):
        return " ".join("".join(self.texts).split())

    def list_sections(self):
        return [value for tag, name, value in self.attributes if tag == "section" and name == "id"]

    def find_table(self, first):
        """Return the rows of the table whose last head row starts with a heading."""
        for table in self.tables:
            if any(row and row[0] == first for row in table):
                return table
        return None


@pytest.fixture(scope="session")
def read_page():
    return Page
