# The four commands. Each installs what is missing first, and says what it installs.

.PHONY: run test build dev

run: build
	@exec target/release/reelgraph serve

build:
	@scripts/build.sh

test:
	@scripts/test.sh

dev:
	@scripts/dev.sh
