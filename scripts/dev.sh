#!/usr/bin/env bash
# Live reload.
cd "$(dirname "$0")/.."
. scripts/setup.sh

set_up dev
exec cargo leptos watch --split
