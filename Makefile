# Every target sets itself up: a fresh clone needs only Python 3.11 or newer, and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

# Tests that need real photos and weights look for them here, and skip with a reason without.
ifneq ($(wildcard ../shared/data),)
export HEADSTART_ASSETS ?= $(abspath ../shared)
endif

# The tests run in two processes: more threads than cores would slow both.
TEST_ENVIRONMENT := OMP_NUM_THREADS=1

.PHONY: demo test check-fast lint types imports format benchmark-backbones pocket clean
.DEFAULT_GOAL := test

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	$(BIN)/python -m pip check
	touch $@

demo: $(READY)   ## The main job on pictures that scikit-image and scikit-learn carry: train, measure, predict, report
	$(BIN)/headstart demo --output demo

test: $(READY) lint types imports   ## All checks
	$(TEST_ENVIRONMENT) $(BIN)/python -m pytest -n 2 --dist loadgroup

check-fast: $(READY) lint types imports   ## Lint, types, imports, unit tests: under two minutes
	$(TEST_ENVIRONMENT) $(BIN)/python -m pytest -n 2 --dist loadgroup -m 'not slow'

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports

format: $(READY)   ## Let ruff write the code the way it checks it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmark-backbones: $(READY)   ## Every network at hand beside MobileNetV2: accuracy and speed
	$(BIN)/python benchmarks/backbones.py

pocket: $(READY)   ## Train the network that headstart carries: make pocket DATA=... TEACHER=... (RESULTS.md)
	@test -n "$(DATA)" && test -n "$(TEACHER)" || { echo "make pocket needs DATA=folder TEACHER=folder"; exit 2; }
	$(BIN)/python -m training.pocket --data "$(DATA)" --teacher "$(TEACHER)"

clean:   ## Remove what the targets above made
	rm -rf $(VENV) demo build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
