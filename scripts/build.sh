#!/usr/bin/env bash
# build.sh PROFILE: the server as target/PROFILE/reelgraph, PROFILE being release (quick to build, without a word) or dist (optimised
# throughout), and the browser's files, the same for both, in target/site, named by content and compressed.
# cargo-leptos would do the same from one command, but takes longer to build than the product.
cd "$(dirname "$0")/.."
. scripts/setup.sh

profile=${1:-release}
set_up build

build_server() { compile "the server" build --profile "$profile" --features=bindgen --bin=reelgraph --bin=bindgen; }

if [ "$profile" = dist ]; then how_long="12 to 20 minutes on 2 cores, 3 where the libraries are compiled already"
elif compgen -G "$CARGO_TARGET_DIR/$profile/deps/libleptos-*" >/dev/null; then how_long="seconds to three minutes"
else how_long="7 to 17 minutes on 2 cores, as nothing is compiled yet"; fi
say "building the server and the browser's half ($how_long)"
side_by_side build_server build_browser

mkdir -p "target/$profile"
# A running server keeps its file: replace, do not overwrite.
cmp -s "$CARGO_TARGET_DIR/$profile/reelgraph" "target/$profile/reelgraph" ||
  { cp "$CARGO_TARGET_DIR/$profile/reelgraph" "target/$profile/reelgraph.new" && mv "target/$profile/reelgraph.new" "target/$profile/reelgraph"; }

wasm=$CARGO_TARGET_DIR/$WASM_TARGET/$BROWSER_PROFILE/reelgraph.wasm
stamp=$({ cat "$wasm" style/*.css scripts/build.sh scripts/bindgen.rs "$TOOLS/packers"; find public -type f -print0 | sort -z | xargs -0 cat; } | cksum)
if [ "$(cat target/site/.stamp 2>/dev/null)" = "$stamp" ]; then say "target/$profile/reelgraph and target/site are up to date"; exit 0; fi

say "packing the browser's files (half a minute)"
site=target/site.new
rm -rf $site; mkdir -p $site/pkg
cp -R public/. $site/
"$CARGO_TARGET_DIR/$profile/bindgen" "$wasm" $site/pkg
# No --all-features: wasm-opt would then write imports that browsers refuse; the file names its own features.
# Smallest over the wire: by name, functions that are alike lie side by side for the compressor; -Oz makes a smaller file that compresses worse.
mv $site/pkg/reelgraph_bg.wasm $site/pkg/reelgraph.wasm
for part in $site/pkg/*.wasm; do
  # It warns of a section of names that it does not know and does not need; what it says is shown where it fails.
  said=$(wasm-opt --quiet -O2 --reorder-functions-by-name "$part" -o "$part.small" 2>&1) || die "wasm-opt failed on $(basename "$part"): $said"
  mv "$part.small" "$part"
done

# main.css imports each file into a layer; the browser gets them as one file in the same order.
{
  sed -n '/^@layer/p' style/main.css
  sed -n 's/^@import "\([^"]*\)" layer(\([^)]*\));.*/\1 \2/p' style/main.css | while read -r file layer; do
    printf '@layer %s {\n' "$layer"; cat "style/$file"; printf '}\n'
  done
} >$site/pkg/reelgraph.css
esbuild $site/pkg/*.js $site/pkg/*.css --minify --log-level=error --outdir=$site/pkg --allow-overwrite

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
say "built target/$profile/reelgraph and target/site"
