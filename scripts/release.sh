#!/usr/bin/env bash
# One archive for those who do not compile: program, browser's files, licences of third parties, systemd unit and settings,
# in target/dist, with its checksum. Built on Debian 12 it runs where glibc is 2.36 or newer.
cd "$(dirname "$0")/.."
. scripts/setup.sh

scripts/build.sh dist
set_up build
# Unoptimised it compares the texts of licences for eight minutes.
TOOL_LEVEL=2 need_crate cargo-about cargo-about "$CARGO_ABOUT_VERSION" "two minutes" --locked --features cli

version=$(sed -n '/^version = /{s/.*"\(.*\)"/\1/p;q;}' Cargo.toml)
name=reelgraph-$version-$(uname -m)-$(uname -s | tr '[:upper:]' '[:lower:]')
folder=target/dist/$name
rm -rf "$folder"; mkdir -p "$folder"
cp -R target/dist/reelgraph target/site LICENSE packaging/reelgraph.service packaging/reelgraph.env "$folder/"
rm "$folder/site/.stamp"
patiently "gathering the licences of third parties (one to three minutes)" \
  cargo about generate --locked --offline --features hydrate --config packaging/licences.toml --output-file "$folder/LICENSES-THIRD-PARTY.txt" packaging/licences.hbs ||
  die "the licences could not be gathered; what cargo-about says stands above"

archive=$name.tar.gz
# In the order of names, of nobody, at the time of the commit: the same build gives the same archive.
(
  cd target/dist
  find "$name" -type f | LC_ALL=C sort >"$archive.files"
  if tar --version 2>/dev/null | grep -q GNU; then
    tar --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct 2>/dev/null || echo 0)" -cf - -T "$archive.files" | gzip -9 -n >"$archive"
  else tar -cf - -T "$archive.files" | gzip -9 -n >"$archive"; fi
  rm "$archive.files"
  { sha256sum "$archive" 2>/dev/null || shasum -a 256 "$archive"; } >SHA256SUMS
)
rm -rf "$folder"
if have objdump; then
  needs=$(objdump -T target/dist/reelgraph 2>/dev/null | sed -n 's/.*GLIBC_\([0-9.]*\)).*/\1/p' | sort -uV | tail -n 1 || true)
  [ -z "$needs" ] || say "it runs where glibc is $needs or newer"
fi
say "made target/dist/$archive ($(($(wc -c <"target/dist/$archive") / 1000000)) MB) and target/dist/SHA256SUMS"
