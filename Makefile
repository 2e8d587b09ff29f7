# The commands. Each installs what is missing first, and says what it installs.

.PHONY: run test soak build dev release

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

dev:
	@scripts/dev.sh
