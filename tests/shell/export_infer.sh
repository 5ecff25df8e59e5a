#!/bin/sh
# Export and inference: what is exported gives the same masks; files, folders and
# bad images; Clara's export command line; weights that stand for frozen graphs;
# fine-tuning with what fits; files of other programs are named.
. tests/shell/lib.inc
m=$tmp/m
tiny_mmar "$m" 6
"$AXIAL" train -m "$m" --run base >"$tmp/log" 2>&1 || die "training: $(tail -3 "$tmp/log")"
images=$tmp/data/imagesTr

# without config_validation.json the validate section of the training is used
expect 0 "phantom_006_seg.nii.gz" "$AXIAL" infer -m "$m" "$images/phantom_006.nii.gz" -o "$tmp/a"
expect 0 "done       8 images" "$AXIAL" infer -m "$m" "$images" -o "$tmp/all"
cmp "$tmp/a/phantom_006_seg.nii.gz" "$tmp/all/phantom_006_seg.nii.gz" || die "file and folder differ"
expect 0 "one.nii" "$AXIAL" infer -m "$m" --run base "$images/phantom_006.nii.gz" -o "$tmp/one.nii"
gzip -dc "$tmp/a/phantom_006_seg.nii.gz" | cmp - "$tmp/one.nii" || die "one file differs"

# exported weights: the same masks in fp32, and files that load in half
expect 0 "models/model.fzn.safetensors" "$AXIAL" export -m "$m"
[ -s "$m/models/model.fzn.safetensors" ] || die "no model.fzn.safetensors"
expect 0 "" "$AXIAL" infer -m "$m" --model "$m/models/model.fzn.safetensors" "$images/phantom_006.nii.gz" -o "$tmp/b"
cmp "$tmp/a/phantom_006_seg.nii.gz" "$tmp/b/phantom_006_seg.nii.gz" || die "the exported model differs"
for type in fp16 bf16; do
	expect 0 "written" "$AXIAL" export -m "$m" --run base --dtype $type -o "$tmp/$type.safetensors"
	expect 0 "" "$AXIAL" infer -m "$m" --model "$tmp/$type.safetensors" "$images/phantom_006.nii.gz" -o "$tmp/$type"
done
big=$(wc -c <"$m/models/model.fzn.safetensors")
[ "$(wc -c <"$tmp/fp16.safetensors")" -lt $((big * 6 / 10)) ] || die "fp16 is not smaller than $big"
expect 0 "24 x 24 x 16" "$AXIAL" export -m "$m" --format onnx
expect 0 "32 x 16 x 16" "$AXIAL" export -m "$m" --format onnx --size 32,16,16
for size in 96,96, 96,96 ,96,96 96,96,96, 96,96,96,1 96,,96 96 " 16,16,16" 16,16,-16 16,16,4097 16,16,16x; do
	expect 64 "$size" "$AXIAL" export -m "$m" --format onnx --size "$size"
done
head -c 64 "$m/models/model.onnx" | grep -q axial || die "model.onnx"

# Clara's command line, and what a validation configuration finds then
rm -f "$m/models/model.fzn.safetensors"
expect 0 "no effect" "$AXIAL" export --model_file_format CKPT --model_file_path "$m/models" --model_name model \
	--input_node_names "NV_MODEL_INPUT" --output_node_names NV_MODEL_OUTPUT --trt_min_seg_size 50 \
	--trt_precision_mode FP16
[ -s "$m/models/model.fzn.safetensors" ] || die "no model.fzn.safetensors"
triton="--model_file_path $m/models --model_name model --trtis_export --trtis_model_name x --trtis_input_shape"
expect 0 "config.pbtxt" "$AXIAL" export $triton 1 32 24 16
cat >"$tmp/pbtxt" <<-EOF
name: "x"
platform: "onnxruntime_onnx"
max_batch_size: 8
input [
  {
    name: "NV_MODEL_INPUT"
    data_type: TYPE_FP32
    dims: [ 1, 16, 24, 32 ]
  }
]
output [
  {
    name: "NV_MODEL_OUTPUT"
    data_type: TYPE_FP32
    dims: [ 4, 16, 24, 32 ]
  }
]
EOF
cmp "$tmp/pbtxt" "$m/models/config.pbtxt" || die "config.pbtxt: $(cat "$m/models/config.pbtxt")"
rm "$m/models/model.onnx"
expect 64 "2 channels wanted" "$AXIAL" export $triton 2 24 24 16
[ ! -e "$m/models/model.onnx" ] || die "a refused export wrote its file"
expect 64 "needs channels and size" "$AXIAL" export $triton 1 24 x 16
expect 64 "writes ONNX" "$AXIAL" export $triton 1 24 24 16 --format safetensors
expect 64 "options only" "$AXIAL" export --model_file_path "$m/models" 24 24
cat >"$m/config/config_validation.json" <<-EOF
{"batch_size": 2, "use_scanning_window": true,
 "inferer": {"name": "TFScanWindowInferer", "args": {"roi_size": [24, 24, 16]}},
 "model_loader": {"name": "FrozenGraphModelLoader", "args": {"model_file_path": "{MMAR_CKPT_DIR}/model.trt.pb"}},
 "pre_transforms": [
  {"name": "LoadNifti", "args": {"fields": ["image"]}}, {"name": "ConvertToChannelsFirst", "args": {"fields": ["image"]}},
  {"name": "ScaleIntensityRange", "args": {"fields": "image", "a_min": -160, "a_max": 240, "b_min": 0.0, "b_max": 1.0, "clip": true}}],
 "label_transforms": [{"name": "LoadNifti", "args": {"fields": "label"}}, {"name": "ConvertToChannelsFirst", "args": {"fields": ["label"]}}],
 "val_metrics": [{"name": "ComputeAverageDice", "args": {"name": "mean_dice", "field": "model", "label_field": "label"}}],
 "writers": [{"name": "WriteNifti", "args": {"field": "model", "dtype": "float32", "write_path": "{MMAR_EVAL_OUTPUT_PATH}"}}]}
EOF
expect 0 "models/model.fzn.safetensors" "$AXIAL" evaluate -m "$m"
[ "$(grep -c , "$m/eval/metrics.csv")" -eq 3 ] || die "metrics.csv: $(cat "$m/eval/metrics.csv")"

# a bad image among good ones
echo "no image" >"$tmp/bad.nii.gz"
expect 65 "1 of 3 images failed" "$AXIAL" infer -m "$m" "$images/phantom_000.nii.gz" "$tmp/bad.nii.gz" "$images/phantom_001.nii.gz" -o "$tmp/c"
[ "$(ls "$tmp/c" | wc -l)" -eq 2 ] || die "the good ones were not written: $(ls "$tmp/c")"
"$AXIAL" infer -m "$m" --json "$images/phantom_000.nii.gz" "$tmp/bad.nii.gz" -o "$tmp/d" >"$tmp/json" 2>/dev/null
[ $? -eq 65 ] && [ "$(wc -l <"$tmp/json")" -eq 2 ] || die "json: $(cat "$tmp/json")"
grep -q '"file":.*"size":\[32,32,24\],"written":\[' "$tmp/json" && grep -q '"error":.*"code":65' "$tmp/json" || die "json: $(cat "$tmp/json")"
expect 66 "nowhere.nii" "$AXIAL" infer -m "$m" "$tmp/nowhere.nii" -o "$tmp/d"
expect 64 "both be written" "$AXIAL" infer -m "$m" "$images/phantom_000.nii.gz" "$images/../imagesTr/phantom_000.nii.gz" -o "$tmp/d"
mkdir "$tmp/same"
cp "$images/phantom_000.nii.gz" "$tmp/same/a.nii.gz"
cp "$images/phantom_001.nii.gz" "$tmp/same/a_seg.nii.gz"
expect 64 "one of the images" "$AXIAL" infer -m "$m" -c config/config_train.json "$tmp/same" -o "$tmp/same"
cmp "$images/phantom_001.nii.gz" "$tmp/same/a_seg.nii.gz" || die "an image was overwritten"
expect 64 "is the image itself" "$AXIAL" infer -m "$m" "$tmp/one.nii" -o "$tmp/one.nii"
expect 64 "give a folder" "$AXIAL" infer -m "$m" "$images/phantom_000.nii.gz"
# said before anything is computed: this image could not even be read
expect 64 "give a folder" "$AXIAL" infer -m "$m" "$tmp/bad.nii.gz"
expect 64 "give images" "$AXIAL" infer -m "$m" -o "$tmp/d"
mkdir "$tmp/empty"
expect 66 "no image" "$AXIAL" infer -m "$m" "$tmp/empty" -o "$tmp/d"
expect 66 "config/config_train.json" "$AXIAL" infer -m "$tmp/empty" "$images" -o "$tmp/d"

# weights of other programs, and none
printf 'PK\003\004\024\000\000\000\010\000' >"$tmp/model.pt"
expect 65 "convert with" "$AXIAL" infer -m "$m" --model "$tmp/model.pt" "$images/phantom_000.nii.gz" -o "$tmp/d"
expect 65 "convert with" "$AXIAL" export --model "$tmp/model.pt"
expect 66 "cannot open" "$AXIAL" export --model "$tmp/none.safetensors"
expect 66 "train first" "$AXIAL" export -m "$tmp/empty"
head -c 5000 "$m/models/base/model.safetensors" >"$tmp/cut.safetensors"
expect 65 "cut.safetensors" "$AXIAL" export --model "$tmp/cut.safetensors"
expect 64 "fp32, fp16 or bf16" "$AXIAL" export -m "$m" --dtype fp8
expect 64 "itself" "$AXIAL" export -m "$m" --run base -o "$m/models/base/model.safetensors"

# fine-tuning of another network: refused, or what fits
sed 's/"num_classes": 4/"num_classes": 5/; s/"epochs": 6/"epochs": 1/' "$m/config/config_train.json" >"$m/config/config_five.json"
expect 65 "'out.conv.bias' is 4, the network has 5" "$AXIAL" train -m "$m" -c config/config_five.json --run five \
	--set MMAR_CKPT=models/base/model.safetensors
expect 0 "2 start fresh" "$AXIAL" train -m "$m" -c config/config_five.json --run five \
	--set MMAR_CKPT=models/base/model.ckpt MMAR_CKPT_PARTIAL=true
exit 0
