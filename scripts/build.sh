#!/usr/bin/env bash
# The release: the server as target/release/reelgraph, the browser's files in target/site, named by content and compressed.
# cargo-leptos would do the same from one command, but takes longer to build than the product.
cd "$(dirname "$0")/.."
. scripts/setup.sh

need_rust
need_ffmpeg
need_wasm_opt
have brotli || install_packages "compresses the browser's files" brotli

profile=wasm-release
say "building the server and the browser's half"
# The browser's as a cdylib alone: with an rlib beside it cargo skips link-time optimisation without a word.
side_by_side \
  "cargo build --quiet --release --locked --features ssr,bindgen --bin reelgraph --bin bindgen" \
  "cargo rustc --quiet --locked --lib --crate-type cdylib --profile $profile --features hydrate --target $WASM_TARGET"
mkdir -p target/release
# A running server keeps its file: replace, do not overwrite.
cmp -s "$CARGO_TARGET_DIR/release/reelgraph" target/release/reelgraph ||
  { cp "$CARGO_TARGET_DIR/release/reelgraph" target/release/reelgraph.new && mv target/release/reelgraph.new target/release/reelgraph; }

wasm=$CARGO_TARGET_DIR/$WASM_TARGET/$profile/reelgraph.wasm
stamp=$(cat "$wasm" style/*.css scripts/build.sh <(find public -type f -print0 | sort -z | xargs -0 cat) | cksum)
if [ "$(cat target/site/.stamp 2>/dev/null)" = "$stamp" ]; then say "target/release/reelgraph and target/site are up to date"; exit 0; fi

say "packing the browser's files"
site=target/site.new
rm -rf $site; mkdir -p $site/pkg
cp -R public/. $site/
"$CARGO_TARGET_DIR/release/bindgen" "$wasm" $site/pkg
# No --all-features: wasm-opt would then write imports that browsers refuse; the file names its own features.
# Smallest over the wire: by name, functions that are alike lie side by side for the compressor; -Oz makes a smaller file that compresses worse.
if have wasm-opt; then wasm-opt -O2 --reorder-functions-by-name $site/pkg/reelgraph_bg.wasm -o $site/pkg/reelgraph.wasm; rm $site/pkg/reelgraph_bg.wasm
else mv $site/pkg/reelgraph_bg.wasm $site/pkg/reelgraph.wasm; fi

# main.css imports each file into a layer; the browser gets them as one file in the same order.
{
  sed -n '/^@layer/p' style/main.css
  sed -n 's/^@import "\([^"]*\)" layer(\([^)]*\));.*/\1 \2/p' style/main.css | while read -r file layer; do
    printf '@layer %s {\n' "$layer"; cat "style/$file"; printf '}\n'
  done
} >$site/pkg/reelgraph.css

digest() { { sha256sum "$1" 2>/dev/null || shasum -a 256 "$1"; } | cut -c1-16; }
: >$site/hash.txt
for kind in js wasm css; do
  hash=$(digest $site/pkg/reelgraph.$kind)
  mv $site/pkg/reelgraph.$kind "$site/pkg/reelgraph.$hash.$kind"
  echo "$kind: $hash" >>$site/hash.txt
done
find $site -type f \( -name '*.js' -o -name '*.wasm' -o -name '*.css' -o -name '*.svg' \) | while read -r file; do
  gzip -9 -k -n "$file"
  brotli -q 11 -k "$file"
done
echo "$stamp" >$site/.stamp
rm -rf target/site; mv $site target/site
say "built target/release/reelgraph and target/site"
