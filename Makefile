# make demo   the whole product on a bundled recording, its dashboard in the browser (needs neither root nor torch)
# make product  .venv/ with the product and nothing else: for a box (see systemd/README.md)
# make test   sets up everything that the tests need and runs them (installs Debian packages: root or sudo)
# make audit  dist/sbom.json (CycloneDX) of the locked product, and its known vulnerabilities (asks the package index)
# make hunt   the unit tests in another order, hypothesis with examples of its own: looks for what chance may find
# make check  ruff, mypy, import-linter
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(firstword $(foreach v,3.11 3.12 3.13,$(shell command -v python$(v) 2>/dev/null)) python3)
BIN := .venv/bin
PYTEST_ARGS ?=
unexport PYTHONDONTWRITEBYTECODE  # tests and parts are started hundreds of times: compiled once

.PHONY: help product demo test unit hunt check fix lock audit clean schemas

help:
	@sed -n '1,6s/^# //p' Makefile

$(BIN)/python:
	@setup/venv.sh "$(PYTHON)"

.venv/.product: lock/product.txt pyproject.toml | $(BIN)/python
	@echo "Installing Linewise into .venv/ ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r lock/product.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r lock/build.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.test: lock/test.txt .venv/.product
	@echo "Installing what the tests need (torch among it: a few minutes the first time) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r lock/test.txt
	@touch $@

product: .venv/.product

demo: .venv/.product
	@$(BIN)/linewise demo $(DEMO_ARGS)

test: .venv/.test
	@setup/debian.sh test
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest -n 2 -m "not e2e and not slow" $(PYTEST_ARGS)
	@$(BIN)/python -m pytest -n 2 -m "slow and not e2e" $(PYTEST_ARGS)
	@$(BIN)/python -m pytest -m e2e $(PYTEST_ARGS)  # one after the other: ports, brokers, browsers

unit: .venv/.test
	@$(BIN)/python -m pytest -n 2 -m "not e2e and not slow" $(PYTEST_ARGS)

hunt: .venv/.test
	@LINEWISE_HUNT=1 $(BIN)/python -m pytest -n 2 -m "not e2e and not slow" --randomly-seed=$$RANDOM $(PYTEST_ARGS)

check: .venv/.test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

fix: .venv/.test
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: | $(BIN)/python
	@setup/lock.sh

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

audit:
	@setup/audit.sh
