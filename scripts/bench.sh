#!/usr/bin/env bash
# What the server costs, beside the machine's limits in the same run: make bench, or make bench ONLY="download stitch".
# PROGRAMS="before=PATH after=PATH" compares programs; PERF_SCALE=0.05 tries it out in seconds.
cd "$(dirname "$0")/.."
. scripts/setup.sh

# nginx lies where only root's PATH leads.
export PATH=$PATH:/usr/sbin
lacking=""
for tool in nginx wrk openssl curl perl; do have "$tool" || lacking="$lacking $tool"; done
# Not installed from here: nginx' package starts a server.
[ -z "$lacking" ] || die "the limits are measured by other programs:$lacking; install them and run this again"
[ -n "${PROGRAMS:-}" ] || scripts/build.sh dist
set_up tests
say "measuring (an hour; the hour of mixed work takes two more)"
cd end2end
# shellcheck disable=SC2086
exec npx playwright test -c perf.config.ts ${ONLY:-}
