# One command from exports to pages. `make` alone prints the help below.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input --quiet --quiet
LOCKED := $(VENV)/.locked
READY := $(VENV)/.ready
PANGO := $(VENV)/.pango

# The first interpreter that is new enough; `make PYTHON=/path/to/python3.12 …` chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)

# An option counts only where the command line gives it: LANGUAGE, for one, is often set in a shell for another purpose.
given = $(if $(filter command,$(origin $1)),$($1))
option = $(if $(call given,$1),$2 '$(call given,$1)')

.DEFAULT_GOAL := help
.PHONY: help report test quick lab sample notebook check lint types calibrate bench lock clean pango

help: ## Print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo 'Options of make report: MONTH=2026-10 SOURCES=data/sources.toml OUT=reports LANGUAGE=en ONLY="name name".'
	@echo 'The virtual environment in $(VENV) is made when first needed; PYTHON=… chooses the Python (3.11 or newer).'

report: $(READY) pango ## Publish the reports of a month as HTML and PDF (the last complete month without MONTH=)
	@$(PY) -m cxlib report $(call option,MONTH,--month) $(call option,SOURCES,--sources) $(call option,OUT,--out) \
		$(call option,LANGUAGE,--language) $(foreach name,$(call given,ONLY),--only '$(name)')

test: $(READY) pango ## Run every test; ARGS='-k name' chooses
	@$(PY) -m pytest -n logical --maxprocesses 4 --dist worksteal $(call given,ARGS)

# What a change of a notebook, a metric or a study can break; exports, models and publishing have tests of their own.
QUICK := $(addprefix tests/,house exhibits metrics facts claims studies test_notebook.py test_workbook.py \
	test_language.py test_public.py)

quick: $(READY) ## Run the tests of the daily change: notebooks, metrics, studies; nothing is simulated or rendered
	@$(PY) -m pytest -n logical --maxprocesses 4 --dist worksteal -m 'not slow and not bench and not calibrate' \
		$(QUICK) $(call given,ARGS)

lab: $(READY) ## Open JupyterLab on the notebooks
	@$(PY) -m jupyterlab --ServerApp.root_dir='$(CURDIR)' --LabApp.default_url=/lab/tree/notebooks \
		$$(test "$$(id -u)" -ne 0 || echo --allow-root)

sample: $(READY) ## Write the exports of the simulated company anew
	@PYTHONPATH=tests $(PY) -m company

notebook: $(READY) ## Begin a notebook: NAME=silence_by_region TITLE="Who stays silent?"
	@$(PY) -m cxlib notebook '$(call given,NAME)' $(call option,TITLE,--title)

check: $(READY) ## Check the exports that data/sources.toml names (SOURCES=) and print the ledger
	@$(PY) -m cxlib check $(call option,SOURCES,--sources)

lint: $(READY) ## Check style and form of code and notebooks
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m pytest --quiet tests/house/test_notebooks.py

types: $(READY) ## Check types
	@$(PY) -m mypy

calibrate: $(READY) ## Hold studies and measures to the truth of many simulated companies (WORLDS=200, STUDY="name name metrics")
	@PYTHONPATH=tests $(PY) -m calibrate.run $(call option,WORLDS,--worlds) \
		$(foreach name,$(call given,STUDY),--study '$(name)')

bench: $(READY) pango ## Measure speed and memory as ratios: reports against plain commands, measures against pandas
	@$(PY) benchmarks/report.py
	@$(PY) benchmarks/measures.py

lock: $(READY) ## Bring requirements.lock in step with pyproject.toml; UPGRADE=1 takes the newest versions
	@cp -p requirements.lock $(VENV)/before.lock
	@$(VENV)/bin/uv pip compile pyproject.toml --output-file requirements.lock --quiet --no-config --universal \
		--python-version 3.11 --all-extras --generate-hashes --no-annotate --no-emit-index-url \
		--no-emit-find-links --custom-compile-command 'make lock' $(if $(call given,UPGRADE),--upgrade)
	@! cmp -s $(VENV)/before.lock requirements.lock || mv $(VENV)/before.lock requirements.lock

clean: ## Remove the environment, the snapshots and the caches; published reports stay
	@rm -rf $(VENV) data/snapshots build ./*.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find cxlib tests notebooks -name __pycache__ -prune -exec rm -rf {} +

# Each stamp is written last, so an install that was interrupted is begun anew. Setuptools goes first because one
# package comes as source only and is built with it; nothing is fetched that the lock does not name.
$(LOCKED): requirements.lock
	@$(if $(PYTHON),,echo 'No Python 3.11 or newer found. Install one, or say where it is: make PYTHON=/path/to/python3.12'; exit 1)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo '$(PYTHON) is not Python 3.11 or newer. Say where one is: make PYTHON=/path/to/python3.12'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo '$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv'; exit 1; }
	@echo 'Making the virtual environment in $(VENV): a minute or two, once.'
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@awk '/^setuptools==/, /[^\\]$$/' requirements.lock > $(VENV)/setuptools.lock
	@$(PIP) install --require-hashes -r $(VENV)/setuptools.lock
	@$(PIP) install --require-hashes --no-build-isolation --use-pep517 -r requirements.lock
	@touch $@

$(READY): $(LOCKED) pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# Pango draws the text of the PDF. Without it the pages are made all the same, as HTML.
PANGO_DEBIAN := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
HAS_PANGO := $(PY) -c 'import weasyprint' >/dev/null 2>&1
HAS_ALL := $(PY) -W error:HarfBuzz-Subset:DeprecationWarning -c 'import weasyprint' >/dev/null 2>&1
APT := env DEBIAN_FRONTEND=noninteractive apt-get -qq

pango: $(READY)
	@test -e $(PANGO) || { $(HAS_ALL) && touch $(PANGO); } || { \
		may=no; command -v apt-get >/dev/null && { \
			if test "$$(id -u)" -eq 0; then may=yes; sudo=; \
			elif sudo -n true 2>/dev/null; then may=yes; sudo=sudo; fi; }; \
		test $$may = yes && echo 'Installing pango, which draws the text of the PDF.' && { \
			install() { $$sudo $(APT) install -y --no-install-recommends $(PANGO_DEBIAN) >/dev/null 2>&1; }; \
			install || { $$sudo $(APT) update >/dev/null 2>&1; install; }; }; \
		$(HAS_ALL) && touch $(PANGO); \
	} || $(HAS_PANGO) || { \
		echo 'Pango is missing, so no PDF can be made; the HTML is complete. To install it:'; \
		if test -n "$$CONDA_PREFIX"; then echo '  conda install -c conda-forge pango'; \
		elif command -v brew >/dev/null; then echo '  brew install pango'; \
		elif command -v dnf >/dev/null; then echo '  sudo dnf install -y pango'; \
		else echo '  sudo apt-get install -y --no-install-recommends $(PANGO_DEBIAN)'; fi; \
	}
