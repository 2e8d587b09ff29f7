# Sourced by the other scripts: what they say, how they wait, and what ends with them.

set -euo pipefail

say() { printf 'reelgraph: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
# prints PATTERN COMMAND…: read to its end, as a command that is cut short in a pipe counts as failed.
prints() { local text; text=$("${@:2}" 2>/dev/null) && grep -q -- "$1" <<<"$text"; }
# within SECONDS COMMAND…: with a time limit where the system has one.
within() { local limit=$1; shift; if have timeout; then timeout "$limit" "$@"; else "$@"; fi; }

# What runs beside the script, each in a process group of its own with all that it starts: interrupted, the script takes it along. Left
# behind, a cargo would keep the target folder locked, and the next call would wait for it.
BESIDE=""
GROUPED=""
beside() { # COMMAND…: sets PID
  if [ -n "$GROUPED" ]; then "$@" & PID=$!; return; fi
  set -m; { GROUPED=yes; "$@"; } & PID=$!; set +m
  BESIDE="$BESIDE $PID"
}
end() { # PID
  kill -- "-$1" 2>/dev/null || kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}
trap 'for PID in $BESIDE; do end "$PID"; done' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# side_by_side COMMAND COMMAND: both at once, as each waits on one core for much of its time; fails when either does.
side_by_side() {
  local first second failed=0
  beside $1; first=$PID
  beside $2; second=$PID
  wait "$first" || failed=1
  wait "$second" || failed=1
  [ $failed = 0 ] || exit 1
}

minutes() { if [ "$1" -lt 100 ]; then echo "$1 s"; else echo "$((($1 + 30) / 60)) min"; fi; }

# tell_every SECONDS FUNCTION…: says what the function prints, with the time that has gone by, until it is ended.
tell_every() {
  local began=$SECONDS
  # The sleep may outlive this by a moment: it keeps no pipe of ours open.
  while sleep "$1" >/dev/null 2>&1; do say "$("${@:2}"), after $(minutes $((SECONDS - began)))"; done
}

# patiently WHAT COMMAND…: says WHAT, and again while it lasts. What the command prints is shown only where it fails.
patiently() {
  local what=$1 log teller status=0; shift
  log=$(mktemp)
  say "$what"
  beside tell_every 30 echo "still $what"; teller=$PID
  "$@" >"$log" 2>&1 </dev/null || status=$?
  end "$teller"
  [ $status = 0 ] || cat "$log" >&2
  rm -f "$log"
  return $status
}

crates_done() { # WHAT LOG TOTAL
  local count; count=$(grep '"reason":"compiler-artifact"' "$2" | grep -vc '"kind":\["custom-build"\]' || true)
  if [ "$count" -lt $(($3 - 1)) ]; then echo "$1: $count of about $3 crates compiled"; else echo "$1: at the last crates, ours among them, which take longest"; fi
}

# compile WHAT SUBCOMMAND ARGUMENT…: cargo, saying every half minute how far it is. Features and target are read from the arguments.
compile() {
  local what=$1 subcommand=$2 log total teller status=0 chosen=""; shift 2
  local argument; for argument in "$@"; do
    case $argument in --features=* | --no-default-features | --target=*) chosen="$chosen $argument" ;; esac
  done
  log=$(mktemp)
  # shellcheck disable=SC2086
  total=$(cargo tree --quiet --locked --edges normal,build --prefix none $chosen | sed 's/ (.*//' | sort -u | wc -l | tr -d ' ')
  beside tell_every 30 crates_done "$what" "$log" "$total"; teller=$PID
  cargo "$subcommand" --quiet --locked --message-format=json-render-diagnostics "$@" >"$log" || status=$?
  end "$teller"
  rm -f "$log"
  return $status
}
