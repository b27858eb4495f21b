# Every command of the project; what each promises stands in README.md.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help system setup run test check check-production faults attack bench screenshots pins format lint types clean

# Many processes are started: none of them shall compile the whole of it anew.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
# Two browsers and two PostgreSQL servers at once are what two cores bear; files stay whole,
# so that fixtures of a file are made once, and come in the order that tests/conftest.py gives them:
# xdist would leave files of few tests, which are the longest, to the end and to one worker.
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

system: ## the Debian packages for running and testing
	@scripts/system.sh run test

setup: ## the Python environment in .venv
	@scripts/setup.sh requirements.txt requirements-dev.txt

run: ## the demo clinic on http://localhost:8000 (PORT), web and jobs together
	@scripts/system.sh run
	@scripts/setup.sh requirements.txt
	@exec $(BIN)/python scripts/serve.py

test: system setup check ## format, lint, types and every test
	@$(PYTEST) -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: lint types ## format, lint and types

format: setup ## write the code as the formatter would
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: setup ## format and lint, looked at only
	@$(BIN)/ruff format --check --quiet . || { echo 'Not formatted as agreed: run `make format`.' >&2; exit 1; }
	@$(BIN)/ruff check --quiet .

types: setup ## mypy, strict in the pure core
	@$(BIN)/mypy

faults: system setup ## the long runs of fault injection, upgrades, schedules, fuzzed bodies and files, random diaries
	@NEAP_LONG=1 $(PYTEST) tests/faults tests/backup tests/sync tests/exchange/test_fuzz.py tests/response/test_properties.py tests/reminders/test_wall.py tests/lib/test_rekey.py tests/e2e/test_every_page.py -s
	@NEAP_LONG=1 $(PYTEST) -n $(WORKERS) -m hypothesis tests

attack: system setup ## the long runs of attack, two scanners among them
	@VENV=.venv-attack scripts/setup.sh requirements-attack.txt
	@NEAP_LONG=1 $(PYTEST) tests/attack -s

bench: system setup ## every benchmark, `name: ratio (goal)`
	@$(BIN)/python -m tests.bench

screenshots: system setup ## the README's pictures, from the demo
	@$(BIN)/python scripts/screenshots.py

pins: ## compile requirements*.in to hashed pins (needs uv)
	@uv pip compile --quiet --generate-hashes requirements.in -o requirements.txt
	@uv pip compile --quiet --generate-hashes requirements-dev.in -o requirements-dev.txt
	@uv pip compile --quiet --generate-hashes requirements-attack.in -o requirements-attack.txt

check-production: ## what is not ready for production, with the environment of the service
	@$(BIN)/flask --app app check-production

clean: ## the environment and caches, never var/
	@rm -rf .venv .venv-attack .mypy_cache .ruff_cache .pytest_cache .hypothesis
