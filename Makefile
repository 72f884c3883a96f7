# Every target makes and updates .venv by itself; nothing else has to be installed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo client chat up test service faults check bench packages screenshots clean
.DEFAULT_GOAL := help

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.made: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -c constraints.txt torch==2.13.0
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

demo: $(VENV)/.made ## train a LoRA end to end and show it; IMAGES=folder OUT=folder
	$(BIN)/trainyard demo $(if $(IMAGES),--images "$(IMAGES)") $(if $(OUT),--out "$(OUT)")

up: $(VENV)/.made ## serve Redis, web and a worker, until Ctrl-C
	$(BIN)/trainyard up

check: $(VENV)/.made ## style, types and the architecture's import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(VENV)/.made ## every test
	@mkdir -p build; echo "Browser tests run beside the others, by themselves: a browser keeps an event loop of its own running."
	@$(BIN)/pytest -q tests/browser > build/browser-tests.txt 2>&1 & browser=$$!; \
	$(BIN)/pytest -q -n 2 --dist worksteal --ignore tests/browser; failed=$$?; \
	wait $$browser || failed=$$?; \
	echo; echo "In a browser:"; cat build/browser-tests.txt; exit $$failed

service: $(VENV)/.made ## the journeys on MongoDB, S3 and Redis, with two servers and three workers; JOURNEYS=--trouble makes stores fail and kills workers meanwhile
	$(BIN)/python -m tests.journeys $(JOURNEYS)

faults: $(VENV)/.made ## break everything that can break, many times: docs/reliability.md; a quarter of an hour
	$(BIN)/python -m tests.faults $(ROWS)

bench: $(VENV)/.made ## measure Trainyard beside the machine's limits: docs/benchmarks.md; FIGURES='NAME NAME'
	$(BIN)/python -m tests.bench $(FIGURES)

packages: $(VENV)/.made ## install each extra into an empty environment, and check config/deploy; needs the network
	$(BIN)/python -m tests.packages

client: $(VENV)/.made ## make the API's Python client anew after a change of the API
	$(BIN)/trainyard openapi | $(BIN)/python -m adapters.client.generate

screenshots: $(VENV)/.made ## write a picture of every page, in both sizes and themes; OUT=folder
	$(BIN)/python -m tests.browser.screenshots "$(or $(OUT),build/screenshots)"

chat: $(VENV)/.made ## talk to the bot in this terminal; starts what it needs
	$(BIN)/trainyard chat

clean: ## remove what the other targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache build
