#!/usr/bin/env bash
# Builds what is missing and serves. A busy port is told before anything is built.
cd "$(dirname "$0")/.."
. scripts/console.sh

address=${LEPTOS_SITE_ADDR:-127.0.0.1:3000}
host=${address%:*}; host=${host#[}; host=${host%]}
if (: <>"/dev/tcp/$host/${address##*:}") 2>/dev/null; then
  die "something listens on $address already, perhaps another Reelgraph; stop it, or choose another: LEPTOS_SITE_ADDR=127.0.0.1:3001 make run"
fi
scripts/build.sh
exec target/release/reelgraph serve
