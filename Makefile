# Two commands on a fresh machine (Python 3.11, Node 20, git): `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv/bin
BENCHES := $(patsubst bench/%.py,%,$(filter-out bench/__init__.py bench/report.py,$(wildcard bench/*.py)))
JOBS ?= 2
MUTANTS ?= --all
FUZZ ?= --calls 5000000

.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage mutants fuzz lint format bench lock storage-layouts clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '  make bench-<topic>    one benchmark: %s\n' '$(BENCHES)'

setup: ## install everything and compile the contracts
	@$(PYTHON) tools/setup.py

demo: setup ## play the whole story on a local chain
	@$(VENV)/cluster demo

test: setup ## run all tests
	@$(VENV)/python -m pytest -n $(JOBS) --dist worksteal

coverage: setup ## lines and branches of the contracts that the tests execute
	@$(VENV)/python -m tools.coverage --jobs $(JOBS)

mutants: setup ## plant every small mistake in the contracts; see which the tests miss (MUTANTS="--sample 60" for some)
	@$(VENV)/python -m tools.mutants $(MUTANTS) --jobs $(JOBS)

fuzz: setup ## all state machines until 5,000,000 calls (FUZZ="--minutes 10" for as long)
	@$(VENV)/python -m tools.fuzz $(FUZZ) --jobs $(JOBS)

lint: setup ## ruff, mypy, solhint, formatter, storage layouts, page of roles, ABI reference, slither
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/mypy
	@npx --no-install solhint --max-warnings 0 'contracts/**/*.sol'
	@npx --no-install prettier --check --log-level warn 'contracts/**/*.sol'
	@$(VENV)/python -m tools.storage_layouts --check
	@$(VENV)/python -m tools.roles_page --check
	@$(VENV)/python -m tools.abi_reference --check
	@$(VENV)/python -m tools.slither

format: setup ## format Python and Solidity
	@$(VENV)/ruff check --fix-only --quiet .
	@$(VENV)/ruff format .
	@npx --no-install prettier --write --log-level warn 'contracts/**/*.sol'

bench: setup ## run all benchmarks
	@set -e; for topic in $(BENCHES); do $(VENV)/python -m bench.$$topic; done

bench-%: setup
	@$(VENV)/python -m bench.$*

lock: ## resolve the Python dependencies anew
	@$(VENV)/uv pip compile pyproject.toml --all-extras --generate-hashes --no-emit-index-url --no-header \
		--upgrade -o requirements.lock

storage-layouts: setup ## accept the current storage layouts
	@$(VENV)/python -m tools.storage_layouts --write

clean: ## remove everything that was built or installed
	@rm -rf .venv node_modules .build .solcx .ape build deployments/31337*.json
