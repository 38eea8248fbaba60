# %% [markdown]
# # Getting started: from ratings to a claim that survives review
#
# Lin, Girard, and Morency (2020) asked how expressive people look in short video clips, and which
# measured movements make them look so in different emotional contexts. This page walks their path
# with a simulated study of the same shape: 140 people, three contexts (startle, pain, disgust),
# five, seven and four clips per person, about six crowd raters per clip, three questions on a 0-4
# scale. Because the study is simulated, the truth is known, and every step can be held against it.

# %%
import exprstats as ex

study = ex.simulate_expressiveness(subjects=140, seed=1)
items = ["response", "emotion", "motion"]
print(study.ratings.head())

# %% tags=["remove-cell"]
assert len(study.clips) == 140 * (5 + 7 + 4) == 2240
assert study.ratings["rater"].nunique() == 112


# %% [markdown]
# ## 1. Do raters agree?
#
# Every clip was seen by other raters, so the coefficient is the one-way ICC (McGraw & Wong, 1996);
# the mean rating of a clip is what is analyzed next, so the number to report is ICC(1,k). Raters
# per clip differ, and k is their harmonic mean.

# %%
reliability = ex.rate_reliability(study.ratings, by="context", cluster="subject")
printed = reliability.tidy().query("headline")
print(printed[["context", "item", "term", "estimate", "conf_low", "conf_high", "method"]])

# %% [markdown]
# The lowest of the twelve is .81, motion in pain. Two intervals are computed for each. The F
# interval of the textbooks takes clips as independent, but clips of one person are alike, and
# raters are shared between people. The cluster interval leaves out one person and one rater at a
# time instead; it is wider, and it is the one that is marked for print. For response over all
# contexts it is more than twice as wide.

# %% tags=["remove-cell"]
lowest = printed.loc[printed["estimate"].idxmin()]
assert (lowest["context"], lowest["item"]) == ("pain", "motion")
assert round(lowest["estimate"], 2) == 0.81
assert (printed["method"] == "jackknife").all()
pooled = reliability.tidy().query(
    "context.isna() and item == 'response' and term == 'ICC(1,k)' and k_rule == 'harmonic'"
)
width = (pooled["conf_high"] - pooled["conf_low"]).set_axis(pooled["method"])
assert 2 < width["jackknife"] / width["f"] < 4

# %% [markdown]
# ## 2. One score from three questions
#
# The questions are averaged over raters and a one-factor model is fitted by lavaan (Rosseel, 2012)
# in every context and over all. Three items fit by construction, so no fit index is shown. People
# are divided into training, validation and test before anything else: scores that models will be
# tested on come from a factor model that never saw the test people.

# %%
parts = ex.split_subjects(study.clips, train=0.6, validate=0.2, test=0.2, seed=1)
factor = ex.fit_factor(ex.average_raters(study.ratings), items=items, by="context", parts=parts)
print(factor.sentence())

# %%
table = factor.tidy()
loadings = table[(table["term"] == "loading") & (table["part"] == "all") & table["headline"]]
print(loadings[["context", "item", "estimate", "conf_low", "conf_high"]])

# %% [markdown]
# Motion loads .96 on expressiveness in startle and .88 in pain: in pain, people can feel much and
# move little. That difference was planted.

# %% tags=["remove-cell"]
motion = loadings[loadings["item"] == "motion"].set_index("context")["estimate"]
assert round(motion["startle"], 2) == 0.96
assert round(motion["pain"], 2) == 0.88
truth = study.truth.query("term == 'loading' and item == 'motion'").set_index("context")["estimate"]
assert abs(motion["startle"] - truth["startle"]) < 0.02
assert abs(motion["pain"] - truth["pain"]) < 0.03

# %% [markdown]
# ## 3. What predicts the score?
#
# An elastic net (Zou & Hastie, 2005) is tuned on the validation people, for each context and over
# all, and judged on the test people beside three baselines that know nothing of the video.

# %%
data = ex.join_scores(study.clips, factor)
features = [name for name in study.clips.columns if name not in ("clip", "subject", "context")]
elastic = ex.fit_elastic(data, target="score", features=features, parts=parts, by="context")
guesses = ex.stack_predictions(
    elastic,
    ex.guess_uniform(elastic.predictions, low=-3.5, high=3.5, seed=2),
    ex.guess_normal(elastic.predictions, seed=3),
    ex.guess_mean(elastic.predictions),
)
versus = ex.compare_models(
    guesses, against="elastic", metrics=["nrmse", "correlation"], by="context", span=7, seed=4
)
scores = versus.tidy().query("headline and versus.isna() and model == 'elastic'")
print(scores[["context", "metric", "estimate", "conf_low", "conf_high", "n_clusters"]])

# %% [markdown]
# The models of the contexts reach correlations of .65 in startle, .51 in pain and .79 in disgust
# with the scores of 28 people they never saw. With fewer than 40 people percentile intervals from
# the bootstrap are too short, so the jackknife interval is the headline; both are in the table.
# Against guessing the training mean, the pooled model's error is smaller by .026 of the range, and
# the difference is clear.

# %% tags=["remove-cell"]
r = scores.query("metric == 'correlation'").set_index("context")["estimate"]
assert [round(r[name], 2) for name in ("startle", "pain", "disgust")] == [0.65, 0.51, 0.79]
assert (scores["n_clusters"] == 28).all()
mean = versus.tidy().query("headline and context.isna() and metric == 'nrmse' and versus == 'mean'")
assert round(mean["estimate"].item(), 3) == -0.026
assert mean["p_adjusted"].item() < 0.01

# %% [markdown]
# ## 4. The report
#
# One call writes the page, its tables and figures, the full-precision numbers and their provenance.
# `exprstats report STUDY.toml` does the same from a study file, with every exclusion listed.

# %%
page = ex.write_report([reliability, factor, elastic, versus], "getting_started_report")
print(page)

# %% tags=["remove-cell"]
assert page.stat().st_size > 10_000
