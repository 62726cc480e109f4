# SPDX-License-Identifier: MIT
# hale: `make help` lists the targets. No configure; all output is in build/.
.DEFAULT_GOAL := all
Q = @
# `make Q=` shows the commands themselves.

# ARCH=arm64 makes hale for another machine, by Debian's cross compiler. Which
# there are, and by which names, scripts/arch.sh says.
ifneq ($(ARCH),)
ASKED  := scripts/arch.sh '$(subst ','\'',$(ARCH))'
TARGET := $(shell $(ASKED) 2>/dev/null)
ifeq ($(TARGET),)
$(error $(shell $(ASKED) 2>&1))
endif
FOLDER := /$(firstword $(TARGET))
# A container's programs may be of another kind than the kernel that uname asks.
NATIVE := $(shell scripts/arch.sh "$$({ gcc -dumpmachine || dpkg --print-architecture || \
          uname -m; } 2>/dev/null)" 2>/dev/null)
CROSS  := $(if $(filter-out $(NATIVE),$(TARGET)),$(lastword $(TARGET))-)
HERE   := $(filter demo test arches arches-short container images kubernetes swarm dev readme lint fuzz bench image, \
          $(MAKECMDGOALS))
ifneq ($(and $(CROSS),$(HERE)),)
$(error make $(firstword $(HERE)) takes no ARCH=$(ARCH): it is for the machine that it runs on\
        $(if $(filter image,$(HERE)),(an image for another takes PLATFORM=linux/...),(make unit \
        and system take one)))
endif
endif

B       = build$(FOLDER)
TOOL    = $B/tool
CC      = $(TOOL)/bin/musl-gcc
VERSION = 0.1.0
COMMIT  = $(or $(shell git rev-parse --short=12 HEAD 2>/dev/null),unknown)
PREFIX  = /usr/local
PYTEST  = /usr/bin/python3 -m pytest -q -p no:cacheprovider
CFLAGS  = $(SIZE) -g
LINK    = -static-pie -Wl,--gc-sections$(RELR)
LAYOUT  = -Wl,-z,separate-code,-T,scripts/layout$(PACKED).ld
HARDEN  = -Wl,-z,relro,-z,now,-z,noexecstack

# A module is a file of a room; what a room may know, and who is held to be pure,
# scripts/layers.sh takes from the files. malloc() is only for the static binary:
# the sanitizers have their own. MADE have their source in the build directory.
MALLOC = base/malloc
MADE   = tls/anchors_blob cmd/license
ROOMS  = $(sort $(filter-out base/malloc,$(patsubst src/%.c,%,$(wildcard src/*/*.c))) $(MADE))

# What this gcc knows for this machine, which it may be installed for first: asked
# when it is used, and once.
knows = $(shell echo | $(CROSS)gcc $1 -x c -S -o /dev/null - 2>/dev/null && echo $1)
SIZE  = $(eval SIZE := $(or $(call knows,-Oz),-Os))$(SIZE)
GUARD = $(eval GUARD := $(if $(filter x86_64-%,$(shell $(CROSS)gcc -dumpmachine)),\
        -mstack-protector-guard=global))$(GUARD)
TABLE = $(eval TABLE := $(call knows,-mtraceback=no))$(TABLE)
ALIGN = $(eval ALIGN := $(call knows,-malign-data=abi))$(ALIGN)
MODREF = $(eval MODREF := $(call knows,-fno-ipa-modref))$(MODREF)
INT   = $(eval INT := $(call knows,-mgeneral-regs-only))$(INT)
# An ld that does not know it for its machine warns and goes on.
RELR  = $(eval RELR := $(shell $(CROSS)ld --help | grep -q pack-relative-relocs && \
        echo ,-z,pack-relative-relocs))$(RELR)
# Where a page may have 64 KB, or code is large, no segment may leave a gap.
PACKED = $(if $(filter aarch64-% arm% i586-% i686-% powerpc64le-% s390x-%, \
         $(shell $(CROSS)gcc -dumpmachine)),_packed)

WARN  = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wswitch-enum \
        -Wmissing-prototypes -Wvla
OURS  = -std=c11 -D_GNU_SOURCE -iquote include -MMD -MP -fPIE \
        -fstack-protector-strong -ffunction-sections -fdata-sections \
        -fno-asynchronous-unwind-tables -fno-unwind-tables \
        -ffile-prefix-map=$(CURDIR)=. $(WARN)
# What gcc does to be faster even with -Oz, by 1.9 % of the file; and the guard of
# the stack as a variable where an address relative to the code is one instruction,
# which is shorter than the thread's; and no tables for debuggers behind functions (POWER).
LEAN  = -include scripts/hidden.h $(GUARD) $(TABLE) $(ALIGN) -fno-optimize-sibling-calls \
        -fno-move-loop-invariants -fno-thread-jumps -fno-caller-saves \
        -fno-tree-dominator-opts -fno-jump-tables -fno-inline-small-functions \
        -fno-if-conversion -fno-shrink-wrap -fno-tree-loop-im -fno-tree-sra $(MODREF)
objects = $(patsubst %,$B/%.o,$1)
PARTS = $(call objects,$(ROOMS))
UNITS = $(patsubst tests/%.c,$B/%,$(wildcard tests/unit/test_*.c \
        tests/fault/test_*.c))
TOOLS = $(patsubst tests/%.c,$B/%,$(wildcard tests/helpers/*.c))
BENCH = $(patsubst tests/%.c,$B/%,$(wildcard tests/bench/*.c))
READY = $(TOOL)/musl.mk $(TOOL)/bearssl.mk

.PHONY: all demo test unit system arches arches-short container kubernetes swarm dev \
        images lint fuzz bench repro image install install-names names clean help helpers \
        layers readme roots FORCE

all: $B/hale layers

# A compiler that does not know -static-pie may link a binary that needs a loader.
$B/hale: $B/hale.debug
	$Qscripts/static.sh $< $(if $(CROSS),,--version) || { rm -f $@ $<; exit 1; }
	$Q$(CROSS)strip -o $@ $<
	@echo "made    $@, $$(stat -c %s $@) bytes"

# The kernel maps a file by 64 KB at a time: what a start of the service, or a
# check, runs through lies together in the file, libc's part of it included, and
# ends with init_run() within the first 64 KB (test_counts.py). init.o comes last there:
# its large state would part libc's variables from ours.
FIRST = main cmd/cmd cmd/names cmd/run cmd/script cmd/tool_tini cmd/tool_init cmd/letter \
        base/relro base/err base/span base/buf base/parse \
        base/signame base/opt_table base/opt base/clock base/log sup/signals \
        sup/lifecycle sup/lifecycle_status sup/backoff sup/monitor sup/notify_inbox \
        sup/verdict sup/cgroup sup/cgroup_text sup/terminal sup/spawn sup/child sup/tree \
        sup/proc sup/fds sup/env sup/launch sup/keeper_start sup/keeper_signal \
        sup/keeper sup/nonce sup/local_socket net/loop net/addr net/ip net/sock \
        net/conn net/conn_state net/server
NEXT  = sup/checker sup/usage sup/notify sup/notify_sock sup/notify_sender net/http net/conn_ask net/proxy_header \
        net/h2 net/h2_block net/h2_stream net/h2_send net/h2_request net/h2_answer \
        net/h2_frame net/hpack net/huffman net/grpc net/grpc_health sup/services \
        client/check client/check_open client/check_http client/check_connect \
        client/check_why client/check_grpc client/grpc_reply \
        client/checkopt client/target client/argv client/url base/percent \
        client/redact client/exchange client/dial client/resolve \
        client/nameserver client/query client/request client/reply \
        client/program cmd/check cmd/targets cmd/run_checks cmd/supervisor \
        sup/local_client cmd/wait cmd/status cmd/get
ORDER = $(call objects,$(FIRST)) -lc $(call objects,sup/init) -lc \
        $(call objects,$(NEXT))

$B/hale.debug: $B/main.o $(PARTS) $(call objects,$(MALLOC)) $(TOOL)/bearssl.a scripts/layout.ld scripts/layout_packed.ld
	@echo "link    $@"
	$Q$(CC) $(CFLAGS) $(LINK) $(LAYOUT) $(HARDEN) -Wl,--build-id=none \
	    $(LDFLAGS) -o $@ $(ORDER) $(filter-out $(ORDER),$(PARTS)) \
	    $(call objects,$(MALLOC)) $(TOOL)/bearssl.a

$B/%.o: src/%.c $(READY)
	@mkdir -p $(@D)
	@echo "compile $<"
	$Q$(CC) $(OURS) $(LEAN) $(CFLAGS) -c -o $@ $<
$(call objects,$(MADE)): $B/%.o: $B/%.c
	@echo "compile $<"
	$Q$(CC) $(OURS) $(LEAN) $(CFLAGS) -c -o $@ $<

# -Oz makes a small constant by a push and a pop: at the end of spawn's large
# frame, where that is a page more for the start to touch.
$B/sup/spawn.o: private CFLAGS = -Os -g

# A function with "..." saves the vector registers for what might have come in
# them: here nothing does.
$(call objects,base/log base/buf get/failure): private CFLAGS += $(INT)

# Only tls/ can see BearSSL, and get/digest for its SHA-256.
$B/tls/%.o $B/unit/obj/tls/%.o $B/get/digest.o $B/unit/obj/get/digest.o: \
        OURS += -isystem $(TOOL)/bearssl/inc
$B/unit/test_tls%: private OURS += -isystem $(TOOL)/bearssl/inc
$B/unit/test_tls: private OURS += -isystem $(TOOL)/bearssl/inc
$B/unit/obj/fuzz/fuzz_tls_%.o: private OURS += -isystem $(TOOL)/bearssl/inc

# The trust anchors, from the roots in the tree and nothing of the machine's.
HOSTCC = gcc
ROOTS  = src/tls/roots.pem
$B/trust/anchors: scripts/anchors.c src/tls/x509.c src/tls/x509_key.c src/tls/x509_pss.c src/tls/dn.c \
        src/tls/pem.c src/tls/der.c src/base/buf.c src/base/span.c src/base/date.c \
        $(wildcard include/tls/*.h) | $(READY)
	@mkdir -p $(@D)
	$Q$(HOSTCC) -std=c11 -D_GNU_SOURCE -O1 -iquote include -o $@ $(filter %.c,$^)
$B/trust/roots.pem: FORCE
	@mkdir -p $(@D)
	@cmp -s $(ROOTS) $@ || cp $(ROOTS) $@
$B/tls/anchors_blob.c: $B/trust/anchors $B/trust/roots.pem
	@mkdir -p $(@D)
	$Q$^ >$@.part
	@mv $@.part $@

# What --license prints; MORE_LICENSES are files whose text follows ours.
MORE_LICENSES = src/tls/roots.license
$B/cmd/license.c: scripts/license.sh LICENSE $(MORE_LICENSES) $(READY)
	@mkdir -p $(@D)
	@scripts/license.sh LICENSE $(TOOL) $(MORE_LICENSES) >$@ || { rm -f $@; exit 1; }

# A new version or commit makes this object anew, and nothing else.
$B/cmd/cmd.o: OURS += -DHALE_VERSION='"$(VERSION)"' -DHALE_COMMIT='"$(COMMIT)"' \
        -DMUSL_VERSION='"$(call tool_version,musl)"' \
        -DBEARSSL_VERSION='"$(call tool_version,bearssl)"'
$B/cmd/cmd.o: $B/version $(READY)
$B/version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION) $(COMMIT)' | cmp -s - $@ || \
	    echo '$(VERSION) $(COMMIT)' >$@

# Each comes last of its tool and names the version: MUSL_VERSION = 1.2.5. The
# script pins it: another version there builds the tool and all that it makes.
tool_version = $(shell sed -n 's/.* = //p' $(TOOL)/$1.mk)
build$(FOLDER)/tool/musl.mk: scripts/musl.sh
	scripts/bootstrap build $(if $(CROSS),cross-$(firstword $(TARGET)))
	scripts/musl.sh $(@D) $(CROSS)
build$(FOLDER)/tool/bearssl.mk: scripts/bearssl.sh scripts/hidden.h build$(FOLDER)/tool/musl.mk
	scripts/bearssl.sh $(@D)
$(TOOL)/bearssl.a: $(TOOL)/bearssl.mk ;

layers: $(PARTS)
	@scripts/layers.sh $B $(ROOMS)

# The main job, in words.
demo: all
	@scripts/bootstrap demo
	@$(MAKE) --no-print-directory $B/helpers/service $B/helpers/probe
	@scripts/demo $B/hale $B/helpers

# A failure does not hide the next.
test:
	@IMAGES_TABLE=check scripts/test.sh '$(MAKE)' $B all helpers unit readme system+arches-short+images container

unit: | $(READY)
	@scripts/bootstrap $(if $(CROSS),cross-test-$(firstword $(TARGET)),test)
	@$(MAKE) --no-print-directory unit-run

.PHONY: unit-run
unit-run: $(UNITS)
	@bad=; for t in $(UNITS); do $(EMULATE) $$t || bad="$$bad $$t"; done; \
	    [ -z "$$bad" ] || { echo "failed:$$bad"; exit 1; }

# Units run with the machine's own compiler and libc: cmocka comes with those. For
# another machine they have musl, as hale does, and are static, so that the emulator
# needs no more than their file; only the kernel's headers are Debian's.
UNIT_CC     = $(if $(CROSS),$(CC),gcc)
UNIT_CFLAGS = -O1 -g
UNIT_MUSL   = $(if $(CROSS),-isystem $(TOOL)/cmocka -idirafter /usr/$(CROSS:-=)/include)
CMOCKA      = $(if $(CROSS),$(TOOL)/cmocka/libcmocka.a)
UNIT_LIBS   = $(if $(CROSS),-static $(CMOCKA),-lcmocka)
# What runs a program of another machine; an x86-64 runs those for i386 itself.
QEMU        = qemu-$(subst i686,i386,$(subst powerpc,ppc,$(firstword $(subst -, ,$(CROSS)))))-static
EMULATE     = $(if $(CROSS),$(if $(filter amd64.i386,$(firstword $(NATIVE)).$(firstword \
              $(TARGET))),,UNIT_EMULATED=1 $(QEMU)))
# With 32 bits musl's calls that take a time have other names, for times of 64: so have
# the options of --wrap then, and what a test defines for them.
rename      = -D__wrap_$1=__wrap_$2 -D__real_$1=__real_$2 $(subst --wrap=$1,--wrap=$2,$3)
widen       = $(if $(and $(CROSS),$(filter armhf i386,$(firstword $(TARGET)))),$(call rename,wait4,__wait4_time64,$(call \
              rename,timerfd_settime,__timerfd_settime64,$1)),$1)
build$(FOLDER)/tool/cmocka/libcmocka.a: scripts/cmocka.sh $(TOOL)/musl.mk
	scripts/cmocka.sh $(TOOL)
UNIT_PARTS  = $(patsubst %,$B/unit/obj/%.o,$(filter-out cmd/%,$(ROOMS)))
$B/unit/obj/%.o: src/%.c | $(READY)
	@mkdir -p $(@D)
	$Q$(UNIT_CC) $(OURS) $(UNIT_CFLAGS) -c -o $@ $<
$B/unit/obj/%.o: $B/%.c
	@mkdir -p $(@D)
	$Q$(UNIT_CC) $(OURS) $(UNIT_CFLAGS) -c -o $@ $<
# A test takes of it what it needs and nothing else.
$B/unit/parts.a: $(UNIT_PARTS)
	@rm -f $@
	$Qar -qc $@ $^
# cgroup.c's absolute paths are looked up in a folder of the test's.
$B/unit/test_cgroup: UNIT_LINK = -Wl,--wrap=open
$B/unit/test_last_end: UNIT_LINK = -Wl,--wrap=cgroup_oom_kills
$B/unit/test_trust: UNIT_LINK = -Wl,--wrap=access,--wrap=opendir
# Nobody gets a signal; another comes at the worst moment.
$B/unit/test_keeper $B/unit/test_signal_reader: UNIT_LINK = -Wl,--wrap=kill
$B/unit/test_signals: UNIT_LINK = -Wl,--wrap=syscall
# A CPU without instructions for AES.
$B/unit/test_tls_aead: UNIT_LINK = \
        -Wl,--wrap=br_aes_x86ni_ctr_get_vtable,--wrap=br_ghash_pclmul_get
# Nobody answers, and time is what poll() was asked to wait.
$B/unit/test_dial: UNIT_LINK = -Wl,--wrap=clock_ms,--wrap=clock_wait_ms \
        -Wl,--wrap=poll,--wrap=connect,--wrap=getsockopt,--wrap=close
# A scripted network in virtual time.
$B/unit/test_nameserver: UNIT_LINK = -Wl,--wrap=clock_ms,--wrap=clock_wait_ms \
        -Wl,--wrap=poll,--wrap=socket,--wrap=connect,--wrap=send,--wrap=recv \
        -Wl,--wrap=getsockopt,--wrap=getrandom
# Deadlines come when the test says so.
# A kernel without IPv6.
$B/unit/test_sock: UNIT_LINK = -Wl,--wrap=socket
# A listener that fails, and a peer that is not seen.
$B/unit/test_server: UNIT_FAILS = -Wl,--wrap=accept4,--wrap=getsockopt
$B/unit/test_loop $B/unit/test_server: \
        UNIT_LINK = $(UNIT_FAILS) -Wl,--wrap=clock_ms,--wrap=epoll_wait \
        -Wl,--wrap=timerfd_create,--wrap=timerfd_settime
$B/unit/test_monitor: UNIT_LINK = \
        -Wl,--wrap=clock_ms,--wrap=epoll_wait,--wrap=_Fork \
        -Wl,--wrap=cgroup_oom_kills,--wrap=notify_sock_read \
        -Wl,--wrap=timerfd_create,--wrap=timerfd_settime
# The trace's client keeps its private key to itself.
$B/unit/test_tls_traces: UNIT_LINK = -Wl,--wrap=br_rsa_private_get_default
# What fuzzing saved runs again, each target by a name of its own.
FUZZ_PARTS = $(patsubst tests/fuzz/%.c,$B/unit/obj/fuzz/%.o, \
        $(wildcard tests/fuzz/fuzz_*.c))
$B/unit/obj/fuzz/%.o: tests/fuzz/%.c | $(READY)
	@mkdir -p $(@D)
	$Q$(UNIT_CC) $(OURS) -DLLVMFuzzerTestOneInput=$* $(UNIT_CFLAGS) -c -o $@ $<
.SECONDARY: $(UNIT_PARTS) $(FUZZ_PARTS)
$B/unit/test_corpus: $(FUZZ_PARTS)
$B/unit/test_corpus: UNIT_MORE = $(FUZZ_PARTS)
# Signatures that were verified before are looked up.
$B/unit/test_corpus: UNIT_LINK = -Wl,--wrap=br_ecdsa_i31_vrfy_asn1
$B/unit/%: tests/unit/%.c $B/unit/parts.a $(TOOL)/bearssl.a $(CMOCKA)
	@mkdir -p $(@D)
	@echo "compile $<"
	$Q$(UNIT_CC) $(OURS) -Itests/unit $(UNIT_MUSL) $(UNIT_CFLAGS) $(call widen,$(UNIT_LINK)) -o $@ $< \
	    $(UNIT_MORE) $B/unit/parts.a $(TOOL)/bearssl.a $(UNIT_LIBS)

# The Nth of each of these calls fails; time runs faster.
WRAPPED = read write pwritev2 recv send accept4 epoll_ctl epoll_wait waitpid \
          wait4 poll signalfd epoll_create1 timerfd_create socket bind listen \
          setsockopt open _Fork spawn_shared pipe2 recvmsg clock_ms timerfd_settime
$B/fault/%: tests/fault/%.c $B/unit/parts.a $(TOOL)/bearssl.a $(CMOCKA)
	@mkdir -p $(@D)
	@echo "compile $<"
	$Q$(UNIT_CC) $(OURS) -Itests/unit $(UNIT_MUSL) $(UNIT_CFLAGS) \
	    $(call widen,$(patsubst %,-Wl$(comma)--wrap=%,$(WRAPPED))) -o $@ $< \
	    $B/unit/parts.a $(TOOL)/bearssl.a $(UNIT_LIBS)
comma = ,

helpers: $(TOOLS)
$B/helpers/%: tests/helpers/%.c $(READY)
	@mkdir -p $(@D)
	@echo "compile $<"
	$Qbuild$(FOLDER)/tool/bin/musl-gcc -std=c11 -D_GNU_SOURCE -Os -static -Wall -Wextra \
	    -o $@ $<

# If the newest curl cannot be had, it says why; the tests then use the system's alone.
system: all
	@scripts/bootstrap test
	@scripts/newcurl.sh build/newcurl || :
	@$(MAKE) --no-print-directory ARCH= helpers
	$(if $(CROSS),@scripts/bootstrap emulate; scripts/newer.sh build/newer || :)
	HALE_BIN=$B/hale $(if $(CROSS),tests/arches/emulate.py) $(PYTEST) tests/system

# hale for every other architecture, tested by qemu: all that it can do, or the most
# telling of it, in 3 minutes.
arches:
	@scripts/bootstrap build test emulate kernels
	@$(MAKE) --no-print-directory all helpers
	scripts/arches.sh '$(MAKE)' all
arches-short:
	@scripts/bootstrap build test emulate
	@$(MAKE) --no-print-directory helpers
	scripts/arches.sh '$(MAKE)' short

# The image builds its own hale; gcc is for a Go program that cgo makes dynamic.
container:
	@scripts/bootstrap build container test
	$(PYTEST) -rs tests/container

# What people build, on scratch with hale; a whole run writes the README's table.
images:
	@echo 'images: what people build, in an engine of its own: 4 minutes, perhaps 15 the first time'
	@scripts/bootstrap build container test
	$(PYTEST) -rs tests/images

# A kubelet and a control plane, built once; not in `make test`. What of tests/images
# runs there, test_80_images.py says.
SEEDS = $(shell sed -n 's/^    "\(.*\)": Seed.*/\1/p' tests/kubernetes/test_80_images.py) \
        auth postgres redis
kubernetes: all $B/app
	@scripts/kubernetes --build
	@scripts/images $(SEEDS)
	@$(call apart,kubernetes)

# Three engines as a swarm; not in `make test`.
swarm: all $B/app
	@scripts/swarm --build
	@$(call apart,swarm)

# Both: first what a run leaves behind; a table for the README only if that is nothing.
apart = bad=; export HALE_BIN=$B/hale APP_BIN=$B/app; \
	    $(PYTEST) --noconftest tests/$1/left.py || bad=1; \
	    APART_TABLE=$${bad:+no} scripts/$1 -v || bad=1; [ -z "$$bad" ]
$B/app: tests/lib/app.c $(READY)
	@echo "compile $<"
	$Qbuild$(FOLDER)/tool/bin/musl-gcc -std=c11 -D_GNU_SOURCE -Os -static -Wall -Wextra \
	    -o $@ $<

# The README's option lists are what --help prints.
readme: all
	scripts/readme.sh $B/hale README.md

# The same sources under ASan and UBSan, with the machine's libc.
dev:
	@scripts/bootstrap build test dev
	$(MAKE) --no-print-directory helpers
	$(MAKE) --no-print-directory dev-run B=build/dev TOOL=build/dev/tool \
	    CC=clang LEAN= LINK= LAYOUT= HARDEN= MALLOC= UNIT_CC=clang \
	    UNIT_CFLAGS='$(SANITIZE)' CFLAGS='$(SANITIZE)'

SANITIZE = -O1 -g -Werror -fsanitize=address,undefined \
           -fno-sanitize-recover=undefined -fno-omit-frame-pointer
# Its handlers of fault signals would hide what the service is to inherit, and
# its search for leaks needs a thread; hale allocates nothing that could leak.
ASAN  = ASAN_OPTIONS=handle_segv=0:handle_sigbus=0:handle_sigfpe=0:detect_leaks=0
.PHONY: dev-run
dev-run: unit-run $B/hale.debug layers
	$(ASAN) HALE_BIN=$B/hale.debug HALE_HELPERS=build$(FOLDER)/helpers \
	    $(PYTEST) -m 'not static_only' tests/system
build/dev/tool/bearssl.mk: scripts/bearssl.sh
	CC=clang CFLAGS='-O1 -g -fsanitize=address' scripts/bearssl.sh $(@D)
build/dev/tool/musl.mk:
	@mkdir -p $(@D)
	@echo 'MUSL_VERSION = none' >$@

lint: all
	@scripts/bootstrap lint test
	scripts/lint.sh $B $(OURS)

fuzz: $B/tls/anchors_blob.c | $(READY)
	@scripts/bootstrap dev test
	tests/fuzz/run.sh $B/fuzz \
	    $(patsubst %,src/%.c,$(filter-out cmd/% $(MADE),$(ROOMS))) $<

bench: all
	@scripts/bootstrap bench test
	@$(MAKE) --no-print-directory $(BENCH)
	@scripts/newcurl.sh build/newcurl || \
	    echo 'bench: going on with the curl of this system'
	/usr/bin/python3 tests/bench/bench.py $B/hale

$B/bench/%: tests/bench/%.c tests/bench/bench.h tests/bench/floor_loop.h $(READY)
	@mkdir -p $(@D)
	@echo "compile $<"
	$Q$(CC) -std=c11 -D_GNU_SOURCE -Os -Wall -Wextra $(LINK) \
	    -Wl,-z,noseparate-code $(HARDEN) -s -o $@ $<

repro:
	scripts/repro.sh

# Mozilla's set of the day, or SOURCE's: see scripts/roots.
roots:
	scripts/roots $(SOURCE)

image:
	@scripts/bootstrap container
	VERSION=$(VERSION) scripts/image

install: all
	install -D -m 755 $B/hale $(DESTDIR)$(PREFIX)/bin/hale

# As `hale --install-names` does it, which a hale for another machine could not: all
# names but sh, nothing overwritten, links that DESTDIR does not get into.
NAMES = $(shell sed -n '/TOOL_SH/d;s/^\tNAME."\([^"]*\)",.*/\1/p' src/cmd/names.c)
names:
	@echo $(NAMES)
install-names: install
	@cd $(DESTDIR)$(PREFIX)/bin && for n in $(NAMES); do \
	    [ "$$(readlink $$n)" = hale ] || { [ ! -e $$n ] && [ ! -L $$n ]; } || \
	    { echo "install-names: $$PWD/$$n exists already" >&2; exit 1; }; done
	cd $(DESTDIR)$(PREFIX)/bin && for n in $(NAMES); do \
	    [ -L $$n ] || ln -s hale $$n; done

clean:
	@[ -z "$(wildcard build/engine build/engine-*)" ] || scripts/engine stop all
	@mkdir -p build
	@find build -mindepth 1 -maxdepth 1 ! -name src ! -name tool ! -name kernels \
	    ! -name kubernetes | while read -r at; do \
	    if [ -d "$$at/tool" ]; then find "$$at" -mindepth 1 -maxdepth 1 ! -name tool -exec rm -rf {} +; \
	    else rm -rf "$$at"; fi; done

help:
	@echo 'make            build/hale, the static binary'
	@echo 'make ARCH=arm64 build/arm64/hale, by a cross compiler; scripts/arch.sh lists which there are'
	@echo 'make demo       the main job on a real service, in words'
	@echo 'make test       every test that this machine can run'
	@echo 'make unit       cmocka, pure modules       make system     pytest, hale as PID 1'
	@echo 'make arches     hale for every other architecture, tested by qemu (over an hour)'
	@echo 'make container  a real Docker engine       make dev        both under sanitizers'
	@echo 'make images     what people build, on scratch with hale (4 minutes, first 15); the README table'
	@echo 'make kubernetes a real kubelet and API server, built once (3 minutes); the README table'
	@echo 'make swarm      three Docker engines, a swarm under load (5 minutes); the README table'
	@echo 'make lint       style, clang-tidy, cppcheck, gcc -fanalyzer, shellcheck'
	@echo 'make fuzz       libFuzzer on the parsers   make bench      measured against peers'
	@echo 'make repro      two folders, equal bytes   make image      hale and hale-base images'
	@echo "make roots      Mozilla's roots anew        make install    to PREFIX ($(PREFIX))"
	@echo "make install-names            install, and links of other tools' names"
	@echo 'make clean      all but fetched sources, built toolchains, Kubernetes and kernels'

-include $(wildcard $B/*.d $B/*/*.d $B/unit/obj/*/*.d)
