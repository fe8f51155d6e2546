.DEFAULT_GOAL := help
.PHONY: help test demo page fmt lint doc codegen bench clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: ## Run every check: format, lints, generated files, licences, tests, documentation, WebAssembly
	@.ci/test

demo: ## Show the command line tool at work, on filters and on flows; then serve the page on them
	@.ci/demo

page: ## Build the page of the service, which the next build of the service takes in
	@.ci/page

fmt: ## Format the code
	cargo fmt --all

lint: ## Run the lints
	cargo clippy --workspace --all-targets --locked -- -D warnings

doc: ## Build the documentation of the crates
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

codegen: ## Write the files that are derived from grammar/
	cargo xtask codegen

bench: ## Run the benchmarks and print one table
	cargo xtask bench

clean: ## Remove what the builds wrote
	cargo clean
