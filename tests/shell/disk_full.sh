#!/bin/sh
# A disk that becomes full at any write of a training, for a moment or for good: the
# checkpoint that is there stays valid, the message is clear, the training goes on and
# ends with the same bits once there is room, or ends with 74 and can be resumed.
#
# AXIAL_DISK_POINTS: how many places are tried (8 without it, "all" for every one).
. tests/shell/lib.inc
fake=$(pwd)/build/tests/fakes/fake_disk.so
[ -f "$fake" ] || { echo "SKIPPED: no $fake"; exit 77; }
tiny_mmar "$tmp/m" 6
sed -i 's/"num_training_epoch_per_valid": 10/"num_training_epoch_per_valid": 2/' "$tmp/m/config/config_train.json"
models=$tmp/m/models

# full FIRST FOR RUN: trains with a full disk; exit code in rc
full() {
	LD_PRELOAD=$fake AXIAL_FAKE_DISK=$models/$3 AXIAL_FAKE_FULL=$1 AXIAL_FAKE_FOR=$2 \
		"$AXIAL" train -m "$tmp/m" --run "$3" >"$tmp/log" 2>&1
	rc=$?
}

LD_PRELOAD=$fake AXIAL_FAKE_DISK=$models/whole AXIAL_FAKE_COUNT=$tmp/count \
	"$AXIAL" train -m "$tmp/m" --run whole >"$tmp/whole.log" 2>&1 || die "training: $(tail -3 "$tmp/whole.log")"
calls=$(cat "$tmp/count")
[ "$calls" -gt 60 ] || die "only $calls calls were seen"

# after RUN: what must hold whatever happened
after() {
	where="call $n of $calls for $long"
	case $rc in
	0) ;;
	74) grep -q "No space left" "$tmp/log" || die "$where: no clear message: $(tail -3 "$tmp/log")" ;;
	*) die "$where: exit $rc: $(tail -3 "$tmp/log")" ;;
	esac
	if [ $rc -eq 74 ]; then
		[ -f "$models/$1/events.jsonl" ] || return # it did not begin
		"$AXIAL" train -m "$tmp/m" --resume "$1" >"$tmp/log2" 2>&1 || die "$where: resume: $(tail -3 "$tmp/log2")"
		grep -q damaged "$tmp/log2" && die "$where: $(grep damaged "$tmp/log2")"
	fi
	cmp "$models/whole/model_final.safetensors" "$models/$1/model_final.safetensors" || die "$where: final weights differ"
	cmp "$models/whole/model.safetensors" "$models/$1/model.safetensors" || die "$where: best weights differ"
	whole_log "$models/$1"
	numbers "$models/whole" | sort -u >"$tmp/a"
	numbers "$models/$1" | sort -u | cmp - "$tmp/a" || die "$where: losses or metrics differ"
	ls "$models/$1" | grep -q 'tmp-' && die "$where: a temporary file is left"
	rm -rf "$models/$1"
}

points=${AXIAL_DISK_POINTS:-8}
[ "$points" = all ] && points=$calls
seed=${AXIAL_SEED:-$$}
echo "seed $seed, $points of $calls places"
i=0
while [ $i -lt "$points" ]; do
	n=$((1 + i * calls / points + (seed + i * 7) % (calls / points)))
	case $((i % 3)) in 0) long=1 ;; 1) long=9 ;; *) long=0 ;; esac
	full $n $long r
	[ $long -eq 0 ] && [ $rc -ne 74 ] && [ $n -lt $((calls - 8)) ] && die "full for good from call $n of $calls: exit $rc"
	after r
	i=$((i + 1))
done

# The writes that begin a run, one after the other: its folder, its first event.
n=1
while [ $n -le 20 ]; do
	long=1
	full $n $long r
	after r
	n=$((n + 1))
done
exit 0
