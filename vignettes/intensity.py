# %% [markdown]
# # Labels of emotional intensity: from action units to tenths of a person's strongest smile
#
# Ouyang, Koesmahargyo, Galatzer-Levy, and Zhang label each frame of a video by how much of the
# person's own strongest expression it shows: each action unit over its maximum, the mean over the
# units of an emotion, rounded to tenths. This page makes such labels for simulated people whose
# true intensities are known, and looks at three things that the labels rest on.

# %%
import warnings

import numpy as np

import exprstats as ex

study = ex.simulate_intensity(subjects=40, seed=1)
frames = study.frames
labels = ex.label_intensity(frames)
frames = frames.assign(label=labels["label"], rated=labels["intensity"])
print(frames[["video", "frame", "AU06_r", "AU12_r", "rated", "label"]].iloc[110:114])

# %% [markdown]
# Everybody was asked to smile and to smile more, and reached a full smile once. So the labels are
# exact, although the same smile makes units of 2.5 in one person and of 5 in another.

# %% tags=["remove-cell"]
assert np.allclose(frames["rated"], frames["intensity"])
ceilings = frames.groupby("subject")["AU12_r"].max()
assert ceilings.min() < 2.7 and ceilings.max() > 4.8

# %% [markdown]
# ## Who does not show all, is labelled too high
#
# The maximum stands for all that a person can show. Without the video of the broad smile the
# strongest frame of the ordinary one becomes 10, and everything before it rises, too.

# %%
fewer = frames[frames["task"] != "smile more"]
raised = ex.label_intensity(fewer)["label"] - fewer["label"]
print(raised.groupby(fewer["label"].astype(int)).mean().astype(float).round(1))

# %% [markdown]
# Frames that show 4 tenths of a full smile are labelled 9 on average, since those who show no more
# than 4 tenths get 10. The error differs between people: it tells how much of their range was
# recorded, and nothing of their face.

# %% tags=["remove-cell"]
assert (raised >= 0).all()
assert 4.9 < raised[fewer["label"] == 4].mean() < 5.8

# %% [markdown]
# ## Do labels tell a stronger smile from a weaker one?
#
# The paper's Figure 4 compares the maxima of tasks. They are paired within people. The stronger
# task is 1 by construction, since the maximum is taken over all tasks: what is tested is how often,
# and by how much, it is the one that was meant to be stronger.

# %%
tasks = ex.compare_tasks(frames, intensity="rated", seed=1)
print(tasks.sentence())
rows = tasks.table.query("headline")
print(rows[["term", "estimate", "conf_low", "conf_high", "p_adjusted"]])

# %% tags=["remove-cell"]
gap = rows.query("task == 'smile more' and versus == 'smile'").iloc[0]
peaks = study.truth.query("term == 'peak'").groupby("task")["truth"].mean()
assert np.isclose(gap["estimate"], peaks["smile more"] - peaks["smile"])
assert gap["conf_low"] > 0.4

# %% [markdown]
# ## Windows, and the labels that are rare
#
# Networks see windows of 16 frames, one every 6 frames, with the label of the last frame. People
# pass through middling intensities in half a second, so that these labels are rare, and a network
# learns the ends. Windows that end in labels 3 to 7 can be cut more densely (`dense_step`). They
# are new examples for training, and must not be in the test part: there they would only change
# which labels are common. `added` marks them. Labels 3 to 7 rise from .20 of the windows to .44.

# %%
plain, dense = ex.cut_windows(frames), ex.cut_windows(frames, dense_step=2)
counts = ex.count_labels(plain).set_index("label")["n"]
more = ex.count_labels(dense).set_index("label")["n"]
print(counts.to_frame("every 6 frames").assign(dense=more))
share = counts.loc[3:7].sum() / counts.sum()
print(f"labels 3 to 7: {share:.2f} of the windows, and {more.loc[3:7].sum() / more.sum():.2f}")

# %% tags=["remove-cell"]
assert dense["added"].sum() == more.sum() - counts.sum()
assert round(share, 2) == 0.2
assert round(more.loc[3:7].sum() / more.sum(), 2) == 0.44
assert (more.drop(range(3, 8)) == counts.drop(range(3, 8))).all()

# %% [markdown]
# A unit that a person never shows has no maximum. It is left out for this person, with a warning,
# and the label rests on the other unit alone.

# %%
still = frames.assign(AU06_r=frames["AU06_r"].where(frames["subject"] != "s01", 0.0))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    relabelled = ex.label_intensity(still)
print(caught[0].message)

# %% tags=["remove-cell"]
assert "AU06 is 0 or missing in every tracked frame of 1 person" in str(caught[0].message)
assert (relabelled["label"] == frames["label"]).all()
