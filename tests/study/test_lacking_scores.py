"""Contexts without scores of their own, rated people without features, and what a span is used for.

Scores by the closed form of three items, and elastic nets on them by scikit-learn, are formed again
here: scores to 1e-6 (lavaan against the closed form), errors to 1e-5 (the net's tolerance is 1e-7).
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import ElasticNet

from exprstats.study import read_study, run_study

ITEMS = ["response", "emotion", "motion"]
NET = "[[models]]\nname = 'net'\nkind = 'elastic'"


@pytest.fixture
def change(folder, write_study):
    """Run the small study after a change of its tables and its file."""

    def start(ratings=lambda table: table, clips=lambda table: table, text=lambda text: text):
        path = write_study(text((folder / "study.toml").read_text()))
        for name, step in (("ratings.csv", ratings), ("clips.csv", clips)):
            step(pd.read_csv(path.parent / name)).to_csv(path.parent / name, index=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run_study(read_study(path))

    return start


def make_heywood(ratings):
    """Give pain correlations of .65, .65 and .3: by the closed form θ1 = 1 - .65²/.3 < 0."""
    here = ratings["task"].eq("pain").to_numpy()
    _, codes = np.unique(ratings.loc[here, "clip"], return_inverse=True)
    wanted = np.array([[1, 0.65, 0.65], [0.65, 1, 0.3], [0.65, 0.3, 1]])
    base = np.random.default_rng(1).normal(size=(codes.max() + 1, 3))
    ratings = ratings.astype(dict.fromkeys(ITEMS, float))
    # Of little variance, so that all clips together keep an admissible fit.
    answers = 2 + 0.2 * (base @ np.linalg.cholesky(wanted).T)
    ratings.loc[here, ITEMS] = np.clip(answers, 0, 4)[codes]
    return ratings


def score_closed(means, train):
    """Return Bartlett scores of all rows (n, 3) from the one factor of the training rows."""
    cov = np.cov(means[train], rowvar=False, bias=True)
    first = np.sqrt(cov[0, 1] * cov[0, 2] / cov[1, 2])
    loads = np.array([first, cov[0, 1] / first, cov[0, 2] / first])
    errors = np.diag(cov) - loads**2
    weights = loads / errors / (loads**2 / errors).sum()
    return (means - means[train].mean(axis=0)) @ weights


def average_answers(run):
    ratings = pd.read_csv(run.study.ratings.file)
    return ratings.groupby("clip")[ITEMS].mean().loc[run.clips["clip"]].to_numpy()


def test_a_context_without_scores_of_its_own_counts_in_the_models_of_all_contexts(change, folder):
    unrated = pd.read_csv(folder / "clips.csv").query("task == 'startle'")["clip"].iloc[4]
    run = change(ratings=lambda table: make_heywood(table[table["clip"] != unrated]))
    flaws = {one.context: one.flaw for one in run.factor.solutions if one.part == "train"}
    assert flaws["pain"] and not flaws["startle"] and not flaws[None]
    assert run.clips["context"].value_counts().to_dict() == {"pain": 120, "startle": 119}
    left = [(one.reason, one.rows_in - one.rows_out) for one in run.provenance.exclusions]
    assert left == [("the clip has no score: nobody rated it", 1)]
    assert any("'pain' alone gives no scores" in one for one in run.provenance.notes)

    rows = run.comparison.tidy().query("versus.isna() and headline and metric == 'correlation'")
    assert {None if pd.isna(one) else one for one in rows["context"]} == {"startle", None}
    parts = run.clips["subject"].map(run.parts.set_index("subject")["part"])
    pooled = score_closed(average_answers(run), parts.eq("train").to_numpy())
    table = run.models["elastic"].tidy().query("context.isna()").set_index("term")["estimate"]
    values = run.clips[list(run.features)].to_numpy(float)
    own = {name: parts.eq(name).to_numpy() for name in ("train", "test")}
    values = (values - values[own["train"]].mean(axis=0)) / values[own["train"]].std(axis=0)
    net = ElasticNet(alpha=table["alpha"], l1_ratio=table["l1_ratio"], tol=1e-10, max_iter=100_000)
    guess = net.fit(values[own["train"]], pooled[own["train"]]).predict(values[own["test"]])
    tested = run.predictions.query("model == 'elastic' and fitted_on == 'all'").set_index("clip")
    clips = run.clips["clip"].to_numpy()[own["test"]]
    np.testing.assert_allclose(tested.loc[clips, "truth"], pooled[own["test"]], atol=1e-6)
    np.testing.assert_allclose(tested.loc[clips, "prediction"], guess, atol=1e-5)
    contexts = run.feature_correlations.tidy()["context"]
    assert set(contexts.dropna()) == {"startle"} and contexts.isna().any()


def test_rated_people_without_features_are_scored_and_end_no_study(change):
    """Five of 40 people lack a feature: more than a split of rated people may lack."""

    def empty(table):
        lost = table["subject"].drop_duplicates().iloc[:5]
        return table.assign(au_count=table["au_count"].mask(table["subject"].isin(lost)))

    run = change(clips=empty)
    assert not run.provenance.failures and len(run.parts) == 35
    assert not [one for one in run.provenance.warnings if "in no part" in one.message]
    scores = run.factor.scores.query("fitted_on == 'all'").set_index("clip")["score"]
    assert len(scores) == 240 and scores.notna().all()
    ratings = pd.read_csv(run.study.ratings.file)
    means = ratings.groupby(["clip", "subject"])[ITEMS].mean().reset_index()
    trained = run.parts.query("part == 'train'")["subject"]
    expected = score_closed(means[ITEMS].to_numpy(), means["subject"].isin(trained).to_numpy())
    np.testing.assert_allclose(scores.loc[means["clip"]], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("more", "told", "untold"),
    [
        ("", ["NRMSE is RMSE /", "means least", "uniform baseline draws from that range"], []),
        (f"{NET}\n[[models]]\nname = 'mean'\nkind = 'mean'\n", ["NRMSE is RMSE /"], ["uniform"]),
        ('metrics = ["rmse"]\n', ["The uniform baseline draws from the theo"], ["NRMSE"]),
        ("span = 7\n", ["NRMSE is RMSE / 7 and the uniform baseline draws from ±3.5"], []),
    ],
)
def test_a_note_names_what_the_range_is_used_for_and_no_more(change, more, told, untold):
    run = change(text=lambda text: text.replace("draws = 200\n", f"draws = 100\n{more}"))
    notes = " ".join(run.provenance.notes)
    assert all(one in notes for one in told) and not any(one in notes for one in untold)
