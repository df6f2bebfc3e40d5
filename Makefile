# SPDX-License-Identifier: GPL-2.0
# "make help" lists the targets.

KDIR ?= /lib/modules/$(shell uname -r)/build

.PHONY: help all modules host install modules_install check unit demo bench lint fuzz clean

help:
	@echo 'make demo               boot a kernel in QEMU and debug it; INTERACTIVE=1 for a gdb prompt;'
	@echo '                        TRANSPORT=usb for two machines with USB serial adapters'
	@echo 'make check              set up what is needed and run every test'
	@echo 'make bench              measure against kgdboc and QEMU, BENCH_ROUNDS (5) times; or PROFILE=1'
	@echo 'make unit               the unit tests alone, in seconds'
	@echo 'make modules KDIR=DIR   build kgdb_io.ko for the kernel built in DIR'
	@echo 'make modules_install    install it there (as root); or use dkms.conf'
	@echo 'make host               build host/kgdb-io'
	@echo 'make install            install kgdb-io, man page, completion, udev rule (PREFIX, DESTDIR)'
	@echo 'make lint               checkpatch, sparse, cppcheck, shellcheck'
	@echo 'make fuzz               fuzz RSP codec, session, proxy and USB descriptors for FUZZ_SECONDS (60)'
	@echo 'make clean'

all: modules host

# What a kernel build says of itself; empty where KDIR is no build directory.
kernel_config = $(KDIR)/include/config/auto.conf

modules:
	@test -r '$(kernel_config)' || { \
	  echo 'KDIR=$(KDIR) is not the build directory of a configured kernel:' \
	       'give one, or install the headers of the running kernel' \
	       '(Debian: apt-get install linux-headers-$$(uname -r))' >&2; exit 1; }
	@grep -q '^CONFIG_KGDB=y' '$(kernel_config)' || { \
	  echo 'The kernel in KDIR=$(KDIR) has CONFIG_KGDB off, so it cannot be debugged:' \
	       'set CONFIG_KGDB=y there and build it again' >&2; exit 1; }
	$(MAKE) -C '$(KDIR)' M='$(CURDIR)' modules

modules_install: modules
	$(MAKE) -C '$(KDIR)' M='$(CURDIR)' modules_install

host:
	$(MAKE) -C host

install: host
	$(MAKE) -C host install

demo:
	scripts/setup.sh build kernel vm
	@$(MAKE) -s host
	@scripts/demo.py

check:
	@scripts/check.sh

bench:
	@scripts/setup.sh build kernel vm bench
	@$(MAKE) -s host
	@tests/bench/bench.py

unit:
	$(MAKE) -C tests/unit check

lint:
	@scripts/lint.sh

fuzz:
	@scripts/setup.sh build fuzz
	$(MAKE) -C tests/fuzz fuzz

clean:
	-test ! -r '$(kernel_config)' || $(MAKE) -C '$(KDIR)' M='$(CURDIR)' clean
	find module common -name '*.o' -delete -o -name '.*.cmd' -delete
	$(MAKE) -C host clean
	rm -rf build
