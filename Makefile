# What people type. Everything else is `.venv/bin/callengine --help`.
#
# Works as root and as an ordinary user with sudo, on Debian 12 and newer.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test unit lint audit format setup lock wheel doctor fresh clean distclean

PYTHON := .venv/bin/python

# Where it is set, every start of ours compiles all it imports: seconds each time.
unexport PYTHONDONTWRITEBYTECODE

# `make demo SECONDS=60`: only what was said on the command line counts.
said = $(if $(filter command line,$(origin $(1))),$($(1)))
DEMO := $(if $(call said,SECONDS),--seconds $(SECONDS)) \
	$(if $(call said,DATABASE),--database $(DATABASE))
DEMO_NEEDS := demo$(if $(filter postgresql,$(call said,DATABASE)),-postgresql)

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 } \
		/^#[a-z]+:.*## / { printf "  %-15s %s\n", "", $$2 }' \
		$(MAKEFILE_LIST)

demo: ## Show a contact centre at work until Ctrl-C, with a place for you in it
#demo: ## ... SECONDS=60 ends it with a report, DATABASE=postgresql runs it on that
	@scripts/setup.sh $(DEMO_NEEDS)
	@exec $(PYTHON) -m sim demo $(DEMO)

test: ## Check the code and run every test, on real servers
	@scripts/setup.sh test
	@exec scripts/test.sh

unit: ## Run the tests of core and engine, in seconds
	@scripts/setup.sh code
	@exec env HYPOTHESIS_PROFILE=quick $(PYTHON) -m pytest -q tests/core tests/engine

lint: ## Check style, types and who imports whom
	@scripts/setup.sh code
	@exec scripts/test.sh lint

audit: ## Look for known holes in the Python packages that run
	@exec scripts/audit.sh

format: ## Put the code into its one format
	@scripts/setup.sh code
	@$(PYTHON) -m ruff format -q . && $(PYTHON) -m ruff check --fix -q .

setup: ## Install what is missing; the other commands do it for themselves
	@scripts/setup.sh test

lock: ## Choose versions of the Python packages anew
	@scripts/setup.sh code
	@scripts/lock.sh

wheel: ## Build the wheel into dist/, with the lock it was tested with
	@scripts/setup.sh code
	@scripts/wheel.sh

doctor: ## Say what is missing or too old on this machine
	@scripts/setup.sh run
	@exec .venv/bin/callengine doctor

fresh: ## Both commands on bare Debian 12 and 13, as root and as a user; needs root
	@exec scripts/fresh.sh

clean: ## Remove what runs and tests left: var/ and caches
	@scripts/clean.sh

distclean: ## Remove also .venv and the private Asterisk
	@scripts/clean.sh all
