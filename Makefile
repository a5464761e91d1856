# Everything lives in .venv of this clone. `make env PYTHON=python3.13` chooses the interpreter (3.11 or later).
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
BUILD := --no-deps --no-build-isolation

.PHONY: help env demo up test check audit bench soak clean
.DEFAULT_GOAL := help

help: ## show these lines
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' Makefile

env: .venv/ready ## make the environment in .venv from the lock

demo: .venv/ready ## profile 336,776 real flights, watched live, then stop again
	$(BIN)/sundog demo

up: .venv/ready ## serve on http://127.0.0.1:8080 until Ctrl-C
	$(BIN)/sundog up

test: .venv/ready-to-test ## run all tests
	$(BIN)/pytest -n 2

check: .venv/ready-to-test ## lint, types, import rules
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy && $(BIN)/lint-imports

audit: .venv/ready-to-test ## compare the locks with a checkout of pypa/advisory-database: ADVISORIES=folder
	$(BIN)/python .ci/audit $(ADVISORIES)

bench: .venv/ready-to-test ## measure, each figure beside its yardstick
	$(BIN)/python -m benchmarks

soak: .venv/ready-to-test ## 2,000 tasks while faults fall; SEED=n repeats one
	$(BIN)/python -m benchmarks soak --tasks 2000 $(if $(SEED),--seed $(SEED))

clean: ## remove the environment, the caches and .data
	rm -rf .venv .data dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/ready: requirements.lock requirements-demo.lock pyproject.toml
	@test -x $(BIN)/python || { echo "Making .venv: about a minute, once"; $(PYTHON) -m venv .venv; }
	@$(PIP) --require-hashes -r requirements.lock && $(PIP) --require-hashes $(BUILD) -r requirements-demo.lock
	@$(PIP) $(BUILD) -e . && touch $@

.venv/ready-to-test: .venv/ready requirements-dev.lock requirements-tables.lock
	@$(PIP) --require-hashes -r requirements-dev.lock && $(PIP) --require-hashes $(BUILD) -r requirements-tables.lock
	@touch $@
