# axial: everything is built under build/, the program itself is ./axial.
#
#   make run      set up, build, open the workbench on mmars/ (trains the phantom without a terminal)
#   make check    set up, build, run all tests
#   make lint     layers, sizes, format, banned functions
#   make asan     the unit tests under AddressSanitizer and UBSan
#   make bench-step BENCH_JSON=FILE   whole training steps beside PyTorch's, ratios into FILE
#   make fuzz     libFuzzer targets, FUZZ_SECONDS=60 each (needs clang)
#   make install PREFIX=/usr/local
#
# Sources are found by wildcard: adding a file needs no change here.

VERSION := $(shell cat VERSION 2>/dev/null || echo 0.1)
BUILD   ?= build
PREFIX  ?= /usr/local
CC      ?= gcc
# The instruction set of our own kernels; oneDNN picks its own at run time.
MARCH   ?= native
OPT     ?= -O3

PKGS     := ncursesw libpng libcjson zlib libdeflate libjpeg libprotobuf-c
NEED_PKG := build-essential pkg-config libncurses-dev libcjson-dev libnifti-dev libpng-dev \
	    zlib1g-dev libdeflate-dev libdnnl-dev libcmocka-dev libvterm-dev \
	    libjpeg-dev libprotobuf-c-dev protobuf-c-compiler libarchive-dev

WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	  -Wno-missing-field-initializers -Wno-psabi -Werror
# Made at build time: the ONNX messages.
GEN      := $(BUILD)/gen
GEN_ONNX := $(GEN)/core/export/onnx.pb-c
CFLAGS_ALL := -std=c11 -D_GNU_SOURCE -I. -I$(GEN) -DAXIAL_VERSION='"$(VERSION)"' -g $(OPT) -march=$(MARCH) \
	  -fno-math-errno -ffp-contract=fast -fopenmp -pthread $(WARN) -isystem /usr/include/nifti $(SAN) $(CFLAGS)
LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lnifti2 -lznz -lm -ldl
LDFLAGS_ALL := -fopenmp -pthread $(SAN) $(LDFLAGS)

CORE_SRC := $(sort $(shell find core -name '*.c'))
TUI_SRC  := $(sort $(wildcard tui/*.c))
CORE_OBJ := $(CORE_SRC:%.c=$(BUILD)/%.o) $(GEN_ONNX).o
TUI_LIB_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tui/main.c,$(TUI_SRC)))
CORE_LIB := $(BUILD)/libaxial_core.a
TUI_LIB  := $(BUILD)/libaxial_tui.a
TEST_SRC := $(sort $(wildcard tests/unit/test_*.c))
TEST_BIN := $(TEST_SRC:tests/unit/%.c=$(BUILD)/tests/%)
FAKES    := $(patsubst %.c,$(BUILD)/%.so,$(wildcard tests/fakes/*.c))
TEST_AUX := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(TEST_SRC),$(wildcard tests/unit/*.c)))

FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
BENCH_BIN := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(sort $(wildcard tests/bench/*.c)))
# What the bench programs share; the unit tests link it too.
BENCH_LIB := $(BUILD)/libaxial_bench.a
BENCH_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/bench/lib/*.c)))
BENCH_JSON ?= $(BUILD)/bench/report/step.json

.PHONY: all run check check-only setup lint asan fuzz fuzz-bin install clean format bench bench-step man
.SECONDARY:

all: axial

axial: $(BUILD)/axial
	@cp -f $< $@.new && mv -f $@.new $@

$(BUILD)/axial: $(BUILD)/tui/main.o $(TUI_LIB) $(CORE_LIB)
	$(CC) $(LDFLAGS_ALL) -rdynamic -o $@ $^ $(LIBS)

$(CORE_LIB): $(CORE_OBJ)
	@rm -f $@
	@ar rcs $@ $^

$(TUI_LIB): $(TUI_LIB_OBJ)
	@rm -f $@
	@ar rcs $@ $^

# Its assembler reads these, which the compiler's dependencies do not show.
$(BUILD)/core/custom/files.o: core/custom/axial_custom.h $(wildcard core/custom/template/*.in)

$(BENCH_LIB): $(BENCH_OBJ)
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  cc $<"
	@$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(GEN_ONNX).c $(GEN_ONNX).h &: core/export/onnx.proto
	@mkdir -p $(GEN)
	@protoc-c --c_out=$(GEN) $<

$(GEN_ONNX).o: $(GEN_ONNX).c
	@$(CC) $(CFLAGS_ALL) -w -c -o $@ $<

$(filter $(BUILD)/core/export/%,$(CORE_OBJ)) $(BUILD)/tests/unit/test_onnx.o: | $(GEN_ONNX).h

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(TEST_AUX) $(BENCH_LIB) $(TUI_LIB) $(CORE_LIB) | $(FAKES)
	@mkdir -p $(@D)
	@echo "  ld $@"
	@$(CC) $(LDFLAGS_ALL) -o $@ $^ -lcmocka -lvterm $(LIBS)

# Shared libraries that tests load in place of a driver.
$(BUILD)/tests/fakes/%.so: tests/fakes/%.c
	@mkdir -p $(@D)
	@echo "  ld $@"
	@$(CC) $(CFLAGS_ALL) -shared -fPIC -o $@ $<

$(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(BENCH_LIB) $(CORE_LIB)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

# The fuzz targets need clang and its libFuzzer; the program itself makes the seeds.
FUZZ_SECONDS ?= 60
fuzz: all
	@command -v clang >/dev/null || { echo "make fuzz needs clang, libclang-rt-14-dev and libomp-dev" >&2; exit 1; }
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(BUILD)/fuzz OPT=-O1 MARCH=x86-64-v3 CC=clang \
		SAN="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -w" fuzz-bin
	@sh tests/fuzz/run.sh $(BUILD)/fuzz $(FUZZ_SECONDS)

fuzz-bin: $(FUZZ_BIN)

$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/file.o $(CORE_LIB)
	@mkdir -p $(@D)
	@echo "  ld $@"
	@$(CC) -fsanitize=fuzzer $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

setup:
	@sh tests/setup.sh $(NEED_PKG)
	@yes() { [ -n "$$1" ] && echo yes || echo no; }; \
	printf 'CUDA %s, cuDNN %s, MPI %s (found; this version computes on the CPU only)\n' \
		"$$(yes "$$(command -v nvcc)")" "$$(yes "$$(ls /usr/include/cudnn.h /usr/include/*/cudnn.h 2>/dev/null)")" \
		"$$(yes "$$(command -v mpicc)")"

run: setup
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@sh tests/run.sh

check: setup
	@$(MAKE) --no-print-directory -j$$(nproc) all tests
	@sh tests/check.sh $(BUILD)

tests: $(TEST_BIN)

lint:
	@sh tests/lint/lint.sh

# The leak checker cannot follow a library that comes by dlopen(), so oneDNN is linked here.
asan:
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(BUILD)/asan OPT=-O1 MARCH=x86-64-v3 LDFLAGS="-Wl,--no-as-needed -ldnnl -Wl,--as-needed" \
		SAN="-fsanitize=address,undefined -fno-omit-frame-pointer -Wno-error" tests
	@ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		sh tests/check_units.sh $(BUILD)/asan

format:
	clang-format -i $$(find core tui tests -name '*.c' -o -name '*.h')

man: axial
	@mkdir -p man
	@{ ./axial man && ./axial --keys=roff; } > man/axial.1.new && mv man/axial.1.new man/axial.1

# BENCH=step,data picks sections; text, JSON and PNG end in build/bench/report/.
BENCH ?= step,data
bench:
	@$(MAKE) --no-print-directory -j$$(nproc) all $(BUILD)/bench/bench
	@mkdir -p $(BUILD)/bench/report
	@./$(BUILD)/bench/bench --sections $(BENCH) --json $(BUILD)/bench/report/bench.json --png $(BUILD)/bench/report/bench.png

bench-step:
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/bench/bench
	@mkdir -p $(dir $(BENCH_JSON))
	@./$(BUILD)/bench/bench --sections step --json $(BENCH_JSON)

install: all
	install -Dm755 axial $(DESTDIR)$(PREFIX)/bin/axial
	install -d $(DESTDIR)$(PREFIX)/share/axial
	find mmars -type f \( -name .gitkeep -o ! -path '*/models/*' ! -path '*/eval/*' ! -path '*/data/*' -o -path '*/models/model.safetensors' \) \
		-exec cp --parents -t $(DESTDIR)$(PREFIX)/share/axial {} +
	install -Dm644 man/axial.1 $(DESTDIR)$(PREFIX)/share/man/man1/axial.1

clean:
	rm -rf $(BUILD) axial

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
