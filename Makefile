PYTHON ?= python3
PORT ?= 4000

# Node.js may come from pip (see bootstrap.py).
INSIDE = PATH=$(call given,CURDIR)/.venv/bin:$(call given,CURDIR)/node_modules/.bin:"$$PATH"
LINTS = ruff check -q && ruff format -q --check && mypy && prettier --log-level warn --check '**/*.{js,mjs}' && tsc
PUBLISHING = $(INSIDE) .venv/bin/python -m publishing

# One thread a kernel (as many kernels as cores): thread counts decide bits. No progress bars in outputs.
export OMP_NUM_THREADS = 1
export TQDM_DISABLE = 1

# Notebooks import any package of this repository, those too that came after the environment was laid.
export PYTHONPATH = $(CURDIR)

# Where home cannot be written, what programs would keep there; the user's settings in it are still read.
ifneq ($(shell test -d "$$HOME" -a -w "$$HOME" && echo writable),writable)
export XDG_CACHE_HOME ?= $(CURDIR)/vendor/cache
export npm_config_cache ?= $(XDG_CACHE_HOME)/npm
export MPLCONFIGDIR ?= $(XDG_CACHE_HOME)/matplotlib
export IPYTHONDIR ?= $(XDG_CACHE_HOME)/ipython
export JUPYTER_DATA_DIR ?= $(XDG_CACHE_HOME)/jupyter
export JUPYTER_CONFIG_DIR ?= $(XDG_CACHE_HOME)/jupyter/config
export JUPYTER_CONFIG_PATH ?= $(HOME)/.jupyter
endif

# What was given on the command line, as one word of the shell, whatever it holds.
given = '$(subst ','\'',$(value $(1)))'
ifeq ($(origin AS),default)
AS = # the assembler, to Make
endif

# Before gigabytes are laid; whether the folder is a blog is seen later.
REFUSE_NO_FOLDER = 'import os, sys; os.path.isdir(os.path.expanduser(sys.argv[1])) or \
  sys.exit("error: BLOG is the folder of a Jekyll site, as in BLOG=../my-blog; got " + (sys.argv[1] or "none"))'

.PHONY: all notebooks site serve lab new import embed test experiments check faults mutants bench bench-build bench-page clean help

all: site ## Set up, execute the notebooks and build the site (what `make` alone does)

notebooks: ## Execute and render the notebooks: ONLY=05 or ONLY=ddpm/which-variance takes one, FORCE=1 runs it again
	@$(PYTHON) bootstrap.py notebooks
	@$(PUBLISHING) notebooks $(if $(ONLY),--only $(call given,ONLY)) $(if $(filter-out 0,$(FORCE)),--force)

site: ## Build _site/ from the notebooks
	@$(PYTHON) bootstrap.py site
	@$(PUBLISHING) site

serve: ## Show the site at a local address (PORT=4000) and rebuild what an edit touches
	@$(PYTHON) bootstrap.py site
	@$(PUBLISHING) serve --port $(PORT)

lab: ## Open the notebooks in JupyterLab
	@$(PYTHON) bootstrap.py lab
	@.venv-lab/bin/jupyter lab --allow-root --LabApp.default_url=/lab/tree/notebooks

new: ## Begin the notes on another paper: PAPER=ddim TITLE="Denoising Diffusion Implicit Models", or with STUDY=name a study
	@$(if $(and $(value PAPER),$(value TITLE)),$(PYTHON) bootstrap.py notebooks,echo 'error: both are needed, as in make new PAPER=ddim TITLE="Denoising Diffusion Implicit Models"' >&2; exit 1)
	@$(PUBLISHING) new $(call given,PAPER) $(call given,TITLE) $(if $(value STUDY),--study $(call given,STUDY))

import: ## Bring a notebook from elsewhere into a paper: FILE=notes.ipynb AS=ddim/05-key-equations or AS=ddim/studies/name
	@$(if $(and $(value FILE),$(value AS)),$(PYTHON) bootstrap.py notebooks,echo 'error: both are needed, as in make import FILE=notes.ipynb AS=ddim/05-key-equations' >&2; exit 1)
	@$(PUBLISHING) import $(call given,FILE) $(call given,AS)

embed: ## Put the published notes into another Jekyll site: BLOG=path, DRY=1 only says what, UNDO=1 takes them out, INSTRUMENTS=0 makes them light
	@$(PYTHON) -c $(REFUSE_NO_FOLDER) $(call given,BLOG) && $(PYTHON) bootstrap.py $(if $(filter-out 0,$(UNDO)),notebooks,site)
	@$(PUBLISHING) embed $(call given,BLOG) $(if $(filter-out 0,$(UNDO)),--undo) $(if $(filter-out 0,$(DRY)),--dry) $(if $(filter 0,$(INSTRUMENTS)),--no-instruments)

# A browser opens the site at the root of a host.
test faults: override export BASEURL =
test: check ## Run every test: package, build, executed notebooks, site in a browser
	@$(PYTHON) bootstrap.py test
	@$(INSIDE) .venv/bin/python -m pytest --nbval --nbval-kernel-startup-timeout 600 tests build/executed --numprocesses 3 --dist loadfile

experiments: ## Run the long runs, hours in all: ONLY="few_steps ablation" takes some, an interrupted one goes on
	@$(PYTHON) bootstrap.py notebooks
	@env -u TQDM_DISABLE -u OMP_NUM_THREADS .venv/bin/python -m experiments $(ONLY)

check: ## Lint the code and the notebooks, then build the site and lint it and the outputs
	@$(PYTHON) bootstrap.py site
	@export $(INSIDE) && $(LINTS) && python -m publishing check --sources && python -m publishing check && python -m experiments.stale

faults: site ## Kill, starve and damage the build, and put anything into notebooks (about twenty minutes)
	@$(PYTHON) bootstrap.py test
	@$(INSIDE) .venv/bin/python -m pytest -s tests/faults.py tests/publishing/test_in_browser.py --hypothesis-profile=fuzz

mutants: ## Break every formula of the package in turn and see that a test fails (about ten minutes)
	@$(PYTHON) bootstrap.py test
	@.venv/bin/python tests/mutants.py

bench: ## Time the package beside diffusers and denoising-diffusion-pytorch (about a quarter of an hour)
	@$(PYTHON) bootstrap.py bench
	@PYTHONPATH=vendor/peers .venv/bin/python -m benchmarks --out build/benchmarks.json

bench-build: ## Time the build after each kind of edit, beside Jupyter Book and MyST, and count stale pages (an hour)
	@$(PYTHON) bootstrap.py bench-build
	@$(INSIDE) .venv/bin/python -m benchmarks.build

bench-page: export BASEURL = http://127.0.0.1:4123
bench-page: site ## Measure the built post in Lighthouse, as a phone sees it (about five minutes)
	@$(PYTHON) bootstrap.py bench-page
	@$(INSIDE) .venv/bin/python -m benchmarks.page

clean: ## Remove everything that is generated, environments too, but for build/experiments/ and build/removed/
	@rm -rf _site _studies $(filter-out build/experiments build/removed,$(wildcard build/*)) _includes/sections assets/data assets/images assets/notebooks assets/vendor .venv .venv-lab node_modules vendor *.egg-info
	@find . \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} + ; rm -rf Gemfile.lock .jekyll-cache .hypothesis .mypy_cache .pytest_cache .ruff_cache

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { line = sprintf("  make %-11s", $$1); words = split($$2, word, " "); \
	  for (i = 1; i <= words; i++) { if (length(line " " word[i]) > 80) { print line; line = sprintf("%18s", "") } \
	  line = line " " word[i] } print line }' Makefile
