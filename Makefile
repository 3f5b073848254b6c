# LLM Benchmark Studio. `make run` serves it, `make test` runs every test; both set up
# what they need. Stamps make the second run fast.

SHELL := /bin/sh
.DEFAULT_GOAL := help
PY := .venv/bin/python
UV := .venv/bin/uv
UV_VERSION := 0.13.9
SOURCES := $(shell find frontend/src frontend/public frontend/index.html \
	frontend/vite.config.ts frontend/tsconfig*.json -type f 2>/dev/null)

export UV_PROJECT_ENVIRONMENT := .venv
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1

.PHONY: help run demo test test-long test-real check check-python check-frontend \
	test-python test-frontend test-browser generate format clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: .venv/.run frontend/dist/.built ## Serve the studio on http://localhost:8501
	@exec .venv/bin/studio serve

demo: .venv/.run ## Benchmark the simulator in the terminal, without a server
	@exec .venv/bin/studio bench

test: .venv/.dev frontend/dist/.built ## Run every test and every check
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory test-frontend
	@$(MAKE) --no-print-directory test-browser
	@$(MAKE) --no-print-directory test-python

test-python: .venv/.dev ## Run the Python tests
	$(PY) -m pytest -m "not long and not real"

test-frontend: frontend/node_modules/.installed ## Run the web app's unit tests
	cd frontend && npm run --silent test

test-browser: .venv/.run frontend/dist/.built ## Run the tests in a real browser
	@scripts/browser-tests.sh

test-long: .venv/.dev ## Run the tests that take minutes
	$(PY) -m pytest -m long

test-real: .venv/.dev ## Benchmark a model server nobody here wrote (installs it first)
	scripts/test-real.sh

check: check-python check-frontend ## Lint, types, import rules, generated files

check-python: .venv/.dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	@.venv/bin/studio openapi | cmp -s - frontend/openapi.json || \
		{ echo "frontend/openapi.json is stale: run 'make generate'"; exit 1; }

check-frontend: frontend/node_modules/.installed
	cd frontend && npm run --silent lint && npm run --silent typecheck
	@cd frontend && npx openapi-typescript openapi.json -o node_modules/.schema.ts \
		--default-non-nullable=false >/dev/null && \
		cmp -s node_modules/.schema.ts src/api/schema.ts || \
		{ echo "frontend/src/api/schema.ts is stale: run 'make generate'"; exit 1; }

generate: .venv/.run frontend/node_modules/.installed ## Generate the API types anew
	.venv/bin/studio openapi > frontend/openapi.json
	cd frontend && npm run --silent gen:api

format: .venv/.dev ## Format everything
	.venv/bin/ruff check --fix . ; .venv/bin/ruff format .
	cd frontend && npm run --silent lint -- --fix

clean: ## Remove what was built; data/ stays
	rm -rf .venv frontend/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache

.venv/bin/uv: scripts/setup-venv.sh
	@scripts/setup-venv.sh $(UV_VERSION)

.venv/.run: .venv/bin/uv uv.lock pyproject.toml
	@$(UV) sync --quiet --locked --no-default-groups --inexact
	@touch $@

.venv/.dev: .venv/bin/uv uv.lock pyproject.toml
	@$(UV) sync --quiet --locked
	@touch $@ .venv/.run

frontend/node_modules/.installed: frontend/package-lock.json frontend/package.json
	@scripts/need-node.sh
	@cd frontend && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

frontend/dist/.built: frontend/node_modules/.installed $(SOURCES)
	@cd frontend && npm run --silent build
	@touch $@
