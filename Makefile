# The front door. Every target makes its own virtual environment first: all it takes is Python 3.11 or later, pip and make.
#
#   make test PYTEST_ARGS="-k headers -x"     arguments for pytest
#   make demo DEMO_ARGS="--noise"             arguments for `zeroweight demo`
#   make bench BENCH_ARGS="--only clients"    arguments for the benchmarks; --quick takes less than a minute
#   make test PYTHON=/opt/python3.12          which Python the environment is made of

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
HASH := $(shell cksum < pyproject.toml | tr -d ' \t')
READY := $(VENV)/ready-$(HASH)
ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if $$python -c '$(ENOUGH)' 2>/dev/null; then echo $$python; exit; fi; done)
PYTEST_ARGS ?=
DEMO_ARGS ?=
BENCH_ARGS ?=
DEMO_OUT := zeroweight-out
# A Python that dies of an exception exits with 1, as the gate does for FAIL; only the verdict tells them apart.
SAYS_FAIL := import json, sys; sys.exit(json.load(open("$(DEMO_OUT)/verdict.json"))["verdict"] != "FAIL")

.DEFAULT_GOAL := help
.PHONY: help setup demo test prove bench lint clean

help: ## say what each target does
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z][a-z]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 10

setup: $(READY) ## make the virtual environment .venv (the other targets do so themselves)

# Keyed by the content of pyproject.toml: a second call is instant, a changed dependency is installed.
$(READY):
	@test -n "$(PYTHON)" || { echo "setup: no Python 3.11 or later found; name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "setup: makes the virtual environment $(VENV) with $(PYTHON) and installs zeroweight and its tools into it"
	@$(PY) -c '$(ENOUGH)' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@$(PY) -m pip install --quiet --upgrade 'pip>=25.1'
	@$(PY) -m pip install --quiet --editable '.[demo]' --group dev
	@rm -f $(VENV)/ready-*
	@touch $@

demo: $(READY) ## start a baseline and a flawed canary, attack both, print the verdict (FAIL is expected)
	@echo "demo: starts a baseline and a flawed canary on this machine, attacks both, and prints the verdict"
	@rm -f $(DEMO_OUT)/verdict.json
	@status=0; $(BIN)/zeroweight demo --output $(DEMO_OUT) $(DEMO_ARGS) || status=$$?; \
	case $$status in 0) word=PASS;; 1) word=FAIL;; 10) word=INCONCLUSIVE;; *) word="no verdict";; esac; \
	if [ $$status -ne 1 ]; then \
	echo "the gate's own exit status: $$status ($$word), but a flawed canary must get 1 (FAIL)" >&2; exit 1; fi; \
	if ! $(PY) -c '$(SAYS_FAIL)' 2>/dev/null; then \
	echo "the gate's own exit status: 1, but $(DEMO_OUT)/verdict.json does not say FAIL: it crashed" >&2; exit 1; fi; \
	echo "the gate's own exit status: 1 (FAIL), as expected of a flawed canary"

test: $(READY) ## run our own tests
	@echo "test: runs the tests of Zeroweight itself; the deployments they attack are started on this machine"
	@$(PY) -m pytest $(PYTEST_ARGS)

prove: $(READY) ## measure recall, false alarms and false passes on the proving ground
	@echo "prove: measures recall, false alarms and false passes on flawed, harmless and broken deployments; writes build/prove.json"
	@$(PY) tests/proving/prove.py

bench: $(READY) ## measure what requests and whole gates cost; writes build/bench.json
	@echo "bench: measures what requests and whole gates cost on this machine; writes build/bench.json"
	@$(PY) benchmarks/bench.py $(BENCH_ARGS)

lint: $(READY) ## check style, types and who imports whom
	@echo "lint: runs ruff check, ruff format --check, mypy and lint-imports; all of them, then says which failed"
	@failed=; \
	echo "lint: ruff check"; $(BIN)/ruff check . || failed="$$failed ruff-check"; \
	echo "lint: ruff format --check"; $(BIN)/ruff format --check . || failed="$$failed ruff-format"; \
	echo "lint: mypy"; $(BIN)/mypy || failed="$$failed mypy"; \
	echo "lint: lint-imports"; $(BIN)/lint-imports || failed="$$failed lint-imports"; \
	if [ -n "$$failed" ]; then echo "lint: failed:$$failed" >&2; exit 1; fi; echo "lint: all four passed"

clean: ## remove .venv and everything that the targets wrote
	@echo "clean: removes $(VENV), build, dist, zeroweight-out and the caches"
	@rm -rf $(VENV) build dist zeroweight-out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find harness suites tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
