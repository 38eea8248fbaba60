# %% [markdown]
# # Expression estimates: what a correlation of face and voice means, and sentences from scores
#
# Brooks et al. (2023) describe recordings by estimates of 48 emotions on face and voice, correlate
# the two, put scores into words, and classify acted emotions from these words. This page does the
# same on simulated speakers, so that the truth is known.

# %%
import numpy as np
import pandas as pd

import exprstats as ex

rng = np.random.default_rng(5)
EMOTIONS = {"Calmness": 0.5, "Interest": 0.45, "Joy": 0.3, "Sadness": 0.15, "Anger": 0.1}
levels = np.array(list(EMOTIONS.values()))
rows = []
for speaker in range(24):
    for clip in range(10):
        for modality, share in (("face", 1.0), ("prosody", 0.4)):
            scores = np.clip(share * (levels + 0.08 * rng.normal(size=5)), 0, 1)
            keys = {"subject": f"s{speaker}", "recording": f"s{speaker}c{clip}", "id": "one"}
            keys |= {"modality": modality, "time": 0.0}
            rows += [
                {**keys, "emotion": name, "score": score}
                for name, score in zip(EMOTIONS, scores, strict=True)
            ]
estimates = pd.DataFrame(rows)

# %% [markdown]
# ## Do face and voice agree?
#
# Here they do not: each varies by itself about the levels of the emotions. Over all emotions as one
# sample they correlate at .80 all the same, because calm is high and anger low in both.

# %%
found = ex.rate_estimates(estimates).tidy().query("emotion.isna()").set_index("term")
print(found[["estimate", "conf_low", "conf_high", "n_clusters"]])

# %% tags=["remove-cell"]
assert round(found.loc["spearman", "estimate"], 2) == 0.8
assert found.loc["spearman", "conf_low"] > 0.75
assert abs(found.loc["spearman_within", "estimate"]) < 0.1
assert found.loc["spearman_within", "conf_low"] < 0 < found.loc["spearman_within", "conf_high"]

# %% [markdown]
# ## Sentences
#
# The published thresholds suit the scores of faces. Scores of voices are lower, and most of their
# sentences become "neutral"; quantiles of each modality give voices words too.

# %%
published = ex.write_sentences(estimates)
print(published.sentence())
quantile = ex.write_sentences(estimates, thresholds="quantile")
print(quantile.sentence())
print(published.cuts)

# %% tags=["remove-cell"]
neutral = published.tidy().set_index("modality")["estimate"]
assert neutral["face"] == 0 and neutral["prosody"] > 0.5
assert quantile.tidy().set_index("modality")["estimate"]["prosody"] < neutral["prosody"]
