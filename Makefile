# make demo   trains examples/digits end to end, in a container
# make test   runs every check and every test
#
# Each sets up what it needs and does nothing twice. Where a Docker Engine answers and Python has
# its venv module, nothing is installed system-wide.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: help demo test lint unit engine-test browser-test engine base chromium lock

PYTHON ?= python3
BIN := $(CURDIR)/.venv/bin
STAMP := .venv/.installed
BASE_PYTHON := 3.11

help:
	@sed -n 's/^# make/make/p' Makefile

demo: engine
	@echo '== Training examples/digits'
	@base=$$('$(BIN)/mlbox' base ensure --python $(BASE_PYTHON)) && cd examples/digits && \
		set -x && '$(BIN)/mlbox' train --base "$$base"

test: lint unit engine-test browser-test
	@echo '== All checks and tests passed'

lint: $(STAMP)
	@echo '== Lint, types, layers'
	'$(BIN)/ruff' check
	'$(BIN)/ruff' format --check
	'$(BIN)/mypy'
	'$(BIN)/lint-imports'

# pytest ends with 5 where a tier has no tests.
unit: $(STAMP)
	@echo '== Tests that touch no engine, network or clock'
	'$(BIN)/pytest' || test $$? -eq 5
	'$(BIN)/pytest' -m thorough || test $$? -eq 5

engine-test: base
	@echo '== Tests on a real Docker Engine'
	'$(BIN)/pytest' -m engine || test $$? -eq 5

browser-test: base chromium
	@echo '== Tests in a real Chromium'
	@if $(HAS_CHROMIUM); then \
		set -x; '$(BIN)/pytest' -m browser || test $$? -eq 5; \
	else \
		echo 'Skipped: chromium, or libatomic1 for its driver, is not installed.'; \
		echo 'Install them, or call make with CI=true as root.'; \
	fi

engine: $(STAMP)
	@echo '== Docker Engine'
	'$(BIN)/mlbox' engine up

base: engine
	@echo '== Base image'
	'$(BIN)/mlbox' base ensure --python $(BASE_PYTHON)

# Chromium is a package of the system: it is installed in CI, and on machines that were bare before
# (no engine but ours). libatomic1 is what its driver, a node, needs and does not bring.
HAS_CHROMIUM = command -v chromium >/dev/null && '$(BIN)/playwright' --version >/dev/null 2>&1
chromium: engine
	@if ! { $(HAS_CHROMIUM); } && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && \
		{ [ "$${CI:-}" = true ] || '$(BIN)/mlbox' engine status --json | grep -q '"private": true'; }; \
	then \
		echo '== Installing chromium for the browser tests'; \
		export DEBIAN_FRONTEND=noninteractive; set -x; \
		apt-get update -qq && \
		apt-get install -qq --no-install-recommends chromium libatomic1 >/dev/null; \
	fi

# The packages of the lock, from where pip is configured to get them; then mlbox itself, editable.
$(STAMP): requirements.lock pyproject.toml
	@echo '== Python packages, into .venv (a minute)'
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo 'mlbox needs Python 3.10 or newer: make PYTHON=python3.11'; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] || \
			{ echo 'Python has no ensurepip. Install it: sudo apt-get install python3-venv'; exit 1; }; \
		echo '== Installing python3-venv'; \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq && apt-get install -qq --no-install-recommends python3-venv >/dev/null; }
	@'$(BIN)/python' -m pip --version >/dev/null 2>&1 || \
		{ set -x; $(PYTHON) -m venv --clear .venv; }
	'$(BIN)/python' -m pip install -qq --no-deps --require-hashes -r requirements.lock
	'$(BIN)/python' -m pip install -qq --no-deps --no-build-isolation --editable .
	'$(BIN)/python' -m compileall -qq mlbox  # as pip does for what is not editable: commands start faster
	@touch $@

# Exact, hashed packages for every platform and Python from 3.10 on; no index is named in it.
lock: $(STAMP)
	'$(BIN)/uv' pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.10 \
		--generate-hashes --no-header --no-annotate --quiet --output-file requirements.lock
