#!/usr/bin/env bash
# Live reload.
cd "$(dirname "$0")/.."
. scripts/setup.sh

need_rust
need_ffmpeg
need_wasm_bindgen
need_packers
need_cargo_leptos
exec cargo leptos watch --split
