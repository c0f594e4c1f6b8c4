# Everything starts from a fresh clone with Python 3.11 and make; each target installs what it needs first.

# The distribution's is built with profile-guided optimisation, as the one in the image is; what pyenv builds is not unless asked,
# and takes an eighth more of the processor. Where it cannot make environments (Debian without python3-venv) another one does.
PYTHON ?= $(shell /usr/bin/python3.11 -c 'import ensurepip, venv' 2> /dev/null && echo /usr/bin/python3.11 || \
	command -v python3.11 || command -v python3)
BIN := .venv/bin
INSTALLED := .venv/installed
# Servers under test write what nobody reads again: into memory, where there is room for it.
MEMORY_GB := $(shell df --output=avail -BG /dev/shm 2> /dev/null | tail -n 1 | tr -dc 0-9)
PYTEST := $(if $(shell [ 0$(MEMORY_GB) -ge 8 ] && echo yes),TMPDIR=/dev/shm) $(BIN)/python -m pytest -q
# Two at a time, each worker with servers of its own: such tests wait more than they work. What shares a fixture of its file
# with others, as the compose file does, stays with one worker.
APART := -n 2 --dist loadgroup
FILES_APART := -n 2 --dist loadfile
FAST := $(PYTEST) -m "unit or component or contract"
# Each half prints in one piece, where make is recent enough (4.0) to see to it.
APIECE := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
# Only what the locks name, with a hash that they name, and nothing that runs code of its own to get installed.
PIP_INSTALL := $(BIN)/pip install -q --disable-pip-version-check --no-deps
LOCKED := --require-hashes --only-binary :all:
# The same command always gives the same locks; without --upgrade what is pinned stays. With --all-build-deps pip-tools asks the
# build backend: its own reading of pyproject.toml drops the markers of extras.
PIP_COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile -q --strip-extras --no-emit-options --generate-hashes --allow-unsafe

.PHONY: install demo check fast fast-unit fast-rest test test-rules test-long test-simulation test-embedded test-kafka test-containers \
	docs model bench bench-quick lock sbom clean

install: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Tindak needs Python 3.11 or later; this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(PIP_INSTALL) $(LOCKED) -r requirements.lock
	$(PIP_INSTALL) --no-build-isolation -e .
	touch $@

demo: install
	$(BIN)/tindak demo --once

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# What needs no server; two halves side by side, for handing each test to a worker takes as long as most of them.
fast: install
	@$(MAKE) --no-print-directory $(APIECE) -j 2 fast-unit fast-rest

fast-unit: install
	$(FAST) tests/unit --ignore=tests/unit/tindak

fast-rest: install
	$(FAST) tests/unit/tindak tests/component tests/contract

# Which test runs on which servers is decided by its markers, here and nowhere else (pyproject.toml says what they mean):
#   connected, faults, upgrade   once, on Apache Kafka; with the marker `cluster` on three brokers and three members
#   journey, every_stack         on each of the three: embedded servers, Apache Kafka, containers
#   loopback                     once, beside the embedded servers, for they start their own
ON_EACH := journey or every_stack
CONNECTED := tests/connected tests/contract tests/journey

# What needs no server first: it says within seconds what is broken.
test: install
	@$(MAKE) --no-print-directory $(APIECE) -j 3 check fast-unit fast-rest
	@$(MAKE) --no-print-directory test-rules
	@$(MAKE) --no-print-directory test-long

# One half works while the other waits for its servers.
test-long: install
	@$(MAKE) --no-print-directory $(APIECE) -j 2 test-simulation test-embedded

test-rules: install
	$(PYTEST) -n 2 -m "architecture or laws or policy or learning" tests/architecture tests/learning tests/component tests/unit

test-simulation: install
	$(PYTEST) -n 2 -m simulation tests/simulation

test-embedded: install
	$(PYTEST) $(APART) -m "loopback or $(ON_EACH)" --stack embedded $(CONNECTED)

test-kafka: install
	$(PYTEST) $(APART) -m "(connected or faults or journey or upgrade) and not cluster" --stack apache \
		$(CONNECTED) tests/faults tests/upgrade
	$(PYTEST) -m cluster --stack apache --brokers 3 --members 3 tests/faults

test-containers: install
	$(PYTEST) $(FILES_APART) -m "$(ON_EACH)" --stack containers $(CONNECTED) tests/containers

bench: install
	$(BIN)/python -m bench.pipeline --all
	$(BIN)/python -m bench.decisions
	$(BIN)/python -m bench.routing_throughput
	$(BIN)/python -m bench.sla_scale
	$(BIN)/python -m bench.notify.notices
	$(BIN)/python -m bench.flood
	$(BIN)/python -m bench.masking
	$(BIN)/python -m bench.long_ticket
	$(BIN)/python -m bench.hot_spot
	$(BIN)/python -m bench.growth

# Ratios to what bare code could do at best, beside the committed ones: fails only where one has fallen to less than half.
bench-quick: install
	$(BIN)/python -m bench.quick

docs: install
	$(BIN)/python -m tindak.catalogue_docs
	$(BIN)/python -m tindak.notices.gallery

# The model that the demo plays with: the same training set and libraries give the same one.
model: install
	OMP_NUM_THREADS=1 $(BIN)/tindak routing train policy/training/tangsel.csv --model policy/model

lock: install
	$(PIP_COMPILE) --all-extras --all-build-deps -o requirements.lock pyproject.toml
	$(PIP_COMPILE) -c requirements.lock -o requirements-run.lock pyproject.toml
	$(PIP_COMPILE) --only-build-deps --build-deps-for wheel -c requirements.lock -o requirements-build.lock pyproject.toml

# What runs, for those who must know it: packages, versions, hashes, licences.
sbom: install
	$(BIN)/python -m tindak.sbom dist/sbom.json

clean:
	rm -rf .venv .tindak .mypy_cache .ruff_cache .hypothesis
