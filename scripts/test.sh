#!/usr/bin/env bash
# Every test: format, lints of both halves, unit and integration tests, the release build, the browser. The last line counts.
cd "$(dirname "$0")/.."
. scripts/setup.sh

need_rust
need_ffmpeg
need_node
need_end2end_packages
need_browser

log=$(mktemp); trap 'rm -f "$log"' EXIT

say "checking the format"
# Debian's Rust has no rustfmt; rustup's own does.
env -u RUSTUP_TOOLCHAIN cargo fmt --check
say "linting the server and the browser's half"
side_by_side \
  "cargo clippy --quiet --locked --release --all-targets --features ssr,bindgen -- -D warnings" \
  "cargo clippy --quiet --locked --profile wasm-release --lib --target $WASM_TARGET --features hydrate -- -D warnings"
if have cargo-deny; then
  say "checking licences and sources of dependencies"
  cargo deny --log-level error check bans licenses sources
fi

say "compiling the unit and integration tests"
if have cargo-nextest; then
  cargo nextest run --no-run --locked --cargo-profile release --features ssr,bindgen
  rust_tests() { cargo nextest run --locked --cargo-profile release --features ssr,bindgen --no-fail-fast 2>&1 | tee "$log"; }
else
  cargo test --no-run --locked --release --features ssr,bindgen
  rust_tests() { cargo test --quiet --locked --release --features ssr,bindgen --no-fail-fast 2>&1 | tee "$log"; }
fi
# The tests wait for processes much of the time, and the browser's half is linked on one core.
say "running them, and building the release beside them"
side_by_side rust_tests scripts/build.sh
if have cargo-nextest; then rust=$(sed -n 's/.*Summary .* \([0-9][0-9]*\) passed.*/\1/p' "$log" | tail -n 1)
else rust=$(sed -n 's/^test result: ok\. \([0-9]*\) passed.*/\1/p' "$log" | awk '{ n += $1 } END { print n }'); fi

# The browser tests pay the providers' doubles.
cargo build --quiet --locked --release --features ssr,bindgen --bin provider-double
cp "$CARGO_TARGET_DIR/release/provider-double" target/release/

say "running the browser tests"
(cd end2end && npx playwright test) 2>&1 | tee "$log"
browser=$(sed -n 's/^ *\([0-9][0-9]*\) passed.*/\1/p' "$log" | tail -n 1)

echo "$((${rust:-0} + ${browser:-0})) passed, 0 failed"
