# Two targets do all the set-up themselves: make demo, make test.

PYTHON ?= python3
BIN := .venv/bin
DISTRIBUTIONS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml drivers_linux/*/pyproject.toml drivers_docker/*/pyproject.toml))

.PHONY: demo test test-vm check bench fuzz simulate chaos soak docs wheels lab venv clean

# A service on two nodes, one of which fails; PAGES='first-service two-nodes' tells other pages of docs/tutorial.
demo: venv
	@$(BIN)/python docs/tutorial/demo.py $(PAGES)

# The tests are compiled once, in two halves beside each other, not by each worker. Eight files side by side, also on two cores: most of
# them wait. Guests need the cores for themselves, so they come last: the lab, machines without neighbours, two halves of the promises.
# All workers hash alike: they have to agree on the names of tests, some of which are made of sets.
GUESTS := -n 4 tests/vm
test: venv
	@code=0; export PYTHONHASHSEED=$$(od -An -N2 -tu2 /dev/urandom | tr -d ' '); \
	for half in tests "plugins drivers_linux drivers_docker"; do $(BIN)/pytest --collect-only -qq $$half >/dev/null 2>&1 & done; wait; \
	$(BIN)/pytest -n 8 --dist loadfile --no-loadscope-reorder --ignore tests/vm --ignore tests/alone || code=$$?; \
	$(BIN)/pytest tests/alone || code=$$?; \
	$(BIN)/pytest $(GUESTS) || code=$$?; \
	exit $$code

# Only the tests in virtual machines, which `make test` runs too; as root.
test-vm: venv
	$(BIN)/pytest $(GUESTS)

check: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@MYPYPATH=$$(echo docs docs/tutorial tests/system tests/tutorials tests/vm $(DISTRIBUTIONS) | tr ' ' ':') $(BIN)/mypy opensvc_core docs/generate.py docs/release.py docs/pages docs/tutorial/demo.py tests/bench tests/system/lab tests/system/cluster tests/tutorials/tutorial tests/vm/vmlab $(foreach d,$(DISTRIBUTIONS),$(wildcard $(d)/opensvc_*))
	$(BIN)/pytest -q tests/architecture
	$(BIN)/python docs/generate.py --check

# Ten minutes of inputs of all kinds; atheris follows the branches of the code where it can be installed.
fuzz: venv
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/pip install --quiet --disable-pip-version-check atheris || true
	$(BIN)/python tests/fuzz/run.py

# Hours of virtual clusters: every interleaving to a greater depth, a hundred thousand stories from seeds.
simulate: venv
	$(BIN)/python -m opensvc_daemon.lease.exploration --long
	$(BIN)/python -m opensvc_daemon.exploration --long
	$(BIN)/python -m opensvc_daemon.simulation --seeds 100000

# Half an hour on three real nodes, as root: troubles in a row from a seed, then a hundred isolations of who holds a lease.
SEED ?= $(shell od -An -N3 -tu4 /dev/urandom | tr -d ' ')
FAULTS ?= 300
chaos: venv
	PYTHONPATH=tests/system $(BIN)/python -m cluster.chaos --seed $(SEED) --faults $(FAULTS)
	PYTHONPATH=tests/system $(BIN)/python -m cluster.isolation --times 100
	OSVC_TEST_PAUSE=60 $(BIN)/pytest -q tests/system/test_disturbed_nodes.py -k monitor

# An hour with all processors busy and 500 services, as root: how late beats are.
soak: venv
	PYTHONPATH=tests/system $(BIN)/python -m cluster.soak --seconds 3600

# Half an hour that wants the machine for itself, as root; one part alone: python -m tests.bench.run failover
bench: venv
	$(BIN)/python -m tests.bench.run --page docs/reference/benchmarks.md

# Two nodes to try things by hand, in a shell that removes them when it ends; as root.
lab: venv
	@PYTHONPATH=tests/system $(BIN)/python -m lab

docs: venv
	$(BIN)/python docs/generate.py

# A wheel of each distribution, in dist/: pip install --find-links dist 'opensvc-core[all]'
wheels: venv
	rm -rf dist && mkdir dist
	$(BIN)/python tests/installed/wheels.py dist

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
