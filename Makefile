# CRM Desktop: `make run` opens the program, `make test` proves it. Both install what they need.

PYTHON_BIN := .venv/bin/python
WORKERS ?= 3
# Compiled files are kept, whatever the environment says: workers and programs start much sooner.
PYTEST := PYTHONDONTWRITEBYTECODE= QT_QPA_PLATFORM=offscreen $(PYTHON_BIN) -m pytest

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test test-long lint format bench screenshots wheel package test-package \
        lock clean

help:  ## show these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install:  ## make .venv with the locked packages; install missing system libraries
	@scripts/setup.sh run

install-dev:  ## and what the tests need
	@scripts/setup.sh dev

run: install  ## open the program on its embedded database with the sample workspace
	@scripts/run.sh $(ARGS)

lint: install-dev  ## ruff, mypy strict, import-linter
	$(PYTHON_BIN) -m ruff check .
	$(PYTHON_BIN) -m ruff format --check .
	$(PYTHON_BIN) -m mypy
	.venv/bin/lint-imports

test: install-dev lint  ## the rules, then the whole test suite
	$(PYTEST) -n $(WORKERS) --dist worksteal -m "not long" $(ARGS)

test-long: install-dev  ## the large numbers
	$(PYTEST) -m long -s $(ARGS)

bench: install-dev  ## speed, as ratios against plain psycopg or a stated peer
	$(PYTHON_BIN) -m bench $(ARGS)

screenshots: install-dev  ## pictures of every page, light and dark, into docs/images
	QT_QPA_PLATFORM=offscreen $(PYTHON_BIN) -m scripts.screenshots

format: install-dev  ## let ruff mend what it can
	$(PYTHON_BIN) -m ruff check --fix .
	$(PYTHON_BIN) -m ruff format .

wheel: install-dev  ## build a wheel into dist
	$(PYTHON_BIN) -m build --wheel --no-isolation

package:  ## build the packages of this system into dist: .deb and portable archive
	@scripts/package.sh

test-package: install-dev  ## install the .deb in a clean Debian and use it there (root)
	@scripts/test_package.sh

lock:  ## write locks/*.lock anew from pyproject.toml (needs uv)
	@scripts/lock.sh

clean:  ## remove what was made here; your data stays where it is
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
