#!/bin/sh
# A training killed with SIGKILL at random steps and resumed each time ends with the
# same bits, weights and metric lines, as one that was left alone; so does one with
# another number of loader threads.  Small networks with all that has a state: dropout,
# batch norm, NovoGrad's scalars, a moving cache, a learning rate that watches the
# validations, the clicks of a simulated annotator.
#
# AXIAL_KILL_POINTS: how many kills (20 without it); AXIAL_SEED: where they happen.
. tests/shell/lib.inc
. tests/shell/deepgrow.inc
points=${AXIAL_KILL_POINTS:-20}
seed=${AXIAL_SEED:-$$}
echo "seed $seed, $points kills"

# random N: 0 .. N-1
random() {
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	echo $((seed / 65536 % $1))
}

# same RUN: as the run that was left alone
same() {
	cmp "$models/whole/model_final.safetensors" "$models/$1/model_final.safetensors" || die "$variant, $1: final weights differ"
	cmp "$models/whole/model.safetensors" "$models/$1/model.safetensors" || die "$variant, $1: best weights differ"
	whole_log "$models/$1"
	numbers "$models/whole" | sort -u >"$tmp/a"
	numbers "$models/$1" | sort -u | cmp - "$tmp/a" || die "$variant, $1: losses or metrics differ"
}

# killed RUN: kills it after a random number of further steps, until $1 kills are done
killed() {
	how="--run killed"
	n=0
	while [ $n -lt "$1" ]; do
		[ "$how" = "--run killed" ] && rm -rf "$models/killed"
		have=$(grep -c '"kind":"step"' "$models/killed/events.jsonl" 2>/dev/null)
		goal=$((${have:-0} + 1 + $(random 16)))
		"$AXIAL" train -m "$tmp/m" $how >"$tmp/killed.log" 2>&1 &
		pid=$!
		while kill -0 $pid 2>/dev/null; do
			now=$(grep -c '"kind":"step"' "$models/killed/events.jsonl" 2>/dev/null)
			[ "${now:-0}" -ge "$goal" ] && break
			sleep 0.02
		done
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		if grep -q '"state":"done"' "$models/killed/events.jsonl"; then
			same killed # it was faster: another run
			how="--run killed"
		else
			how="--resume killed"
			n=$((n + 1))
		fi
	done
	[ "$how" = "--run killed" ] && return
	"$AXIAL" train -m "$tmp/m" $how >"$tmp/killed.log" 2>&1 || die "$variant: resume: $(tail -3 "$tmp/killed.log")"
	same killed
	rm -rf "$models/killed"
}

# try NAME KILLS SED...: the tiny MMAR, changed by sed
try() {
	variant=$1 kills=$2
	shift 2
	rm -rf "$tmp/m"
	$mmar "$tmp/m" 12
	models=$tmp/m/models
	sed -i 's/"num_training_epoch_per_valid": 10/"num_training_epoch_per_valid": 2/; s/"num_interval_per_valid": 5/"num_interval_per_valid": 2/' "$tmp/m/config/config_train.json"
	for e in "$@"; do sed -i "$e" "$tmp/m/config/config_train.json"; done
	"$AXIAL" train -m "$tmp/m" --run whole >"$tmp/whole.log" 2>&1 || die "$variant: $(tail -3 "$tmp/whole.log")"
	killed "$kills"
	sed -i 's/"num_workers": 2/"num_workers": 5/' "$tmp/m/config/config_train.json"
	"$AXIAL" train -m "$tmp/m" --run workers >"$tmp/workers.log" 2>&1 || die "$variant: 5 workers: $(tail -3 "$tmp/workers.log")"
	same workers
}

mmar=tiny_mmar
part=$((points / 6))
try "Adam" $((points - 5 * part))
try "batch norm, NovoGrad" $part 's/"use_group_norm": true, "use_group_normG": 4/"use_group_norm": false, "use_batch_norm": true/' \
	's/{"name": "Adam"}/{"name": "NovoGrad"}/'
try "SegResnet with dropout and its decoder" $part \
	's/{"name": "Unet", "args": {.*}},$/{"name": "SegResnet", "args": {"num_classes": 4, "init_filters": 8, "blocks_down": "1,1", "blocks_up": "1", "dropout_prob": 0.2, "use_vae": true, "use_group_normG": 4}},/'
try "Smart Cache" $part \
	's/"SegmentationImagePipeline", "args": {/"SegmentationImagePipelineWithCache", "args": {"num_cache_objects": 4, "replace_percent": 0.25,/'
try "ReduceOnPlateau" $part 's/"lr_policy": {.*}},$/"lr_policy": {"name": "ReduceOnPlateau", "args": {"plateau_count_trigger": 1, "reduction_rate": 0.5}},/'
mmar=deepgrow_mmar
try "clicks" $part
exit 0
