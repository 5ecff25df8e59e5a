#!/bin/sh
# Trainings in the engine: kill -9 of the engine and resume give the bits of a
# training that was left alone; stop writes a checkpoint; a bad configuration
# fails with its reason; a hang-up changes nothing.
[ -e tests/shell/lib.inc ] || { echo "no tests/shell/lib.inc"; exit 77; }
. tests/shell/lib.inc
tiny_mmar "$tmp/m" 60

"$AXIAL" submit -m "$tmp/m" --run whole >"$tmp/out" 2>&1 || {
	grep -q "no kind of job" "$tmp/out" && { echo "this axial has no trainer in its engine"; exit 77; }
	die "submit: $(cat "$tmp/out")"
}
grep -q '^job 1$' "$tmp/out" || die "submit does not print the job"
expect 0 'done after' timeout 300 "$AXIAL" attach 1
pid=$("$AXIAL" engine --status --json | sed -n 's/.*"pid":[^0-9]*\([0-9]*\).*/\1/p')

# A hang-up, then kill -9.
expect 0 'job 2' "$AXIAL" submit -m "$tmp/m" --run killed
wait_steps "$tmp/m" killed 3
kill -HUP "$pid"
wait_steps "$tmp/m" killed 5
kill -KILL "$pid"
expect 0 'interrupted' "$AXIAL" jobs
expect 75 'was interrupted' "$AXIAL" attach 2
expect 0 'job 3' "$AXIAL" resume 2
expect 0 'done after' timeout 300 "$AXIAL" attach 3
cmp "$tmp/m/models/whole/model_final.safetensors" "$tmp/m/models/killed/model_final.safetensors" ||
	die "final weights differ after kill -9 and resume"
whole_log "$tmp/m/models/killed"
numbers "$tmp/m/models/whole" | sort -u >"$tmp/a"
numbers "$tmp/m/models/killed" | sort -u >"$tmp/b"
cmp "$tmp/a" "$tmp/b" || die "losses or metrics differ"

# Stop, resume.
expect 0 'job 4' "$AXIAL" submit -m "$tmp/m" --run stopped
wait_steps "$tmp/m" stopped 3
expect 0 'job 4 is stopped' "$AXIAL" stop 4 --wait
[ -s "$tmp/m/models/stopped/checkpoint.safetensors" ] || die "no checkpoint after stop"
expect 130 'stopped' "$AXIAL" attach 4
expect 0 'job 5' "$AXIAL" resume -m "$tmp/m" stopped
expect 0 'done after' timeout 300 "$AXIAL" attach 5
cmp "$tmp/m/models/whole/model_final.safetensors" "$tmp/m/models/stopped/model_final.safetensors" ||
	die "final weights differ after stop and resume"

# A configuration that cannot be.
sed -i 's/"Adam"/"Adamm"/' "$tmp/m/config/config_train.json"
expect 0 'job 6' "$AXIAL" submit -m "$tmp/m"
expect 65 'Adamm' timeout 60 "$AXIAL" attach 6
expect 0 'Adamm' "$AXIAL" jobs

# The curves.
expect 0 'plot.png' "$AXIAL" plot "$tmp/m/models/whole" -o "$tmp/plot.png"
[ "$(head -c 4 "$tmp/plot.png" | tail -c 3)" = PNG ] || die "no PNG"
exit 0
