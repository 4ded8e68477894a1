# `make` lists the targets. Everything they need is put into .venv and .local on first use.

.DEFAULT_GOAL := help
SHELL := bash

# The Python for .venv: PYTHON=... if given, else the one .venv has, else the best one that runs here.
BEST = for python in python3.13 ~/.pyenv/versions/3.13*/bin/python python3.12 python3.14 python3.11 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$python; break; }; done
PYTHON ?= $(or $(wildcard .venv/bin/python),$(shell $(BEST)))
BIN := .venv/bin
ARGS ?=
# One process more than there are cores, up to four: each waits now and then, for queues and for what time brings.
PROCESSES = $(shell cores=$$(getconf _NPROCESSORS_ONLN); echo $$((cores < 4 ? cores + 1 : 4)))
# The whole suite in so many processes; what ARGS chooses runs in one, whose output is the plainest.
TESTS = $(or $(ARGS),--numprocesses $(PROCESSES) --dist worksteal)
# Tests start many processes: the modules they import are compiled once.
unexport PYTHONDONTWRITEBYTECODE
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-annotate \
	--custom-compile-command "make lock"

.PHONY: help setup run test demo lint format bench soak kills bookings token interruptions dead-letters replay lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 21

setup: ## Python environment, packages and Azurite; costs nothing when nothing changed
	@[ -n "$(PYTHON)" ] || { echo "No Python 3.11 or later found; install one, or make setup PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m local.setup

run: setup ## The whole product on this machine, until Ctrl-C; DATA=folder keeps the tables and queues
	@$(BIN)/python -m local

test: setup ## All tests; pytest options go into ARGS, for example make test ARGS="-k booking"
	@$(BIN)/python -m pytest $(TESTS)

demo: setup ## A guided tour of the product in the terminal
	@$(BIN)/python -m local.demo $(ARGS)

lint: setup ## Style, formatting and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: setup ## Rewrite the code in the one format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup ## Measure, side by side with the floors (docs/performance.md)
	@$(BIN)/python -m benchmarks $(ARGS)

soak: setup ## Generated histories against the calendar cache, for as long as ARGS="--minutes 10" says
	@$(BIN)/python -m local.soak $(ARGS)

kills: setup ## The service killed 50 times in 2,000 changes, storage restarted; ARGS="--kills 10 --changes 500"
	@$(BIN)/python -m local.kills $(ARGS)

bookings: setup ## 200 bookings of the same few members at once, with faults, the service killed; ARGS="--seed 7"
	@$(BIN)/python -m local.bookings $(ARGS)

token: setup ## A token of the local platform, for the API of `make run`; ARGS="--role owner"
	@$(BIN)/python -m local.token $(ARGS)

interruptions: setup ## Every decision and booking with the process killed at each single request
	@STEPS_BETWEEN_KILLS=1 $(BIN)/python -m pytest -q --numprocesses auto --maxprocesses 4 tests/faults -k interrupted

dead-letters: setup ## What failed for good and why; a deployed app is asked with ARGS="--url ... --key ..."
	@$(BIN)/python -m local.operate list $(ARGS)

replay: setup ## Put all dead letters back into their queues; ARGS as above
	@$(BIN)/python -m local.operate replay $(ARGS)

lock: setup ## Renew the pinned versions of all packages and of Azurite's
	@$(COMPILE) pyproject.toml --output-file requirements.txt
	@$(COMPILE) --group dev --constraints requirements.txt --output-file requirements-dev.txt
	@cd local/azurite && npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund

clean: ## Remove everything the targets made
	rm -rf .venv .local .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
