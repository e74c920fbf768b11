# `make` lists the targets. Everything is set up on first use, inside .venv and the user's cache.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
ARCH   ?= otel-scrape
STACK  ?= otel-scrape

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
