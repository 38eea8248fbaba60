"""The tables that travel keep their contracts from one room to the next."""

import exprstats as ex
from exprstats.contracts import CLIPS, ITEMS, PREDICTIONS, RATINGS, SCORES, check_table


def test_each_room_hands_on_a_table_that_the_next_one_takes():
    study = ex.simulate_expressiveness(subjects=40, seed=1)
    check_table(study.ratings, RATINGS)
    check_table(study.clips, CLIPS)
    items = ex.average_raters(study.ratings)
    check_table(items, ITEMS)
    parts = ex.split_subjects(study.clips, seed=1)
    names = ["response", "emotion", "motion"]
    factor = ex.fit_factor(items, items=names, by="context", parts=parts)
    check_table(factor.scores, SCORES)
    assert set(factor.scores["fitted_on"]) == {"context", "all"}
    data = ex.join_scores(study.clips, factor)
    check_table(data, CLIPS)
    features = ["au_count", "au_intensity"]
    models = ex.fit_elastic(data, target="score", features=features, parts=parts, by="context")
    guesses = ex.stack_predictions(models, ex.guess_mean(models.predictions))
    check_table(guesses, PREDICTIONS)
    assert set(guesses["part"]) == {"test"}
