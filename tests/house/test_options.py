"""Public verbs refuse levels, seeds and numbers of processes that cannot be, with a remedy."""

import inspect
from functools import cache

import numpy as np
import pandas as pd
import pytest

import exprstats as ex
from exprstats.errors import OptionError

ITEMS = ["a", "b", "c"]
VERBS = [
    getattr(ex, name)
    for name in dir(ex)
    if inspect.isfunction(getattr(ex, name)) and not name.startswith("_")
]
# Values that are refused, and what the message must hold of them.
WRONG = {"level": (0, 1, 95, float("nan")), "seed": ("abc", -1, 1.5), "n_jobs": (0, "two", 1.5)}


@cache
def make_ratings():
    rng = np.random.default_rng(1)
    keys = pd.MultiIndex.from_product([range(40), range(3), ITEMS], names=["clip", "rater", "item"])
    table = keys.to_frame(index=False)
    face = rng.normal(size=40)
    table["rating"] = 3 + face[table["clip"]] + rng.normal(size=len(table))
    table["subject"] = "s" + (table["clip"] // 4).astype(str)
    table["context"] = np.where(table["clip"] % 2, "calm", "pain")
    return table.assign(clip="c" + table["clip"].astype(str), rater=table["rater"].astype(str))


@cache
def make_items():
    return ex.average_raters(make_ratings())


@cache
def make_clips():
    rng = np.random.default_rng(2)
    clips = pd.DataFrame(rng.normal(size=(60, 2)), columns=["gaze", "smile"])
    clips["subject"] = [f"s{i // 3}" for i in range(60)]
    clips["context"] = ["calm", "pain", "calm"] * 20
    clips["y"] = clips["smile"] + rng.normal(size=60)
    return clips.assign(clip=[f"c{i}" for i in range(60)])


@cache
def make_parts():
    return ex.split_subjects(make_clips(), seed=1)


@cache
def make_human():
    return ex.guess_human(make_ratings(), make_factor())


@cache
def make_estimates():
    clips = make_clips().assign(id="a", modality="face", time=np.arange(60.0))
    keys = ["id", "modality", "time", "subject", "context"]
    return clips.melt(keys, ["gaze", "smile"], var_name="emotion", value_name="score")


def call_nested(**options):
    data = {"target": "y", "features": ["gaze", "smile"]}
    folds = ex.fold_subjects(make_clips(), folds=3, seed=1)
    return ex.nest_elastic(make_clips(), folds=folds, **data, **options)


def call_repeats(**options):
    data = {"target": "y", "features": ["gaze", "smile"], "repeats": 2}
    return ex.repeat_splits({"net": ex.fit_elastic}, make_clips(), **data, **options)


def fit(verb, **options):
    options = {"target": "y", "features": ["gaze", "smile"], "parts": make_parts(), **options}
    return verb(make_clips(), **options)


@cache
def make_models():
    return fit(ex.fit_elastic, by="context")


@cache
def make_predictions():
    models = make_models()
    return ex.stack_predictions(models, ex.guess_mean(models.predictions))


@cache
def make_factor():
    return ex.fit_factor(make_items(), items=ITEMS)


@cache
def make_study():
    return ex.simulate_expressiveness(subjects=20, seed=1)


def call_leakage(**options):
    data = {"target": "y", "features": ["gaze", "smile"], "repeats": 1}
    return ex.measure_leakage(ex.fit_elastic, make_clips(), **data, **options)


def call_study(folder, **options):
    make_clips().to_csv(folder / "clips.csv", index=False)
    text = '[clips]\nfile = "clips.csv"\ntarget = "y"\n[[models]]\nname = "f"\nkind = "forest"\n'
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return ex.run_study(ex.read_study(folder / "study.toml"), draws=100, **options)


def call_openface(verb, folder, **options):
    table = pd.DataFrame({"frame": range(1, 31), "timestamp": np.arange(30) / 10})
    table = table.assign(confidence=0.98, success=1, pose_Tx=1.0, pose_Ty=1.0, pose_Tz=1.0)
    table.to_csv(folder / "v.csv", index=False)
    return verb(folder, **options)


def rate(verb):
    return lambda _, **options: verb(make_ratings(), **options)


def measure(verb, **fixed):
    return lambda _, **options: verb(make_items(), items=ITEMS, **fixed, **options)


def judge(verb, **fixed):
    return lambda _, **options: verb(
        make_predictions(), metrics="rmse", draws=100, **fixed, **options
    )


def guess(verb, **fixed):
    return lambda _, **options: verb(make_predictions(), **fixed, **options)


@cache
def make_signing():
    study = ex.simulate_signing(utterances=20, seed=1)
    return study.events, study.labels


@cache
def make_evoked():
    study = ex.simulate_evoked(videos=8, seed=1)
    return study.machine, study.human, study.predictions


PLANS = {"subjects": 10, "clips": 4, "raters": 3, "workers": 20, "draws": 10}
PRINTED = pd.DataFrame({"icc": [0.7], "n_clips": [40], "raters": [4]})
CALLS = {
    "ablate_modalities": lambda _, **options: ex.ablate_modalities(
        make_clips(),
        targets=["gaze", "smile"],
        parts=make_parts(),
        load=lambda _: np.zeros((2, 2)),
        modalities={"a": 1, "b": 1},
        **options,
    ),
    "adapt_people": lambda _, **options: ex.adapt_people(
        ex.DeepClassifier(), make_clips(), neutral="y", **options
    ),
    "audit_table": lambda _, **options: ex.audit_table(PRINTED, **options),
    "bootstrap_clusters": lambda _, **options: ex.bootstrap_clusters(
        make_clips(), lambda table: table["y"].mean(), cluster="subject", draws=100, **options
    ),
    "bootstrap_factor": measure(ex.bootstrap_factor, cluster="subject", draws=100),
    "calibrate_models": lambda _, **options: ex.calibrate_models(
        make_models().predictions, **options
    ),
    "check_invariance": measure(ex.check_invariance, by="context"),
    "compare_contexts": judge(ex.compare_contexts),
    "compare_means": lambda _, **options: ex.compare_means(make_clips(), value="y", **options),
    "compare_models": judge(ex.compare_models),
    "compare_raters": rate(ex.compare_raters),
    "compare_reliability": lambda _, **options: ex.compare_reliability(
        make_ratings(), by="context", **options
    ),
    "compare_restrictions": measure(ex.compare_restrictions),
    "compare_tasks": lambda _, **options: ex.compare_tasks(
        make_clips(), intensity="y", task="context", draws=100, **options
    ),
    "compare_human": lambda _, **options: ex.compare_human(make_human(), **options),
    "contrast_contexts": lambda _, **options: fit(ex.contrast_contexts, draws=100, **options),
    "correlate_features": lambda _, **options: ex.correlate_features(
        make_clips(), "y", target="y", **options
    ),
    "fit_deep": lambda _, **options: ex.fit_deep(
        make_clips(), target="y", parts=make_parts(), load=lambda _: np.zeros((2, 2)), **options
    ),
    "fit_factor": measure(ex.fit_factor),
    "fit_factors": lambda _, **options: ex.fit_factors(
        make_items().assign(d=range(40), e=range(40)),
        items={"f": ITEMS, "g": ["d", "e"]},
        **options,
    ),
    "fit_forest": lambda _, **options: fit(ex.fit_forest, trees=5, **options),
    "fit_levels": measure(ex.fit_levels, cluster="subject"),
    "fit_ordered": measure(ex.fit_ordered),
    "fold_subjects": lambda _, **options: ex.fold_subjects(make_clips(), **options),
    "guess_classes": lambda _, **options: ex.guess_classes(
        make_models().predictions.assign(truth=1), **options
    ),
    "guess_normal": guess(ex.guess_normal),
    "guess_uniform": guess(ex.guess_uniform, low=0, high=1),
    "inspect_openface": lambda folder, **options: call_openface(
        ex.inspect_openface, folder, **options
    ),
    "measure_agreement": rate(ex.measure_agreement),
    "measure_errors": rate(ex.measure_errors),
    "measure_leakage": lambda _, **options: call_leakage(**options),
    "permute_models": judge(ex.permute_models),
    "plan_precision": judge(ex.plan_precision, width=0.1),
    "measure_cooccurrence": lambda _, **options: ex.measure_cooccurrence(
        *make_signing(), **{"draws": 9, **options}
    ),
    "predict_labels": lambda _, **options: ex.predict_labels(*make_signing(), trees=1, **options),
    "simulate_estimates": lambda _, **options: ex.simulate_estimates(speakers=5, **options),
    "simulate_intensity": lambda _, **options: ex.simulate_intensity(subjects=2, **options),
    "simulate_signing": lambda _, **options: ex.simulate_signing(utterances=5, **options),
    "simulate_evoked": lambda _, **options: ex.simulate_evoked(videos=5, **options),
    "measure_labels": lambda _, **options: ex.measure_labels(make_evoked()[0], **options),
    "split_videos": lambda _, **options: ex.split_videos(make_evoked()[0], **options),
    "compare_annotators": lambda _, **options: ex.compare_annotators(*make_evoked()[:2], **options),
    "rate_evoked": lambda _, **options: ex.rate_evoked(
        make_evoked()[0], make_evoked()[2], draws=9, **options
    ),
    "nest_elastic": lambda _, **options: call_nested(**options),
    "repeat_splits": lambda _, **options: call_repeats(**options),
    "rate_ceiling": lambda _, **options: ex.rate_ceiling(make_ratings(), make_factor(), **options),
    "rate_labels": lambda _, **options: ex.rate_labels(make_models(), **options),
    "rate_scores": lambda _, **options: ex.rate_scores(make_ratings(), make_factor(), **options),
    "rate_importance": lambda _, **options: ex.rate_importance(
        make_models(), repeats=1, draws=100, **options
    ),
    "rate_reliability": lambda _, **options: ex.rate_reliability(
        make_ratings(), **{"draws": 100 if "seed" in options else 0, **options}
    ),
    "read_openface": lambda folder, **options: call_openface(ex.read_openface, folder, **options),
    "report_weights": lambda _, **options: ex.report_weights(make_models(), draws=100, **options),
    "run_study": call_study,
    "simulate_again": lambda _, **options: ex.simulate_again(make_study(), subjects=20, **options),
    "simulate_expressiveness": lambda _, **options: ex.simulate_expressiveness(
        subjects=20, **options
    ),
    "simulate_plans": lambda _, **options: ex.simulate_plans(make_ratings(), **PLANS, **options),
    "split_subjects": lambda _, **options: ex.split_subjects(make_clips(), **options),
    "study_subjects": rate(ex.study_subjects),
    "rate_estimates": lambda _, **options: ex.rate_estimates(make_estimates(), **options),
    "map_expressions": lambda _, **options: ex.map_expressions(make_estimates(), **options),
    "compare_structure": lambda _, **options: ex.compare_structure(
        make_estimates(), by="context", draws=1, **options
    ),
    "classify_expressions": lambda _, **options: ex.classify_expressions(
        {"x": np.eye(8)}, [0, 1] * 4, list("aabbccdd"), **options
    ),
    "summarise_openface": lambda folder, **options: call_openface(
        ex.summarise_openface, folder, **options
    ),
}


CASES = [
    pytest.param(verb.__name__, option, value, id=f"{verb.__name__}-{option}-{value}")
    for verb in VERBS
    for option in inspect.signature(verb).parameters
    for value in WRONG.get(option, ())
]


@pytest.mark.filterwarnings("ignore::exprstats.errors.ExprStatsWarning")
@pytest.mark.parametrize(("verb", "option", "value"), CASES)
def test_values_that_cannot_be_are_refused_with_a_remedy(verb, option, value, tmp_path):
    with pytest.raises(OptionError, match=rf"(?i){option}.*{value}.*(must|such as|usual)"):
        CALLS[verb](tmp_path, **{option: value})


def test_every_verb_that_takes_such_an_option_is_called():
    taken = {verb.__name__: set(inspect.signature(verb).parameters) for verb in VERBS}
    assert {name for name, options in taken.items() if options & set(WRONG)} == set(CALLS)
