# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready
SOURCES := isthmus activities orchestrators triggers localcloud tests tools bench docs function_app.py

.PHONY: package check-az reliability demo up test check bench bench-host docs histories screenshots clean
.DELETE_ON_ERROR:

$(READY): requirements.txt pyproject.toml
	@echo "setting up .venv (once; a minute or two)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt -e '.[local,cli,dev]'
	@touch $(READY)

demo: $(READY)  ## the main job on the local cloud, from request to census
	@$(BIN)/python -m localcloud demo $(ARGS)

up: $(READY)  ## the same services, left running
	@$(BIN)/python -m localcloud up $(ARGS)

test: $(READY)  ## all tests
	@$(BIN)/python -m pytest -n 3 --dist loadfile $(ARGS)

check: $(READY)  ## lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check-az: $(READY)  ## the stock Azure CLI looks at what the app made; installs it (700 MB) the first time
	@$(BIN)/python -m pytest -m az tests/az $(ARGS)

bench: bench-host  ## figures, as ratios in one run

bench-host: $(READY)  ## the local host against durabletask's in-memory backend
	@$(BIN)/python -m bench.host $(ARGS)

screenshots: $(READY)  ## pictures of the status page, in a headless Chromium
	@$(BIN)/python -m tests.pages.screenshots $(ARGS)

sweep-host: $(READY)  ## kills the local host at every transaction of a script; takes some minutes
	@$(BIN)/python -m tests.host.sweep $(ARGS)

reliability: $(READY)  ## faults, crashes, chaos, denied permissions: a table of figures
	@$(BIN)/python -m tests.reliability $(ARGS)

histories: $(READY)  ## records anew what the orchestrators do, after they were changed on purpose
	@$(BIN)/python -m tests.unit.record

package: $(READY)  ## what is published to Azure, built and tried on every Python that is here
	@$(BIN)/python -m tools.package

prices: $(READY)  ## isthmus/prices.json anew from Azure's public price list
	@$(BIN)/python -m tools.refresh_prices $(ARGS)

docs: $(READY)  ## regenerates what is generated
	@$(BIN)/python -m docs.generate

clean:
	rm -rf .venv *.egg-info build .pytest_cache .mypy_cache .ruff_cache .hypothesis
