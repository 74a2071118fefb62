# All commands of the project. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
include tools/options.mk
PYTHON ?= python3
install := $(PYTHON) -m tools.install
# tools.local needs Python 3.13 and no packages, so any environment can run it.
launcher := .venvs/bootstrap/bin/python
stack := $(PYTHON) -m tools.stack
tests := .venvs/tests/bin
packages := packages/airbyte_as_code packages/connections_file packages/platform_kit packages/source_texts services/airbyte_lite/airbyte_lite services/bootstrap/bootstrap services/console/console services/orchestrator/orchestrator services/socket_proxy/socket_proxy

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  \033[1m%-16s \033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Without Docker

demo: ## Without Docker: start everything, run the whole pipeline once, show the result, stop
	@$(install) platform
	@$(launcher) -m tools.local.demo

dev: ## Without Docker: run the same services until Ctrl-C, Dagster on http://127.0.0.1:3000, reload on change
	@$(install) platform
	@$(launcher) -m tools.local.dev

sql: ## Run a query on the running warehouse: make sql q='select * from jaffle_trusted.fct_orders limit 5', or < query.sql
	@$(install) airbyte_lite bootstrap
	@$(launcher) -m tools.local.sql "$$q"
export q

shell: ## Start a shell in which `dagster dev` (in services/orchestrator) and `dbt build` (in dbt_project) work
	@$(install) platform
	@$(launcher) -m tools.local.shell

# Docker

up: ## On Docker Compose: make .env and the images, start the platform, wait until it is healthy
	@$(stack) up

run: ## Materialize all assets on the running platform and show the progress
	@$(stack) run

ps: ## Show each service with its health and address, and the run workers
	@$(stack) ps

logs: ## Follow the logs of all services, or of one: make logs s=airbyte; without Docker too
	@SERVICE="$$s" $(stack) logs
export s

down: ## Stop the platform; the data stays
	@$(stack) down

reset: ## Stop the platform and remove its data, after asking
	@$(stack) reset

doctor: ## Show what is missing or invalid; change nothing
	@$(stack) doctor

env: ## Make .env with generated secrets, or add missing settings to it
	@$(stack) env

images: ## Pull the public images, or build stand-ins when no registry answers; build our own images
	@$(stack) images

images-save: ## Write all images into .local/images.tar, for a machine without a network
	@$(stack) images-save

images-load: ## Load .local/images.tar
	@$(stack) images-load

docker-engine: ## Debian: start the Docker engine; install it with Compose and buildx if missing, after asking (needs root)
	@tools/docker-engine.sh

backup: ## Back up the platform while it runs, into the folder backups; encrypted with BACKUP_PASSPHRASE='…'
	@$(install) bootstrap backup
	@.venvs/backup/bin/python -m tools.backup backup

restore: ## Restore a backup into a stopped platform: make restore f=backups/20260131-120000; asks before it replaces data
	@$(install) bootstrap backup
	@.venvs/backup/bin/python -m tools.backup restore "$$f" $(if $(yes),--yes)

e2e: ## Test the platform on Docker in a copy of this checkout: start, run, break, recover, stop
	@$(install) tests
	@$(tests)/pytest --durations=15 tests/unit/compose tests/integration/compose tests/e2e

# Airbyte as code

plan: ## Show what apply would change in Airbyte; o=--json prints JSON
	@$(airbyte) plan $(o)

apply: ## Apply connections.yaml to Airbyte; o=--prune also deletes, after asking; o=--adopt takes over existing objects
	@$(airbyte) apply $(o)

destroy: ## Delete everything from Airbyte that apply made, after asking; o=--yes does not ask
	@$(airbyte) destroy $(o)

import: ## Write a connections file from the objects in Airbyte: make import f=imported.yaml
	@$(airbyte) import "$$f" $(o)

seed: ## Upload seed_data to S3; o=--overwrite replaces other objects too, o=--upload also to an external Airbyte's bucket
	@$(airbyte) seed $(o)

new-source: ## Load your own file, folder or S3 key: make new-source name=refunds file=refunds.csv; asks, yes=1 does not
	@$(install) bootstrap orchestrator
	@$(launcher) -m tools.local.source add

remove-source: ## Take a source out of the checkout: make remove-source name=refunds; asks, yes=1 does not
	@$(install) bootstrap orchestrator
	@$(launcher) -m tools.local.source remove

branch-dataset: ## Build changed models into datasets of their own, show what differs: make branch-dataset name=x base=main; drop=1 removes them
	@$(install) bootstrap orchestrator
	@$(launcher) -m tools.local.branch

connector: ## Add a source connector of Airbyte's catalogue: make connector name=source-faker; asks, yes=1 does not
	@$(install) airbyte_lite
	@$(connectors) add

connectors: ## List the installed connectors, and whether there are newer versions
	@$(install) airbyte_lite
	@$(connectors) list

connector-remove: ## Take a connector out of the checkout: make connector-remove name=source-faker; asks, yes=1 does not
	@$(install) airbyte_lite
	@$(connectors) remove

connector-table: ## Try connectors and write the table in docs/connectors.md: make connector-table names='source-faker source-gcs'
	@$(install) airbyte_lite connectors/source-s3 connector-tests
	@$(connectors) table

connectors := .venvs/airbyte_lite/bin/python -m tools.connectors
.PHONY: connector connectors connector-remove connector-table

export f name file key header yes base drop version id code names config

schema: ## Write connections.schema.json, which editors use to complete and check connections.yaml
	@$(install) bootstrap
	@.venvs/bootstrap/bin/bootstrap schema > connections.schema.json

airbyte = $(install) bootstrap && $(launcher) -m tools.local.airbyte
.PHONY: plan apply destroy import seed schema settings new-source remove-source branch-dataset

settings: ## Write .env.example, the variables in the compose files and docs/settings.md from the table of settings
	@$(PYTHON) -m tools.settings

# Checks

check: ## Under a minute: lint, types, unit and contract tests, which start no process and never wait
	@$(install) all
	@$(MAKE) --no-print-directory --jobs 2 lint test-in-process

test: ## About five minutes: `make check` and the integration tests; needs no Docker
	@$(install) all
	@$(MAKE) --no-print-directory --jobs 3 lint test-in-process test-integration processes=0

# The unit and contract tests in one process beside the integration tests: all workers of one run would import what they
# need, which takes each of them 5 CPU seconds more.
processes := 2
# Three workers beside these for two cores: a third of an integration test's time is waiting, for a service that starts or
# a file that is a second older. A fourth would need services of its own and import all once more: 30 CPU seconds.
workers := 3

test-in-process:
	@$(tests)/pytest -n $(processes) tests/unit tests/contract

test-integration:
	@$(tests)/pytest -n $(workers) --durations=15 $(if $(filter all,$(moments)),--all-moments) tests/integration --ignore tests/integration/clients

clients: ## Test foreign clients of Airbyte's API; installs 1.3 GB; some of them: make clients c='airflow datahub'
	@$(install) all $(if $(c),$(addprefix clients/,$(c)),clients)
	@$(tests)/pytest --durations=10 tests/integration/clients $(if $(c),-k "$(subst $(space),$(space)or$(space),$(strip $(c)))")
space := $() $()

dialect: ## Compare the emulator's SQL with 5,000 answers of GoogleSQL (a sample is part of `make test`), run dbt's tests of an adapter; ten minutes
	@$(install) all
	@$(tests)/pytest -n 2 tests/dialect

oracle: ## Write the golden tables in tests/dialect again: GoogleSQL's own answers (two minutes, 1 GB of memory at the first time)
	@$(install) oracle
	@.venvs/oracle/bin/python -m tests.dialect.oracle.golden

lint: ## Check formatting, lint, types and SQL style
	@$(install) all
	@$(tests)/ruff format --check --quiet . || { echo "lint: some files are not formatted. Format them: make format"; exit 1; }
	@$(tests)/ruff check --quiet .
	@$(tests)/mypy $(packages) tools tests benchmarks
	@# What runs before Python 3.13 is installed has to run on 3.9 too.
	@$(tests)/mypy --python-version 3.9 --no-site-packages --exclude bigquery_doctor tools/install.py tools/settings.py tools/stack
	@# A cache of its own: with the packages of another environment, mypy would check everything again in each run.
	@$(tests)/mypy --cache-dir .mypy_cache/warehouse --python-executable .venvs/warehouse/bin/python services/warehouse/warehouse
	@cd dbt_project && ../$(tests)/sqlfluff lint .

format: ## Format the Python code
	@$(install) tests
	@$(tests)/ruff check --quiet --fix-only . && $(tests)/ruff format --quiet .

lock: ## Lock every environment again, with hashes
	@$(install) bootstrap
	@UV=$$(PATH="$$PWD/.venvs/uv/bin:$$PATH" command -v uv) tools/lock.sh

audit: ## Look up every locked package in the database of known vulnerabilities
	@tools/audit.sh

parity: ## Compare 10,000 generated files read record by record and in batches: make parity cases=1000 seed=7 kinds='csv jsonl parquet'
	@$(install) tests connectors/source-s3
	@$(tests)/python -m tests.integration.batches $(foreach option,cases seed kinds,$(if $($(option)),--$(option) $($(option))))

bench: ## Under 5 minutes: measure loads of 100,000 and 1,000,000 rows, beside dlt and DuckDB
	@$(install) platform tests
	@$(tests)/python -m benchmarks quick $(measured)

bench-full: ## About 25 minutes: measure everything and write docs/benchmarks.md; some of it: make bench-full parts='latency docker'
	@$(install) platform tests
	@$(tests)/python -m benchmarks full $(measured)

console-users: ## Five minutes: 20 users click in the running console, shows its memory: make console-users console=http://127.0.0.1:8080
	@$(install) tests
	@$(tests)/python -m tests.console_users $(console) $(o)

pictures: ## Write docs/pictures/console-*.png from the running console: make pictures console=http://127.0.0.1:8080
	@$(install) tests
	@$(tests)/python -m tests.console_pictures $(console) $(o)

bench-page: ## Write docs/benchmarks.md again from its results, without measuring
	@$(install) tests
	@$(tests)/python -m benchmarks page $(measured)

measured = $(foreach option,parts cases rows rounds models runs minutes out,$(if $($(option)),--$(option) $($(option))))
.PHONY: audit console-users parity pictures bench bench-full bench-page clients dialect oracle help demo dev sql shell check test test-in-process test-integration lint format lock
.PHONY: backup restore up run ps logs down reset doctor env images images-save images-load docker-engine e2e
