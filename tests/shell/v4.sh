#!/bin/sh
# A configuration in the grammar of Clara v4 (MONAI): trains, evaluates with metrics on
# the grid of the file, writes masks; a misspelt name is refused.
. tests/shell/lib.inc
tiny_mmar "$tmp/m" 2
cat >"$tmp/m/config/config_train.json" <<-'EOF'
{"CLARA_TRAIN_VERSION": "4.1.0", "epochs": 2, "amp": false, "num_interval_per_valid": 1, "learning_rate": 2e-3,
 "determinism": {"random_seed": 0}, "dont_load_ckpt_model": true,
 "train": {
  "loss": {"name": "DiceLoss", "args": {"to_onehot_y": true, "softmax": true}},
  "optimizer": {"name": "Adam", "args": {"params": "#@model.parameters()", "lr": "{learning_rate}"}},
  "lr_scheduler": {"name": "StepLR", "args": {"optimizer": "@optimizer", "step_size": 1, "gamma": 0.5}},
  "model": {"name": "UNet", "args": {"dimensions": 3, "in_channels": 1, "out_channels": 4, "channels": [4, 8], "strides": [2]}},
  "pre_transforms": [
   {"name": "LoadImaged", "args": {"keys": ["image", "label"]}},
   {"path": "monai.transforms.EnsureChannelFirstd", "args": {"keys": ["image", "label"]}},
   {"name": "Spacingd", "args": {"keys": ["image", "label"], "pixdim": [9.0, 9.0, 9.0], "mode": ["bilinear", "nearest"]}},
   {"name": "ScaleIntensityRanged", "args": {"keys": "image", "a_min": -160, "a_max": 240, "b_min": 0.0, "b_max": 1.0, "clip": true}},
   {"name": "CropForegroundd", "args": {"keys": ["image", "label"], "source_key": "image"}},
   {"name": "RandCropByPosNegLabeld", "args": {"keys": ["image", "label"], "label_key": "label", "spatial_size": [16, 16, 16], "num_samples": 2, "image_key": "image"}},
   {"name": "RandShiftIntensityd", "args": {"keys": "image", "offsets": 0.1, "prob": 0.5}},
   {"name": "ToTensord", "args": {"keys": ["image", "label"]}}],
  "dataset": {"name": "CacheDataset", "data_list_file_path": "{DATASET_JSON}", "data_file_base_dir": "{DATA_ROOT}",
   "data_list_key": "training", "args": {"transform": "@pre_transforms", "cache_num": 4, "cache_rate": 1.0}},
  "dataloader": {"name": "DataLoader", "args": {"dataset": "@dataset", "batch_size": 2, "shuffle": true, "num_workers": 0}},
  "inferer": {"name": "SimpleInferer"},
  "handlers": [
   {"name": "CheckpointLoader", "disabled": "{dont_load_ckpt_model}", "args": {"load_path": "{MMAR_CKPT_DIR}/none.pt"}},
   {"name": "ValidationHandler", "args": {"validator": "@evaluator", "interval": "{num_interval_per_valid}"}},
   {"name": "StatsHandler", "rank": 0, "args": {"tag_name": "train_loss"}}],
  "post_transforms": [
   {"name": "Activationsd", "args": {"keys": "pred", "softmax": true}},
   {"name": "AsDiscreted", "args": {"keys": ["pred", "label"], "argmax": [true, false], "to_onehot": 4}}],
  "trainer": {"name": "SupervisedTrainer", "args": {"max_epochs": "{epochs}", "amp": "{amp}"}}},
 "validate": {
  "pre_transforms": [{"ref": "LoadImaged"}, {"ref": "EnsureChannelFirstd"}, {"ref": "Spacingd"}, {"ref": "ScaleIntensityRanged"}, {"ref": "ToTensord"}],
  "dataset": {"name": "CacheDataset", "data_list_file_path": "{DATASET_JSON}", "data_file_base_dir": "{DATA_ROOT}", "data_list_key": "validation"},
  "dataloader": {"name": "DataLoader", "args": {"batch_size": 1}},
  "inferer": {"name": "SlidingWindowInferer", "args": {"roi_size": [16, 16, 16], "sw_batch_size": 2, "overlap": 0.5}},
  "handlers": [{"name": "CheckpointSaver", "rank": 0, "args": {"save_dir": "{MMAR_CKPT_DIR}", "save_key_metric": true}}],
  "post_transforms": [{"ref": "Activationsd"}, {"ref": "AsDiscreted"}],
  "key_metric": {"name": "MeanDice", "log_label": "val_mean_dice", "args": {"include_background": false}},
  "additional_metrics": [{"name": "Accuracy", "log_label": "val_acc", "args": {"output_transform": "lambda x: x"}}]}}
EOF
cat >"$tmp/m/config/config_validation.json" <<-'EOF'
{"CLARA_TRAIN_VERSION": "4.1.0", "amp": false, "model": [{"ts_path": "{MMAR_CKPT_DIR}/model.ts", "disabled": false}, {"ckpt_path": "x", "disabled": true}],
 "pre_transforms": [
  {"name": "LoadImaged", "args": {"keys": ["image", "label"]}},
  {"name": "Spacingd", "args": {"keys": "image", "pixdim": [9.0, 9.0, 9.0], "mode": "bilinear"}},
  {"name": "ScaleIntensityRanged", "args": {"keys": "image", "a_min": -160, "a_max": 240, "b_min": 0.0, "b_max": 1.0, "clip": true}}],
 "dataset": {"name": "Dataset", "data_list_file_path": "{DATASET_JSON}", "data_file_base_dir": "{DATA_ROOT}", "data_list_key": "validation"},
 "dataloader": {"name": "DataLoader", "args": {"batch_size": 1}},
 "inferer": {"name": "SlidingWindowInferer", "args": {"roi_size": [16, 16, 16]}},
 "handlers": [{"name": "MetricsSaver", "args": {"save_dir": "{MMAR_EVAL_OUTPUT_PATH}", "metrics": "*"}}],
 "post_transforms": [
  {"name": "Activationsd", "args": {"keys": "pred", "softmax": true}},
  {"name": "Invertd", "args": {"keys": "pred", "transform": "@pre_transforms", "orig_keys": "image", "nearest_interp": false}},
  {"name": "AsDiscreted", "args": {"keys": ["pred", "label"], "argmax": [true, false], "to_onehot": 4}},
  {"name": "SaveImaged", "args": {"keys": "pred", "output_dir": "{MMAR_EVAL_OUTPUT_PATH}"}}],
 "key_metric": {"name": "MeanDice", "log_label": "val_mean_dice", "args": {"include_background": false}},
 "evaluator": {"name": "SupervisedEvaluator"}}
EOF
"$AXIAL" mmar lint "$tmp/m" >"$tmp/log" 2>&1 || die "lint: $(cat "$tmp/log")"
"$AXIAL" train -m "$tmp/m" >"$tmp/log" 2>&1 || die "training: $(tail -3 "$tmp/log")"
# 3 steps of 2 cases with 2 crops each; StepLR halves the rate after the first epoch
grep -q "validation epoch 2/2, val_mean_dice" "$tmp/log" || die "no validation: $(cat "$tmp/log")"
grep -q "3 steps an epoch" "$tmp/log" || die "steps: $(grep steps "$tmp/log")"
steps=$(cat "$tmp"/m/models/*/events.jsonl | grep '"kind":"step"')
echo "$steps" | grep '"step":1,' | grep -q '"lr":0.002[,}]' || die "rate of step 1: $steps"
echo "$steps" | grep '"step":4,' | grep -q '"lr":0.001[,}]' || die "rate of step 4: $steps"
grep -q "val_acc" "$tmp/log" || die "no second metric: $(cat "$tmp/log")"

expect 0 "val_mean_dice" "$AXIAL" evaluate -m "$tmp/m"
[ -s "$tmp/m/eval/val_mean_dice_raw_results.txt" ] || die "no report: $(find "$tmp/m/eval")"
[ "$(find "$tmp/m/eval" -name '*.nii.gz' | wc -l)" -eq 2 ] || die "masks: $(find "$tmp/m/eval")"

# an engine's arguments that wire Python are dropped
sed 's/"evaluator": {"name": "SupervisedEvaluator"}/"evaluator": {"name": "SupervisedEvaluator", "args": {"iteration_update": "@update"}}/' \
	"$tmp/m/config/config_validation.json" >"$tmp/m/config/wired.json"
grep -q '"@update"' "$tmp/m/config/wired.json" || die "nothing changed"
expect 0 "val_mean_dice" "$AXIAL" evaluate -m "$tmp/m" -c config/wired.json
rm "$tmp/m/config/wired.json"

# what is wrong is said by its place
sed 's/"SlidingWindowInferer"/"SlidingWindowInfere"/' "$tmp/m/config/config_train.json" >"$tmp/m/config/bad.json"
expect 65 "did you mean 'SlidingWindowInferer'" "$AXIAL" train -m "$tmp/m" -c config/bad.json
sed 's/"CacheDataset"/"CacheDatset"/' "$tmp/m/config/config_train.json" >"$tmp/m/config/bad.json"
expect 65 "CacheDatset" "$AXIAL" train -m "$tmp/m" -c config/bad.json
