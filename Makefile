# Every target prepares what it needs; `make demo` and `make test` are the two to know.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check types shape prove bench bench-peers run serve lock clean

PYTHON_IN := .venv/bin/python
LOCKED := packaging/requirements
PEERS ?= ../shared/tools/peers
COMPILE := uv pip compile pyproject.toml --python-version 3.11 --universal --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links --quiet

ifeq ($(DISPLAY)$(WAYLAND_DISPLAY),)
export QT_QPA_PLATFORM ?= offscreen
endif

help:
	@echo "make demo   play an audit from checklist to verified certificate into demo-output/"
	@echo "            CATALOG=FILE plays it on an OSCAL catalog, PHOTOS=FOLDER with these photos"
	@echo "make test   every check and every test"
	@echo "make check  format, lint, types, layers, budgets"
	@echo "make prove  the sync loses nothing: 10,000 worlds, 10,000 power cuts, 200 kills,"
	@echo "            200 worlds behind a chaos proxy, mutants"
	@echo "            PROVE=\"--seeds 500 --cuts 0\" says how much of it"
	@echo "make bench  measure, into bench.json"
	@echo "make bench-peers   the same trace on other sync systems; PEERS=FOLDER says where they are"
	@echo "make run    the desktop application"
	@echo "make serve  a server with demo data"
	@echo "make setup  only prepare: libraries, .venv"
	@echo "make clean  remove what was built and written, keep .venv"

setup:
	@packaging/setup.sh

demo: setup
	$(PYTHON_IN) -m tests.journeys.demo $(if $(CATALOG),--catalog "$(CATALOG)") $(if $(PHOTOS),--photos "$(PHOTOS)")

check: setup
	@$(MAKE) --no-print-directory --jobs=2 types shape

types:
	.venv/bin/mypy

shape:
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/lint-imports
	$(PYTHON_IN) -m pytest -q tests/architecture

# Many processes start within the tests: without compiled files each compiles all modules anew.
# Three at once on two cores: some tests wait for slow lines and dead servers.
test: export PYTHONDONTWRITEBYTECODE :=
test: check
	$(PYTHON_IN) -m pytest -q -n 3 --ignore=tests/architecture

prove: setup
	$(PYTHON_IN) -m tests.prove $(PROVE)

bench: setup
	$(PYTHON_IN) -m tests.benchmarks

bench-peers: setup
	@test -f "$(PEERS)/run.py" || { echo "The comparison is not at $(PEERS); say PEERS=FOLDER."; exit 1; }
	for seed in 1 2 3; do $(PYTHON_IN) "$(PEERS)/run.py" --seed $$seed --json peers-$$seed.json \
		--adapter tests/benchmarks/peers/adapter.py \
		--peers intact:sqlite,intact:postgres,pouchdb,anki,kinto || exit 1; done

run: setup
	.venv/bin/intact

serve: setup
	.venv/bin/intact-server serve --demo

# For developers; needs uv. Versions already locked stay unless UPGRADE=1.
lock: setup
	$(COMPILE) $(if $(UPGRADE),--upgrade) --extra dev -o $(LOCKED)/dev.txt
	$(COMPILE) -c $(LOCKED)/dev.txt --extra desktop -o $(LOCKED)/desktop.txt
	$(COMPILE) -c $(LOCKED)/dev.txt --extra server -o $(LOCKED)/server.txt
	packaging/setup.sh
	$(PYTHON_IN) packaging/licences.py

clean:
	rm -rf build dist demo-output demo-data bench.json peers-*.json *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
