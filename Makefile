# Moonroom's build: `make help` lists the targets.
#
# Objects land in $(BUILD)/obj/LAYER/NAME.o and are linked twice:
# $(BUILD)/lua/moonroom/core.so for lua5.4, $(BUILD)/moonroom for serving.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=

# What `make run` serves, and with which flags.
DIR  ?= examples/chat
ARGS ?=

# Which of the conformance cases; empty: all.
CASES ?=

# One short line for each command; V=1 shows the commands, make -s nothing.
V ?= 0
ifeq ($(V),1)
say =
else ifneq ($(findstring s,$(firstword -$(MAKEFLAGS))),)
say = @
else
say = @printf '%-3s %s\n' $(1) $(2);
endif

# --- Layers: which directories each may include (README, Contributing) ------

LAYERS := base protocol core net binding process

MAY_INCLUDE_base     := base
MAY_INCLUDE_protocol := protocol base
MAY_INCLUDE_core     := core protocol base
MAY_INCLUDE_net      := net core protocol base
MAY_INCLUDE_binding  := binding core protocol base
MAY_INCLUDE_process  := process binding net core protocol base

IN_CORE_SO := base protocol core binding
IN_BINARY  := $(LAYERS)

SOURCES := $(foreach layer,$(LAYERS),$(sort $(wildcard src/$(layer)/*.c)))
HEADERS := $(foreach layer,$(LAYERS),$(sort $(wildcard src/$(layer)/*.h)))
NATIVE  := $(sort $(wildcard spec/native/*.c))
STARTER := $(sort $(patsubst scripts/share/%,%,$(shell find scripts/share/new -type f)))
# With the files of dev's page.
MODULES := $(sort $(patsubst lua/%,%,$(shell find lua/moonroom -type f)))

objects_of = $(patsubst src/%.c,$(BUILD)/obj/%.o,\
    $(filter $(addprefix src/,$(addsuffix /%,$(1))),$(SOURCES)))

OBJECTS := $(call objects_of,$(LAYERS))
NATIVE_OBJECTS := $(patsubst spec/native/%.c,$(BUILD)/obj/spec/%.o,$(NATIVE))

# What has a corpus is a fuzz target; the rest is linked to each.
FUZZ_SOURCES := $(sort $(wildcard spec/fuzz/*.c))
FUZZ_HEADERS := $(sort $(wildcard spec/fuzz/*.h))
FUZZ_OBJECTS := $(patsubst spec/fuzz/%.c,$(BUILD)/obj/fuzz/%.o,$(FUZZ_SOURCES))
FUZZ_TARGETS := $(notdir $(sort $(wildcard spec/fuzz/corpus/*)))
IN_FUZZ      := base protocol core

# The bench's own programs: the load generator, and a bare TCP echo.
WSLOAD_SOURCES := $(sort $(wildcard scripts/bench/wsload/*.c))
BENCH_SOURCES  := $(WSLOAD_SOURCES) scripts/bench/raw.c
BENCH_HEADERS  := $(sort $(wildcard scripts/bench/wsload/*.h))
BENCH_OBJECTS  := $(patsubst scripts/%.c,$(BUILD)/obj/%.o,$(BENCH_SOURCES))
BENCH_PROGRAMS := $(BUILD)/bench/wsload $(BUILD)/bench/raw

# --- Flags ------------------------------------------------------------------

PKG_CONFIG ?= pkg-config

# The system's libraries are not ours to warn about.
LUA_CFLAGS := $(patsubst -I%,-isystem %,\
    $(shell $(PKG_CONFIG) --cflags-only-I lua5.4 2>/dev/null))

WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow \
    -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wcast-align \
    -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough

ifneq ($(filter 1 true,$(CI) $(WERROR)),)
WARNINGS += -Werror
endif

SANITIZE ?=
ifeq ($(SANITIZE),)
MODE_CFLAGS := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
else
MODE_CFLAGS  := -O1 -g -fno-omit-frame-pointer -fsanitize=$(SANITIZE) \
    -fno-sanitize-recover=all
# Stays loaded to the end, so that a report of leaks can name our functions.
MODE_LDFLAGS := -fsanitize=$(SANITIZE) -Wl,-z,nodelete
endif

MOONROOM_CFLAGS := -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden \
    -fstack-protector-strong $(WARNINGS) $(MODE_CFLAGS)
MOONROOM_LDFLAGS := -Wl,-z,relro,-z,now $(MODE_LDFLAGS)

# Only binding and process see lua.h at all.
LAYER_CFLAGS_binding := $(LUA_CFLAGS)
LAYER_CFLAGS_process := $(LUA_CFLAGS)

flags_of = $(MOONROOM_CFLAGS) $(LAYER_CFLAGS_$(1)) \
    $(addprefix -iquote src/,$(MAY_INCLUDE_$(1)))

CORE_LIBS   := -lcrypto -lz -ljansson
BINARY_LIBS := -llua5.4 -lev -lssl $(CORE_LIBS) -lm

# --- Build ------------------------------------------------------------------

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all objects spec-modules run test conformance lint format asan asan-test \
    valgrind fuzz fuzz-targets bench bench-quick bench-idle bench-handlers bench-programs \
    docs install uninstall clean help needs headers tidy

all: $(BUILD)/lua/moonroom/core.so $(BUILD)/moonroom ## build core.so and the moonroom binary

objects: $(OBJECTS) $(NATIVE_OBJECTS) $(FUZZ_OBJECTS) $(BENCH_OBJECTS)

# The host (lua5.4, or the binary) brings Lua's symbols: hence no -llua here.
$(BUILD)/lua/moonroom/core.so: $(call objects_of,$(IN_CORE_SO))
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -shared $(MOONROOM_LDFLAGS) $(LDFLAGS) -o $@ $^ $(CORE_LIBS)

$(BUILD)/moonroom: $(call objects_of,$(IN_BINARY))
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -pie $(MOONROOM_LDFLAGS) $(LDFLAGS) -o $@ $^ $(BINARY_LIBS)

# The TLS layer for specs without sockets, with a client and certificates of
# its own: core.so has no libssl.
spec-modules: $(BUILD)/spec/moonroom_tls.so ## build the C modules of the specs

NATIVE_FLAGS   := $(MOONROOM_CFLAGS) $(LUA_CFLAGS) -iquote spec/native \
    $(addprefix -iquote src/,$(MAY_INCLUDE_net))

$(BUILD)/spec/moonroom_tls.so: $(NATIVE_OBJECTS) $(call objects_of,base) \
    $(BUILD)/obj/core/tls_options.o \
    $(filter $(BUILD)/obj/net/tls%,$(call objects_of,net))
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -shared $(MOONROOM_LDFLAGS) $(LDFLAGS) -o $@ $^ -lssl -lcrypto

$(BUILD)/obj/spec/%.o: spec/native/%.c Makefile | needs
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(NATIVE_FLAGS) $(CPPFLAGS) $(CFLAGS) -MD -MP -c -o $@ $<

define layer_rules
$(BUILD)/obj/$(1)/%.o: src/$(1)/%.c Makefile | needs
	@mkdir -p $$(@D)
	$$(call say,CC,$$<)$$(CC) $$(call flags_of,$(1)) $$(CPPFLAGS) $$(CFLAGS) -MD -MP -c -o $$@ $$<

# A header compiles alone.
$(BUILD)/headers/$(1)/%.ok: src/$(1)/%.h $(HEADERS) Makefile | needs
	@mkdir -p $$(@D)
	@printf '#include "%s"\ntypedef int not_empty;\n' $$(<F) | \
	    $$(CC) $$(call flags_of,$(1)) -fsyntax-only -x c -
	@touch $$@

# Depends on the object, which depends on each header: so it is as fresh.
$(BUILD)/tidy/$(1)/%.ok: src/$(1)/%.c $(BUILD)/obj/$(1)/%.o .clang-tidy
	@mkdir -p $$(@D)
	@clang-tidy --quiet $$< -- $$(call flags_of,$(1)) 2>$$@.err || \
	    { grep -v 'warnings* generated' $$@.err >&2; exit 1; }
	@touch $$@
endef
$(foreach layer,$(LAYERS),$(eval $(call layer_rules,$(layer))))

$(BUILD)/obj/fuzz/%.o: spec/fuzz/%.c Makefile | needs
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(call flags_of,binding) $(CPPFLAGS) $(CFLAGS) -MD -MP -c -o $@ $<

bench-programs: $(BENCH_PROGRAMS) ## build what `make bench` loads servers with

# What it measures with must not be the limit.
BENCH_FLAGS := $(MOONROOM_CFLAGS) -O3

$(BUILD)/obj/bench/%.o: scripts/bench/%.c Makefile | needs
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(BENCH_FLAGS) $(CPPFLAGS) $(CFLAGS) -MD -MP -c -o $@ $<

$(BUILD)/bench/wsload: $(WSLOAD_SOURCES:scripts/%.c=$(BUILD)/obj/%.o)
$(BUILD)/bench/raw: $(BUILD)/obj/bench/raw.o
$(BENCH_PROGRAMS):
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -pie $(MOONROOM_LDFLAGS) $(LDFLAGS) -o $@ $^ -lssl -lcrypto

$(BUILD)/tidy/bench/%.ok: scripts/bench/%.c $(BUILD)/obj/bench/%.o .clang-tidy
	@mkdir -p $(@D)
	@clang-tidy --quiet $< -- $(BENCH_FLAGS) 2>$@.err || \
	    { grep -v 'warnings* generated' $@.err >&2; exit 1; }
	@touch $@

-include $(OBJECTS:.o=.d) $(NATIVE_OBJECTS:.o=.d) $(FUZZ_OBJECTS:.o=.d) $(BENCH_OBJECTS:.o=.d)

# Of binding one is fuzzed: it needs Lua and nothing else.
$(BUILD)/targets/json: $(filter $(BUILD)/obj/binding/json%,$(call objects_of,binding))
FUZZ_LIBS_json := -llua5.4

# With what `make fuzz` sets; libFuzzer brings main.
fuzz-targets: $(addprefix $(BUILD)/targets/,$(FUZZ_TARGETS))

$(BUILD)/targets/%: $(BUILD)/obj/fuzz/%.o $(call objects_of,$(IN_FUZZ)) \
    $(filter-out $(FUZZ_TARGETS:%=$(BUILD)/obj/fuzz/%.o),$(FUZZ_OBJECTS))
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -pie -fsanitize=fuzzer $(MOONROOM_LDFLAGS) $(LDFLAGS) -o $@ $^ $(CORE_LIBS) $(FUZZ_LIBS_$*)

# Says what is missing, instead of a compiler's guess.
needs:
	@command -v $(firstword $(CC)) >/dev/null && \
	    $(PKG_CONFIG) --exists lua5.4 openssl zlib jansson || { \
	    echo "make: a compiler or a library is missing;" \
	        "'scripts/setup run' installs what building needs" >&2; exit 1; }

# For scripts/lint.
headers: $(patsubst src/%.h,$(BUILD)/headers/%.ok,$(HEADERS))
tidy: $(patsubst src/%.c,$(BUILD)/tidy/%.ok,$(SOURCES)) \
    $(patsubst scripts/%.c,$(BUILD)/tidy/%.ok,$(BENCH_SOURCES))

# --- Use --------------------------------------------------------------------

run: ## serve examples/chat; DIR= another directory, ARGS= more flags
	@scripts/setup run
	@$(MAKE) --no-print-directory all
	$(BUILD)/moonroom run $(ARGS) $(DIR)

.PHONY: run-tls tls-check
TLS := $(BUILD)/tls

run-tls: ## the same over https and wss, with a certificate for trying
	@scripts/setup run
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) scripts/certificate $(TLS)
	$(BUILD)/moonroom run --tls-cert $(TLS)/cert.pem --tls-key $(TLS)/key.pem $(ARGS) $(DIR)

tls-check: ## run testssl.sh and sslscan against what run-tls serves
	@scripts/setup tls-check
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) scripts/tls-check

test: ## build, then run every spec; SPECS= some of them
	@scripts/setup test
	@$(MAKE) --no-print-directory all spec-modules bench-programs
	@BUILD=$(BUILD) scripts/test $(SPECS)

# In make test they go fewer ways; spec/conformance/README.md.
conformance: ## run every conformance case in every way; CASES="6.* 7.1.2" some of them
	@scripts/setup test
	@$(MAKE) --no-print-directory all spec-modules
	@BUILD=$(BUILD) CASES="$(CASES)" CONFORMANCE=all scripts/test spec/conformance

lint: ## compilers' warnings, clang-tidy, cppcheck, luacheck, format, layers
	@scripts/setup lint
	@BUILD=$(BUILD) scripts/lint

format: ## reformat the C sources in place
	clang-format -i $(SOURCES) $(HEADERS) $(NATIVE) spec/native/*.h \
	    $(FUZZ_SOURCES) $(FUZZ_HEADERS) $(BENCH_SOURCES) $(BENCH_HEADERS)

asan: ## build everything with ASan and UBSan into build/asan
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan \
	    SANITIZE=address,undefined all spec-modules

asan-test: ## run the specs on the ASan build; SPECS= some of them
	@scripts/setup test
	@$(MAKE) --no-print-directory all bench-programs
	@$(MAKE) --no-print-directory asan
	@BUILD=$(BUILD) scripts/test --asan $(SPECS)

.PHONY: sweep
sweep: ## fail each of the first 2,000 allocations of an app's life, under ASan
	@scripts/setup test
	@$(MAKE) --no-print-directory asan
	@BUILD=$(BUILD) MOONROOM_SWEEP=1 scripts/test --asan spec/binding/sweep_spec.lua

valgrind: ## run the specs of core.so under valgrind; definite leaks fail
	@scripts/setup test
	@$(MAKE) --no-print-directory all spec-modules
	@BUILD=$(BUILD) scripts/test --valgrind $(SPECS)

fuzz: ## fuzz the parsers, 60 s each; FUZZ_SECONDS= as many, FUZZ= some of them
	@scripts/setup fuzz
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang \
	    SANITIZE=fuzzer-no-link,address,undefined fuzz-targets
	@BUILD=$(BUILD) scripts/fuzz $(if $(FUZZ),$(FUZZ),$(FUZZ_TARGETS))

docs: ## make the manual, as HTML in build/docs
	@scripts/setup run
	@rm -rf $(BUILD)/docs
	@mkdir -p $(BUILD)/docs
	lua5.4 scripts/docs/make.lua $(BUILD)/docs

# How many rounds, of how many seconds; SCENARIO and PEERS: some of them, by name.
ROUNDS   ?=
SECONDS  ?=
SCENARIO ?=
PEERS    ?=

bench: ## measure beside other servers; PEERS= SCENARIO= some, ROUNDS=5 SECONDS=3
	@scripts/setup run
	-@scripts/setup bench
	@$(MAKE) --no-print-directory bench-run

bench-quick: ## the same in a minute: Moonroom and a bare TCP echo alone
	@scripts/setup run
	@$(MAKE) --no-print-directory bench-run QUICK=--quick

.PHONY: bench-run
bench-run: all bench-programs
	@BUILD=$(BUILD) scripts/certificate $(TLS) >/dev/null
	@python3 -B scripts/bench/run.py --build $(BUILD) $(QUICK) --rounds "$(ROUNDS)" \
	    --seconds "$(SECONDS)" --scenarios "$(SCENARIO)" --peers "$(PEERS)"

bench-idle: ## weigh an idle client: plain, compressed, over TLS
	@scripts/setup test
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) scripts/certificate $(TLS) >/dev/null
	@python3 -B scripts/bench/idle.py $(BUILD)/moonroom $(TLS)/cert.pem $(TLS)/key.pem

bench-handlers: ## time the doorway beside lua_pcall, and the test kit
	@scripts/setup test
	@$(MAKE) --no-print-directory all
	@LUA_PATH="./lua/?.lua;./lua/?/init.lua;;" LUA_CPATH="$(BUILD)/lua/?.so;;" \
	    lua5.4 scripts/bench/handlers.lua

# --- Install ----------------------------------------------------------------

BINDIR   := $(DESTDIR)$(PREFIX)/bin
LUALIB   := $(DESTDIR)$(PREFIX)/lib/lua/5.4/moonroom
LUASHARE := $(DESTDIR)$(PREFIX)/share/lua/5.4
SHARE    := $(DESTDIR)$(PREFIX)/share/moonroom
MANUAL   := $(DESTDIR)$(PREFIX)/share/man/man1/moonroom.1
COMPLETE := $(DESTDIR)$(PREFIX)/share/bash-completion/completions/moonroom

$(BUILD)/moonroom.1: scripts/share/moonroom.1 scripts/man $(BUILD)/moonroom
	$(call say,MAN,$@)scripts/man $(BUILD)/moonroom >$@

# Those that install makes and nobody else has anything in; the deepest first.
MADE := $(LUALIB) $(dir $(LUALIB)) $(dir $(MANUAL)) $(LUASHARE) $(dir $(COMPLETE)) \
    $(DESTDIR)$(PREFIX)/lib/lua $(DESTDIR)$(PREFIX)/share/lua \
    $(DESTDIR)$(PREFIX)/share/bash-completion

install: all $(BUILD)/moonroom.1 ## install under PREFIX (/usr/local), below DESTDIR
	$(call say,INSTALL,$(DESTDIR)$(PREFIX))set -e; \
	install -d $(BINDIR) $(LUALIB); \
	install -m 755 $(BUILD)/moonroom $(BINDIR)/moonroom; \
	install -m 644 $(BUILD)/lua/moonroom/core.so $(LUALIB)/core.so; \
	for module in $(MODULES); do \
	    install -D -m 644 lua/$$module $(LUASHARE)/$$module; \
	done; \
	for file in $(STARTER); do \
	    install -D -m 644 scripts/share/$$file $(SHARE)/$$file; \
	done; \
	install -D -m 644 $(BUILD)/moonroom.1 $(MANUAL); \
	install -D -m 644 scripts/share/moonroom.bash $(COMPLETE)

uninstall: ## remove exactly what install put there
	$(call say,UNINSTALL,$(DESTDIR)$(PREFIX))set -e; \
	rm -f $(BINDIR)/moonroom $(LUALIB)/core.so $(MANUAL) $(COMPLETE) \
	    $(addprefix $(LUASHARE)/,$(MODULES)) $(addprefix $(SHARE)/,$(STARTER)); \
	find $(LUASHARE)/moonroom $(SHARE) -depth -type d -empty -delete 2>/dev/null || true; \
	rmdir $(MADE) 2>/dev/null || true

clean: ## remove the build directory
	rm -rf $(BUILD)

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | \
	    expand -t 18
