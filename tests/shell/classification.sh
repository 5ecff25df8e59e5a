#!/bin/sh
# Classification from end to end: DenseNet121 learns generated films (PNG, labels that
# are numbers) to an AUC of 0.95 and more, and evaluation finds the same.
. tests/shell/lib.inc
"$AXIAL" phantom --task classification "$tmp/films" --size 48,48 --cases 240 --validation 60 >/dev/null || die "phantom"
mkdir -p "$tmp/m/config" "$tmp/m/models" "$tmp/m/eval"
cat >"$tmp/m/config/environment.json" <<-EOF
{"DATA_ROOT": "$tmp/films", "DATASET_JSON": "$tmp/films/dataset.json", "PROCESSING_TASK": "classification",
 "MMAR_EVAL_OUTPUT_PATH": "eval", "MMAR_CKPT_DIR": "models"}
EOF
cat >"$tmp/m/config/config_train.json" <<-EOF
{"epochs": 8, "num_training_epoch_per_valid": 4, "learning_rate": 1e-3, "determinism": {"random_seed": 7},
 "train": {
  "loss": {"name": "MulticlassClassificationLoss"},
  "optimizer": {"name": "Adam"},
  "lr_policy": {"name": "ReducePoly", "args": {"poly_power": 0.9}},
  "model": {"name": "DenseNet121", "args": {"num_classes": 3}},
  "aux_ops": [{"name": "ComputeAccuracy", "args": {"tag": "accuracy"}}],
  "pre_transforms": [
   {"name": "LoadPng", "args": {"fields": "image"}},
   {"name": "ScaleIntensityRange", "args": {"fields": "image", "a_min": 0, "a_max": 255, "b_min": -1.0, "b_max": 1.0}},
   {"name": "RandomAxisFlip", "args": {"fields": "image"}}
  ],
  "image_pipeline": {"name": "ClassificationImagePipeline", "args": {
   "data_list_file_path": "{DATASET_JSON}", "data_file_base_dir": "{DATA_ROOT}", "data_list_key": "training",
   "output_crop_size": [48, 48], "output_data_dims": 2, "output_batch_size": 16, "num_workers": 2, "prefetch_size": 2}}
 },
 "validate": {
  "metrics": [
   {"name": "ComputeAUC", "args": {"name": "auc", "field": "model", "label_field": "label", "is_key_metric": true}},
   {"name": "ComputeAverage", "args": {"name": "mean_accuracy", "field": "accuracy"}}],
  "pre_transforms": [{"ref": "LoadPng"}, {"ref": "ScaleIntensityRange"}],
  "image_pipeline": {"name": "ClassificationImagePipeline", "args": {
   "data_list_file_path": "{DATASET_JSON}", "data_file_base_dir": "{DATA_ROOT}", "data_list_key": "validation",
   "output_crop_size": [-1, -1], "output_data_dims": 2, "output_batch_size": 1, "num_workers": 1, "prefetch_size": 1}},
  "inferer": {"name": "TFSimpleInferer"}
 }}
EOF
cat >"$tmp/m/config/config_validation.json" <<-EOF
{"batch_size": 1,
 "pre_transforms": [
  {"name": "LoadPng", "args": {"fields": "image"}},
  {"name": "ScaleIntensityRange", "args": {"fields": "image", "a_min": 0, "a_max": 255, "b_min": -1.0, "b_max": 1.0}}],
 "label_transforms": [], "post_transforms": [],
 "inferer": {"name": "TFSimpleInferer"},
 "model_loader": {"name": "CheckpointLoader", "args": {"checkpoint_dir": "{MMAR_CKPT_DIR}/a"}},
 "val_metrics": [
  {"name": "ComputeAUC", "args": {"name": "auc", "field": "model", "label_field": "label", "report_path": "{MMAR_EVAL_OUTPUT_PATH}"}}]}
EOF

# best FILE: the best key metric of a run
best() {
	grep '"kind":"validation"' "$1" | tail -1 | sed -E 's/.*"best":([0-9.e-]+).*/\1/'
}

"$AXIAL" train -m "$tmp/m" --run a >"$tmp/log" 2>&1 || die "training: $(tail -3 "$tmp/log")"
auc=$(best "$tmp/m/models/a/events.jsonl")
echo "AUC $auc, $(grep -o 'mean_accuracy [0-9.]*' "$tmp/log" | tail -1), $(tail -1 "$tmp/log")"
awk -v a="$auc" 'BEGIN { exit !(a >= 0.95) }' || die "AUC $auc is below 0.95"
grep -q '"auc_class_2"' "$tmp/m/models/a/events.jsonl" || die "no AUC of each class"

"$AXIAL" evaluate -m "$tmp/m" >"$tmp/log" 2>&1 || die "evaluate: $(tail -3 "$tmp/log")"
mean=$(sed -n 's/^mean\t//p' "$tmp/m/eval/auc_summary_results.txt")
awk -v a="$auc" -v b="$mean" 'BEGIN { d = a - b; exit !(d < 1e-4 && d > -1e-4) }' || die "evaluation says AUC $mean, the training $auc"
[ "$(wc -l <"$tmp/m/eval/auc_raw_results.txt")" -eq 61 ] || die "raw results: $(head -3 "$tmp/m/eval/auc_raw_results.txt")"

# tables: the evaluation, and inference on the files, with the exported model too
row=$(sed -n 2p "$tmp/m/eval/predictions.csv" | tr -d '\r')
[ "$(wc -l <"$tmp/m/eval/predictions.csv")" -eq 61 ] || die "predictions: $row"
film=$(echo "$row" | sed -E 's/.*(film_[0-9]+).*/\1/')
"$AXIAL" infer -m "$tmp/m" "$tmp/films/images/$film.png" -o "$tmp/out" >"$tmp/log" 2>&1 || die "infer: $(tail -3 "$tmp/log")"
[ "$(sed -n 2p "$tmp/out/predictions.csv" | tr -d '\r' | cut -d, -f2-)" = "$(echo "$row" | cut -d, -f3-)" ] ||
	die "infer says $(cat "$tmp/out/predictions.csv"), evaluate $row"
expect 0 "batch norms folded" "$AXIAL" export -m "$tmp/m" --run a
expect 0 '"class":' "$AXIAL" infer -m "$tmp/m" --json --model "$tmp/m/models/a/model.fzn.safetensors" "$tmp/films/images/$film.png"

expect 64 "2-D network" "$AXIAL" export -m "$tmp/m" --run a --format onnx --size 48,48,48
expect 0 "48 x 32 x 1" "$AXIAL" export -m "$tmp/m" --run a --format onnx --size 48,32

# a class that the network does not have, in the validation list
echo "{\"training\": [{\"image\": \"images/$film.png\", \"label\": 2}], \"validation\": [{\"image\": \"images/$film.png\", \"label\": 3}]}" >"$tmp/films/four.json"
expect 65 "has the label 3, but the network knows the classes 0 to 2" "$AXIAL" train -m "$tmp/m" --set DATASET_JSON="$tmp/films/four.json"
case $out in *"validation.#1"*) ;; *) die "the entry is not named: $out" ;; esac
expect 65 "has the label 3" "$AXIAL" evaluate -m "$tmp/m" --set DATASET_JSON="$tmp/films/four.json"

# a scanning window makes no sense here, and that is said
sed -i 's/{"name": "TFSimpleInferer"}/{"name": "TFScanWindowInferer", "args": {"roi_size": [32, 32, 1]}}/' "$tmp/m/config/config_validation.json"
expect 65 "TFSimpleInferer" "$AXIAL" evaluate -m "$tmp/m"
exit 0
