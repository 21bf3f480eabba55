# Two targets do all the set-up themselves: make demo, make test.

PYTHON ?= python3
BIN := .venv/bin
DISTRIBUTIONS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml drivers_linux/*/pyproject.toml drivers_docker/*/pyproject.toml))
SOURCES := opensvc_core $(DISTRIBUTIONS)

.PHONY: demo test check bench docs venv clean

demo: venv
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh docs/tutorial/first-service/demo.sh

test: venv
	$(BIN)/pytest

check: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@MYPYPATH=$$(echo $(DISTRIBUTIONS) | tr ' ' ':') $(BIN)/mypy opensvc_core docs/generate.py tests/bench $(foreach d,$(DISTRIBUTIONS),$(wildcard $(d)/opensvc_*))
	$(BIN)/pytest -q tests/architecture
	$(BIN)/python docs/generate.py --check

bench: venv
	$(BIN)/python tests/bench/run.py

docs: venv
	$(BIN)/python docs/generate.py

venv: .venv/installed

# The core and every plugin of the repository, editable, with what tests and checks need.
.venv/installed: pyproject.toml $(DISTRIBUTIONS:=/pyproject.toml)
	@$(PYTHON) -c 'import ensurepip, sys; assert sys.version_info >= (3, 11)' 2>/dev/null || \
	    { echo "Python 3.11 or newer with venv is needed: apt-get install python3-venv"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check hatchling editables
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation -e . $(foreach d,$(DISTRIBUTIONS),-e $(d))
	$(BIN)/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
