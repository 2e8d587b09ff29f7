# Sourced by the other scripts: finds or installs what a build, a test run or a development session needs.
# Everything of ours that is not a system package lives in $REELGRAPH_CACHE, outside the clone, so that a second clone finds it.

set -euo pipefail

REELGRAPH_CACHE=${REELGRAPH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reelgraph}
TOOLS=$REELGRAPH_CACHE/tools
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$REELGRAPH_CACHE/target}
export PATH=$TOOLS/bin:$TOOLS/node_modules/.bin:$PATH
mkdir -p "$TOOLS/bin"

WASM_TARGET=wasm32-unknown-unknown
WASM_OPT_VERSION=132.0.0
ESBUILD_VERSION=0.28.2
# The last whose own lock builds with the Rust that Cargo.toml asks for.
CARGO_LEPTOS_VERSION=0.3.10
# A toolchain made of Debian's packages, linked into rustup under this name.
DEBIAN_TOOLCHAIN=reelgraph-debian

say() { printf 'reelgraph: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
is_debian() { have apt-get; }
# prints PATTERN COMMAND…: read to its end, as a command that is cut short in a pipe counts as failed.
prints() { local text; text=$("${@:2}" 2>/dev/null) && grep -q -- "$1" <<<"$text"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif have sudo; then sudo "$@"
  else die "installing needs root and there is no sudo; as root, run: $*"; fi
}

# install_packages WHAT-FOR PACKAGE…: by the system's package manager.
install_packages() {
  local purpose=$1; shift
  say "installing $* ($purpose)"
  if is_debian; then
    as_root apt-get update -qq >/dev/null || say "the package list could not be renewed; trying with the old one"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null ||
      die "apt-get could not install $*; install it by hand and run this again"
  elif have brew; then brew install --quiet "$@" || die "brew could not install $*; install it by hand and run this again"
  elif have dnf; then as_root dnf install -y -q "$@" || die "dnf could not install $*; install it by hand and run this again"
  else die "no package manager that this script knows; install $* by hand ($purpose) and run this again"; fi
}

# side_by_side COMMAND COMMAND: both at once, as each waits on one core for much of its time; fails when either does.
side_by_side() {
  local failed=0
  $1 & local first=$!
  $2 || failed=1
  wait $first || failed=1
  [ $failed = 0 ] || exit 1
}

need_command() { # COMMAND WHAT-FOR PACKAGE
  have "$1" || install_packages "$2" "$3"
  have "$1" || die "$1 is still missing; install it by hand ($2) and run this again"
}

# within SECONDS COMMAND…: with a time limit where the system has one.
within() { local limit=$1; shift; if have timeout; then timeout "$limit" "$@"; else "$@"; fi; }

has_wasm_library() { compgen -G "$(rustc --print sysroot)/lib/rustlib/$WASM_TARGET/lib/libstd-*.rlib" >/dev/null; }

# Where rustup reaches no server: Debian's own compiler, and the standard library built from Debian's own source.
debian_toolchain() {
  local dir=$REELGRAPH_CACHE/wasm-std lib=/usr/lib/rustlib/$WASM_TARGET/lib
  if ! [ -x /usr/bin/cargo-clippy ] || ! [ -d /usr/lib/rustlib/src/rust ] || ! prints 'Installed: [0-9]' apt-cache policy rustc-web; then
    install_packages "a Rust that can build for the browser" rustc-web cargo-web rust-web-src rust-web-clippy rust-web-llvm lld-22
  fi
  if ! compgen -G "$lib/libstd-*.rlib" >/dev/null; then
    say "building Rust's standard library for the browser (once, about a minute)"
    rm -rf "$dir"; mkdir -p "$dir/src"; : >"$dir/src/lib.rs"
    printf '[package]\nname = "standard"\nversion = "0.1.0"\nedition = "2021"\n' >"$dir/Cargo.toml"
    (cd "$dir" && env -u RUSTUP_TOOLCHAIN PATH="/usr/bin:$PATH" RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$dir/target" RUSTFLAGS="-C embed-bitcode=yes" \
      /usr/bin/cargo build --quiet --release -Zbuild-std=std,panic_abort --target $WASM_TARGET) ||
      die "the standard library for the browser could not be built; with network, run: rustup target add $WASM_TARGET"
    as_root mkdir -p "$lib"
    find "$dir/target/$WASM_TARGET/release/deps" -name 'lib*.rlib' ! -name 'libstandard-*' -exec "$(have sudo && [ "$(id -u)" != 0 ] && echo sudo || echo env)" cp {} "$lib/" \;
    rm -rf "$dir" "${CARGO_TARGET_DIR:?}/$WASM_TARGET"
  fi
  if have rustup; then
    rustup toolchain link $DEBIAN_TOOLCHAIN /usr
    export RUSTUP_TOOLCHAIN=$DEBIAN_TOOLCHAIN
  else export PATH=/usr/bin:$PATH; fi
}

# Clones share what is compiled, and cargo tells what they edited by its time alone: an edit from before another clone's build would
# count as built. So the first build after another clone's compiles this one's files anew.
claim_target() {
  local stamp=$CARGO_TARGET_DIR/.clone
  [ "$(cat "$stamp" 2>/dev/null)" = "$PWD" ] && return
  mkdir -p "$CARGO_TARGET_DIR"
  find src tests scripts -name '*.rs' -exec touch {} +
  echo "$PWD" >"$stamp"
}

# A Rust that builds both halves: the one in place with the WASM target, else Debian's.
need_rust() {
  have cc || need_command cc "a C compiler for SQLite" "$(is_debian && echo build-essential || echo gcc)"
  have cargo || is_debian || die "Rust is missing; install it with rustup and run this again"
  claim_target
  if have rustup && [ -z "${RUSTUP_TOOLCHAIN:-}" ] && prints "^$DEBIAN_TOOLCHAIN\$" rustup toolchain list; then
    export RUSTUP_TOOLCHAIN=$DEBIAN_TOOLCHAIN
  fi
  if have rustc && has_wasm_library; then return; fi
  if have rustup; then
    say "installing Rust's $WASM_TARGET target"
    # Some networks swallow rustup's connection; where there is another way, do not wait for ever.
    if within "$(is_debian && echo 60 || echo 900)" rustup target add $WASM_TARGET >/dev/null 2>&1 && has_wasm_library; then return; fi
  fi
  is_debian || die "rustup could not download; with network, run: rustup target add $WASM_TARGET"
  say "rustup could not download the target; using Debian's Rust instead"
  debian_toolchain
  has_wasm_library || die "this Rust cannot build for the browser; with network, run: rustup target add $WASM_TARGET"
}

# Small tools are built as they are: they run for seconds, and optimising them takes minutes.
install_crate() { # NAME VERSION OPTION…
  say "installing $1 $2 (once, a few minutes)"
  CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_TARGET_DIR=$REELGRAPH_CACHE/tools-target \
    cargo install --quiet "$1" --version "$2" --root "$TOOLS" --force "${@:3}" || die "$1 could not be installed; with network, run: cargo install $1 --version $2"
  rm -rf "$REELGRAPH_CACHE/tools-target"
}

# wasm-bindgen refuses files of any version but its own.
need_wasm_bindgen() {
  local version; version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p;}' Cargo.lock)
  if ! have wasm-bindgen || [ "$(wasm-bindgen --version)" != "wasm-bindgen $version" ]; then
    # Without the runner of browser tests, which needs TLS.
    install_crate wasm-bindgen-cli "$version" --no-default-features --bin wasm-bindgen
  fi
}

need_cargo_leptos() {
  # Locked: newer versions of what it is made of want a newer Rust. Without downloads: it takes wasm-bindgen and wasm-opt from PATH.
  have cargo-leptos || install_crate cargo-leptos "$CARGO_LEPTOS_VERSION" --locked --no-default-features --features no_downloads
}

# What makes the browser's files small: wasm-opt of a version that reads what this Rust writes (Debian's own is too old), and esbuild.
need_packers() {
  have node && have npm || { say "Node.js is not installed: skipping wasm-opt and esbuild, the page will be larger"; return; }
  local wanted="binaryen@$WASM_OPT_VERSION esbuild@$ESBUILD_VERSION"
  if [ "$(cat "$TOOLS/packers" 2>/dev/null)" = "$wanted" ] && have wasm-opt && have esbuild; then return; fi
  say "installing wasm-opt $WASM_OPT_VERSION and esbuild $ESBUILD_VERSION"
  # shellcheck disable=SC2086
  npm install --silent --no-fund --no-audit --no-save --prefix "$TOOLS" $wanted >/dev/null ||
    die "npm could not install $wanted; install wasm-opt and esbuild by hand and run this again"
  echo "$wanted" >"$TOOLS/packers"
}

need_ffmpeg() { have ffprobe || need_command ffmpeg "reads and makes video" ffmpeg; }

need_node() {
  have npm || need_command npm "runs the browser tests" "$(have brew && echo node || echo npm)"
}

# A browser that plays H.264: Debian's Chromium (Ubuntu's is a snap), else the Chrome that Playwright installs.
need_browser() {
  if have chromium || have google-chrome || [ -d "/Applications/Google Chrome.app" ]; then return; fi
  if is_debian && ! grep -qi ubuntu /etc/os-release; then
    install_packages "runs the browser tests" chromium
  else
    say "installing Chrome for the browser tests"
    (cd end2end && npx playwright install --with-deps chrome) || die "Chrome could not be installed; install Chrome or Chromium by hand and run this again"
  fi
}

need_end2end_packages() {
  local wanted; wanted=$(cksum <end2end/package-lock.json)
  if [ "$(cat end2end/node_modules/.installed 2>/dev/null)" = "$wanted" ]; then return; fi
  say "installing the browser tests' npm packages"
  (cd end2end && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --silent --no-fund --no-audit) ||
    die "npm could not install the packages of end2end/; with network, run: cd end2end && npm ci"
  echo "$wanted" >end2end/node_modules/.installed
}
