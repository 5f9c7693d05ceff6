# Every target makes what it needs; only Python 3.11 or newer and make have to be there.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

FUZZ_SECONDS ?= 60
SOAK_SECONDS ?= 300

.DEFAULT_GOAL := help
.PHONY: help setup demo test fuzz soak failures attack gen gen-check fmt lint types check docs pictures build clean bench bench-check

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make the virtual environment with everything development needs

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gossip needs Python 3.11 or newer; $(PYTHON) is " + sys.version.split()[0] + ": try make PYTHON=python3.11")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cli,fast,metrics,docs,dev]'
	@touch $@

demo: $(READY) ## Two organisations' peers shake hands over mutual TLS, impostors are refused
	@$(BIN)/gossip demo

test: $(READY) ## Run the tests
	@$(BIN)/python -m pytest -q

fuzz: $(READY) ## Fuzz codec, handshake, identities, files and HTTP/2 for FUZZ_SECONDS (60)
	@$(BIN)/python -m tests.fuzz $(FUZZ_SECONDS)

soak: $(READY) ## Kill and restart 20 peers that talk to each other, for SOAK_SECONDS (300)
	@$(BIN)/python -m tests.soak $(SOAK_SECONDS)

failures: $(READY) ## Fail links, processes, disks and clocks, and write docs/failures.md
	@$(BIN)/python -m tests.failures docs/failures.md

attack: $(READY) ## Attack a peer at full strength for ten minutes, and write docs/robustness.md
	@$(BIN)/python -m robustness --out docs/robustness.md

gen: $(READY) ## Generate gen/gossip_protos from protos/
	@$(BIN)/python protos/generate.py gen/gossip_protos

gen-check: $(READY) ## Compare gen/gossip_protos with what protos/ generate
	@$(BIN)/python protos/generate.py --check gen/gossip_protos

fmt: $(READY) ## Format the code
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

lint: $(READY) ## Check style without changing anything
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check --no-cache .

types: $(READY) ## mypy --strict over everything
	@$(BIN)/python -m mypy

check: gen-check lint types test ## Everything that must pass before a change lands

docs: $(READY) ## Build the pages into site/; a warning is an error
	@$(BIN)/python -m mkdocs build --quiet --strict

pictures: $(READY) ## Draw the pictures of the README from real runs
	@$(BIN)/python docs/pictures/make.py

bench: $(READY) ## Measure beside grpc.aio, grpclib and plain TLS; writes bench/results and docs/performance.md
	@$(BIN)/python -m bench

bench-check: $(READY) ## Compare the cost of fixed workloads with bench/record.json
	@$(BIN)/python -m bench.check

build: $(READY) ## Build the wheel and the source distribution into dist/
	@$(BIN)/python -m build --outdir dist .

clean: ## Remove what the other targets made
	@rm -rf $(VENV) dist build site .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
