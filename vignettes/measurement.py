# %% [markdown]
# # The measurement model: what three items can show, and what a score from them is worth
#
# Lin, Girard, and Morency (2020) had crowd workers answer three questions on each clip, averaged
# the answers over workers, and took one factor's scores as the expressiveness of the clip. A
# methods reviewer will ask: does one factor fit, may the items be swapped, does the score mean the
# same in startle, pain and disgust, and did the test people shape their own targets? This page
# asks it of a simulated study of the same shape, whose truth is known. Fits are made by lavaan
# (Rosseel, 2012) in R.

# %%
import exprstats as ex

study = ex.simulate_expressiveness(subjects=140, seed=1)
items = ["response", "emotion", "motion"]
means = ex.average_raters(study.ratings)
print(means.head())

# %% [markdown]
# ## 1. Three items fit by construction
#
# Three items have six variances and covariances, and one factor has six parameters. Whatever the
# data, the model reproduces them: a CFI of 1 and an RMSEA of 0 would be no evidence, so none are
# printed.

# %%
factor = ex.fit_factor(means, items=items, by="context")
print(factor.sentence())

# %% [markdown]
# The fit is silent, but the estimates are not. Motion loads .96 in startle and .88 in pain, and
# the internal consistency of the items' means is at least .96 in every context. This ω takes the
# mean ratings as they are: whether the raters agreed is another question (section 3).
#
# Each estimate has two intervals. The headline leaves out one person at a time; the other takes
# the 16 clips of a person for 16 independent ones, and is too narrow.

# %%
table = factor.tidy()
shown = ["context", "method", "estimate", "conf_low", "conf_high"]
print(table.query("term == 'omega'")[shown])

# %% tags=["remove-cell"]
assert not set(table["term"]) & {"cfi", "rmsea", "chisq"}
assert (table.query("term == 'df'")["estimate"] == 0).all()
table = table.query("headline")
motion = table.query("term == 'loading' and item == 'motion'").set_index("context")["estimate"]
assert [round(motion[name], 2) for name in ("startle", "pain")] == [0.96, 0.88]
assert round(table.query("term == 'omega'")["estimate"].min(), 2) == 0.96

# %% [markdown]
# ## 2. What can be tested all the same
#
# Restrictions bring degrees of freedom (Jöreskog, 1971). Equal loadings (tau-equivalence, df = 2)
# would make coefficient α exact, and equal residual variances besides (parallel items, df = 4)
# would make the items interchangeable. Every person was seen in 16 clips, so the tests are scaled
# for clusters.

# %%
restrictions = ex.compare_restrictions(means, items=items, cluster="subject")
print(restrictions.sentence())

# %% [markdown]
# With 2,240 clips both are refused: motion is the weaker item. The CFI falls by only .010 under
# equal loadings, but by another .064 under equal residuals. A plain mean of the items is a fair
# score here; taking the items for parallel is not.

# %% tags=["remove-cell"]
steps = restrictions.tidy().query("versus.notna()").set_index(["model", "term"])
assert round(steps.loc[("tau-equivalent", "cfi"), "estimate"], 3) == -0.010
assert round(steps.loc[("parallel", "cfi"), "estimate"], 3) == -0.064
assert (steps.query("term == 'chisq'")["p_value"] < 0.001).all()
assert "no restriction was tenable" in restrictions.sentence()

# %% [markdown]
# ## 3. Scores, and what the choice of score changes
#
# A Bartlett score is unbiased for each clip, a regression score is closest on average, and the
# plain mean needs no model. The score card says how much the choice matters.

# %%
card = ex.compare_scores(factor, means)
print(card.sentence())

# %% [markdown]
# Bartlett and regression scores order the clips of a context alike, always. The plain mean
# correlates .991 with them in pain, where motion is weak, yet it moves one clip by 17 % of the
# ranks. About 28 % of the variance of the pooled scores lies between people, so clips of one
# person are no independent observations in anything that follows.
#
# What is a single score worth? With the ratings behind the means each score gets the standard
# error of rater sampling: by how much it would differ had other raters seen the clip. The model's
# own error is smaller, because a rater who is moved by a clip answers all three items higher, which
# a factor model takes for truth.

# %%
rated = ex.fit_factor(means, items=items, by="context", ratings=study.ratings)
errors = rated.scores.groupby(["fitted_on", "context"])[["std_error", "factor_se"]].mean()
print(errors)
reliability = ex.rate_scores(study.ratings, rated)
print(reliability.sentence())

# %% tags=["remove-cell"]
assert (errors["std_error"] > 2 * errors["factor_se"]).all()
icc = reliability.tidy().query("headline and context.notna()")["estimate"]
omegas = table.query("term == 'omega' and context.notna()")["estimate"]
assert icc.max() < omegas.min()

# %% [markdown]
# The reliability of the scores is the intraclass correlation of the raters' weighted answers. It
# is lower than ω in every context: ω says that the items agree, not that the raters do.
#
# The range that a score can take follows from the weights and the 0-4 scale, and errors of
# prediction are stated as shares of it.

# %%
print(factor.spans)

# %% tags=["remove-cell"]
rows = card.tidy().query("score == 'bartlett'")
same = rows.query("term == 'correlation' and versus == 'regression'")
assert (same["estimate"] > 1 - 1e-9).all()
plain = rows.query("versus == 'mean'").set_index(["context", "term"])["estimate"]
assert round(plain["pain", "correlation"], 3) == 0.991
assert round(plain["pain", "rank_change_largest"], 2) == 0.17
assert round(rows.query("term == 'between_share'")["estimate"].iloc[-1], 2) == 0.28

# %% [markdown]
# ## 4. Is it the same scale in every context?
#
# Scores of different contexts can be compared in size only if loadings and intercepts are equal
# (Meredith, 1993). Likelihood-ratio tests take the contexts for independent samples, but the same
# 140 people are in all three; with `cluster` the steps are tested by leaving out one person at a
# time.

# %%
invariance = ex.check_invariance(means, items=items, by="context", cluster="subject")
print(invariance.sentence())

# %% [markdown]
# Not even the loadings are equal, T²(4) = 134.2, so a score of 1 in startle and a score of 1 in
# pain are not the same amount of expressiveness. Models are therefore fitted within contexts, and
# the pooled score is reported beside them, not instead of them.

# %% tags=["remove-cell"]
metric = invariance.tidy().query("model == 'metric' and versus == 'configural'")
metric = metric.set_index("term").loc["chisq"]
assert metric["method"] == "jackknife"
assert round(metric["estimate"], 1) == 134.2
assert metric["p_value"] < 0.001

# %% [markdown]
# ## 5. Which loadings differ?
#
# The paper compares loadings by eye. Here people are drawn with replacement, all their clips with
# them, the model is refitted in each context, and differences get an interval and an adjusted p.

# %%
boot = ex.bootstrap_factor(means, items=items, by="context", draws=1000, seed=2)
print(boot.sentence())
differences = boot.tidy().query("headline and versus.notna() and term == 'loading'")
shown = ["context", "versus", "item", "estimate", "conf_low", "conf_high", "p_adjusted"]
print(differences[shown])

# %% [markdown]
# Motion loads .09 higher in startle than in pain, 95% CI [.07, .11]: in pain, people can feel much
# and move little. The loadings of response differ nowhere. The interval holds the planted
# difference.

# %% tags=["remove-cell"]
one = differences.query("item == 'motion' and context == 'startle' and versus == 'pain'").iloc[0]
assert [round(one[name], 2) for name in ("estimate", "conf_low", "conf_high")] == [0.09, 0.07, 0.11]
assert (differences.query("item == 'response'")["p_adjusted"] > 0.5).all()
planted = study.truth.query("term == 'loading' and item == 'motion'").set_index("context")
planted = planted.loc["startle", "estimate"] - planted.loc["pain", "estimate"]
assert one["conf_low"] <= planted <= one["conf_high"]

# %% [markdown]
# ## 6. Fitted on training people only
#
# If the factor model has seen the test clips, it has shaped the targets that predictions of them
# are judged by. With `parts` it is fitted on the training people and merely applied to the others;
# the fit on all clips stays in the table for the reader.

# %%
parts = ex.split_subjects(study.clips, train=0.6, validate=0.2, test=0.2, seed=1)
trained = ex.fit_factor(means, items=items, by="context", parts=parts)
loadings = trained.tidy().query("headline and term == 'loading' and context == 'disgust'")
print(loadings[["part", "item", "estimate", "n_clips"]])

# %% [markdown]
# No loading moves by more than .01 when the people of validation and test are left out, which is
# what one hopes for: the cost of doing it right is small. The scores of both fits correlate above
# .999 in every context.

# %% tags=["remove-cell"]
both = trained.tidy().query("headline and term == 'loading'")
both = both.pivot_table(index=["context", "item"], columns="part", values="estimate", dropna=False)
assert (both["all"] - both["train"]).abs().max() < 0.01
pairs = trained.scores.merge(
    factor.scores, on=["context", "clip", "fitted_on"], suffixes=("", "_all")
)
for context, rows in pairs.query("fitted_on == 'context'").groupby("context"):
    assert rows["score"].corr(rows["score_all"]) > 0.999, context

# %% [markdown]
# A fitted factor can be stored and applied to clips of a later study, and the same fit can be
# written as a script for plain R.

# %%
ex.save_factor(trained, "factor.json")
again = ex.score_clips(ex.load_factor("factor.json"), means.head(3))
print(again)
script = ex.write_lavaan_script(factor, "refit.R", data="items.csv")
print(script.splitlines()[0])

# %% tags=["remove-cell"]
first = trained.scores.query("fitted_on == 'context'").head(3)
assert (again.query("fitted_on == 'context'")["score"] - first["score"]).abs().max() < 1e-12
assert "lavaan" in script
