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
# Count the people of the test set, not its clips:
#
# | people | print | why |
# |---|---|---|
# | fewer than 10 | jackknife-t, with its note | 95 of 100, but wide: few people say little |
# | 10 to 39 | jackknife-t | percentile intervals are too narrow, BCa intervals more so |
# | 40 and more | percentile, as is usual | 93 to 94 of 100; jackknife-t still 95 |
# | any, for a single RMSE with rare large errors | bootstrap-t | comes nearest, see below |
#
# `interval="auto"`, the default, follows the first three rows: both kinds are in the table, and
# `headline` marks one of them for print; `interval="jackknife"` or `"t"` asks for one by name.
# `basic` and `bca` are there to compare with other software.
#
# The reason is measured: in 96 designs (5 to 80 people, balanced or not, normal or heavy-tailed,
# intraclass correlations of .1, .4 and .7), 1,000 simulated studies each, intervals of 95% held the
# true difference this often. `python tests/inference/simulate_coverage.py` made the table
# `coverage_intervals.csv`, and `make coverage` checks it with new studies.

# %%
coverage = pd.read_csv("coverage_intervals.csv")
differences = coverage[coverage["term"] != "score"]
table = differences.pivot_table("coverage", "clusters", "method").round(3)
print(table[["percentile", "basic", "bca", "jackknife", "t"]])

# %% [markdown]
# One design's coverage has a Monte-Carlo standard error of .007 where it is .95 (column `error`). A
# cell here is the mean over 12 designs, which are independent, and over two differences in two
# metrics, which are not: its standard error is below .004. With ten people a percentile interval
# holds the truth in 90 of 100 studies, and the famous BCa interval, which is often recommended, in
# 85; with 28 people they hold it in 93 and 90. The jackknife-t interval keeps 95 throughout, and
# bootstrap-t is a little wider than it must be.

# %% tags=["remove-cell"]
cells = differences.groupby(["clusters", "method"])
assert (cells.size() == 48).all()
assert round((0.95 * 0.05 / 1000) ** 0.5, 3) == 0.007
# As if the four numbers of a design were one number four times.
assert (cells["error"].mean() / 12**0.5).max() < 0.004
assert table.loc[10, ["percentile", "bca"]].round(2).tolist() == [0.90, 0.85]
assert table.loc[28, ["percentile", "bca"]].round(2).tolist() == [0.93, 0.90]
assert table["jackknife"].between(0.945, 0.96).all()
assert (table["t"] > 0.95).all()
assert table.loc[40:, "percentile"].round(2).isin([0.93, 0.94]).all()

# %% [markdown]
# The other side of the same table: two models that are equally good should be called different in
# 5 of 100 studies. This is how often it happened: with ten people, percentile intervals find a
# difference that is not there twice as often as they say.

# %%
alike = coverage[coverage["term"] == "equal"]
rejected = alike.pivot_table("rejects", "clusters", "method").round(3)
print(rejected[["percentile", "bca", "jackknife", "t"]])

# %% tags=["remove-cell"]
assert rejected["jackknife"].between(0.035, 0.06).all()
assert round(rejected.loc[10, "percentile"], 2) == 0.10

# %% [markdown]
# The table also shows a limit of every method: the interval of a single RMSE with heavy-tailed
# errors holds the truth in 85 to 88 of 100 studies at 28 people, and bootstrap-t, which comes
# nearest, in 91. Differences between models are safer than scores.

# %%
single = coverage.query("term == 'score' and metric == 'rmse' and clusters == 28")
print(single.pivot_table("coverage", "tails", "method").round(3))

# %% tags=["remove-cell"]
heavy = single[single["tails"] == "heavy"].groupby("method")["coverage"].mean()
assert heavy.drop("t").round(2).between(0.85, 0.88).all()
assert round(heavy["t"], 2) == 0.91

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
