# Everything a newcomer or a CI needs. `make run` and `make test` set up what they need by themselves.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CACHE := $(or $(ARGOSY_CACHE),$(HOME)/.cache/argosy)
UV_VERSION := 0.13.8
SAM_VERSION := 1.170.0
UV := $(CACHE)/tools/uv-$(UV_VERSION)/bin/uv
SAM := $(CACHE)/tools/sam-$(SAM_VERSION)/bin/sam
BIN := .venv/bin
ONCE ?=

# An interpreter's own choice not to write bytecode would make every start of ours compile everything anew.
unexport PYTHONDONTWRITEBYTECODE
export UV_PYTHON_DOWNLOADS := never
export UV_COMPILE_BYTECODE := 1
export SAM_CLI_TELEMETRY := 0

.PHONY: help setup tools pins generate run test check format bench bench-events bench-sensor bench-agent bench-kill bench-rollouts bench-gitops bench-functions conformance validate sam localstack deploy clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F '|' '{ printf "  make %-14s %s\n", $$1, $$2 }'

setup: .venv/.done ## the environment from the lock

.venv/.done: uv.lock pyproject.toml $(UV)
	@$(UV) sync --frozen --quiet --python "$$(infra/find-python)"
	@touch $@

$(UV): | infra/find-python
	@python="$$(infra/find-python)"; "$$python" -m venv "$(CACHE)/tools/uv-$(UV_VERSION)"
	@"$(CACHE)/tools/uv-$(UV_VERSION)/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"

$(SAM): $(UV)
	@$(UV) venv --quiet --python "$$(infra/find-python)" "$(CACHE)/tools/sam-$(SAM_VERSION)"
	@$(UV) pip install --quiet --python "$(CACHE)/tools/sam-$(SAM_VERSION)/bin/python" "aws-sam-cli==$(SAM_VERSION)"

tools: $(SAM)
	@echo "$(UV) $(SAM)"

run: setup ## the quickstart: a real Kubernetes, argosy up, a scenario (ONCE=1 ends after it)
	@$(BIN)/argosy dev quickstart $(if $(ONCE),--once)

test: setup $(SAM) ## all tests
	@PATH="$(dir $(SAM)):$$PATH" $(BIN)/pytest -q -n 2 --dist loadgroup --no-loadscope-reorder tests/unit tests/functional tests/e2e tests/integration

check: setup validate ## format, lint, types, layers, template, file sizes
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/cfn-lint template.yaml infra/agent.yaml
	@$(BIN)/python infra/check_sizes.py
	@$(BIN)/python infra/generate_crds.py --check
	@$(PINS_CORE) | cmp -s - layers/core/requirements.txt || { echo "layers/core/requirements.txt is not fresh: make pins" >&2; exit 1; }
	@$(PINS_KUBE) | cmp -s - layers/kube/requirements.txt || { echo "layers/kube/requirements.txt is not fresh: make pins" >&2; exit 1; }
	@$(PINS_TRIGGERS) | cmp -s - layers/triggers/requirements.txt || { echo "layers/triggers/requirements.txt is not fresh: make pins" >&2; exit 1; }
	@$(PINS_RENDER) | cmp -s - layers/render/requirements.txt || { echo "layers/render/requirements.txt is not fresh: make pins" >&2; exit 1; }
	@$(PINS_AGENT) | cmp -s - infra/agent-requirements.txt || { echo "infra/agent-requirements.txt is not fresh: make pins" >&2; exit 1; }

validate: $(SAM)
	@$(SAM) validate --lint --region eu-central-1 --template template.yaml > /dev/null

# sam finds a Python 3.13 and the layers' Makefiles find uv, whatever is on PATH.
sam: setup $(SAM) ## build for AWS, into .aws-sam (ARGOSY_ARCHITECTURE: arm64, x86_64)
	@tools="$$($(BIN)/python -m argosy.local.rendertools --architecture "$${ARGOSY_ARCHITECTURE:-arm64}")"; \
	PATH="$(dir $(SAM)):$$PATH" UV="$(UV)" PYTHON="$$(infra/find-python)" RENDER_TOOLS="$$tools" $(SAM) build

localstack: setup $(SAM) ## LocalStack with the stack on it, without Docker, until Ctrl-C
	@$(BIN)/python -m infra.localstack up

deploy: sam ## build and deploy to AWS, asking before anything changes (settings: samconfig.toml)
	@$(SAM) deploy $(if $(ARGOSY_ARCHITECTURE),--parameter-overrides Architecture=$(ARGOSY_ARCHITECTURE))

EXPORT = $(UV) export --quiet --frozen --no-hashes --no-annotate --no-header --only-group
PINS_CORE = { $(EXPORT) layer; $(EXPORT) layer-without-dependencies | grep '^chalice=='; }
PINS_TRIGGERS = $(EXPORT) layer-triggers
PINS_RENDER = $(EXPORT) layer-render
PINS_KUBE = { $(EXPORT) layer-kube; $(EXPORT) layer-kube-without-dependencies | grep '^kubernetes=='; }

PINS_AGENT = $(EXPORT) agent

pins: setup ## pins of the Lambda layers and of the agent's image, from the lock
	@$(PINS_CORE) > layers/core/requirements.txt
	@$(PINS_KUBE) > layers/kube/requirements.txt
	@$(PINS_TRIGGERS) > layers/triggers/requirements.txt
	@$(PINS_RENDER) > layers/render/requirements.txt
	@$(PINS_AGENT) > infra/agent-requirements.txt

generate: setup ## the CustomResourceDefinitions in infra/crds, from the table of kinds
	@$(BIN)/python infra/generate_crds.py

format: setup ## format and mend what can be mended
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

conformance: setup ## the shared cases against the floor (needs ../shared)
	@$(BIN)/python ../shared/conformance/run.py --project . --floor tests/conformance/floor.json

bench: bench-events bench-kill ## all benchmarks

bench-events: setup ## webhook to HTTP trigger: throughput and latency, one JSON line each
	@$(BIN)/python tests/bench/events.py load

bench-sensor: setup ## decisions a second on one core, a thousand sensors on one event, what history adds
	@$(BIN)/python tests/bench/sensor.py

bench-functions: setup $(SAM) ## what each function costs: import, size, CPU and calls per event
	@$(BIN)/python tests/bench/functions.py

bench-agent: setup ## an agent with 5,000 objects: memory, change to event, a write through it
	@$(BIN)/python tests/bench/agents.py

bench-rollouts: setup ## canaries of the development cluster: beyond the pause, and fifty at once
	@$(BIN)/python tests/bench/rollouts.py

bench-gitops: setup ## 300 Applications: first sync, refresh, a commit, webhook to live (N="300 1000" for others)
	@$(BIN)/python tests/bench/gitops.py $(N)

bench-kill: setup ## kill -9 under load: lost, repeated, caught up
	@$(BIN)/python tests/bench/events.py kill

clean: ## remove the environment (the cache stays)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
