# %% [markdown]
# # Reliability of crowd ratings: which ICC, with which interval, and how many raters next time
#
# In the pilot studies of Lin, Girard, and Morency (2020), three or six crowd workers rated short
# clips of five people on four questions. This page asks of such ratings what a reviewer asks: what
# is the design, which coefficient does it identify, does its interval hold when several clips show
# the same person, and how many raters would the next study need? The ratings are simulated with
# the pilot's shape, so the truth is known; the printed intervals of the pilot are then checked.

# %%
import pandas as pd

import exprstats as ex

study = ex.simulate_expressiveness(subjects=60, workers=48, seed=7)

# %% [markdown]
# ## What is the design?

# %%
design = ex.describe_design(study.ratings)
print(design.sentence())

# %% [markdown]
# Clips were rated by different workers, so one cannot tell a severe worker from a dull clip: the
# one-way coefficient is the one that this design identifies, and because clip means are analyzed
# next, it is the coefficient of the mean.

# %%
choice = ex.choose_icc(study.ratings)
print(choice.sentence())

# %% tags=["remove-cell"]
assert choice.term == "ICC(1,k)"
assert choice.model == "one-way"

# %% [markdown]
# ## Two intervals
#
# The textbook's F interval takes clips as independent. Here they are not: every person was seen in
# 16 clips, and workers rated clips of many people.

# %%
reliability = ex.rate_reliability(study.ratings, items=["emotion"])
table = reliability.tidy().query("term == 'ICC(1,k)' and k_rule == 'harmonic'")
print(table[["method", "estimate", "conf_low", "conf_high", "n_clusters"]])

# %% [markdown]
# The cluster interval is 1.6 times as wide. Which one tells the truth? Over sixty such studies the
# F interval holds the true value in about eight of ten, the cluster interval in nineteen of twenty.

# %%
held = {"f": 0, "jackknife": 0}
for seed in range(60):
    again = ex.simulate_expressiveness(subjects=60, workers=48, seed=seed)
    pooled = ex.rate_reliability(again.ratings, items=["emotion"]).tidy()
    rows = pooled.query("term == 'ICC(1,1)'").set_index("method")
    truth = again.truth.query("item == 'emotion' and term == 'ICC(1,1) of all clips'")
    for method in held:
        low, high = rows.loc[method, ["conf_low", "conf_high"]]
        held[method] += low <= truth["estimate"].item() <= high
print({method: count / 60 for method, count in held.items()})

# %% tags=["remove-cell"]
width = (table["conf_high"] - table["conf_low"]).set_axis(table["method"])
assert round(width["jackknife"] / width["f"], 1) == 1.6
assert round(held["f"] / 60, 1) == 0.8
assert held["jackknife"] / 60 == 0.95

# %% [markdown]
# ## All contexts together
#
# Where the levels of contexts differ (everyone may move more when startled than when sad), a
# reliability of all clips as one sample counts that as agreement of the raters. The pooled row is
# therefore the reliability within contexts, and that of all clips stands beside it. Here the levels
# hardly differ, and neither do the two.

# %%
pooled = ex.rate_reliability(study.ratings, items=["emotion"], by="context")
pooled = pooled.tidy().query("context.isna() and method == 'jackknife' and k_rule == 'harmonic'")
print(pooled[["term", "estimate", "conf_low", "conf_high"]])

# %% tags=["remove-cell"]
assert pooled["term"].tolist() == ["ICC(1,k)", "ICC(1,k) of all clips"]
assert pooled["estimate"].round(2).tolist() == [0.84, 0.84]

# %% [markdown]
# ## Two, three, or four raters
#
# Many laboratories have two coders who rate every clip. Of two none can be left out, so the
# interval leaves out people only, and says that it takes the coders as fixed. With three or four,
# an interval that allows for other raters exists but rests on two or three degrees of freedom.
# Which one to report follows from 1,000 simulated studies a cell.

# %%
few = pd.read_csv("coverage_few_raters.csv").query("subjects == 24 and raters in [2, 3, 4, 8]")
columns = ["raters", "severity", "method", "held", "held_fixed", "width"]
print(few.loc[few["method"].ne("satterthwaite"), columns].dropna().to_string(index=False))

# %% [markdown]
# Leaving out people alone holds the reliability of these raters (``held_fixed``) in 94 to 97 of 100
# studies, but that of raters like them (``held``) ever less often the more their severities differ.
# The interval over people and raters holds the latter always, at the price of its width: it is the
# one that is reported wherever it exists, and the other stands beside it.

# %% tags=["remove-cell"]
shown = few.set_index("method")
assert shown.loc["jackknife_subjects", "held_fixed"].between(0.935, 0.97).all()
assert shown.query("raters > 2").loc["jackknife", "held"].min() > 0.95
assert shown.query("severity == .3").loc["jackknife_subjects", "held"].max() < 0.9

# %% [markdown]
# ## How many raters next time?
#
# The Spearman-Brown formula carries an estimate and its limits to other numbers of raters. The
# pilot's first question on startle reached .632 with three raters, 95% CI [.290, .825], and its
# fourth question on pain reached -1.010, which no number of raters can mend.

# %%
pilot = pd.DataFrame(
    {
        "task": ["startle", "startle", "pain"],
        "question": ["1", "4", "4"],
        "estimate": [0.632, 0.280, -1.010],
        "conf_low": [0.290, -0.391, -2.509],
        "conf_high": [0.825, 0.658, -0.084],
        "raters_per_clip": 3,
    }
)
six = ex.study_decisions(pilot, raters=[3, 6]).tidy().query("raters_per_clip == 6")
print(six[["task", "question", "estimate", "conf_low", "conf_high"]])

# %% [markdown]
# With six raters the first question was expected to reach .77, and in the follow-up study it did:
# .783. A target of .80 needs seven raters if the pilot's estimate is right; its interval says that
# it may be 30.

# %%
plan = ex.plan_raters(pilot, target=0.80)
print(plan.sentence())

# %% tags=["remove-cell"]
assert round(six["estimate"].iloc[0], 2) == 0.77
first, _, last = plan.tidy().to_dict("records")
assert (first["raters"], first["raters_high"]) == (7, 30)
assert pd.isna(last["raters"])

# %% [markdown]
# ## Does a published table hold together?
#
# From an estimate, the number of clips and the raters per clip, the F interval follows. Five people
# were seen in eight sadness clips each, which makes 40. The interval that is printed for the first
# question fits 35.

# %%
printed = pd.DataFrame(
    {
        "task": ["sadness", "startle"],
        "estimate": [0.419, 0.632],
        "conf_low": [-0.014, 0.290],
        "conf_high": [0.687, 0.825],
        "n_clips": [40, 25],
        "raters_per_clip": [3, 3],
    }
)
audit = ex.audit_table(printed)
print(audit.sentence())

# %% tags=["remove-cell"]
assert audit.tidy()["consistent"].tolist() == [False, True]
assert "35 clips" in audit.tidy()["note"].iloc[0]
