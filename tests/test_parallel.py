import numpy as np
import pytest

from exprstats.parallel import run_tasks, spawn_seeds, watching


def square(number):
    return number * number


def test_answers_keep_their_order_for_any_number_of_workers():
    assert run_tasks(square, range(5)) == run_tasks(square, range(5), n_jobs=2) == [0, 1, 4, 9, 16]


def test_the_first_seeds_do_not_depend_on_how_many_are_spawned():
    few = [np.random.default_rng(seed).random() for seed in spawn_seeds(3, 2)]
    many = [np.random.default_rng(seed).random() for seed in spawn_seeds(3, 5)]
    assert few == many[:2]
    assert len(set(many)) == 5


def test_a_generator_gives_seeds_too():
    first = spawn_seeds(np.random.default_rng(3), 1)[0].generate_state(1)
    again = spawn_seeds(np.random.default_rng(3), 1)[0].generate_state(1)
    assert first == again


def test_whoever_watches_hears_every_step():
    heard = []
    with watching(lambda *news: heard.append(news)):
        run_tasks(square, [1, 2], label="Squaring")
    run_tasks(square, [1, 2])
    assert heard == [("Squaring", 1, 2), ("Squaring", 2, 2)]


def test_there_are_never_more_workers_than_tasks(monkeypatch):
    import joblib

    asked = []

    class Counted(joblib.Parallel):
        def __init__(self, **options):
            asked.append(options["n_jobs"])
            super().__init__(**(options | {"n_jobs": 1}))

    monkeypatch.setattr(joblib, "Parallel", Counted)
    assert run_tasks(square, [1, 2], n_jobs=500) == [1, 4]
    assert run_tasks(square, [1, 2], n_jobs=-1) == [1, 4]
    assert run_tasks(square, [], n_jobs=500) == []
    assert asked == [2, -1]


def count_threads(_=None):
    from threadpoolctl import threadpool_info

    return {pool["num_threads"] for pool in threadpool_info() if "numpy" in pool["filepath"]}


@pytest.mark.parametrize("backend", ["loky", "threading"])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_blas_has_one_thread_in_every_task(backend, n_jobs):
    import joblib
    from threadpoolctl import threadpool_limits

    with threadpool_limits(2, "blas"):
        before = count_threads()
        with joblib.parallel_config(backend=backend):
            assert run_tasks(count_threads, range(8), n_jobs=n_jobs) == [{1}] * 8
        assert count_threads() == before == {2}


def test_a_backend_that_hands_over_all_answers_at_once_gives_the_same():
    import joblib

    heard = []
    with joblib.parallel_config(backend="multiprocessing"), watching(lambda *n: heard.append(n)):
        assert run_tasks(square, range(5), n_jobs=2) == [0, 1, 4, 9, 16]
    assert heard[-1] == ("Working", 5, 5)
