# `make` lists the targets. Everything is set up on first use: packages in .venv, binaries in the user's cache.
SHELL  := bash
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
ARCH   ?= otel-scrape
ONCE   ?=
COMPILED ?=
FAULT  ?=
SERVERS ?=
ECHO   ?=
GRAFANA_URL ?=
VARIANT ?=
INGESTION ?=
TOOLHIVE ?=
THRESHOLDS ?=
CLUSTER_LABEL ?=
RULES_PER_GROUP ?=
NATIVE_HISTOGRAMS ?=
RUNBOOK_PREFIX ?=
DASHBOARD_PREFIX ?=
LOGS   ?=
STACK  ?= otel-scrape
CLUSTER ?=
YES    ?=
PROMETHEUS ?=
FROM   ?=
CHARTS ?=
SERVER ?=
ALERTS ?=
LEVEL  ?=
SECONDS ?=
SEED   ?=
SCENARIO ?=
URL    ?=
OUT    ?=
VIEW   ?=
FILE   ?=
SPEED  ?=
OUTAGE ?=
IMAGE  ?= mcp-observability-proxy:0.1.0
# The lists are complete, so pip need not look for dependencies (and trips over those with extras).
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps
LOCK   := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
          --python-version 3.11 --custom-compile-command 'make lock'

# A variable that is given but not set above would have no effect: it is misspelt.
KNOWN  = $(shell sed -n 's/^\([A-Z_]*\) *[?:]\{0,1\}=.*/\1/p' $(firstword $(MAKEFILE_LIST))) SET ROAD
GIVEN  = $(foreach each,$(.VARIABLES),$(if $(filter command,$(origin $(each))),$(each)))
NEAR   = $(shell $(PYTHON) -c 'import difflib, sys; print(*difflib.get_close_matches(sys.argv[1], sys.argv[2:], 1))' $(1) $(KNOWN))
$(foreach each,$(if $(strip $(GIVEN)),$(filter-out $(KNOWN),$(GIVEN))),\
  $(error $(each)= is not a variable of this Makefile$(if $(call NEAR,$(each)),; did you mean $(call NEAR,$(each))=?,: make lists those of each target)))

# The value of a variable that is on, or that has the only value there is; others are refused.
on     := 1 on yes true
off    := 0 off no false
switch = $(filter $(on),$($(1)))$(if $(filter-out $(on) $(off),$($(1))),$(error $(1)=$($(1)): use on or off))
only   = $($(1))$(if $(filter-out $(2),$($(1))),$(error $(1)=$($(1)): leave it out, or write $(1)=$(2)))

BOARD_OPTIONS = $(if $(SET),$(error SET= is now VARIANT=))$(if $(ROAD),$(error ROAD= is now INGESTION=))\
          $(if $(VARIANT),--variant "$(VARIANT)") $(if $(INGESTION),--ingestion "$(INGESTION)") \
          $(if $(TOOLHIVE),--toolhive-version "$(TOOLHIVE)") $(if $(THRESHOLDS),--thresholds "$(THRESHOLDS)") \
          $(if $(CLUSTER_LABEL),--cluster-label "$(CLUSTER_LABEL)") $(if $(LOGS),--logs "$(LOGS)") \
          $(if $(RULES_PER_GROUP),--rules-per-group "$(RULES_PER_GROUP)") $(if $(RUNBOOK_PREFIX),--runbook-prefix "$(RUNBOOK_PREFIX)") \
          $(if $(DASHBOARD_PREFIX),--dashboard-prefix "$(DASHBOARD_PREFIX)") \
          $(if $(call switch,NATIVE_HISTOGRAMS),--native-histograms)

DEMO_OPTIONS = $(if $(call switch,ONCE),--once) $(if $(FAULT),--fault "$(FAULT)") \
          $(if $(SERVERS),--servers "$(SERVERS)") $(if $(ECHO),--echo "$(ECHO)") $(if $(ALERTS),--alerts "$(ALERTS)") $(if $(call switch,LOGS),--logs) $(PLAIN)
PLAIN = $(if $(call only,VIEW,plain),--plain)

# tests/node runs where the machine can run a node; in CI it fails where it cannot.
ALL_TESTS := without=$$($(BIN)/python -m tests.node.machine) && $(BIN)/python -m tests.run_all $$without

# Runs a command and says how long it took, so that every time the README promises can be seen.
timed = @SECONDS=0; $(1) && echo "make $@: $$SECONDS s"

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile

$(VENV)/run.stamp: requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is not on PATH: install Python 3.11 or pass PYTHON=..." >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the Python packages (half a minute to two, the first time)"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	@echo "installing the development packages (half a minute to two, the first time)"
	@$(PIP) -r requirements-dev.txt
	@touch $@

.PHONY: tools
tools: $(VENV)/run.stamp ## find or build every binary that demo and tests run; say where each is
	@$(BIN)/python -m lab.tools

.PHONY: demo
demo: $(VENV)/run.stamp ## the pipeline as local processes: ARCH=otel-scrape|otel-remote-write|direct-scrape|hybrid|all ONCE=1 FAULT=name SERVERS=mcp.json ECHO=off LOGS=on ALERTS=fast VIEW=plain
	@exec $(BIN)/python -m lab.demo "$(ARCH)" $(DEMO_OPTIONS)

.PHONY: watch
watch: $(VENV)/run.stamp ## show a running demo in this terminal, beside load tests and faults: VIEW=plain
	@exec $(BIN)/python -m lab.watch $(PLAIN)

.PHONY: dashboards
dashboards: $(VENV)/run.stamp ## write build/: dashboards/*.json, rules/*.yaml, alertmanager/*.yaml, manifests/*.yaml: VARIANT=toolhive INGESTION=... TOOLHIVE=0.44.0 THRESHOLDS=file CLUSTER_LABEL=cluster LOGS=loki
	@$(BIN)/python -m dashboards build $(BOARD_OPTIONS)

.PHONY: import
import: $(VENV)/run.stamp ## send the boards to a Grafana: GRAFANA_URL=... and its token in the variable GRAFANA_TOKEN
	@$(BIN)/python -m dashboards import --grafana-url "$(GRAFANA_URL)" $(BOARD_OPTIONS)

.PHONY: doctor
doctor: $(VENV)/run.stamp ## follow one call through a running demo, or a STACK=name on a cluster, and name the hop that loses it: SERVER=name
	@$(BIN)/python -m lab.doctor $(if $(filter-out file,$(origin STACK)),--stack "$(STACK)") $(if $(SERVER),--server "$(SERVER)")

.PHONY: fault
fault: $(VENV)/run.stamp ## switch a fault on in a running demo, or a STACK=name on a cluster: FAULT=name LEVEL=20% SERVER=name SECONDS=60, mystery SEED=7, reset, status, reveal; else list them
	@$(BIN)/python -m lab.fault $(if $(FAULT),"$(FAULT)") $(if $(LEVEL),--level "$(LEVEL)") $(if $(SERVER),--server "$(SERVER)") $(if $(SECONDS),--seconds "$(SECONDS)") $(if $(SEED),--seed "$(SEED)") $(if $(filter-out file,$(origin STACK)),--stack "$(STACK)")

.PHONY: preview
preview: $(VENV)/run.stamp ## draw every board from a running demo (or PROMETHEUS=URL) to build/preview/*.html
	@$(BIN)/python -m lab.preview $(if $(PROMETHEUS),--prometheus "$(PROMETHEUS)") $(if $(SERVER),--server "$(SERVER)")

.PHONY: load
load: $(VENV)/run.stamp ## load test of a running demo, or of any MCP server: SCENARIO=streamable-1000|recording:FILE URL=... SERVER=name OUT=folder
	@exec $(BIN)/python -m lab.load $(if $(SCENARIO),"$(SCENARIO)") $(if $(URL),--url "$(URL)") $(if $(SERVER),--server "$(SERVER)") $(if $(OUT),--out "$(OUT)")

.PHONY: record
record: $(VENV)/run.stamp ## record the JSON-RPC sessions of a running demo's server, or of any: FILE=sessions.jsonl URL=... SERVER=name
	@exec $(BIN)/python -m lab.record $(if $(FILE),"$(FILE)") $(if $(URL),--url "$(URL)") $(if $(SERVER),--server "$(SERVER)")

.PHONY: replay
replay: $(VENV)/run.stamp ## replay a recording against a running demo's server, or any, and compare outcomes: FILE=sessions.jsonl URL=... SERVER=name SPEED=max
	@exec $(BIN)/python -m lab.replay $(if $(FILE),"$(FILE)") --compare $(if $(URL),--url "$(URL)") $(if $(SERVER),--server "$(SERVER)") $(if $(SPEED),--speed "$(SPEED)")

.PHONY: compare
compare: $(VENV)/run.stamp ## measure the four architectures with the same calls and outages, in about 12 minutes: OUTAGE=collector|prometheus|jaeger|link|proxy-restart|none OUT=folder
	@exec $(BIN)/python -m lab.compare $(if $(OUTAGE),--outage "$(OUTAGE)") $(if $(OUT),--out "$(OUT)")

.PHONY: workshop
workshop: $(VENV)/run.stamp ## list the exercises of docs/workshop.md
	@$(BIN)/python -m lab.workshop

.PHONY: compiled
compiled: $(VENV)/dev.stamp ## the proxy with its hot modules as machine code, in build/compiled (needs a C compiler)
	$(call timed,$(BIN)/python -m proxy.compile build/compiled)

.PHONY: test-compiled
test-compiled: compiled ## the proxy's tests on the compiled proxy
	@cp -r tests lab dashboards stacks values tools pyproject.toml setup.py README.md LICENSE build/compiled/
	@cd build/compiled && $(CURDIR)/$(BIN)/pytest -q tests/proxy tests/integration

.PHONY: browser
browser: ## find chromium and its driver, which the boards' tests and pictures need; root gets them from Debian
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null && exit 0; \
	  test "$$(id -u)" = 0 && command -v apt-get >/dev/null || \
	  { echo "make $@: chromium and chromedriver are not on PATH: install them (Debian: chromium, chromium-driver)" >&2; exit 2; }; \
	  export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && \
	  apt-get install -qq -y --no-install-recommends chromium chromium-driver fonts-dejavu-core >/dev/null

.PHONY: runtime
runtime: ## find what runs the containers of the tests' Kubernetes node; root gets it from Debian
	@test "$$(id -u)" != 0 || command -v containerd runc iptables ip >/dev/null && test -x /usr/lib/cni/bridge || \
	  ! command -v apt-get >/dev/null || { export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && \
	  apt-get install -qq -y --no-install-recommends containerd runc containernetworking-plugins iptables iproute2 >/dev/null; }

.PHONY: wheel
wheel: $(VENV)/dev.stamp ## the proxy as a wheel in build/dist, for pip and uvx; COMPILED=1 with its hot modules as machine code
	@MCP_OBSERVABILITY_COMPILED="$(call switch,COMPILED)" $(BIN)/python -m pip wheel --quiet --disable-pip-version-check \
	  --no-index --no-deps --no-build-isolation --wheel-dir build/dist .
	@ls build/dist/*.whl

.PHONY: pictures
pictures: $(VENV)/run.stamp browser ## take the pictures of README and docs/ again, from a running make demo FAULT=server-hangs
	@$(BIN)/python -m lab.preview --pictures --out build/pictures --wait-for mcp-home --wait-for mcp-fleet \
	  --wait-for-query 'ALERTS{alertname="MCPServerDown",alertstate="firing"}'
	@$(BIN)/python -m lab.preview --pictures --out build/pictures/one-server --server echo-http --wait-for mcp-latency
	@mkdir -p docs
	@for each in mcp-home mcp-fleet one-server/mcp-latency; do \
	  cp build/pictures/$$each.png docs/board-$${each##*mcp-}.png; done
	@$(BIN)/python -m lab.watch --picture docs/watch.svg

.PHONY: servers
servers: $(VENV)/run.stamp ## print the servers of an MCP client's configuration for a stack file: FROM=mcp.json
	@$(BIN)/python -m stacks.mcp_json "$(FROM)"

.PHONY: up
up: $(VENV)/run.stamp ## stand the stack up, on a new kind cluster if there is none: STACK=otel-scrape CLUSTER=kind YES=1
	@$(BIN)/python -m stacks.commands.up "$(STACK)" $(if $(call only,CLUSTER,kind),--kind) $(if $(call switch,YES),--yes)

.PHONY: forward
forward: $(VENV)/run.stamp ## open Grafana, Prometheus, Jaeger and the servers on this machine, until Ctrl-C: STACK=otel-scrape
	@exec $(BIN)/python -m stacks.commands.forward "$(STACK)"

.PHONY: down
down: $(VENV)/run.stamp ## end what make up made, with the kind cluster if it made one: STACK=otel-scrape
	@$(BIN)/python -m stacks.commands.down "$(STACK)"

.PHONY: image
image: ## build the proxy's image with docker: IMAGE=mcp-observability-proxy:0.1.0
	@command -v docker >/dev/null || { echo "make image: docker is not on PATH: install it, or build proxy/Dockerfile with your own tool" >&2; exit 2; }
	docker build --file proxy/Dockerfile --tag $(IMAGE) .

.PHONY: lint
lint: $(VENV)/dev.stamp ## ruff and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

.PHONY: check
check: $(VENV)/dev.stamp ## lint, types and the fast tests
	$(call timed,$(MAKE) --no-print-directory lint && $(BIN)/pytest -q -n 2 -m "not slow")

.PHONY: test
test: $(VENV)/dev.stamp browser runtime ## everything: lint, types, all tests on the real binaries
	$(call timed,$(MAKE) --no-print-directory lint && $(BIN)/python -m lab.tools && $(ALL_TESTS))

.PHONY: test-node
test-node: $(VENV)/dev.stamp runtime ## the stack on a Kubernetes node: CHARTS=folder, of unpacked charts to take instead of stand-ins
	$(call timed,$(BIN)/pytest tests/node $(if $(CHARTS),"--charts=$(CHARTS)"))

.PHONY: conformance
conformance: $(VENV)/dev.stamp ## the official MCP conformance suite, directly and through the proxy: no difference
	$(call timed,$(BIN)/python -m tests.conformance)

.PHONY: bench
bench: $(VENV)/dev.stamp ## what the proxy costs beside nginx, in about 12 minutes; writes docs/benchmarks.md
	$(call timed,$(BIN)/python -m tests.bench --write docs/benchmarks.md)

.PHONY: bench-quick
bench-quick: $(VENV)/dev.stamp ## CPU per call of the proxy, not compiled, beside nginx, in half a minute
	@$(BIN)/python -m tests.bench --quick

.PHONY: soak
soak: $(VENV)/dev.stamp ## 12,000 abandoned sessions: memory, descriptors and children of the proxy end flat; minutes
	$(call timed,$(BIN)/python -m tests.soak)

.PHONY: bench-dashboards
bench-dashboards: $(VENV)/dev.stamp ## every query of the boards on 200 servers x 50 tools x 3 days: 7 GB of disk, some minutes
	@$(BIN)/python -m tests.bench.boards

.PHONY: docs
docs: $(VENV)/run.stamp ## update the generated tables of README and docs/, and the runbook
	@$(BIN)/python -m lab.docs

.PHONY: readme
readme:
	@echo "make readme: this target is now make docs" >&2; exit 2

.PHONY: lock
lock: $(VENV)/dev.stamp ## compile the hashed requirements from pyproject.toml
	@$(LOCK) --group dev -o requirements-dev.txt
	@$(LOCK) --group lab -c requirements-dev.txt -o requirements.txt
	@$(LOCK) --group proxy -c requirements-dev.txt -o requirements-proxy.txt
	@$(LOCK) --group compile -c requirements-dev.txt -o requirements-compile.txt
	@for each in conformance grafana logql servers; do \
	  PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix tools/$$each install --package-lock-only --silent || exit; done

.PHONY: clean
clean: ## remove what was made in the tree (.venv, build, run); the cache of binaries stays
	rm -rf $(VENV) build run *.egg-info
