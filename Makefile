# The menu. `make run` and `make test` set up everything they need, once, in .venv.
PYTHON ?= python3
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PROJECT := pyproject.toml src/inkdigits/__init__.py
# The slowest tests are named, so that it shows what makes CI long.
PYTEST := $(BIN)/python -m pytest --durations=15 --durations-min=5
# Three test files at a time on 2 cores, since many tests wait. Files share fixtures, so all but a few stay whole
# (tests/conftest.py).
# `make test PARALLEL=` runs one after another.
PARALLEL := --numprocesses=auto --maxprocesses=4 --dist=loadfile --no-loadscope-reorder
INSTALL_SELF := -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
# pip compiles on one core.
INSTALL_PINNED := -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes --requirement
COMPILE := -m compileall -q -j 0

.DEFAULT_GOAL := help
.PHONY: help run test test-slow test-browser test-page test-backends test-ray check-solution check-class \
	test-portable compare-speed lint docs docs-check protobuf site lock wheel clean

help:  ## This menu
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: .venv/.installed-run  ## Train, evaluate and compare the exercise's two networks (seconds on 2 cores)
	$(BIN)/inkdigits reproduce

test: .venv/.installed-dev  ## The tests, but for those on every backend, in a browser and on Ray
	$(PYTEST) $(PARALLEL) -m 'not browser and not npm and not backends and not ray'

test-portable: .venv/.installed-test  ## The tests of what runs on Windows too: data, scores, preprocessing, generated pictures
	$(BIN)/python -m pytest tests/test_normalize.py tests/test_public_names.py tests/stats tests/datasets tests/synthesis

test-slow: .venv/.installed-dev  ## The tests that take minutes: real kills, wheels
	$(PYTEST) $(PARALLEL) --slow -m slow

test-browser: .venv/.installed-dev  ## The page in a real Chromium (Debian: apt-get install chromium)
	$(PYTEST) -m browser

test-page: .venv/.installed-dev  ## The reader in JavaScript: types, Node, the npm package, the static site (needs npm, Chromium)
	$(BIN)/python tools/npm_package.py build/npm
	cd build/npm && npm ci --ignore-scripts --no-audit --no-fund && npx tsc
	$(PYTEST) -m npm

test-ray: .venv/.installed-dev  ## A real Ray of several nodes: batches, deploys, experiments, and what dies in them
	$(PYTEST) -m ray

test-backends: .venv/.installed-dev .venv-tensorflow/.installed .venv-torch/.installed  ## The contract on JAX, TensorFlow and torch
	KERAS_BACKEND=jax $(PYTEST) $(PARALLEL) -m backends --deselect tests/exercise/test_backends.py  # check-solution does it
	KERAS_BACKEND=tensorflow .venv-tensorflow/bin/python -m pytest -m backends
	KERAS_BACKEND=torch .venv-torch/bin/python -m pytest -m backends

check-solution: .venv/.installed-dev  ## The exercise's solution, whole, under the checker (about 4 minutes)
	$(BIN)/inkdigits exercise check docs/exercise/solution.ipynb

check-class: .venv/.installed-dev  ## A class of 11 with hostile submissions, on few digits, under the checker (about 2 minutes)
	$(BIN)/python benchmarks/exercise_class.py --subset 2000 --size 2 2 2 --cell-timeout 0.75 --jobs 2 --kills 1

# About what lands at once; a checkout without history has none of them.
BEFORE ?= HEAD~20
compare-speed: .venv/.installed-dev  ## What people wait for, against the commit BEFORE (20 back); fails on a rise of over 15 %
	@if git rev-parse -q --verify "$(BEFORE)^{commit}" >/dev/null; \
	then $(BIN)/python benchmarks/compare_commits.py $(BEFORE) --rounds 3; \
	else echo "no commit $(BEFORE) in this checkout: speed is not compared"; fi

lint: .venv/.installed-dev  ## Style, types, imports, unused code, names, sizes, words, sources of figures
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m vulture
	$(BIN)/python tools/check_structure.py
	$(BIN)/python tools/check_words.py
	$(BIN)/python tools/check_figures.py

docs: .venv/.installed-dev  ## Write the generated pages again
	$(BIN)/python docs/build_reference.py

docs-check: .venv/.installed-dev  ## Fail when a generated page is stale
	$(BIN)/python docs/build_reference.py --check

protobuf: .venv/.installed-dev  ## Compile the messages of gRPC again
	cd src/inkdigits/serving && ../../../$(BIN)/python -m grpc_tools.protoc -I. --descriptor_set_out=open_inference.binpb open_inference.proto

site: .venv/.installed-dev  ## Build the documentation site into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

lock:  ## Pin the newest allowed versions, with hashes (needs uv)
	sh requirements/lock.sh

wheel: .venv/.installed-dev  ## Build the wheel into dist/
	$(BIN)/python -m build --no-isolation --wheel

clean:  ## Remove what was installed and built
	rm -rf .venv .venv-tensorflow .venv-torch dist build

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"inkdigits needs Python 3.11 or newer, {sys.executable} is {v.major}.{v.minor}: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

.venv/.installed-run: requirements/run.txt $(PROJECT) | $(BIN)/python
	$(BIN)/python $(INSTALL_PINNED) requirements/run.txt
	$(BIN)/python $(INSTALL_SELF)
	$(BIN)/python $(COMPILE) .venv src
	touch $@

# The development set holds the run set, so whoever tests can run without installing again.
.venv/.installed-dev: requirements/dev.txt $(PROJECT) | $(BIN)/python
	$(BIN)/python $(INSTALL_PINNED) requirements/dev.txt
	$(BIN)/python $(INSTALL_SELF)
	$(BIN)/python $(COMPILE) .venv src
	touch $@ .venv/.installed-run

.venv/.installed-test: requirements/test.txt $(PROJECT) | $(BIN)/python
	$(BIN)/python $(INSTALL_PINNED) requirements/test.txt
	$(BIN)/python $(INSTALL_SELF)
	$(BIN)/python $(COMPILE) .venv src
	touch $@

.venv-tensorflow/.installed: requirements/tensorflow.txt $(PROJECT) | $(BIN)/python
	$(BIN)/python -m venv .venv-tensorflow
	.venv-tensorflow/bin/python $(INSTALL_PINNED) requirements/tensorflow.txt
	.venv-tensorflow/bin/python $(INSTALL_SELF)
	.venv-tensorflow/bin/python $(COMPILE) .venv-tensorflow
	touch $@

# torch stands apart, without a hash: its CPU build differs from index to index.
.venv-torch/.installed: requirements/test.txt requirements/torch.txt $(PROJECT) | $(BIN)/python
	$(BIN)/python -m venv .venv-torch
	.venv-torch/bin/python $(INSTALL_PINNED) requirements/test.txt
	.venv-torch/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --requirement requirements/torch.txt
	.venv-torch/bin/python $(INSTALL_SELF)
	-.venv-torch/bin/python $(COMPILE) -x 'torch/testing' .venv-torch
	touch $@
