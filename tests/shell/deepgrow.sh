#!/bin/sh
# Training with simulated clicks (deepgrow, ClickInteraction): more clicks, better masks;
# evaluate's table, twice the same; what is refused.  Stops and threads: kill_points.sh.
. tests/shell/lib.inc
. tests/shell/deepgrow.inc
deepgrow_mmar "$tmp/m" 60
cfg=$tmp/m/config
expect 0 "0 errors, 0 warnings" "$AXIAL" mmar lint "$tmp/m"
"$AXIAL" train -m "$tmp/m" --run r >"$tmp/log" 2>&1 || die "training: $(tail -3 "$tmp/log")"

# The image says nothing (its intensities are divided by a million): all that the network
# knows are the clicks, so that their number must show.  Mean over the later validations.
grep -o '"click_dice":\[[^]]*' "$tmp/m/models/r/events.jsonl" | sed 's/.*\[//' | tail -6 >"$tmp/dice"
[ "$(wc -l <"$tmp/dice")" -eq 6 ] || die "no Dice after clicks: $(grep validation "$tmp/m/models/r/events.jsonl" | tail -1)"
awk -F, 'NF != 6 { exit 1 } { few += $1; more += $6 } END { exit !(more / NR > few / NR + 0.02 && more / NR > 0.5) }' "$tmp/dice" ||
	die "clicks do not help: $(cat "$tmp/dice")"
# the measured prediction is the one after the last click
grep '"kind":"validation"' "$tmp/m/models/r/events.jsonl" | tail -1 |
	sed 's/.*"val_mean_dice":\([0-9.]*\).*"click_dice":.*,\([0-9.]*\)\].*/\1 \2/' |
	awk '{ exit !($1 > 0.3 && $1 - $2 < 1e-6 && $2 - $1 < 1e-6) }' || die "last click: $(tail -2 "$tmp/m/models/r/events.jsonl")"

# evaluate: the clicks stand at the top of a validation configuration
pre=$(grep -n '"pre_transforms": \[$' "$cfg/config_train.json" | head -1 | cut -d: -f1)
end=$(grep -n 'ToTensord", "args": {"keys": \["image", "label"\]}}\],$' "$cfg/config_train.json" | head -1 | cut -d: -f1)
{
	echo '{"CLARA_TRAIN_VERSION": "4.1.0", "model": [{"ts_path": "{MMAR_CKPT_DIR}/model.ts"}],'
	sed -n "${pre},${end}p" "$cfg/config_train.json"
	cat <<-EOF2
	 "dataset": {"name": "Dataset", "data_list_file_path": "{DATASET_JSON}", "data_file_base_dir": "{DATA_ROOT}", "data_list_key": "validation"},
	 "dataloader": {"name": "DataLoader"}, "inferer": {"name": "SimpleInferer"},
	 "post_transforms": [{"name": "Activationsd", "args": {"keys": "pred", "sigmoid": true}}],
	 "key_metric": {"name": "MeanDice", "log_label": "val_mean_dice", "args": {"include_background": false}},
	 "iteration": {"name": "ClickInteraction", "args": {"max_interactions": 7, "train": false, "transforms": [
	    $clicks]}},
	 "evaluator": {"name": "SupervisedEvaluator"}}
	EOF2
} >"$cfg/config_validation.json"
expect 0 "clicks     Dice after 0:" "$AXIAL" evaluate -m "$tmp/m"
[ "$(head -1 "$tmp/m/eval/clicks.csv" | tr -d '\r')" = "case,clicks_0,clicks_1,clicks_2,clicks_3,clicks_4,clicks_5,clicks_6,clicks_7" ] ||
	die "clicks.csv: $(cat "$tmp/m/eval/clicks.csv")"
[ "$(wc -l <"$tmp/m/eval/clicks.csv")" -eq 3 ] || die "clicks.csv: $(cat "$tmp/m/eval/clicks.csv")"
cp "$tmp/m/eval/clicks.csv" "$tmp/before"
"$AXIAL" evaluate -m "$tmp/m" >/dev/null 2>&1 && cmp "$tmp/before" "$tmp/m/eval/clicks.csv" || die "the simulated annotator clicked elsewhere"

# refused, refused by its place; bad SED CODE TEXT
bad() {
	sed "$1" "$cfg/config_train.json" >"$cfg/bad.json"
	cmp -s "$cfg/bad.json" "$cfg/config_train.json" && die "nothing changed by $1"
	expect "$2" "$3" "$AXIAL" train -m "$tmp/m" -c config/bad.json
}
bad 's/"max_interactions": 4/"max_interactions": 0/' 65 "train.iteration.args.max_interactions"
bad 's/"train": true,/"train": true, "deepgrow_probability": 1.5,/' 65 "train.iteration.args.deepgrow_probability"
bad '/AddInitialSeedPointd", "args"/d' 65 "reads the field 'guidance', which nothing made before"
bad 's/"key_probability": "probability"/"key_probability": "prob"/' 65 "reads the field 'probability', which nothing made before"
bad 's/FindDiscrepancyRegionsd", "path": "[^"]*"/FindDiscrepancyRegion"/' 65 "train.iteration.args.transforms.#3"
bad 's/"max_interactions": 4, //' 65 "max_interactions"
bad 's/"ClickInteraction", "path": "deepgrow.interaction.ClickInteraction"/"ClickInteractoin"/' 65 "did you mean 'ClickInteraction'"
sed 's/"train": true,/"train": false,/' "$cfg/config_train.json" >"$cfg/bad.json"
expect 1 "a training that always clicks" "$AXIAL" mmar lint "$tmp/m"

# a part of the samples gets no further clicks: other numbers, and no failure
sed 's/"train": true,/"train": true, "deepgrow_probability": 0,/; s/"epochs": 60/"epochs": 1/' "$cfg/config_train.json" >"$cfg/none.json"
rm "$cfg/bad.json"
"$AXIAL" train -m "$tmp/m" -c config/none.json --run none >"$tmp/log" 2>&1 || die "without clicks: $(tail -3 "$tmp/log")"
a=$(grep '"step":1,' "$tmp/m/models/none/events.jsonl" | sed 's/.*"loss":\([0-9.]*\).*/\1/')
b=$(grep '"step":1,' "$tmp/m/models/r/events.jsonl" | sed 's/.*"loss":\([0-9.]*\).*/\1/')
[ -n "$a" ] && [ "$a" != "$b" ] || die "the interactions change nothing: $a, $b"
exit 0
