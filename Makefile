# The two commands a user needs: `make report` and `make test`.
export RPY2_CFFI_MODE := ABI
# Tests start Python some fifty times: without bytecode each start compiles the package anew.
export PYTHONDONTWRITEBYTECODE :=
run := .venv/bin/

.PHONY: help report test lint coverage oracles benchmarks clean

help:
	@echo "make report      set up, run the demonstration study, write report/index.html"
	@echo "make test        set up, run the whole test suite"
	@echo "make lint        ruff, pyright, import floors"
	@echo "make coverage    the long simulations behind the coverage tables"
	@echo "make oracles     recompute the stored numbers with R"
	@echo "make benchmarks  time each job against a peer"

report:
	@bash .ci/setup
	$(run)exprstats demo --out report --force

# A worker a core, and one thread each: threads of two workers on one core wait for each other.
test:
	@bash .ci/setup test
	OMP_NUM_THREADS=1 $(run)python -m pytest -n auto --dist worksteal

lint:
	$(run)ruff check .
	$(run)ruff format --check .
	$(run)pyright
	$(run)lint-imports

coverage:
	$(run)python -m pytest -m slow --override-ini 'addopts=--strict-markers --import-mode=importlib -ra'

oracles:
	@bash .ci/setup oracles
	for script in $$(find tests/oracles -name '*.R'); do Rscript "$$script" || exit 1; done
	$(run)python tests/oracles/reliability/lin2020.py

benchmarks:
	for script in tests/benchmarks/bench_*.py; do OMP_NUM_THREADS=1 $(run)python "$$script" || exit 1; done

clean:
	rm -rf .venv .setup report
