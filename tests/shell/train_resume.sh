#!/bin/sh
# A training that is killed with SIGKILL, or stopped with SIGINT, and resumed ends
# with the same bits as one that was left alone; loader threads change nothing.
. tests/shell/lib.inc
tiny_mmar "$tmp/m" 60

"$AXIAL" train -m "$tmp/m" --run whole >"$tmp/whole.log" 2>&1 || die "training: $(tail -3 "$tmp/whole.log")"
grep -q '"state":"done"' "$tmp/m/models/whole/events.jsonl" || die "no end event"
[ -s "$tmp/m/models/whole/model_final.safetensors" ] || die "no final model"
[ -s "$tmp/m/models/whole/model.safetensors" ] || die "no best model"

# killed: wait for a few events, kill -9, resume until it is done
"$AXIAL" train -m "$tmp/m" --run killed >"$tmp/killed.log" 2>&1 &
pid=$!
wait_steps "$tmp/m" killed 9
kill -9 $pid
wait $pid 2>/dev/null
grep -q '"kind":"end"' "$tmp/m/models/killed/events.jsonl" && die "it ended before the kill: nothing was tested"
"$AXIAL" runs "$tmp/m" | grep killed | grep -q interrupted || die "the killed run is not called interrupted"
"$AXIAL" train -m "$tmp/m" --resume killed >"$tmp/resume.log" 2>&1 || die "resume: $(tail -3 "$tmp/resume.log")"
cmp "$tmp/m/models/whole/model_final.safetensors" "$tmp/m/models/killed/model_final.safetensors" || die "final weights differ"
whole_log "$tmp/m/models/killed"
numbers "$tmp/m/models/whole" >"$tmp/a"
numbers "$tmp/m/models/killed" | sort -u >"$tmp/b" # steps after the checkpoint stand twice, with equal numbers
sort -u "$tmp/a" | cmp - "$tmp/b" || die "losses or metrics differ"

# stopped with ^C: exit code 130, a checkpoint, resumable
"$AXIAL" train -m "$tmp/m" --run stopped >"$tmp/stopped.log" 2>&1 &
pid=$!
wait_steps "$tmp/m" stopped 4
kill -INT $pid
wait $pid
[ $? -eq 130 ] || die "exit code after SIGINT"
"$AXIAL" train -m "$tmp/m" --resume >"$tmp/resume2.log" 2>&1 || die "resume after stop: $(tail -3 "$tmp/resume2.log")"
cmp "$tmp/m/models/whole/model_final.safetensors" "$tmp/m/models/stopped/model_final.safetensors" || die "weights differ after stop"

# the line drops: the same as ^C
"$AXIAL" train -m "$tmp/m" --run hup >"$tmp/hup.log" 2>&1 &
pid=$!
wait_steps "$tmp/m" hup 4
kill -HUP $pid
wait $pid
[ $? -eq 130 ] || die "exit code after SIGHUP"
[ -s "$tmp/m/models/hup/checkpoint.safetensors" ] || die "no checkpoint after SIGHUP"
rm -rf "$tmp/m/models/hup"

expect 66 "can be resumed" "$AXIAL" train -m "$tmp/m" --resume

# another number of loader threads: the same bits
sed -i 's/"num_workers": 2/"num_workers": 5/' "$tmp/m/config/config_train.json"
"$AXIAL" train -m "$tmp/m" --run workers >"$tmp/workers.log" 2>&1 || die "training with 5 workers"
cmp "$tmp/m/models/whole/model_final.safetensors" "$tmp/m/models/workers/model_final.safetensors" || die "num_workers changes the weights"

# a second trainer on a run that is in use is refused with 73
"$AXIAL" train -m "$tmp/m" --run busy --set epochs=200 >/dev/null 2>&1 &
pid=$!
wait_steps "$tmp/m" busy 1
expect 73 "pid" "$AXIAL" train -m "$tmp/m" --resume busy
kill -9 $pid
wait $pid 2>/dev/null

# with another number of threads the bits may differ, and that is said
OMP_NUM_THREADS=1
expect 0 "computed by 2 threads until now and goes on with 1" "$AXIAL" train -m "$tmp/m" --resume busy --set epochs=1
exit 0
