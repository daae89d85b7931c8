# `make demo` shows windows being counted; `make test` runs every check. Both
# install what is missing (Debian packages, parts of the Rust toolchain) or say
# what to install. Neither needs anything else to have been run before.

PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo
# Connectors beside the lean tools: all, none, or names as 'kafka mqtt'. All are built
# and tested unless this says otherwise, and none is shown.
CONNECT ?= $(if $(filter demo,$(MAKECMDGOALS)),none,all)
# How long `make fuzz` searches, in seconds.
FUZZ_SECONDS ?= 600
# How often `make torture` kills a pipeline.
ROUNDS ?= 300
# Where the cases of property tests come from, so that `make test` says the same of the same
# tree each time; `make torture` draws others, more of them, each time.
SEED ?= 20261128
CASES ?= 4096

TARGET := $(or $(CARGO_TARGET_DIR),target)
# What connectors share is no connector.
SHARED := aws rpc tables testkit tls
ALL_CONNECTORS := $(filter-out $(SHARED),$(patsubst connect/%/Cargo.toml,%,$(wildcard connect/*/Cargo.toml)))
CONNECTORS := $(if $(filter all,$(CONNECT)),$(ALL_CONNECTORS),$(filter-out none,$(CONNECT)))
UNKNOWN := $(filter-out $(ALL_CONNECTORS),$(CONNECTORS))
ifneq ($(UNKNOWN),)
$(error CONNECT: there is no connector $(UNKNOWN): there are $(ALL_CONNECTORS))
endif
# What cargo is to build: the lean tools, and each connector's crate.
PACKAGES := --package sstream $(CONNECTORS:%=--package sstream-%)
TOOLS := $(patsubst src/bin/%.rs,%,$(wildcard src/bin/*.rs)) \
  $(foreach name,$(CONNECTORS),$(patsubst connect/$(name)/src/bin/%.rs,%,$(wildcard connect/$(name)/src/bin/*.rs)))
# What is installed beside them.
DOCUMENTED := . $(CONNECTORS:%=connect/%)
PAGES := $(foreach place,$(DOCUMENTED),$(wildcard $(place)/man/*.[17]))
SHARE := $(DESTDIR)$(PREFIX)/share
# The driver that `make spark` makes, which is installed if it is there.
JAR := target/spark/sstream-spark.jar

.PHONY: help build spark demo test format-check lint rustdoc unit install uninstall deb docs bench fuzz torture clean

help:
	@echo 'make demo       build, and count windows over a sample log sent through nc; with CONNECT=kafka'
	@echo '                what that connector has to show, with a real server, fetched and started for it'
	@echo 'make test       every check: format, lints, documentation, tests'
	@echo 'make build      the tools, in $(TARGET)/release'
	@echo 'make install    tools, man pages and completions (PREFIX=$(PREFIX), DESTDIR)'
	@echo 'make deb        a Debian package of what make install installs, in $(TARGET)/deb'
	@echo 'make spark      the driver of sstream-submit, $(JAR), with Maven'
	@echo 'make docs       write man/ and completions/ anew from the command line definitions'
	@echo 'make bench      the benchmarks; raw results go to benches/results/'
	@echo 'make torture    fault tests in full: a pipeline killed ROUNDS=$(ROUNDS) times, CASES=$(CASES) new'
	@echo '                random cases of each property, and more'
	@echo 'make fuzz       fuzz the reader of the stream format for FUZZ_SECONDS=$(FUZZ_SECONDS)'
	@echo
	@echo "Connectors: build, install, test and demo take CONNECT=all|none|'NAME …', of: $(ALL_CONNECTORS)"

build:
	@CONNECTORS='$(CONNECTORS)' scripts/setup build
	$(CARGO) build --locked --release --bins $(PACKAGES)

# For tests/spark it is built too, with a Spark to run it. SPARK=4 is of Spark 4.
spark:
	@scripts/setup spark
	mvn -q -B -f spark/pom.xml $(if $(filter 4%,$(SPARK)),-Pspark4) package

demo:
	@CONNECTORS='$(CONNECTORS)' scripts/setup demo
	$(CARGO) build --locked --release --bins $(PACKAGES)
	@PATH="$(abspath $(TARGET))/release:$$PATH"; export PATH; \
	  set -e; for demo in $(if $(CONNECTORS),$(wildcard $(CONNECTORS:%=connect/%/examples/demo)),examples/demo); do $$demo; done

# In this order: what fails most often fails first.
test:
	@CONNECTORS='$(CONNECTORS)' scripts/setup test
	$(MAKE) --no-print-directory format-check lint unit rustdoc

format-check:
	$(CARGO) fmt --all --check

lint:
	$(CARGO) clippy --locked --all-targets $(PACKAGES) $(SHARED:%=--package sstream-%) -- -D warnings

unit:
	PROPTEST_RNG_SEED=$(SEED) $(CARGO) test --locked $(PACKAGES) $(SHARED:%=--package sstream-%) --no-fail-fast --lib --bins --test '*'
	$(CARGO) test --locked $(PACKAGES) $(SHARED:%=--package sstream-%) --no-fail-fast --doc

rustdoc:
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked $(PACKAGES) $(SHARED:%=--package sstream-%) --no-deps --lib --document-private-items --quiet

install: build
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/man/man1 $(SHARE)/man/man7 \
	  $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	install -m 755 $(TOOLS:%=$(TARGET)/release/%) $(DESTDIR)$(PREFIX)/bin
	for page in $(PAGES); do install -m 644 $$page $(SHARE)/man/man$${page##*.}; done
	install -m 644 $(DOCUMENTED:%=%/completions/bash/*) $(SHARE)/bash-completion/completions
	install -m 644 $(DOCUMENTED:%=%/completions/zsh/*) $(SHARE)/zsh/site-functions
	install -m 644 $(DOCUMENTED:%=%/completions/fish/*) $(SHARE)/fish/vendor_completions.d
	[ ! -e $(JAR) ] || install -D -m 644 $(JAR) $(SHARE)/sstream/$(notdir $(JAR))
	[ ! -e $(JAR) ] || install -D -m 644 -t $(SHARE)/sstream/sstream-spark-kafka $(JAR:%.jar=%-kafka)/*.jar

uninstall:
	rm -f $(TOOLS:%=$(DESTDIR)$(PREFIX)/bin/%)
	for page in $(PAGES); do rm -f $(SHARE)/man/man$${page##*.}/$${page##*/}; done
	rm -f $(TOOLS:%=$(SHARE)/bash-completion/completions/%) $(TOOLS:%=$(SHARE)/zsh/site-functions/_%) \
	  $(TOOLS:%=$(SHARE)/fish/vendor_completions.d/%.fish) $(SHARE)/sstream/$(notdir $(JAR))
	rm -rf $(SHARE)/sstream/sstream-spark-kafka

deb:
	rm -rf $(TARGET)/deb
	$(MAKE) --no-print-directory install DESTDIR=$(abspath $(TARGET))/deb/root PREFIX=/usr
	scripts/deb $(TARGET)/deb/root $(TARGET)/deb
	rm -rf $(TARGET)/deb/root

docs:
	UPDATE=1 $(CARGO) test --locked --workspace --test '*' man_pages_and_completions

bench:
	@CONNECTORS='$(CONNECTORS)' scripts/setup bench
	$(CARGO) build --locked --release --bins --examples $(PACKAGES)
	PATH="$(abspath $(TARGET))/release:$$PATH" benches/bench

fuzz:
	@scripts/setup fuzz
	cd fuzz && mkdir -p corpus/frame_reader && \
	  $(CARGO) +nightly fuzz run frame_reader corpus/frame_reader seeds -- -dict=dictionary -max_total_time=$(FUZZ_SECONDS)

# The tests of checkpoints in memory take every call and every byte here, where
# `make test` takes some of them.
torture:
	@scripts/setup test
	PROPTEST_CASES=$(CASES) $(CARGO) test --locked --lib
	SSTREAM_TORTURE=1 $(CARGO) test --locked --lib checkpoint::tests
	SSTREAM_TORTURE=1 ROUNDS=$(ROUNDS) $(CARGO) test --locked --test torture -- --nocapture --test-threads 1

clean:
	$(CARGO) clean
