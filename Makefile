# Two commands are enough: `make run` and `make test`. Each makes what it needs in .venv.

PYTHON ?= python3
BIN := .venv/bin
PURE := src/jevons/types/*,src/jevons/wire/*,src/jevons/policy/*,src/jevons/pick/*,src/jevons/auto/*
PURE := $(PURE),src/jevons/cache/*,src/jevons/meter/*,src/jevons/ledger/*,src/jevons/privacy/*,src/jevons/imports/*,src/jevons/flow.py
PURE := $(PURE),src/jevons/entries.py,src/jevons/looking.py,src/jevons/spans.py,src/jevons/admin/roles.py,src/jevons/admin/groups.py,src/jevons/admin/idtoken.py,src/jevons/budget/*,src/jevons/reports/*

.DEFAULT_GOAL := help
.PHONY: help run test lint types contracts coverage bench bench-policy bench-privacy faults kill kill-replicas prove mutants lock
.PHONY: pages-scale screenshots bench-auto bench-cache bench-books bench-reports bench-reports-full bench-memory fit-energy pages clean run-env dev-env

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: export JEVONS_DATA_DIR ?= $(CURDIR)/.jevons
run: run-env ## fetch a model, run the demo, stay up (ONCE=1 ends after the demo)
	@$(BIN)/jevons serve --demo $(if $(ONCE),--once)

# Some want the machine to themselves: engines that compute on every core, clients and browsers with a clock of their own.
ALONE := tests/contract/clients tests/contract/engine tests/contract/energy/test_calibrate.py \
  tests/contract/providers/test_llama_server.py tests/e2e

test: dev-env ## every test, real servers included; ARGS="tests/unit -k name" for some of them
ifeq ($(ARGS),)
	@failed=0; $(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile $(addprefix --ignore=,$(ALONE)) || failed=1; \
	  $(BIN)/pytest $(ALONE) || failed=1; exit $$failed
else
	@$(BIN)/pytest $(ARGS)
endif

lint: dev-env ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: dev-env ## pyright, strict
	@$(BIN)/pyright

contracts: dev-env ## which room may import which
	@$(BIN)/lint-imports

# Without the property tests: what a branch needs must not hang on what they happen to draw.
coverage: dev-env ## every branch of the pure rooms
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -q -n auto --maxprocesses 4 tests/unit -m 'not hypothesis'
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report --include='$(PURE)' --fail-under=100

bench: dev-env ## the gateway and the engine, against their yardsticks in the same run
	@$(BIN)/python -m bench

bench-privacy: dev-env ## what looking for personal data costs, beside Presidio where it is installed
	@$(BIN)/python bench/privacy.py $(ARGS)

bench-policy: dev-env ## what a decision costs: asked of Cedar, remembered, and as a whole
	@$(BIN)/python bench/policy.py

bench-cache: dev-env ## what the answer cache takes of a request
	@$(BIN)/python bench/cache.py

bench-auto: export OPENBLAS_NUM_THREADS ?= 1
bench-auto: dev-env ## what auto saves and keeps on the answers in JEVONS_ROUTING_CORPUS; ARGS="--splits 20" for a look
	@$(BIN)/python -m bench.auto $(ARGS)

bench-books: dev-env ## what was promised of the books, at full size; ARGS="--tree 1000000" for less
	@$(BIN)/python -m bench.books $(ARGS)

bench-reports: dev-env ## reports over 200,000 receipts, each in under 10 s
	@$(BIN)/python -m bench.reports $(ARGS)

bench-reports-full: dev-env ## the same over 10,000,000; planting them takes a quarter of an hour and 12 GB
	@$(BIN)/python -m bench.reports --receipts 10000000 $(ARGS)

bench-memory: dev-env ## whether memory grows with requests; ARGS="--answers 50000" for a look
	@$(BIN)/python bench/memory.py $(ARGS)

fit-energy: dev-env ## fit the energy formulas again; CORPUS=FOLDER holds ML.ENERGY's measurements
	@$(BIN)/python bench/energy.py $(CORPUS)

faults: dev-env ## every fault of an endpoint in every pair of dialects: expected against seen
	@$(BIN)/pytest -q tests/contract/providers/test_fault_table.py --score

kill: dev-env ## kill -9 at 100 random moments under load
	@JEVONS_KILLS=100 $(BIN)/pytest tests/e2e -k kill

kill-replicas: dev-env ## kill -9 any of 3 replicas, and PostgreSQL under them, at 200 random moments
	@JEVONS_KILLS=200 $(BIN)/pytest -q -s -p no:xdist -o faulthandler_timeout=3600 tests/e2e/test_kill_replicas.py

pages-scale: dev-env ## when each page of a month of a million receipts is first painted; ARGS=10000 for less
	@$(BIN)/python tools/look.py paint $(ARGS)

screenshots: dev-env ## write the pictures in docs/images again
	@$(BIN)/python tools/look.py shots

prove: dev-env ## what profiles promise: proofs, every small change, 10,000 cases, 300 requests under each
	@$(BIN)/jevons policy prove $(notdir $(basename $(wildcard src/jevons/policy/profiles/*.toml)))
	@JEVONS_CHANGES=1 JEVONS_ASKED=300 $(BIN)/pytest -q -s -p no:xdist -o faulthandler_timeout=1800 tests/contract/policy -k "not explain"

mutants: dev-env ## change the policy's code in every small way: what no test minds
	@$(BIN)/python tools/mutants.py

lock: dev-env ## resolve requirements/*.txt again (UPGRADE=1 takes the newest)
	@$(BIN)/python tools/lock.py $(if $(UPGRADE),--upgrade)

pages: dev-env ## write the reference pages that the source itself documents
	@$(BIN)/python tools/pages.py

clean: ## remove everything that was made, but not .jevons
	rm -rf .venv build dist .coverage .coverage.* .hypothesis .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

run-env:
	@$(PYTHON) -S tools/bootstrap.py run

dev-env:
	@$(PYTHON) -S tools/bootstrap.py dev
