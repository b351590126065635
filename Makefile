# Every command of the project, the same at home and in CI. `make help` lists them.
#
# `make local` and `make bench` need Rust and make; the rest also needs Python 3, from which it makes itself the tools
# it wants, at the versions pinned in scripts/, under .tools/.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

# Processor that `make build` builds for: arm64 or x86_64.
ARCH ?= arm64

CHECKS := .tools/checks/installed
CHECKOV := .tools/checkov/installed
AGENT_SDK := .tools/agent/installed
CLIENTS := .tools/clients/installed
MOTO := .tools/moto/installed
KITS := .tools/kits/installed
OPENAPI := .tools/openapi/installed
EXAMPLES := .tools/examples/installed
WORKFLOWS := .tools/workflows/installed
WHEELS := .tools/wheels/installed
PROTOCOLS := .tools/protocols/installed .tools/protocols1/installed javascript/node_modules/.package-lock.json
TEMPLATES := template.yaml $(wildcard stacks/*.yaml) policy/policies.yaml
TARGET := $(or $(CARGO_TARGET_DIR),target)
TEST_LOG := $(TARGET)/test.log
DEPLOYMENT_LOG := $(TARGET)/deployment.log
KITS_LOG := $(TARGET)/kits.log
TYPESCRIPT_LOG := $(TARGET)/kits-typescript.log
WEB_LOG := $(TARGET)/web.log
BROWSER_LOG := $(TARGET)/browser.log
EXAMPLES_LOG := $(TARGET)/examples.log
FUZZ_LOG := $(TARGET)/fuzz.log
SKIPPED := $(TARGET)/skipped
HOST_ARCH := $(subst aarch64,arm64,$(shell uname -m))

export PATH := $(CURDIR)/.tools/checks/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0
# The SAM CLI asks for a region even to read a template.
export AWS_DEFAULT_REGION ?= us-east-1

PYTHONS := AGENT_PYTHON='$(CURDIR)/.tools/agent/bin/python' CLIENTS_PYTHON='$(CURDIR)/.tools/clients/bin/python' \
	MOTO_PYTHON='$(CURDIR)/.tools/moto/bin/python' NODE_PYTHON='$(CURDIR)/.tools/node/bin/python' \
	OPENAPI_PYTHON='$(CURDIR)/.tools/openapi/bin/python' PROTOCOLS_PYTHON='$(CURDIR)/.tools/protocols/bin/python' \
	PROTOCOLS1_PYTHON='$(CURDIR)/.tools/protocols1/bin/python'

.PHONY: help local test lint format python workflows clippy deny docs kits kits-python kits-typescript wheels web browser page console examples unit protocols template deployment policies matrix fuzz build deploy package smoke bench endure fmt clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

local: page ## Run the whole chain on this machine, without AWS: [AGENT_CMD='python agent.py'] [ARGS='--paste']
	cargo build --locked --package authorizer --package pretoken --package proxy --package rotation --package local --bins
	@exec $(TARGET)/debug/local --template template.yaml $(ARGS)

test: lint kits web unit browser examples template fuzz ## Check everything, as CI does
	@scripts/summary $(TEST_LOG) $(DEPLOYMENT_LOG) $(KITS_LOG) $(TYPESCRIPT_LOG) $(WEB_LOG) $(BROWSER_LOG) $(EXAMPLES_LOG) $(FUZZ_LOG) $(wildcard $(SKIPPED))

lint: format python workflows deny clippy docs ## Formatting, workflows, dependencies, clippy, documentation

format:
	cargo fmt --all --check

python: $(CHECKS)
	ruff format --check tests/deployment
	ruff check tests/deployment
	ruff format --check --config kits/python/pyproject.toml kits/python examples
	ruff check --config kits/python/pyproject.toml kits/python examples

# Offline: nothing is asked of the actions' own repositories.
workflows: $(WORKFLOWS)
	.tools/workflows/bin/zizmor --offline --quiet .github/workflows
	scripts/release-version

deny: $(CHECKS)
	cargo deny --locked check licenses bans sources
	@mkdir -p $(TARGET) && rm -f $(SKIPPED)
	@if cargo deny fetch db; then cargo deny --locked check advisories; else \
		echo 'skipped: advisories, because the RustSec database cannot be fetched from here' | tee $(SKIPPED); fi

clippy:
	cargo clippy --locked --workspace --all-targets --all-features -- --deny warnings

docs:
	RUSTDOCFLAGS='--deny warnings' cargo doc --locked --workspace --no-deps --document-private-items

# Before the unit tests, one of which shows the built TypeScript package an assertion of the door's own.
kits: kits-python kits-typescript ## Build the packages for agent authors, install them, and test what is installed

kits-python: $(KITS)
	@mkdir -p $(TARGET)
	scripts/kit-python $(TARGET)/kits/python 2>&1 | tee $(KITS_LOG)

kits-typescript: ## Build the TypeScript package, test it, and try it as it is installed
	@mkdir -p $(TARGET)
	scripts/kit-typescript 2>&1 | tee $(TYPESCRIPT_LOG)

# With optimization for the whole of each program, which takes long: `make test` does without it.
wheels: $(WHEELS) ## Build the wheels of the terminal tool and of the local stack, install them, and try what is installed
	@mkdir -p $(TARGET)
	scripts/web build
	scripts/wheels $(TARGET)/wheels
	scripts/wheels-try $(TARGET)/wheels

web: ## Build the console into web/dist, and test its parts
	@mkdir -p $(TARGET)
	scripts/web 2>&1 | tee $(WEB_LOG)

# The binaries as `unit` builds them, and the console as `web` does.
browser: $(CLIENTS) ## Test the console in Chromium, against the local stack
	cargo build --locked --workspace --all-targets
	@mkdir -p $(TARGET)
	scripts/web build
	scripts/web-browser 2>&1 | tee $(BROWSER_LOG)

# The local stack needs Rust, a C compiler and make alone: without Node it goes on without the page.
page:
	@scripts/web local

console: ## Upload the console and its settings to the stack that hosts it: [STACK=NAME] [ISSUER=... CLIENT_ID=... SCOPES=...]
	scripts/web build
	@mkdir -p target
	@scripts/console

# The packages as `make kits` leaves them, and the binaries that `unit` builds in the same way.
examples: $(EXAMPLES) ## Try each example behind the local stack, with the packages that `make kits` built
	cargo build --locked --workspace --all-targets
	scripts/examples $(TARGET)/examples 2>&1 | tee $(EXAMPLES_LOG)

# The binaries first: the end-to-end tests start them as Lambda would. All targets at once, so that nothing is compiled a
# second time with other features for the tests.
unit: $(AGENT_SDK) $(CLIENTS) $(MOTO) $(OPENAPI) $(PROTOCOLS) ## Unit, integration and end-to-end tests
	cargo build --locked --workspace --all-targets
	$(PYTHONS) cargo test --locked --workspace --no-fail-fast -- --show-output 2>&1 | tee $(TEST_LOG)

# `make unit` runs these as well. They write docs/protocols.md with UPDATE_PROTOCOLS=1.
protocols: $(PROTOCOLS) ## Show the clients of each protocol what can go wrong, and run MCP's conformance suite
	cargo build --locked --workspace --all-targets
	$(PYTHONS) cargo test --locked --workspace --test main -- protocols:: --show-output

template: $(CHECKS) $(CHECKOV) ## Lint the templates, then `make deployment`
	cfn-lint $(TEMPLATES)
	.tools/checkov/bin/checkov --quiet --compact --skip-download --framework cloudformation --file $(TEMPLATES)
	sam validate --lint
	@$(MAKE) --no-print-directory deployment

# The functions are built with the machine's own linker, for its own processor and without optimizing: it shows that the
# templates build, gives AWS's emulator something to run, and is not meant to be deployed.
deployment: $(CHECKS) $(MOTO) ## Build what the templates name and show, with AWS's own tools, what would be deployed
	CARGO_LAMBDA_COMPILER=cargo SAM_BUILD_MODE=debug sam build --build-dir .aws-sam/check --parameter-overrides Architecture=$(HOST_ARCH)
	@mkdir -p $(TARGET)
	MOTO_PYTHON='$(CURDIR)/.tools/moto/bin/python' .tools/checks/bin/python -m pytest -q tests/deployment 2>&1 | tee $(DEPLOYMENT_LOG)

policies: ## Check the Cedar policies and render them for CloudFormation
	cargo run --locked --package policy --features check --bin render

matrix: ## Write down who may call which tool, for review
	UPDATE_MATRIX=1 cargo test --locked --package policy --test matrix

# A minute in all, by `make test`, where its tool is there. It wants a nightly toolchain, which the rest does not.
fuzz: ## Try made-up tokens, claims, documents and events, by coverage: [SECONDS=12]
	@mkdir -p $(TARGET)
	@if cargo +nightly fuzz --version >/dev/null 2>&1; then \
		scripts/fuzz $(or $(SECONDS),12) 2>&1 | tee $(FUZZ_LOG); else \
		echo 'skipped: fuzzing, because cargo-fuzz or a nightly toolchain is not installed' | tee $(FUZZ_LOG); fi

# What the built functions say of themselves: the workspace's version, and the commit if Git is there to name it. The
# other targets do not set it, so that a commit alone compiles nothing again.
build deploy package: export GATEHOUSE_VERSION := $(shell scripts/version)

build: $(CHECKS) ## Build the functions for deployment (ARCH=arm64 or x86_64)
	sam build --parameter-overrides Architecture=$(ARCH)

# Stack name and capabilities stand in samconfig.toml. Parameters that are not named keep their values.
deploy: build ## Build, check and deploy: [PARAMETERS='Name=value ...']
	cfn-lint $(TEMPLATES)
	sam validate --lint
	sam deploy $(if $(PARAMETERS),--parameter-overrides Architecture=$(ARCH) $(PARAMETERS))

package: bucket build ## Write packaged.yaml, for CloudFormation, Terraform and CDK: BUCKET=...
	cfn-lint $(TEMPLATES)
	sam package --s3-bucket '$(BUCKET)' --s3-prefix gatehouse --output-template-file packaged.yaml

.PHONY: bucket
bucket:
	@test -n '$(BUCKET)' || { echo 'package: BUCKET is missing; name a bucket of yours for the packages: make package BUCKET=NAME' >&2; exit 64; }

# `gatehouse smoke`. make hands on in the environment what it is given, so that no list of processes shows the token: URL,
# TOKEN, AGENT, and the settings that the door should run with (SETTINGS, a folder with agents.json and issuers.json; or AGENTS
# and TRUSTED_ISSUERS, each the document or file:PATH).
smoke: ## Walk through a deployed door: URL=... TOKEN=... [AGENT=...] [SETTINGS=FOLDER]
	@GATEHOUSE_DOOR="$${URL:-$${GATEHOUSE_DOOR-}}" GATEHOUSE_TOKEN="$${TOKEN:-$${GATEHOUSE_TOKEN-}}" \
		cargo run --quiet --locked --package cli -- smoke \
		$${AGENT:+--agent "$$AGENT"} $${SETTINGS:+--settings "$$SETTINGS"}

bench: ## Measure, and print the table of measured against promised
	cargo build --locked --release --package authorizer --package pretoken --package proxy --package rotation --package bench --bins
	cargo bench --locked --package bench --bench gate
	@$(TARGET)/release/figures
	@$(TARGET)/release/load
	@$(TARGET)/release/turns
	cargo build --locked --release --package cli --bin gatehouse
	@$(TARGET)/release/terminal

endure: ## Watch the programs for an hour: silence, a new signing key, an outage
	cargo build --locked --workspace --bins
	@$(TARGET)/debug/endure

fmt: ## Format the code
	cargo fmt --all
	@if [ -x .tools/checks/bin/ruff ]; then \
		ruff format tests/deployment; \
		ruff format --config kits/python/pyproject.toml kits/python examples; fi

clean: ## Remove everything that was built or installed here
	cargo clean
	rm -rf .aws-sam .local .tools javascript/node_modules kits/typescript/build kits/typescript/dist kits/typescript/node_modules web/build web/dist web/node_modules

javascript/node_modules/.package-lock.json: javascript/package-lock.json .tools/node/installed
	scripts/javascript-clients
	@touch $@

# By uv, whose parallel downloads take a sixth of pip's time here: a hundred packages, some of them large.
$(EXAMPLES): scripts/examples-requirements.txt
	python3 -m venv --clear .tools/examples
	.tools/examples/bin/pip install --quiet --disable-pip-version-check uv==0.13.8
	.tools/examples/bin/uv pip install --quiet --python .tools/examples/bin/python --requirement $<
	@touch $@

.tools/%/installed: scripts/%-requirements.txt
	python3 -m venv --clear .tools/$*
	.tools/$*/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
