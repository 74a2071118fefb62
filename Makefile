# The table of contents: `make help`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
install := $(PYTHON) -m tools.install
# The launcher is standard library only; any of the 3.13 environments runs it.
launcher := .venvs/bootstrap/bin/python
stack := $(PYTHON) -m tools.stack
tests := .venvs/tests/bin
packages := packages/connections_file packages/platform_kit services/airbyte_lite/airbyte_lite services/bootstrap/bootstrap services/orchestrator/orchestrator services/socket_proxy/socket_proxy

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Without Docker

demo: ## No Docker: start everything as processes, run the whole pipeline once, show the result, stop
	@$(install) platform
	@$(launcher) -m tools.local.demo

dev: ## The same services left running, Dagster's UI on http://127.0.0.1:3000, reload on change
	@$(install) platform
	@$(launcher) -m tools.local.dev

sql: ## A query on the running warehouse: make sql q='select * from jaffle_trusted.fct_orders limit 5'
	@$(install) airbyte_lite bootstrap
	@$(launcher) -m tools.local.sql "$$q"
export q

shell: ## A shell with the platform's variables: `dagster dev` in services/orchestrator, `dbt build` in dbt_project
	@$(install) platform
	@$(launcher) -m tools.local.shell

# Docker

up: ## Docker Compose: everything that is missing is made, then the platform is started and waited for
	@$(stack) up

run: ## Materialize all assets on the running platform and follow the run to its end
	@$(stack) run

ps: ## Each service with its health and address, and the run workers
	@$(stack) ps

logs: ## Follow the services' logs, or one service's: make logs s=airbyte
	@docker compose logs --follow --tail 100 $(s)

down: ## Stop the platform; the data stays
	@$(stack) down

reset: ## Stop the platform and remove its data (asks)
	@$(stack) reset

doctor: ## What is missing or wrong, before anything starts
	@$(stack) doctor

env: ## Make .env with generated secrets, or add to it what it lacks
	@$(stack) env

images: ## Pull the public images, or build stand-ins where no registry answers; build ours
	@$(stack) images

images-save: ## Write all images into .local/images.tar, for a machine without a network
	@$(stack) images-save

images-load: ## Load .local/images.tar
	@$(stack) images-load

docker-engine: ## Put a Docker engine, Compose and buildx on a Debian machine (root; asks), or start the one it has
	@tools/docker-engine.sh

e2e: ## The platform on Docker from nothing, in a copy of this checkout: up, run, assert, break, heal, down
	@$(install) tests
	@$(tests)/pytest tests/unit/compose tests/integration/compose tests/e2e

# Airbyte as code

plan: ## What apply would change in Airbyte; o=--json for machines
	@$(airbyte) plan $(o)

apply: ## Make Airbyte hold what connections.yaml declares; o=--prune also destroys, after asking; o=--adopt takes over
	@$(airbyte) apply $(o)

destroy: ## Delete from Airbyte what apply made, after asking; o=--yes does not ask
	@$(airbyte) destroy $(o)

import: ## Write the connections file of what Airbyte holds: make import f=imported.yaml
	@$(airbyte) import $(f) $(o)

seed: ## Upload seed_data to S3; o=--overwrite also over what others put there, o=--upload also to an external Airbyte's bucket
	@$(airbyte) seed $(o)

schema: ## Write connections.schema.json, by which editors complete and check connections.yaml
	@$(install) bootstrap
	@.venvs/bootstrap/bin/bootstrap schema > connections.schema.json

airbyte = $(install) bootstrap && $(launcher) -m tools.local.airbyte
.PHONY: plan apply destroy import seed schema settings

settings: ## Write .env.example, the compose files' variables and docs/settings.md from the table of settings
	@$(PYTHON) -m tools.settings

# Checks

check: ## Within a minute: lint, types, unit and contract tests; they start no process and wait for nothing
	@$(install) all
	@$(MAKE) --no-print-directory --jobs 2 lint test-in-process

test: ## Everything that needs no Docker: lint, types, unit, contract and integration tests
	@$(install) all
	@$(MAKE) --no-print-directory --jobs 2 lint test-everything

pytest := $(tests)/pytest -n 2

test-in-process:
	@$(pytest) tests/unit tests/contract

test-everything:
	@$(pytest) tests/unit tests/contract tests/integration

lint: ## Formatting, lint, types and SQL style
	@$(install) all
	@$(tests)/ruff format --check --quiet . || { echo "lint: not formatted. Format it: make format"; exit 1; }
	@$(tests)/ruff check --quiet .
	@$(tests)/mypy $(packages) tools tests
	@$(tests)/mypy --python-executable .venvs/warehouse/bin/python services/warehouse/warehouse
	@cd dbt_project && ../$(tests)/sqlfluff lint .

format: ## Format the Python code
	@$(install) tests
	@$(tests)/ruff check --quiet --fix-only . && $(tests)/ruff format --quiet .

lock: ## Lock every environment again, with hashes
	@$(install) bootstrap
	@UV=$$(PATH="$$PWD/.venvs/uv/bin:$$PATH" command -v uv) tools/lock.sh

audit: ## Look up every locked package in the database of known vulnerabilities
	@tools/audit.sh

bench: ## Measured figures of the default platform, as a table (about 3 minutes)
	@$(install) platform tests
	@$(tests)/python -m tests.benchmark

.PHONY: audit bench help demo dev sql shell check test test-in-process test-everything lint format lock
.PHONY: up run ps logs down reset doctor env images images-save images-load docker-engine e2e
