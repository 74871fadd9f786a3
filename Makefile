# Every target sets up what it needs in .venv, once. Another interpreter: make PYTHON=python3.12 test
# More processes for the tests: make JOBS=8 test
# A GPU with a driver older than 580: make CUDA=cuda12 test-gpu

PYTHON ?= python3
VENV ?= .venv

CUDA ?= cuda13
JOBS ?= 2
PYTEST = $(BIN)/python -m pytest -n $(JOBS) --dist worksteal

BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PYTHON_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
INTERPRETER := $(VENV)/python-$(PYTHON_VERSION).created

# Its recordings alone are of use: with its dependencies it would hold back other packages.
RECORDINGS := aeon==1.6.0

.PHONY: help demo train test test-all test-gpu lint format bench bench-gpu docs pictures clean

help:
	@echo "make demo      find the heartbeats in real recordings, convolve voices of all lengths, and draw both in output/"
	@echo "make train     train on real motions and voices, and draw the learning curves in output/"
	@echo "make test      format, lint, tests and doctests"
	@echo "make test-all  the same, and the tests that take minutes or PyTorch"
	@echo "make test-gpu  the tests of arrays on a GPU; it fails where there is none"
	@echo "make lint      format, lint, imports and types alone"
	@echo "make format    fix formatting"
	@echo "make bench     time the workloads against the other libraries; writes docs/benchmarks.md"
	@echo "make bench-gpu the same on a GPU; writes docs/cuda-benchmarks.md, and fails where there is none"
	@echo "make docs      build the site in docs/_build/html; a warning is an error"
	@echo "make pictures  draw the pictures of the documentation, and write the figures in README.md"
	@echo "make clean     remove .venv and everything that was built"

train: $(VENV)/demo.installed
	@$(BIN)/python -m examples.train_motions

demo: $(VENV)/demo.installed
	@$(BIN)/python examples/heartbeats.py
	@$(BIN)/python -m examples.ragged_voices
	@$(BIN)/python -m examples.live_pulse
	@$(BIN)/python -m examples.decoding_step

test: lint $(VENV)/test,cudacompile.installed
	@$(PYTEST)

test-all: lint $(VENV)/test,cudacompile.installed $(VENV)/torch.installed $(VENV)/freeze.installed
	@NB_SEPCONV_TEST_TORCH=1 $(PYTEST) -m ""

test-gpu: $(VENV)/test,gpucheck,$(CUDA),cupy$(CUDA).installed
	@$(BIN)/python -m pytest tests/gpu -m ""

lint: $(VENV)/test,lint.installed
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python tests/check_types.py

format: $(VENV)/test,lint.installed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/bench.installed
	@$(BIN)/python -m benchmarks
	@$(BIN)/python -m benchmarks.calls --output docs/benchmarks.md
	@$(BIN)/python -m benchmarks.jobs --output docs/benchmarks.md
	@$(BIN)/python -m benchmarks.streams
	@$(BIN)/python -m benchmarks.lengths
	@$(BIN)/python -m benchmarks.products

bench-gpu: $(VENV)/benchgpu,$(CUDA),cupy$(CUDA).installed
	@$(BIN)/python -m benchmarks.gpu

docs: $(VENV)/docs.installed
	@$(BIN)/python -m docs.pictures
	@$(BIN)/python -m sphinx -E -b html -W --keep-going -q docs docs/_build/html
	@echo "The site is in docs/_build/html/index.html"

pictures: $(VENV)/docs.installed
	@$(BIN)/python -m docs.pictures
	@$(BIN)/python -m docs.pictures.tutorials
	@$(BIN)/python -m docs.benchmark_figures

clean:
	@rm -rf $(VENV) build dist output docs/_build docs/examples docs/reference/generated *.egg-info
	@rm -rf .pytest_cache .ruff_cache .import_linter_cache .mypy_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: set-up runs again only when setup.py or the interpreter changes. Why not tox or nox: docs/explanation/design.md.
$(VENV)/%.installed: setup.py $(INTERPRETER)
	@echo "Installing nb_sepconv with what '$*' needs into $(VENV)"
	@{ $(BIN)/python -m pip install --editable '.[$*]' && $(BIN)/python -m pip install --no-deps '$(RECORDINGS)'; } \
	  > $(VENV)/$*.log 2>&1 || { cat $(VENV)/$*.log; exit 1; }
	@touch $@

$(INTERPRETER):
	@$(PYTHON) -c 'import sys; sys.exit("nb_sepconv needs Python 3.10 or newer" if sys.version_info < (3, 10) else None)'
	@echo "Creating $(VENV) for Python $(PYTHON_VERSION)"
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@
