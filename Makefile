# Commands for users and contributors; `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PREFIX ?= /usr/local
BIN = .build/release
DEMO = .build/demo
VENV = .build/venv
SWIFT_SOURCES = Package.swift Sources Tests Benchmarks Fuzzing Examples Snippets
# The date that manual pages bear: that of the last change of the commands' help.
MANUAL_DATE = 2026-11-25

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

.PHONY: check-report
check-report: build ## Try the page of moe-inspect report in a headless Chromium; screenshots go to .build/report
	Scripts/check-report.py $(BIN) .build/report fixtures/written/mixtral.moe

.PHONY: install
install: build ## Install commands, manual pages and completions under PREFIX (default /usr/local)
	@Scripts/install.sh $(BIN) "$(DESTDIR)$(PREFIX)"

.PHONY: uninstall
uninstall: ## Remove what install put under PREFIX
	@Scripts/install.sh --remove "$(DESTDIR)$(PREFIX)"

.PHONY: manual
manual: build ## Make the manual pages under man/ anew from the commands' help
	swift build -c release --package-path .build/checkouts/swift-argument-parser --scratch-path .build/manual \
	    --product generate-manual
	for tool in moe-convert moe-inspect moe-run; do \
	    .build/manual/release/generate-manual $(BIN)/$$tool --date $(MANUAL_DATE) --output-directory man; done
	# The generator counts the hidden help command as one of theirs.
	sed -i.bak '/^\.Ar subcommand$$/d' man/moe-convert.1 man/moe-run.1 && rm man/*.bak

.PHONY: docs
docs: setup ## Make the libraries' documentation under .build/documentation
	MOE_DOCUMENTATION=1 swift package --allow-writing-to-directory .build/documentation generate-documentation \
	    --target MoEFormat --target MoERuntime --target MoEConversion --enable-experimental-combined-documentation \
	    --output-path .build/documentation --transform-for-static-hosting --warnings-as-errors

.PHONY: examples
examples: setup ## Build the examples and run them on a converted checkpoint
	@Scripts/examples.sh .build/examples

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
check: ## What continuous integration runs: the layout of the sources, all tests, the second reader, the examples
	$(MAKE) lint
	$(MAKE) test
	$(MAKE) test-python
	$(MAKE) examples

.PHONY: bench
bench: setup ## Measure against copying, ZipNN, safetensors, h5py and PyTorch, a quarter of an hour; SHORT=1 for two minutes
	python3 Benchmarks/run.py $(if $(SHORT),--short)

.PHONY: fuzz
fuzz: setup ## Run every fuzzer for SECONDS (default 60); new crashes go to Tests/RobustnessTests/FuzzRegression/Cases
	Fuzzing/run.sh $(or $(SECONDS),60)

.PHONY: fuzz-coverage
fuzz-coverage: setup ## Tell what share of the parsers the fuzzers reach
	Fuzzing/coverage.sh

.PHONY: test-address
test-address: setup ## Run the tests under the address sanitizer
	# Swift programs end without freeing what lives as long as they do, which leak detection takes for lost.
	ASAN_OPTIONS=detect_leaks=0 swift test --sanitize=address --scratch-path .build/address

.PHONY: test-thread
test-thread: setup ## Run the tests under the thread sanitizer
	Scripts/test-thread.sh

.PHONY: stress
stress: setup ## Work one expert cache hard from many threads for SECONDS (default 180)
	MOE_STRESS_SECONDS=$(or $(SECONDS),180) swift test --filter CacheEnduranceTests

.PHONY: torture
torture: build ## Flip bits, cut files, kill conversions, fill disks, damage HDF5 files, and count what was not as promised
	@test -x $(VENV)/bin/python || python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check h5py numpy
	cd Fuzzing && $(abspath $(VENV))/bin/python -m torture --bin $(abspath $(BIN)) $(TORTURE)
