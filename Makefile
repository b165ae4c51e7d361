# Everything a person does with this project. `make demo` and `make test` set up what they need on a fresh machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
SHELL := /bin/bash

.PHONY: help demo test check bench load schemathesis fuzz kill-test rules oracle interview-bench notes-bench views truth cycle cycle-fit trials docs serve sandbox setup setup-dev format clean

help:  ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.core  ## Assess an example patient and print the assessment
	@$(BIN)/backspasm assess examples/child_refuses_to_walk.yaml

test: $(VENV)/.dev  ## Install what tests need and run all of them
	@bash tools/ensure-chromium
	@bash tools/ensure-postgresql
	@bash tools/ensure-java
	$(BIN)/python -m pytest -n auto

check: $(VENV)/.dev  ## Style, types and the knowledge base
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/backspasm knowledge check

bench: $(VENV)/.dev $(PEERS)/.peers $(PEERS)/.solvers  ## Measure all of performance beside peers and limits (ten minutes; BENCH="--quick": two); writes docs/performance.md
	$(BIN)/python benchmarks/performance.py --peers $(PEERS) $(BENCH)

load: $(VENV)/.dev  ## Measure the service under load for 60 s each, beside a bare endpoint
	$(BIN)/python benchmarks/service.py

schemathesis: $(VENV)/.dev  ## Call every operation with what fits its description and what does not, 100 examples each (some minutes)
	BACKSPASM_SCHEMATHESIS_EXAMPLES=100 $(BIN)/python -m pytest -q tests/doors/service/test_schemathesis.py

notes-bench: $(VENV)/.dev $(PEERS)/.peers  ## Measure the reader of notes beside other readers, in one run
	$(BIN)/python benchmarks/notes.py

views: $(VENV)/.dev $(PEERS)/.sqlonfhir  ## Run the ViewDefinitions by sqlonfhir and compare them with the reader (some minutes)
	BACKSPASM_PEERS=$(PEERS) BACKSPASM_VIEW_PATIENTS=25 $(BIN)/python -m pytest -n0 tests/oracle/test_views_against_reader.py

truth: $(VENV)/.dev  ## Screen and audit 5,000 virtual records and compare with their truth (some minutes)
	$(BIN)/python benchmarks/truth.py 5000

fuzz: $(VENV)/.dev  ## Read 100,000 mutated notes: none may fail, and time must grow with the length, not faster
	$(BIN)/python benchmarks/notes_fuzz.py --n 100000

kill-test: $(VENV)/.dev  ## Kill a screening run at 50 random moments: the output must be the same each time
	BACKSPASM_KILLS=50 $(BIN)/python -m pytest -s tests/doors/test_screen_killed.py

rules: $(VENV)/.core  ## Put the published rules of tests/published/rules.yaml to the model (some minutes)
	$(BIN)/backspasm validate --rules tests/published/rules.yaml

oracle: $(VENV)/.dev  ## Compare the exported network with pyAgrum on 2,000 patients, and the engine with the slow one
	BACKSPASM_NETWORK_PATIENTS=2000 $(BIN)/python -m pytest -n auto tests/oracle

interview-bench: $(VENV)/.dev  ## Simulate the interview on virtual patients (some minutes)
	$(BIN)/python benchmarks/interview.py

cycle: $(VENV)/.dev  ## Run the exported model of the cycle by libroadrunner: 100 patients through 5 treatments
	BACKSPASM_SBML_PATIENTS=100 $(BIN)/python -m pytest -s tests/oracle/test_cycle_exchange.py

cycle-fit: $(VENV)/.dev  ## Fit the population of the cycle again (a quarter of an hour) and write the result to build/cycle-fit
	mkdir -p build
	$(BIN)/backspasm cycle fit --out build/cycle-fit

docs: $(VENV)/.core  ## Write the generated pages (command help, coverage) to docs/generated
	$(BIN)/python -m backspasm.presentation.pages docs/generated

serve: $(VENV)/.serve  ## Serve the page, REST, FHIR operations and CDS Hooks on this machine
	$(BIN)/backspasm serve

trials: $(VENV)/.core  ## Run the published trials in the model and write docs/trials-published.md
	$(BIN)/backspasm trial --compare-all --format markdown --out docs/trials-published.md

sandbox: $(VENV)/.dev  ## Run the public CDS Hooks sandbox (built from source) against the service; pictures in docs/generated/sandbox
	PYTHON=$(BIN)/python tools/cds-sandbox docs/generated/sandbox

setup: $(VENV)/.core  ## Install the program
setup-dev: $(VENV)/.dev  ## Install the program with everything that tests need

format: $(VENV)/.dev  ## Format the code
	$(BIN)/ruff format src tests benchmarks
	$(BIN)/ruff check --fix src tests benchmarks

clean:  ## Remove what was installed and built
	rm -rf $(VENV) $(PEERS) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/pip:
	@bash tools/ensure-python $(PYTHON)
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.core: requirements.lock pyproject.toml | $(VENV)/bin/pip
	@echo "Installing the program ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.core
	@echo "Installing what tests need ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.serve: requirements-serve.lock $(VENV)/.core
	@echo "Installing the web service ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-serve.lock
	@touch $@

# peers of `make bench` and `make notes-bench`: their dependencies stay out of the program's environment
$(PEERS)/.peers: benchmarks/peers.txt
	@echo "Installing the other readers of notes ..."
	@test -x $(PEERS)/bin/pip || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check -r benchmarks/peers.txt
	@touch $@

$(PEERS)/.solvers: benchmarks/solvers.txt
	@echo "Installing other solvers ..."
	@test -x $(PEERS)/bin/pip || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check -r benchmarks/solvers.txt
	@touch $@

$(PEERS)/.sqlonfhir: benchmarks/views.txt
	@echo "Installing a runner of ViewDefinitions ..."
	@test -x $(PEERS)/bin/pip || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check -r benchmarks/views.txt
	@touch $@
