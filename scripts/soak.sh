#!/usr/bin/env bash
# Everything at once for a quarter of an hour (REELGRAPH_SOAK_SECONDS): kills, full disks, held databases, hung children; the last lines say what was kept.
cd "$(dirname "$0")/.."
. scripts/setup.sh

set_up tests
export REELGRAPH_SOAK_SECONDS=${REELGRAPH_SOAK_SECONDS:-900}
compile "the soak" test --no-run --release --features=bindgen --test integration
say "soaking for $REELGRAPH_SOAK_SECONDS seconds"
cargo test --quiet --locked --release --features=bindgen --test integration -- --exact soak::whatever_happens_every_promise_is_kept --nocapture
