#!/usr/bin/env bash
# Every test: form, lints of both halves, unit and integration tests, the release build, the API's document, the browser. The last line counts.
cd "$(dirname "$0")/.."
. scripts/setup.sh

set_up tests
need_crate cargo-deny cargo-deny "$CARGO_DENY_VERSION" "five minutes" --locked
need_crate cargo-machete cargo-machete "$CARGO_MACHETE_VERSION" "two minutes" --locked
need_venv lint -r tests/lint/requirements.txt
need_venv api -r tests/api/requirements.txt
# The last that needs a network.
patiently "downloading the crates (a minute at most)" cargo fetch --locked

log=$(mktemp) api_log=$(mktemp) browser_log=$(mktemp)

say "checking the format"
cargo fmt --check
say "checking licences, sources and bans of dependencies, and that each is used"
cargo deny --log-level error --offline check bans licenses sources
cargo machete --skip-target-dir
say "checking the container's files and the workflows of the forge"
"$TOOLS/lint/bin/hadolint" packaging/Dockerfile
"$TOOLS/lint/bin/check-jsonschema" --builtin-schema vendor.compose-spec packaging/compose.yaml
"$TOOLS/lint/bin/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml

features=--features=bindgen
# Lints read what is compiled for them alone: a check of each crate.
lint_server() { compile "lints of the server" clippy --release --all-targets $features -- -D warnings; }
lint_browser() { compile "lints of the browser's half" clippy --profile $BROWSER_PROFILE --lib --target=$WASM_TARGET --no-default-features --features=hydrate -- -D warnings; }
say "linting the server and the browser's half (three minutes where nothing is compiled yet)"
side_by_side lint_server lint_browser

# Unit tests are a build of our crate for themselves: not optimised it takes a tenth of the time. The integration tests drive what ships.
unit="--lib --config profile.release.package.reelgraph.opt-level=0"
if have cargo-nextest; then
  # Each waits for processes and clocks a third of its time.
  at_once=$(($(getconf _NPROCESSORS_ONLN) + 1))
  tests() { cargo nextest run --test-threads $at_once --locked --cargo-profile release $features --no-fail-fast "$@" 2>&1 | tee -a "$log"; }
  count_tests() { sed -n 's/.*Summary .* \([0-9][0-9]*\) passed.*/\1/p' "$log" | awk '{ n += $1 } END { print n }'; }
else
  tests() { cargo test --quiet --locked --release $features --no-fail-fast "$@" 2>&1 | tee -a "$log"; }
  count_tests() { sed -n 's/^test result: ok\. \([0-9]*\) passed.*/\1/p' "$log" | awk '{ n += $1 } END { print n }'; }
fi
rust_tests() {
  local failed=0
  tests $unit || failed=1
  tests --test integration || failed=1
  return $failed
}
# The compiler reads our crate on one core for minutes: the browser's half uses the other meanwhile.
compile_tests() {
  compile "the unit tests" test --no-run --release $features $unit
  compile "the integration tests" test --no-run --release $features --test integration
}
say "compiling the unit and integration tests and the browser's half (ten minutes where nothing is compiled yet)"
side_by_side compile_tests build_browser
say "running them, and building the release beside them (four minutes)"
side_by_side rust_tests scripts/build.sh
rust=$(count_tests)

# Others' tools read the API's document, call what it describes, and make a client of it. They and the browser pay the providers' doubles.
compile "the providers' doubles" build --release $features --example=provider-double
cp "$CARGO_TARGET_DIR/release/examples/provider-double" target/release/provider-double.new && mv target/release/provider-double.new target/release/provider-double
api_tests() {
  (cd end2end && REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npm run --silent lint-api)
  "$TOOLS/api/bin/python" -m pytest tests/api -q -p no:cacheprovider 2>&1 | tee "$api_log"
}
browser_tests() { (cd end2end && npx playwright test) 2>&1 | tee "$browser_log"; }
say "testing the API by its document, and the page in the browser (five minutes)"
side_by_side api_tests browser_tests
api=$(sed -n 's/.*[^0-9]\([0-9][0-9]*\) passed.*/\1/p; s/^\([0-9][0-9]*\) passed.*/\1/p' "$api_log" | tail -n 1)
browser=$(sed -n 's/^ *\([0-9][0-9]*\) passed.*/\1/p' "$browser_log" | tail -n 1)

rm -f "$log" "$api_log" "$browser_log"
echo "$((${rust:-0} + ${api:-0} + ${browser:-0})) passed, 0 failed"
