# The commands of the project. `make` lists them; each does its own set-up, from package registries alone.

SHELL := /bin/sh
PYTHON_AT_LEAST := 3.11
# The image's Python, which has packages that the oldest supported one lacks.
IMAGE_PYTHON := 3.13
BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)
INSTALLED := .venv/.installed
ENGINE := .cache/engine/.installed
# A closed network's package index is usually told to pip; uv, which installs here, is told the same.
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
ifeq ($(UV_DEFAULT_INDEX),)
unexport UV_DEFAULT_INDEX
endif
# Many containers set it; every process then recompiles all that it imports, which is half the work of a short one.
unexport PYTHONDONTWRITEBYTECODE
MODEL ?= $(MODEL_PATH)
export MODEL
TRIALS ?= 0

#? MODEL=path            another XGBoost model, .ubj or .json       local serve image image-test
#? STACK=name            the settings of Pulumi.<name>.yaml         local serve image image-test pin
#? SET="key=value ..."   settings that win over the stack's         local serve
#? ALLOW_MISSING=true    features may be null, or a JSON list      local serve
#? PORT=number           the emulator's port                        local serve
#? ARCHITECTURE=name     x86_64 or arm64                            image image-test
#? TRIALS=number         sets of parameters to try before training  train
#? PYTHON=path           the Python to install with                 setup

.DEFAULT_GOAL := help
.PHONY: help setup local serve image image-test pin engine test check needs format lint types train report bench derive lock clean

help: ## list the commands and their variables
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
	@printf '\n%s\n\n' 'Variables, as in: make local MODEL=churn.ubj SET="memoryMb=512"'
	@sed -n 's/^#? //p' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## install everything into .venv; the other commands do so when needed

local: $(INSTALLED) ## deploy onto an emulator on this machine, call the endpoint, tear down
	@$(BIN)/python -m local

serve: $(INSTALLED) ## the same, and keep the endpoint up until Ctrl-C, with a page to try it
	@$(BIN)/python -m local serve

image: $(INSTALLED) ## build the image that pulumi up would push; needs a Docker engine
	@$(BIN)/python -m image build

image-test: $(INSTALLED) ## build it, run it as Lambda would, check everything
	@$(BIN)/python -m image test

pin: $(INSTALLED) ## write the base image's present digest into the stack's settings; needs a Docker engine
	@$(BIN)/python -m image pin

engine: $(ENGINE) ## Pulumi's own engine for the tests: the one on the PATH, or built with Go

test: $(INSTALLED) ## all tests that need neither Docker nor minutes
	@$(BIN)/python -m pytest --processes auto

check: needs lint types engine test ## exactly what CI runs: format, lint, types, all tests
	@$(BIN)/python -m pytest --everything -m "slow or docker" --processes auto

needs: $(INSTALLED)
	@$(BIN)/python -m tests.needs

format: $(INSTALLED) ## rewrite the code in the project's format
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lint: $(INSTALLED)
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: $(INSTALLED)
	@$(BIN)/mypy

train: $(INSTALLED) ## train the wine model again and write its files; TRIALS=150 searches for parameters first
	@$(BIN)/python -m model.train --trials $(TRIALS)
	@$(BIN)/python -m clients.derive

report: $(INSTALLED) ## describe data and model in one HTML page
	@$(BIN)/python -m model.study.report

bench: $(INSTALLED) ## measure the handler beside pandas, numpy, ONNX Runtime and compiled trees
	@$(BIN)/python -m benchmarks

derive: $(INSTALLED) ## write again what is derived: reference, schema, figures, the clients' samples
	@$(BIN)/python -m docs.generate_schema
	@$(BIN)/python -m docs.generate_reference
	@$(BIN)/python -m docs.generate_settings
	@$(BIN)/python -m docs.generate_decisions
	@$(BIN)/python -m docs.generate_deployer_policy
	@$(BIN)/python -m docs.generate_benchmarks
	@$(BIN)/python -m clients.derive

lock: $(INSTALLED) ## resolve the requirements again, with hashes
	@PATH=".cache/uv/bin:$$PATH" && \
	lock="uv pip compile --quiet --universal --generate-hashes --no-header" && \
	ours="$$lock --python-version $(PYTHON_AT_LEAST)" && \
	$$ours --group dev pyproject.toml -o requirements-dev.txt && \
	$$ours -c requirements-dev.txt pyproject.toml -o requirements.txt && \
	$$lock --python-version $(IMAGE_PYTHON) --no-deps function/requirements.in -o function/requirements.txt && \
	$$ours tests/security/checkov.in -o tests/security/checkov.txt && \
	$$ours image/scanners.in -o image/scanners.txt && \
	$$ours benchmarks/peers/requirements.in -c requirements-dev.txt -o benchmarks/peers/requirements.txt && \
	$$ours .ci/go.in -o .ci/go.txt && \
	$$ours scripts/release.in -o scripts/release.txt && \
	$$ours scripts/uv.in -o scripts/uv.txt

clean: ## remove everything that can be made again
	@rm -rf .venv .cache .build .mypy_cache .pytest_cache .ruff_cache .hypothesis clients/*/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): requirements-dev.txt
	@scripts/install $(PYTHON_AT_LEAST)
	@touch $@

$(ENGINE): scripts/engine $(wildcard pulumi-engine/*/go.*)
	@scripts/engine
	@touch $@
