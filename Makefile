.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
export PATH := $(CURDIR)/.venv/bin:$(PATH):$(CURDIR)/.tools/bin

.PHONY: help
help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.ready: pyproject.toml constraints.txt scripts/make-venv.sh scripts/debian.sh
	@scripts/make-venv.sh
	@touch $@

.PHONY: setup
setup: .venv/.ready ## Make the virtual environment .venv (needs Python 3.11+)

.PHONY: prometheus
prometheus: ## Fetch Debian's prometheus into .tools when it is missing (no root)
	@scripts/get-prometheus.sh

.PHONY: alertmanager
alertmanager: ## Fetch Debian's prometheus-alertmanager into .tools when it is missing (no root)
	@scripts/get-alertmanager.sh

.PHONY: victoria-metrics
victoria-metrics: ## Fetch Debian's victoria-metrics, which tests use, into .tools (no root)
	@scripts/get-victoria-metrics.sh

.PHONY: demo
demo: setup prometheus alertmanager ## Set everything up, simulate a mesh, load a real Prometheus, report
	@observe demo

.PHONY: test
test: setup prometheus alertmanager victoria-metrics ## Set everything up and run the tests
	@$(PYTHON) -m pytest -n 2 --dist worksteal

.PHONY: lint
lint: setup ## Check style and types
	@ruff check . && ruff format --check . && mypy

.PHONY: format
format: setup ## Format the code
	@ruff check --fix . ; ruff format .

.PHONY: bench
bench: setup prometheus ## Run the benchmarks and print their figures
	@for name in quantiles timeouts policies resources spans real_quantiles real_timeouts recorded federation sizing collect cache; do \
	  echo "== benchmarks/$$name.py"; $(PYTHON) benchmarks/$$name.py || exit 1; done

.PHONY: benchmarks-page
benchmarks-page: setup prometheus ## Run the benchmarks and write docs/benchmarks.md
	@$(PYTHON) scripts/write_benchmarks.py

.PHONY: docs
docs: setup ## Write the documents and the JSON schema that are made from code anew
	@$(PYTHON) -m observe.recommend.schema
	@$(PYTHON) scripts/make_docs.py
	@$(PYTHON) scripts/make_rules.py
	@$(PYTHON) scripts/make_runbooks.py
	@$(PYTHON) scripts/make_rules_page.py
	@$(PYTHON) scripts/make_dashboards.py

.PHONY: clean
clean: ## Remove the environment, the tools and everything that was made
	rm -rf .venv .tools .observe observe-demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
