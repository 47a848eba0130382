# Two commands do everything on a fresh machine with git, python3 (3.11+), pip and make: make demo, make test.
PYTHON ?= python3
UV = .tools/bin/uv
BIN = .venv/bin
FRONTEND = coverage/lomsong/maps/frontend
export UV_PYTHON_DOWNLOADS = never
export UV_LINK_MODE ?= copy
# Containers often forbid byte code; without it every start of Python compiles its libraries again, for seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check bench frontend docs lock format clean
help:                         ## say what each command does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

demo: .venv/.core             ## set up the core, then analyse the demo district and draw its map
	$(BIN)/lomsong run data/demo/district.yml --out maps/demo

test: .venv/.dev .tools/s3server/.done  ## set up, then run every test and every notebook
	$(BIN)/python -m pytest
	$(BIN)/python -m pytest --nbmake --force-enable-socket --nbmake-timeout=120 -p no:cacheprovider notebooks

check: .venv/.dev             ## style, format, types, one-way imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.bench           ## measure what the documents claim (minutes), beside the figures of the last time
	$(BIN)/python benchmarks/bench.py

frontend:                     ## build the map's front end again (needs node and npm)
	cd $(FRONTEND) && npm ci --silent --ignore-scripts --no-audit --no-fund && npm run --silent build

docs: .venv/.docs             ## build the documentation into docs/_build/html
	$(BIN)/python docs/generate.py
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo "open docs/_build/html/index.html"

format: .venv/.dev            ## let ruff mend style and layout
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: $(UV)                   ## resolve the newest versions again
	$(UV) pip compile --quiet --universal --python-version 3.11 --upgrade --no-emit-index-url --no-annotate --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	$(UV) pip compile --quiet --universal --python-version 3.11 --upgrade --no-emit-index-url --no-annotate --custom-compile-command "make lock" --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	$(UV) pip compile --quiet --universal --python-version 3.11 --upgrade --no-emit-index-url --no-annotate --custom-compile-command "make lock" --group bench -c requirements.lock -c requirements-dev.lock pyproject.toml -o requirements-bench.lock
	$(UV) pip compile --quiet --universal --python-version 3.11 --upgrade --no-emit-index-url --no-annotate --custom-compile-command "make lock" --group docs -c requirements.lock pyproject.toml -o requirements-docs.lock
	$(UV) pip compile --quiet --universal --python-version 3.11 --upgrade --no-emit-index-url --no-annotate --custom-compile-command "make lock" --group s3server -o requirements-s3server.lock

# `pip install --target` needs neither root nor python3-venv, and PEP 668 does not forbid it.
$(UV):
	@echo "setting up: the installer"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .tools uv

.venv/bin/python: | $(UV)
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv

.venv/.core: requirements.lock pyproject.toml | .venv/bin/python
	@echo "setting up: the package and its core dependencies (once)"
	@$(UV) pip install --quiet --python .venv -r requirements.lock -e .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.core
	@echo "setting up: the tools for tests and checks (once)"
	@$(UV) pip install --quiet --python .venv -r requirements-dev.lock
	@touch $@

.tools/s3server/.done: requirements-s3server.lock | $(UV)
	@echo "setting up: an object store for the tests (once)"
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .tools/s3server
	@$(UV) pip install --quiet --python .tools/s3server -r requirements-s3server.lock
	@touch $@

.venv/.bench: requirements-bench.lock .venv/.dev
	@echo "setting up: what the benchmarks compare with (once)"
	@$(UV) pip install --quiet --python .venv -r requirements-bench.lock
	@touch $@

.venv/.docs: requirements-docs.lock .venv/.core
	@echo "setting up: the documentation tools (once)"
	@$(UV) pip install --quiet --python .venv -r requirements-docs.lock
	@touch $@

clean:                        ## remove what the commands above made
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache docs/_build maps/demo
