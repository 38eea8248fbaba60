# %% [markdown]
# # Comparing models on people who appear many times
#
# A test set of 448 clips sounds large. If it shows 28 people, it is 28 observations of what models
# do with a new person, and every interval and test has to rest on those. This page compares models
# on such a test set, with the cluster bootstrap that Lin, Girard, and Morency (2020) used, and
# says which interval to trust, from a table of measured coverage.

# %%
import numpy as np
import pandas as pd

import exprstats as ex

study = ex.simulate_expressiveness(subjects=140, seed=3)
parts = ex.split_subjects(study.clips, seed=3)
factor = ex.fit_factor(
    ex.average_raters(study.ratings),
    items=["response", "emotion", "motion"],
    by="context",
    parts=parts,
)
data = ex.join_scores(study.clips, factor)
features = ["points_displacement", "head_displacement", "au_count", "au_intensity"]
options = {"target": "score", "parts": parts, "by": "context"}
all_four = ex.fit_elastic(data, features=features, name="all four", **options)
faces = ex.fit_elastic(data, features=features[2:], name="action units", **options)
guesses = ex.stack_predictions(all_four, faces, ex.guess_mean(all_four.predictions))

# %% [markdown]
# ## Every model, every difference
#
# People are drawn with replacement, each with all of their clips, and all models are judged on the
# same draws, so that differences are paired.

# %%
versus = ex.compare_models(guesses, metrics=["rmse", "correlation"], seed=3)
printed = versus.tidy().query("headline")
columns = ["metric", "term", "estimate", "conf_low", "conf_high", "p_adjusted"]
print(printed[columns].round(3).to_string(index=False))
print(versus.sentence())

# %% tags=["remove-cell"]
assert (printed["n_clusters"] == 28).all()
assert (printed["method"] == "jackknife").all()
rmse = printed[printed["metric"] == "rmse"].set_index("term")
assert rmse.loc["all four - mean", "p_adjusted"] < 0.001

# %% [markdown]
# ## What rows as independent would have claimed
#
# If every clip is taken for a person of its own, the same differences come with narrower intervals
# than 28 people can support.

# %%
clips = guesses.assign(row=guesses["context"] + guesses["clip"])
naive = ex.compare_models(clips, metrics="correlation", cluster="row", seed=3).tidy()
narrow = naive.query("headline and term == 'all four'")
honest = printed.query("metric == 'correlation' and term == 'all four'")
for rows in (narrow, honest):
    print((rows["conf_high"] - rows["conf_low"]).item())

# %% tags=["remove-cell"]
assert (honest["conf_high"] - honest["conf_low"]).item() > 1.2 * (
    narrow["conf_high"] - narrow["conf_low"]
).item()

# %% [markdown]
# ## Which interval?
#
# The jackknife-t interval is the one to print, whatever the number of people: `interval="auto"`,
# the default, marks its rows as `headline` and puts percentile rows of the bootstrap beside them.
# A single error (RMSE, MAE, MSE) has its interval on the log scale, a share (accuracy, UAR, AUC,
# recall and their kin) on the logit scale, a correlation on Fisher's z; differences stay on their
# own. A metric that is not smooth, such as a median error, has a percentile interval with levels
# expanded for the number of people (Hesterberg, 2015). `basic`, `bca` and `t` are there to compare
# with other software.
#
# | people | what to know |
# |---|---|
# | fewer than 10 | the interval rests on few degrees of freedom, and its note says on how many |
# | fewer than 20 | single errors and shares are covered less well than differences, see below |
# | any | a single RMSE with rare, very large errors is covered too rarely; differences are not |
#
# The reason is measured: in 96 designs (5 to 160 people, balanced or not, normal or heavy-tailed,
# intraclass correlations of .1, .4 and .7), 500 simulated studies each, 95% intervals held the true
# value this often. `python tests/inference/simulate_coverage.py` made the table
# `coverage_intervals.csv`, and `make coverage` checks it with new studies.

# %%
coverage = pd.read_csv("coverage_intervals.csv")
designs = coverage[coverage["term"].isin(["score", "equal", "unequal"])]
kind = np.where(designs["term"] == "score", "score", "difference")
table = designs.assign(kind=kind).pivot_table("jackknife", "clusters", ["kind", "metric"])
print(table["difference"].round(3).to_string())
print(table["score"].round(3).to_string())

# %% [markdown]
# One cell of the stored table has a Monte-Carlo standard error of .010 where it is .95; a cell here
# is the mean over 12 designs (4 for ranks, which were simulated at 10, 20, 40 and 80 people). The
# bootstrap's own intervals are narrower than they say until there are 40 people and more, the
# famous BCa interval most of all:

# %%
drawn = designs[designs["percentile"].notna() & (designs["term"] != "score")]
print(drawn.groupby("clusters")[["jackknife", "percentile", "basic", "bca"]].mean().round(3))

# %% tags=["remove-cell"]
assert table["difference"].melt()["value"].dropna().between(0.92, 0.975).all()
assert table["score"].drop(columns="rmse").melt()["value"].dropna().between(0.91, 0.975).all()
means = drawn.groupby("clusters")[["jackknife", "percentile", "basic", "bca"]].mean()
assert means["jackknife"].between(0.94, 0.965).all()
assert (means.loc[:28, "percentile"] < 0.93).all() and (means.loc[40:, "percentile"] > 0.93).all()
assert (means.loc[:80, "bca"] < means.loc[:80, "percentile"]).all()

# %% [markdown]
# The other side of the same table: two models that are equally good should be called different in
# 5 of 100 studies. This is how often it happened.

# %%
alike = designs[designs["term"] == "equal"]
print(alike.groupby("clusters")[["rejects_jackknife", "rejects_percentile"]].mean().round(3))

# %% tags=["remove-cell"]
rejected = alike.groupby("clusters")[["rejects_jackknife", "rejects_percentile"]].mean()
assert rejected["rejects_jackknife"].between(0.035, 0.06).all()
assert rejected.loc[10, "rejects_percentile"] > 0.08

# %% [markdown]
# ## Where 95% is not 95
#
# Of 2,160 cells of the headline interval 299 lie outside .93 to .97, most of them no further than
# chance takes a share. These 33 do by more (2.6 standard errors), gathered by metric and term.

# %%
share = designs["jackknife"]
error = (share * (1 - share) / designs["studies"]).clip(lower=1e-5) ** 0.5
outside = designs[(share < 0.93 - 2.6 * error) | (share > 0.97 + 2.6 * error)]
told = outside.groupby(["metric", "term", "tails", "icc"]).agg(
    cells=("jackknife", "size"), people=("clusters", lambda people: sorted(set(people)))
)
told["lowest"] = outside.groupby(["metric", "term", "tails", "icc"])["jackknife"].min()
print(told.to_string())

# %% [markdown]
# Differences between models are covered as they should be, but for two cells at five and ten people
# (accuracy, Spearman's ρ) that are covered too often. What is left are single values, with the
# coverage of these cells:
#
# - **A single RMSE with heavy-tailed errors** (t with 5 degrees of freedom): a rare person with
#   very large errors carries much of the mean square, and most samples lack such a person. It is
#   covered in 80 to 89 of 100 studies up to 80 people, in all but one cell where errors are shared
#   within people (intraclass correlations of .4 and .7). All 28 cells of that kind lie between 80
#   and 92, on average 88. No interval can know of people who were not seen: print the MAE, or
#   compare models, whose difference is not affected.
# - **A single RMSE or MAE of 5 to 15 people whose clips err together** (intraclass correlation .7):
#   87 to 89 of 100.
# - **A share at five people**: F1 too rarely, accuracy and recall too often, because hardly any of
#   their clips are wrong, or hardly any are positive.

# %% tags=["remove-cell"]
assert (outside["term"].eq("score") | outside["clusters"].le(10)).all()
assert outside.loc[outside["clusters"] > 15, "metric"].eq("rmse").all()
assert outside.loc[outside["clusters"] > 15, "tails"].eq("heavy").all()
heavy = outside[(outside["metric"] == "rmse") & (outside["tails"] == "heavy")]
assert heavy["clusters"].max() == 80 and heavy["jackknife"].round(2).between(0.80, 0.89).all()
rest = outside[(outside["tails"] != "heavy") & outside["metric"].isin(["rmse", "mae"])]
assert (rest["icc"] == 0.7).all() and rest["jackknife"].round(2).between(0.87, 0.89).all()
assert (len(designs), len(outside)) == (2160, 33)
assert ((share < 0.93) | (share > 0.97)).sum() == 299

# %% [markdown]
# ## Contexts with few people of their own
#
# Where the people of two contexts differ, `compare_contexts` makes the limits of a difference from
# those of its two values, each on its scale, with Welch's degrees of freedom. Six people against
# eighty are still few: where clips of a person err together (intraclass correlation .7), a true
# null of RMSE is rejected in 11 (normal tails) to 15 (heavy tails) of 100 studies, and a note says
# so below 15 people a side. Correlations and accuracies hold their level.

# %%
contexts = coverage[coverage["term"] == "contexts"].assign(
    people=lambda rows: (
        rows["clusters"].astype(str) + " : " + rows["versus"].astype(int).astype(str)
    )
)
print(contexts.pivot_table("rejects_jackknife", "people", ["metric", "icc"], sort=False).round(3))

# %% tags=["remove-cell"]
worst = contexts[(contexts["metric"] == "rmse") & (contexts["icc"] == 0.7)]
small = worst[worst["clusters"] == 6]["rejects_jackknife"]
assert small.round(2).between(0.11, 0.15).all()
assert contexts.loc[contexts["clusters"] == 20, "rejects_jackknife"].between(0.03, 0.065).all()
assert (
    contexts.loc[contexts["metric"].isin(["correlation", "accuracy"]), "rejects_jackknife"]
    .between(0.03, 0.08)
    .all()
)

# %% [markdown]
# ## Cross-validation: never pool the folds for a correlation
#
# The models of different folds have different training means, and a fold whose people score high
# was predicted from the others, who score lower: pooled predictions of pure noise correlate
# negatively with the truth. Where predictions have a column `fold` (and `repeat`), correlations and
# their kin are measured within folds and averaged. Folds share training people, so that the
# variance over people is doubled; where nothing is learned that is what it must be, and where the
# signal is clear the interval is wide on purpose. The column `icc` holds the true correlation of
# the one feature out of ten that matters.

# %%
folds = coverage[coverage["term"].isin(["folds", "pooled folds"])]
keys = ["clusters", "sizes", "icc"]
print(folds.pivot_table("jackknife", keys, "term").round(3))

# %% tags=["remove-cell"]
shares = folds.pivot_table("jackknife", keys, "term")
assert shares["folds"].between(0.95, 1).all()
nothing = shares.xs(0.0, level="icc")
assert nothing["folds"].between(0.95, 0.985).all()
assert (nothing["pooled folds"] < 0.83).all()

# %% [markdown]
# ## "As good as": equivalence needs a margin
#
# That two models do not differ significantly is no evidence that they are alike. If a difference
# of .05 in r is too small to matter, two one-sided tests from the same draws say whether the
# difference is smaller than that.

# %%
equal = ex.judge_equivalence(versus, margin={"rmse": 0.05, "correlation": 0.05})
print(equal.sentence())

# %% tags=["remove-cell"]
assert equal.table["level"].round(10).eq(0.9).all()
assert equal.table.set_index(["metric", "term"]).loc[("rmse", "all four - mean"), "p_value"] > 0.5

# %% [markdown]
# ## Who, or when?
#
# A model can do well by knowing who is expressive, without following any one person from clip to
# clip. `correlation_between` is the correlation of people's means, `correlation_within` that of
# clips about their person's mean, and `correlation_mean` the mean of each person's own correlation
# (of people with three clips or more). Here the full model knows people (.68) somewhat better than
# moments (.58), but of people there are 28, and the interval is wide.

# %%
kinds = ["correlation_between", "correlation_within", "correlation_mean"]
apart = ex.compare_models(guesses, metrics=kinds, against="all four", seed=3).tidy()
apart = apart.query("headline and term in ['all four', 'action units']")
print(apart[columns[:5]].round(3).to_string(index=False))

# %% tags=["remove-cell"]
assert len(apart) == 6
full = apart[apart["term"] == "all four"].set_index("metric")["estimate"].round(2)
assert full[["correlation_between", "correlation_within"]].tolist() == [0.68, 0.58]

# %% [markdown]
# ## A metric of your own
#
# Any function of truth and prediction is a metric; it is called for each resample. Sums over rows
# and a formula say the same a thousand times faster.

# %%
far = ex.Metric(
    "far",
    sums={"n": lambda truth, guess: 1, "off": lambda truth, guess: abs(guess - truth) > 1},
    formula=lambda n, off: off / n,
    direction="lower",
    label="share off by more than 1",
)


def measure_far(truth, guess):
    return (abs(guess - truth) > 1).mean()


own = ex.compare_models(guesses, metrics=[far, measure_far], draws=500, seed=3)
print(own.sentence())

# %% tags=["remove-cell"]
fast, slow = (own.table.query(f"metric == '{name}'") for name in ("far", "measure_far"))
assert abs(fast["conf_low"].to_numpy() - slow["conf_low"].to_numpy()).max() < 1e-12

# %% [markdown]
# ## A second opinion, and the next study
#
# Swapping two models' predictions within whole people asks for no standard error at all; and the
# pilot's people, drawn again in other numbers, say how many the next study needs.

# %%
swapped = ex.permute_models(guesses, metrics="rmse", seed=3)
print(swapped.tidy()[["term", "estimate", "p_value"]])
plan = ex.plan_precision(
    guesses, metrics="correlation", against="all four", width=0.1, sizes=[28, 56, 112], seed=3
)
print(plan.sentence())

# %% tags=["remove-cell"]
p_value = swapped.tidy().set_index("term").loc["all four - mean", "p_value"]
assert p_value < 0.002
needed = plan.tidy().drop_duplicates("term").set_index("term")["needed"]
assert 28 < needed["all four"] < 200

# %% [markdown]
# ## What training again would change
#
# All of this takes the trained models as given. With predictions of several training runs (other
# seeds, other folds) on the same test set, `split_variance` tells how far a result would move with
# other test people, and how far with another training run. The runs here are made by adding noise
# to one model's predictions; `exprstats compare --runs` does the same from files whose column
# `seat` numbers the runs.

# %%
rng = np.random.default_rng(3)
pair = guesses[guesses["model"] != "mean"]
noisy = [
    pair.assign(run=run, prediction=pair["prediction"] + rng.normal(0, 0.2, len(pair)))
    for run in range(5)
]
split = ex.split_variance(pd.concat(noisy, ignore_index=True), metrics="rmse", run="run")
print(split.sentence())

# %% tags=["remove-cell"]
assert split.table["n_runs"].eq(5).all()
assert (split.table["error_test"] > 0).all() and (split.table["error_training"] > 0).all()

# %% [markdown]
# ## The methods section
#
# What was done, in words that can be pasted, with what was done beside it.

# %%
print(ex.describe_methods(versus, equal, swapped, plan, split))

# %% tags=["remove-cell"]
paragraph = ex.describe_methods(versus, equal, swapped, plan, split)
for words in ("jackknife (Tukey, 1958)", "(Schuirmann, 1987)", "random swaps", "5 training runs"):
    assert words in paragraph
