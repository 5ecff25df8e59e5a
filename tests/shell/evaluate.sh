#!/bin/sh
# Evaluation: metrics with their results files, masks on the grid of the original
# image although the network saw a resampled one; inference without labels; a
# missing model is named.
. tests/shell/lib.inc
tiny_mmar "$tmp/m" 30
cat >"$tmp/m/config/config_validation.json" <<-EOF
{"batch_size": 1,
 "inferer": {"name": "TFScanWindowInferer", "args": {"roi_size": [24, 24, 16], "batch_size": 1}},
 "model_loader": {"name": "CheckpointLoader", "args": {"checkpoint_dir": "{MMAR_CKPT_DIR}"}},
 "pre_transforms": [
  {"name": "LoadNifti", "args": {"fields": ["image"]}},
  {"name": "ConvertToChannelsFirst", "args": {"fields": ["image"]}},
  {"name": "ScaleByResolution", "args": {"fields": ["image"], "target_resolution": [9.0, 9.0, 9.0]}},
  {"name": "ScaleIntensityRange", "args": {"fields": "image", "a_min": -160, "a_max": 240, "b_min": 0.0, "b_max": 1.0, "clip": true}}],
 "label_transforms": [
  {"name": "LoadNifti", "args": {"fields": "label"}},
  {"name": "ConvertToChannelsFirst", "args": {"fields": ["label"]}},
  {"name": "ScaleByResolution", "args": {"fields": ["label"], "is_label": true, "target_resolution": [9.0, 9.0, 9.0]}},
  {"name": "SplitBasedOnLabel", "args": {"field": "label", "label_names": ["l0", "l1", "l2", "l3"]}}],
 "post_transforms": [
  {"name": "ArgmaxAcrossChannels", "args": {"fields": "model"}},
  {"name": "SplitBasedOnLabel", "args": {"field": "model", "label_names": ["p0", "p1", "p2", "p3"]}},
  {"name": "CopyProperties", "args": {"fields": ["p1", "model"], "from_field": "image", "properties": ["affine"]}}],
 "val_metrics": [{"name": "ComputeAverageDice", "args": {"name": "dice_liver", "field": "p1", "label_field": "l1", "report_path": "{MMAR_EVAL_OUTPUT_PATH}"}}],
 "writers": [{"name": "WriteNifti", "args": {"field": "model", "dtype": "uint8", "write_path": "{MMAR_EVAL_OUTPUT_PATH}"}}]}
EOF

expect 66 "model" "$AXIAL" evaluate -m "$tmp/m"
"$AXIAL" train -m "$tmp/m" >"$tmp/log" 2>&1 || die "training: $(tail -3 "$tmp/log")"

expect 0 "dice_liver" "$AXIAL" evaluate -m "$tmp/m" --set do_validation=true output_infer_result=true
summary=$tmp/m/eval/dice_liver_summary_results.txt
raw=$tmp/m/eval/dice_liver_raw_results.txt
[ -s "$summary" ] && [ -s "$raw" ] || die "no results files: $(ls "$tmp/m/eval")"
[ "$(grep -c phantom_ "$raw")" -eq 2 ] || die "raw results do not have two cases: $(cat "$raw")"
grep -q "^mean" "$summary" || die "no mean in $(cat "$summary")"

# one table of all metrics for other programs
csv=$tmp/m/eval/metrics.csv
[ "$(head -n 1 "$csv" | tr -d '\r')" = "case,dice_liver,dice_liver_class_1" ] || [ "$(head -n 1 "$csv" | tr -d '\r')" = "case,dice_liver" ] || die "head of $csv: $(head -n 1 "$csv")"
[ "$(grep -c '^phantom_00[67],[01]\.[0-9]*' "$csv")" -eq 2 ] || die "$csv: $(cat "$csv")"
[ "$(tr -cd '\r' <"$csv" | wc -c)" -eq 3 ] || die "$csv does not end its lines with CRLF"

dims() { gzip -dc "$1" | od -An -t d2 -j 40 -N 8 | tr -s ' '; }
for image in "$tmp"/data/imagesTr/phantom_006.nii.gz "$tmp"/data/imagesTr/phantom_007.nii.gz; do
	name=$(basename "$image" .nii.gz)
	mask=$tmp/m/eval/$name/${name}_model.nii.gz
	[ -s "$mask" ] || die "no mask of $name: $(find "$tmp/m/eval")"
	[ "$(dims "$image")" = "$(dims "$mask")" ] || die "$mask has $(dims "$mask"), $image $(dims "$image")"
	gzip -dc "$image" | od -An -t f4 -j 280 -N 48 >"$tmp/a"
	gzip -dc "$mask" | od -An -t f4 -j 280 -N 48 >"$tmp/b"
	cmp "$tmp/a" "$tmp/b" || die "the affine of $mask differs"
done

# a name whose case would be '..': what is written stays in the eval folder
cp "$tmp/data/imagesTr/phantom_006.nii.gz" "$tmp/data/imagesTr/...nii.gz"
echo '{"validation": [{"image": "imagesTr/...nii.gz", "label": "labelsTr/phantom_006.nii.gz"}]}' >"$tmp/data/odd.json"
expect 0 "written" "$AXIAL" evaluate -m "$tmp/m" --set do_validation=true output_infer_result=true DATASET_JSON="$tmp/data/odd.json"
[ -s "$tmp/m/eval/__/___model.nii.gz" ] || die "the case '...nii.gz': $(find "$tmp/m" -name '*_model.nii.gz')"

# inference alone needs no labels
rm -rf "$tmp/m/eval"
mv "$tmp/data/labelsTr" "$tmp/labels"
expect 0 "written" "$AXIAL" evaluate -m "$tmp/m" --set do_validation=false output_infer_result=true
[ "$(find "$tmp/m/eval" -name '*.nii.gz' | wc -l)" -eq 2 ] || die "masks without labels"

# weights that came with the archive serve until something newer was trained
run=$(ls -d "$tmp"/m/models/*/ | head -n 1)
cp "${run}model.safetensors" "$tmp/m/models/model.safetensors"
touch -d '1 hour ago' "$tmp/m/models/model.safetensors"
expect 0 "weights    ${run}model.safetensors" "$AXIAL" evaluate -m "$tmp/m" --set do_validation=false
touch -d '1 hour' "$tmp/m/models/model.safetensors"
expect 0 "weights    $tmp/m/models/model.safetensors" "$AXIAL" evaluate -m "$tmp/m" --set do_validation=false
exit 0
