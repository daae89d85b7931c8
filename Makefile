# `make demo` shows windows being counted; `make test` runs every check. Both
# install what is missing (Debian packages, parts of the Rust toolchain) or say
# what to install. Neither needs anything else to have been run before.

PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo
# Cargo features of the tools; `make build FEATURES=` does without Kafka.
FEATURES ?= kafka
# How long `make fuzz` searches, in seconds.
FUZZ_SECONDS ?= 600
# How often `make torture` kills a pipeline.
ROUNDS ?= 300

TARGET := $(or $(CARGO_TARGET_DIR),target)
TOOLS := $(patsubst src/bin/%.rs,%,$(wildcard src/bin/*.rs))
CARGO_FEATURES := $(if $(FEATURES),--features $(FEATURES))
SHARE := $(DESTDIR)$(PREFIX)/share

.PHONY: help build demo demo-kafka test format-check lint rustdoc unit install uninstall docs bench fuzz torture clean

help:
	@echo 'make demo       build, and count windows over a sample log sent through nc'
	@echo 'make demo-kafka the same with a real Kafka, fetched and started for it (needs Java and Maven)'
	@echo 'make test       every check: format, lints, documentation, tests'
	@echo 'make build      the tools, in $(TARGET)/release'
	@echo 'make install    tools, man pages and completions (PREFIX=$(PREFIX), DESTDIR)'
	@echo 'make docs       write man/ and completions/ anew from the command line definitions'
	@echo 'make bench      the benchmarks; raw results go to benches/results/'
	@echo 'make torture    fault tests in full: a pipeline killed ROUNDS=$(ROUNDS) times, and more'
	@echo 'make fuzz       fuzz the reader of the stream format for FUZZ_SECONDS=$(FUZZ_SECONDS)'

build:
	@FEATURES='$(FEATURES)' scripts/setup build
	$(CARGO) build --locked --release --bins $(CARGO_FEATURES)

demo:
	@scripts/setup demo
	$(CARGO) build --locked --release --bins
	@PATH="$(abspath $(TARGET))/release:$$PATH" examples/demo

demo-kafka:
	@FEATURES=kafka scripts/setup demo-kafka
	$(CARGO) build --locked --release --bins --features kafka
	@PATH="$(abspath $(TARGET))/release:$$PATH" examples/kafka/demo

# In this order: what fails most often fails first.
test:
	@FEATURES='$(FEATURES)' scripts/setup test
	$(MAKE) --no-print-directory format-check lint unit rustdoc

format-check:
	$(CARGO) fmt --check

lint:
	$(CARGO) clippy --locked --all-targets $(CARGO_FEATURES) -- -D warnings

unit:
	$(CARGO) test --locked $(CARGO_FEATURES) --no-fail-fast --lib --test '*'
	$(CARGO) test --locked $(CARGO_FEATURES) --doc

rustdoc:
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked $(CARGO_FEATURES) --no-deps --lib --quiet

install: build
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/man/man1 $(SHARE)/man/man7 \
	  $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	install -m 755 $(TOOLS:%=$(TARGET)/release/%) $(DESTDIR)$(PREFIX)/bin
	for page in man/*.[17]; do install -m 644 $$page $(SHARE)/man/man$${page##*.}; done
	install -m 644 completions/bash/* $(SHARE)/bash-completion/completions
	install -m 644 completions/zsh/* $(SHARE)/zsh/site-functions
	install -m 644 completions/fish/* $(SHARE)/fish/vendor_completions.d

uninstall:
	rm -f $(TOOLS:%=$(DESTDIR)$(PREFIX)/bin/%)
	for page in man/*.[17]; do rm -f $(SHARE)/man/man$${page##*.}/$${page##*/}; done
	rm -f $(TOOLS:%=$(SHARE)/bash-completion/completions/%) $(TOOLS:%=$(SHARE)/zsh/site-functions/_%) \
	  $(TOOLS:%=$(SHARE)/fish/vendor_completions.d/%.fish)

docs:
	UPDATE=1 $(CARGO) test --locked --test docs man_pages_and_completions

bench:
	@FEATURES='$(FEATURES)' scripts/setup bench
	$(CARGO) build --locked --release --bins --examples $(CARGO_FEATURES)
	PATH="$(abspath $(TARGET))/release:$$PATH" benches/bench

fuzz:
	@scripts/setup fuzz
	cd fuzz && mkdir -p corpus/frame_reader && \
	  $(CARGO) +nightly fuzz run frame_reader corpus/frame_reader seeds -- -dict=dictionary -max_total_time=$(FUZZ_SECONDS)

# The tests of checkpoints in memory take every call and every byte here, where
# `make test` takes some of them.
torture:
	@scripts/setup test
	SSTREAM_TORTURE=1 $(CARGO) test --locked $(CARGO_FEATURES) --lib checkpoint::tests
	SSTREAM_TORTURE=1 ROUNDS=$(ROUNDS) $(CARGO) test --locked $(CARGO_FEATURES) --test torture -- --nocapture --test-threads 1

clean:
	$(CARGO) clean
