# The commands of this project. Each sets up what it needs on a fresh machine (Python 3.11, pip, git, make).
PYTHON ?= python3
BIN := .venv/bin

.PHONY: example test check lint model prompts bench docs clean

example: .venv/.run ## install, run the main job on the bundled example, print where the report is
	$(BIN)/selfrule audit src/selfrule/example/conversations.jsonl -o example-study

test: .venv/.dev ## install and run lint, types, layers and tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

lint: .venv/.dev ## format and lint in place
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/.dev ## write the generated pages (docs/cli.md)
	$(BIN)/python -m selfrule.cli.reference > docs/cli.md

model: .venv/.dev ## train the embedded judge again (needs ../shared/data)
	$(BIN)/python -m training.train

prompts: .venv/.dev ## write the judges' prompts from the rubric and training/inputs/prompts
	$(BIN)/python -m training.prompts

bench: .venv/.dev ## run the benchmarks (long)
	$(BIN)/python benchmarks/run.py

clean: ## remove what the commands above made
	rm -rf .venv example-study dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/.run: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/.dev: requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@ .venv/.run
