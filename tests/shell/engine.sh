#!/bin/sh
# The engine from the command line: start, status, a hang-up, kill -9, stop; runs
# and events of a folder written here; every refusal with its exit code.
set -u
dir=$(mktemp -d /tmp/axial-sh-engine-XXXXXX) || exit 1
export AXIAL_RUNTIME_DIR=$dir/run
trap '"$AXIAL" engine --stop --now >/dev/null 2>&1; rm -rf "$dir"' EXIT

fail() { echo "engine.sh: $1"; exit 1; }
# expect CODE COMMAND...: runs it, output in $dir/out
expect() {
	want=$1
	shift
	timeout 60 "$@" >"$dir/out" 2>&1
	got=$?
	[ $got -eq "$want" ] || { cat "$dir/out"; fail "exit $got, not $want: $*"; }
}
says() { grep -q -- "$1" "$dir/out" || { cat "$dir/out"; fail "does not say '$1'"; }; }
pid() { "$AXIAL" engine --status --json | sed -n 's/.*"pid":[^0-9]*\([0-9]*\).*/\1/p'; }

# No engine.
expect 75 "$AXIAL" engine --status
expect 75 "$AXIAL" engine --stop
expect 0 "$AXIAL" jobs
says 'no engine is running'
[ ! -e "$dir/run/engine.sock" ] || fail "asking for jobs made a socket"

# Start, twice.
expect 0 "$AXIAL" engine
first=$(pid)
expect 0 "$AXIAL" engine
[ "$(pid)" = "$first" ] || fail "a second engine was started"
[ "$(stat -c %a "$dir/run")" = 700 ] || fail "the folder is open to others"
expect 73 "$AXIAL" engine --foreground
says 'running already'
expect 0 "$AXIAL" engine --status
says "pid $first"
expect 0 "$AXIAL" jobs
says 'no jobs'
[ "$(cut -d' ' -f6 "/proc/$first/stat")" != "$(cut -d' ' -f6 "/proc/$$/stat")" ] ||
	fail "the engine is in the session of its starter"
[ "$(cut -d' ' -f7 "/proc/$first/stat")" = 0 ] || fail "the engine has a terminal"

# A hang-up is nothing, kill -9 is survived by the next one.
kill -HUP "$first"
expect 0 "$AXIAL" engine --status
kill -KILL "$first"
expect 0 "$AXIAL" engine
[ "$(pid)" != "$first" ] || fail "the killed engine still answers"

# Refusals.
expect 64 "$AXIAL" stop
expect 64 "$AXIAL" stop 9
expect 64 "$AXIAL" stop x
expect 66 "$AXIAL" submit -m "$dir/nowhere"
expect 66 "$AXIAL" resume -m "$dir" nothing
expect 64 "$AXIAL" attach

# A run that a killed trainer left, and one that is done.
mkdir -p "$dir/models/a" "$dir/models/b"
echo '{"run":"a","epochs":2,"created_wall":1000}' >"$dir/models/a/run.json"
echo '{"run":"b","epochs":2,"created_wall":2000}' >"$dir/models/b/run.json"
: >"$dir/models/a/checkpoint.safetensors"
{
	echo '{"seq":1,"t":1000,"kind":"start","run":"a","epochs":2,"steps_per_epoch":2}'
	echo '{"seq":2,"t":1001,"kind":"step","step":1,"epoch":1,"loss":0.75,"lr":0.001}'
	echo '{"seq":3,"t":1002,"kind":"validation","epoch":1,"step":2,"key":"dice","dice":0.5,"best":0.5,"best_epoch":1}'
	printf '{"seq":4,"t":1003,"kind":"st'
} >"$dir/models/a/events.jsonl"
{
	echo '{"seq":1,"t":2000,"kind":"start","run":"b","epochs":2}'
	echo '{"seq":2,"t":2001,"kind":"end","state":"done","code":0,"seconds":1}'
} >"$dir/models/b/events.jsonl"
expect 0 "$AXIAL" runs "$dir/models"
says 'a .*interrupted.* 0.75 .*0.5000'
says "axial resume"
[ "$(sed -n 2p "$dir/out" | cut -c1)" = b ] || fail "runs are not listed newest first"
expect 0 "$AXIAL" runs --json "$dir/models"
says '"state":.*"interrupted"'
expect 75 "$AXIAL" attach -m "$dir/models" a
says 'step 1, loss 0.75'
says 'was interrupted'
expect 0 "$AXIAL" attach "$dir/models/b"
says 'done after 0:01'
expect 64 "$AXIAL" resume "$dir/models/b"

# ^C leaves attach, and only attach.
( exec 9>"$dir/models/a/run.lock" && flock 9 && exec sleep 30 ) &
holder=$!
sleep 0.3
expect 73 "$AXIAL" resume "$dir/models/a"
# The shell starts background commands with SIGINT ignored.
env --default-signal=INT "$AXIAL" attach "$dir/models/a" >"$dir/out" 2>&1 &
follower=$!
sleep 0.5
kill -INT "$follower"
wait "$follower" || fail "attach ends with $? after ^C"
says 'the training goes on'
kill "$holder"

# The machine.
expect 0 "$AXIAL" monitor
says 'gpu'
expect 0 "$AXIAL" engine --stop
says 'engine stopped'
expect 75 "$AXIAL" engine --status
exit 0
