# `make run` sets everything up and serves; `make test` sets up and passes the tests. Both need Python 3.11 or newer, nothing else.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# How many processes `make test` uses, if there are so many cores; each has a Neo4j of its own and needs about 2.5 GB.
WORKERS ?= 2
LOCK = $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --group build

.PHONY: run setup test test-clients test-browser lint format schema docs lock bench faults clean
.DEFAULT_GOAL := run

run: .venv/run.stamp  ## set up and serve, with a sample market if the graph is empty
	$(BIN)/buying-groups serve --sample

setup: .venv/dev.stamp  ## all that working on the project needs

test: .venv/dev.stamp
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses $(WORKERS) --dist worksteal $(if $(THOROUGH),--thorough $(THOROUGH))

test-clients: .venv/dev.stamp tests/clients/node_modules/.package-lock.json  ## what Node has to say; needs Node and npm
	$(BIN)/python -m pytest -m clients

test-browser: .venv/dev.stamp tests/clients/node_modules/.package-lock.json  ## GraphiQL and the console in headless Chromium; gets that from Debian if it is missing
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -qq --no-install-recommends chromium; }
	$(BIN)/python -m pytest -m browser $(if $(SCREENSHOT),--screenshot=$(SCREENSHOT)) $(if $(PICTURES),--pictures=$(PICTURES)) $(if $(FAVOURITES),--favourites=$(FAVOURITES)) $(if $(EXPORT),--export=$(EXPORT))

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

format: .venv/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: .venv/dev.stamp  ## write the committed SDL
	$(BIN)/python -m api.schema

docs: .venv/docs.stamp  ## build the site into build/site, where a broken link fails, and run the notebook
	$(BIN)/python docs/build.py
	$(BIN)/python -m pytest -m docs

lock: .venv/dev.stamp  ## renew the lock files from pyproject.toml
	$(PIP) install uv
	$(LOCK) --upgrade --output-file requirements.lock
	$(LOCK) --upgrade --group dev --extra otel --constraint requirements.lock --output-file requirements-dev.lock
	$(LOCK) --upgrade --group docs --constraint requirements-dev.lock --output-file docs/requirements.lock

bench: .venv/dev.stamp  ## the README's table of jobs; `python -m bench` runs all benchmarks
	$(BIN)/python -m bench jobs

faults: .venv/dev.stamp  ## what is lost, and how long clients wait, when something breaks
	$(BIN)/python -m pytest -m faults
	$(BIN)/python -m bench faults

clean:
	rm -rf .venv build .pytest_cache .ruff_cache .hypothesis tests/clients/node_modules

tests/clients/node_modules/.package-lock.json: tests/clients/package.json tests/clients/package-lock.json
	cd tests/clients && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv

# The build backend is in the lock, too, so that nothing comes unpinned.
.venv/run.stamp: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing the locked dependencies ..."
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/docs.stamp: docs/requirements.lock .venv/dev.stamp
	@echo "Installing what builds the site ..."
	$(PIP) install --require-hashes --requirement docs/requirements.lock
	@touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp
	@echo "Installing the locked development tools ..."
	$(PIP) install --require-hashes --requirement requirements-dev.lock
	@touch $@
