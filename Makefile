# Commands for users and contributors; `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PREFIX ?= /usr/local
BIN = .build/release
DEMO = .build/demo
VENV = .build/venv
SWIFT_SOURCES = Package.swift Sources Tests Examples Benchmarks Fuzzing

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Install the system libraries that are missing
	@Scripts/install-dependencies.sh

.PHONY: build
build: setup ## Build the commands, optimised
	swift build -c release --product moe-convert
	swift build -c release --product moe-inspect
	swift build -c release --product moe-run

.PHONY: demo
demo: build ## Convert a checkpoint, look into it, run one layer
	@Scripts/demo.sh $(BIN) $(DEMO)

.PHONY: test
test: setup ## Build and run all tests
	swift build --build-tests
	swift test --skip-build

.PHONY: test-python
test-python: ## Test the format's second reader over every golden file
	@test -x $(VENV)/bin/python || python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check './python[test]'
	$(VENV)/bin/python -m pytest -q python/tests

.PHONY: install
install: build ## Install the commands under PREFIX (default /usr/local)
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 $(BIN)/moe-convert $(BIN)/moe-inspect $(BIN)/moe-run "$(DESTDIR)$(PREFIX)/bin"

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf .build

.PHONY: format
format: ## Lay out all Swift sources as .swift-format says
	swift format --in-place --recursive --parallel $(SWIFT_SOURCES)

.PHONY: lint
lint: ## Fail where a Swift source is not laid out as .swift-format says
	swift format lint --strict --recursive --parallel $(SWIFT_SOURCES)

.PHONY: check
check: ## What continuous integration runs: the layout of the sources, all tests, the second reader
	$(MAKE) lint
	$(MAKE) test
	$(MAKE) test-python

.PHONY: fuzz
fuzz: setup ## Run every fuzzer for SECONDS (default 60); new crashes go to Tests/RobustnessTests/FuzzRegression/Cases
	Fuzzing/run.sh $(or $(SECONDS),60)

.PHONY: test-address
test-address: setup ## Run the tests under the address sanitizer
	swift test --sanitize=address

.PHONY: test-thread
test-thread: setup ## Run the tests under the thread sanitizer
	swift test --sanitize=thread
