#!/usr/bin/env bash
# The release: the server as target/release/reelgraph, the browser's files in target/site, named by content and compressed.
# cargo-leptos would do the same from one command, but takes longer to build than the product.
cd "$(dirname "$0")/.."
. scripts/setup.sh

need_rust
need_ffmpeg
need_packers
have brotli || install_packages "compresses the browser's files" brotli

profile=wasm-release
say "building the server and the browser's half"
# The browser's as a cdylib alone: with an rlib beside it cargo skips link-time optimisation without a word.
side_by_side \
  "cargo build --quiet --release --locked --features ssr,bindgen --bin reelgraph --bin bindgen" \
  "cargo rustc --quiet --locked --lib --crate-type cdylib --profile $profile --features hydrate --target $WASM_TARGET -- -C link-arg=--emit-relocs"
mkdir -p target/release
# A running server keeps its file: replace, do not overwrite.
cmp -s "$CARGO_TARGET_DIR/release/reelgraph" target/release/reelgraph ||
  { cp "$CARGO_TARGET_DIR/release/reelgraph" target/release/reelgraph.new && mv target/release/reelgraph.new target/release/reelgraph; }

wasm=$CARGO_TARGET_DIR/$WASM_TARGET/$profile/reelgraph.wasm
stamp=$(cat "$wasm" style/*.css scripts/build.sh scripts/bindgen.rs <(cat "$TOOLS/packers" 2>/dev/null || true; find public -type f -print0 | sort -z | xargs -0 cat) | cksum)
if [ "$(cat target/site/.stamp 2>/dev/null)" = "$stamp" ]; then say "target/release/reelgraph and target/site are up to date"; exit 0; fi

say "packing the browser's files"
site=target/site.new
rm -rf $site; mkdir -p $site/pkg
cp -R public/. $site/
"$CARGO_TARGET_DIR/release/bindgen" "$wasm" $site/pkg
# No --all-features: wasm-opt would then write imports that browsers refuse; the file names its own features.
# Smallest over the wire: by name, functions that are alike lie side by side for the compressor; -Oz makes a smaller file that compresses worse.
mv $site/pkg/reelgraph_bg.wasm $site/pkg/reelgraph.wasm
if have wasm-opt; then
  for part in $site/pkg/*.wasm; do wasm-opt --quiet -O2 --reorder-functions-by-name "$part" -o "$part.small" && mv "$part.small" "$part"; done
fi

# main.css imports each file into a layer; the browser gets them as one file in the same order.
{
  sed -n '/^@layer/p' style/main.css
  sed -n 's/^@import "\([^"]*\)" layer(\([^)]*\));.*/\1 \2/p' style/main.css | while read -r file layer; do
    printf '@layer %s {\n' "$layer"; cat "style/$file"; printf '}\n'
  done
} >$site/pkg/reelgraph.css
if have esbuild; then esbuild $site/pkg/*.js $site/pkg/*.css --minify --log-level=error --outdir=$site/pkg --allow-overwrite; fi

digest() { cat "$@" | { sha256sum 2>/dev/null || shasum -a 256; } | cut -c1-16; }
rename() { sed "s|$2|$3|g" "$1" >"$1.new" && mv "$1.new" "$1"; }
: >$site/hash.txt
for part in $site/pkg/split_*.wasm $site/pkg/chunk_*.wasm; do
  [ -f "$part" ] || continue
  name=$(basename "$part" .wasm)
  hash=$(digest "$part")
  mv "$part" "$site/pkg/$name.$hash.wasm"
  rename $site/pkg/split.js "./$name.wasm" "./$name.$hash.wasm"
done
# The two scripts import each other: one name for both.
hash=$(digest $site/pkg/reelgraph.js $site/pkg/split.js)
rename $site/pkg/reelgraph.js 'from *"./split.js"' "from \"./split.$hash.js\""
rename $site/pkg/split.js 'from *"./reelgraph.js"' "from \"./reelgraph.$hash.js\""
mv $site/pkg/split.js "$site/pkg/split.$hash.js"
mv $site/pkg/reelgraph.js "$site/pkg/reelgraph.$hash.js"
echo "js: $hash" >>$site/hash.txt
for kind in wasm css; do
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
