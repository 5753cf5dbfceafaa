# SPDX-License-Identifier: Apache-2.0
# The front door for people; CMake does the work. "make help" lists the doors.
SHELL := /bin/sh
.DEFAULT_GOAL := build
.PHONY: help packages test-packages build run test check format bench fuzz \
	soak install clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | \
		awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

packages:
	@tools/install-packages

test-packages:
	@tools/install-packages test

build: packages ## build/bin/sallyportd and build/bin/sallyport
	@[ -f build/build.ninja ] || cmake --preset release >/dev/null
	@cmake --build build

run: packages ## two organisations on this machine, messages and a call across the wall (ONCE=1: then end)
	@[ -f build/build.ninja ] || cmake --preset release >/dev/null
	@cmake --build build --target sallyportd sallyport -- --quiet
	@tools/demo

test: test-packages ## every test, with one line of counts at the end (QUICK=1: no sanitizers)
	@tools/test

check: test-packages ## format, layers, sizes, licences, static analysis
	@tools/check

format: ## write the sources as .clang-format wants them
	@git ls-files '*.c' '*.h' | xargs clang-format -i

fuzz: test-packages ## libFuzzer on each decoder (SECONDS=60 each)
	@tools/fuzz

soak: test-packages ## the kill and reload tests, for a long time (MINUTES=60)
	@tools/soak

bench: test-packages ## figures of this machine (SMOKE=1: only that they work)
	@tools/bench

install: build ## into DESTDIR and PREFIX (/usr/local), with units and manuals
	@cmake --install build --prefix $(or $(PREFIX),/usr/local)

clean: ## remove build/
	@rm -rf build
