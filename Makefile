# Every target sets itself up: a fresh clone needs only Python 3.11 or newer, and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

# What headstart is compared with, in an environment of its own.
PEERS       := .venv-peers
PEERS_READY := $(PEERS)/.ready

# Tests that need real photos and weights look for them here, and skip with a reason without.
ifneq ($(wildcard ../shared/data),)
export HEADSTART_ASSETS ?= $(abspath ../shared)
endif

# The tests run in two processes: more threads than cores would slow both.
TEST_ENVIRONMENT := OMP_NUM_THREADS=1

.PHONY: demo test test-exhaustive check-fast lint types imports format benchmark-backbones benchmark-embed benchmark-start \
	benchmark-scale benchmark-head benchmark-pixels benchmark-choose benchmark-keras benchmark-finetune benchmark-tuning benchmark-unknown benchmark-ask benchmark-doctor benchmark-learn peers lesson site gallery pocket clean
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
	$(TEST_ENVIRONMENT) $(BIN)/python -m pytest -n 2 --dist loadgroup -m 'not slow and not exhaustive'

test-exhaustive: $(READY)   ## What takes minutes each, on real photos: ideal images, attacks (before a release)
	$(TEST_ENVIRONMENT) $(BIN)/python -m pytest -n 2 --dist loadgroup -m exhaustive

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

benchmark-scale: $(READY)   ## 1,000 to 100,000 photos, up to a million kept rows: what each costs, and memory
	$(BIN)/python benchmarks/scale.py

benchmark-embed: $(READY)   ## JPEG files to features, beside what people use and our own limit
	$(BIN)/python benchmarks/embed.py

benchmark-start: $(READY)   ## How long whole commands take, beside torchvision
	$(BIN)/python benchmarks/start.py

peers: $(PEERS_READY)   ## The libraries that benchmarks compare with: some 6 GB with torch's own CUDA

$(PEERS_READY):
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --upgrade pip
	$(PEERS)/bin/python -m pip install --quiet torch torchvision timm keras fastai onnxruntime onnx onnxscript
	touch $@

benchmark-head: $(READY)   ## Our linear head beside scikit-learn and a torch loop: seconds at equal loss
	$(BIN)/python benchmarks/head.py

benchmark-pixels: $(READY)   ## Attacks and ideal images beside secml-torch, Foolbox and a torch loop: steps a second
	$(BIN)/python benchmarks/pixels.py

benchmark-finetune: $(READY)   ## A network's last part on kept activations beside the plain loop: seconds to the same accuracy
	$(BIN)/python benchmarks/finetune.py

benchmark-tuning: $(READY)   ## What fine-tuning gains over its linear head, what the gate refuses, what a start is worth
	$(BIN)/python benchmarks/tuning.py

benchmark-ask: $(READY)   ## Labels that `ask` saves against random choice on three data sets, beside other rules
	$(BIN)/python benchmarks/ask.py

benchmark-unknown: $(READY)   ## Scores that tell photos of nothing learned from one's own: AUROC and shares caught
	$(BIN)/python benchmarks/unknown.py

benchmark-learn: $(READY)   ## Corrections taken in by models of 1,000 and 10,000 photos, and undone: seconds
	$(BIN)/python benchmarks/learn.py

benchmark-doctor: $(READY)   ## Labels that were changed on purpose: how many doctor finds, how many of its findings hold up
	$(BIN)/python benchmarks/doctor.py

benchmark-keras: $(READY)   ## Keras's networks on torch and on TensorFlow beside Keras itself: milliseconds
	$(BIN)/python benchmarks/keras_backends.py

benchmark-choose: $(READY)   ## Twenty networks to choose from beside five: photos through networks, and seconds
	$(BIN)/python benchmarks/choose.py

site: $(READY)   ## The documents as pages, in build/site
	$(BIN)/python -m website.build

gallery: $(READY)   ## Ideal and adversarial pictures made anew, with what is said of them: docs/gallery.md
	$(BIN)/python -m website.gallery

lesson: $(READY)   ## Run the lesson's pages on real photos and weights, and record what they print
	$(BIN)/python -m website.pages

pocket: $(READY)   ## Train the network that headstart carries: make pocket DATA=... TEACHER=... (RESULTS.md)
	@test -n "$(DATA)" && test -n "$(TEACHER)" || { echo "make pocket needs DATA=folder TEACHER=folder"; exit 2; }
	$(BIN)/python -m training.pocket --data "$(DATA)" --teacher "$(TEACHER)"

clean:   ## Remove what the targets above made
	rm -rf $(VENV) $(PEERS) demo build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
