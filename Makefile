# The commands. Each installs what is missing first, and says what it installs.

.PHONY: run test soak bench build dev release

run:
	@exec scripts/run.sh

build:
	@scripts/build.sh

release:
	@scripts/release.sh

test:
	@scripts/test.sh

soak:
	@scripts/soak.sh

bench:
	@scripts/bench.sh

dev:
	@scripts/dev.sh
