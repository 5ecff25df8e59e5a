#!/bin/sh
# A fine-tuning that is killed before its first checkpoint begins again from MMAR_CKPT, and
# not from fresh weights.
. tests/shell/lib.inc
tiny_mmar "$tmp/m" 100
base=models/base/model_final.safetensors

expect 0 "done" "$AXIAL" train -m "$tmp/m" --run base --set epochs=1
expect 0 "start from" "$AXIAL" train -m "$tmp/m" --run whole --set MMAR_CKPT=$base
"$AXIAL" train -m "$tmp/m" --run killed --set MMAR_CKPT=$base >"$tmp/log" 2>&1 &
pid=$!
wait_steps "$tmp/m" killed 2
kill -9 $pid
wait $pid 2>/dev/null
grep -q '"kind":"end"' "$tmp/m/models/killed/events.jsonl" && die "it ended before the kill: nothing was tested"
rm -f "$tmp"/m/models/killed/checkpoint*
expect 0 "no checkpoint yet" "$AXIAL" train -m "$tmp/m" --resume killed
cmp "$tmp/m/models/whole/model_final.safetensors" "$tmp/m/models/killed/model_final.safetensors" || die "the resumed run did not start from MMAR_CKPT"
echo passed
