#!/bin/sh
# Components of the user's own: written from the templates, compiled, trained with; and
# what is refused: stale files, another version of the interface, paths out of the MMAR.
. tests/shell/lib.inc
command -v "${CC:-cc}" >/dev/null 2>&1 || command -v cc >/dev/null 2>&1 || { echo "no C compiler"; exit 77; }
m=$tmp/m
tiny_mmar "$m" 2

for kind in transform loss network optimizer metric; do
	expect 0 "custom/my_$kind.c written" "$AXIAL" custom new my_$kind $kind -m "$m"
done
expect 65 "is there already" "$AXIAL" custom new my_loss loss -m "$m"
expect 64 "no kind" "$AXIAL" custom new x inferer -m "$m"
expect 64 "no C identifier" "$AXIAL" custom new ../x loss -m "$m"
cp "$m/config/config_train.json" "$tmp/plain.json"

# own: the configuration with all five
sed -e 's|{"name": "Dice", "args": {"squared_pred": true, "is_onehot_targets": false}}|{"path": "custom/my_loss.so:my_loss", "args": {"weight": 2.0}}|' \
	-e 's|{"name": "Adam"}|{"path": "custom/my_optimizer.so:my_optimizer", "args": {"beta": 0.8}}|' \
	-e 's|{"name": "Unet", "args": {[^}]*}}|{"path": "custom/my_network.so:my_network", "args": {"num_classes": 4}}|' \
	-e 's|{"name": "AddGaussianNoise", "args": {[^}]*}}|{"path": "custom/my_transform.so:my_transform", "args": {"fields": "image", "magnitude": 0.05}}|' \
	-e 's|"metrics": \[|"metrics": [{"path": "custom/my_metric.so:my_metric", "args": {"name": "own", "field": "model"}}, |' \
	-e 's|"num_training_epoch_per_valid": 10|"num_training_epoch_per_valid": 1|' \
	"$tmp/plain.json" >"$m/config/config_train.json"
[ "$(grep -o 'custom/my_' "$m/config/config_train.json" | wc -l)" -eq 5 ] || die "the test's configuration"

expect 66 "run 'axial custom build" "$AXIAL" train -m "$m"
expect 0 'custom/my_network.so:my_network"  network' "$AXIAL" custom build -m "$m"
expect 0 "" "$AXIAL" train -m "$m" --run own
grep '"kind":"validation"' "$m/models/own/events.jsonl" | grep -q '"own":0\.' || die "no value of the metric"
grep -q '"custom/my_network.so:my_network"' "$m/models/own/events.jsonl" || die "the network is not named"
first=$(grep '"kind":"step"' "$m/models/own/events.jsonl" | head -1)
last=$(grep '"kind":"step"' "$m/models/own/events.jsonl" | tail -1)
loss() { echo "$1" | sed -E 's/.*"loss":([0-9.e+-]+).*/\1/'; }
awk "BEGIN { exit !($(loss "$last") < $(loss "$first")) }" || die "it learns nothing: $(loss "$first") to $(loss "$last")"

# the same bits again, and after a resume from a weight file that names the network
expect 0 "" "$AXIAL" train -m "$m" --run again --set num_workers=1
cmp "$m/models/own/model_final.safetensors" "$m/models/again/model_final.safetensors" || die "not the same bits"

# evaluation finds the network that the weights name in the same MMAR
cat >"$m/config/config_validation.json" <<-EOF
{"batch_size": 1,
 "inferer": {"name": "TFScanWindowInferer", "args": {"roi_size": [32, 32, 24]}},
 "model_loader": {"name": "CheckpointLoader", "args": {"checkpoint_dir": "{MMAR_CKPT_DIR}"}},
 "pre_transforms": [
  {"name": "LoadNifti", "args": {"fields": ["image"]}},
  {"name": "ConvertToChannelsFirst", "args": {"fields": ["image"]}}],
 "label_transforms": [
  {"name": "LoadNifti", "args": {"fields": "label"}},
  {"name": "ConvertToChannelsFirst", "args": {"fields": ["label"]}}],
 "val_metrics": [
  {"path": "custom/my_metric.so:my_metric", "args": {"name": "own", "field": "model", "report_path": "eval"}},
  {"name": "ComputeHausdorffDistance", "args": {"name": "hd95", "field": "model", "report_path": "eval"}}]}
EOF
expect 0 "own" "$AXIAL" evaluate -m "$m" --set do_validation=true
grep -q '^mean	0\.' "$m/eval/own_summary_results.txt" || die "no value of the metric in the evaluation"
grep -q '^valid_cases	2' "$m/eval/hd95_summary_results.txt" || die "no distances"
expect 0 "" "$AXIAL" mmar lint "$m"

# the weights go on from there: infer and export find the network too
expect 0 "" "$AXIAL" infer -m "$m" -o "$tmp/out" "$tmp/data/imagesTr/phantom_001.nii.gz"
ls "$tmp/out" | grep -q phantom_001 || die "infer wrote nothing"
expect 0 "" "$AXIAL" export -m "$m" --run own --format onnx -o "$tmp/own.onnx"
[ -s "$tmp/own.onnx" ] || die "no ONNX file"
expect 66 "there is no" "$AXIAL" export -m "$tmp" --model "$m/models/own/model.safetensors" -o "$tmp/x.onnx"

# bad arguments are named like those of built-in ones
sed 's|"weight": 2.0|"wight": 2.0|' "$m/config/config_train.json" >"$m/config/typo.json"
expect 65 "did you mean 'weight'?" "$AXIAL" train -m "$m" -c config/typo.json
sed 's|"num_classes": 4|"num_classes": 0|' "$m/config/config_train.json" >"$m/config/typo.json"
expect 65 "num_classes" "$AXIAL" train -m "$m" -c config/typo.json
sed 's|my_loss.so:my_loss|my_metric.so:my_metric|' "$m/config/config_train.json" >"$m/config/typo.json"
expect 65 "it is a metric, a loss is expected here" "$AXIAL" train -m "$m" -c config/typo.json
sed 's|my_loss.so:my_loss|my_loss.so:other|' "$m/config/config_train.json" >"$m/config/typo.json"
expect 65 "exports no component 'other'" "$AXIAL" train -m "$m" -c config/typo.json

# a compiler error keeps the old file
cp "$m/custom/my_loss.c" "$tmp/my_loss.c"
echo 'int x = ;' >>"$m/custom/my_loss.c"
expect 65 "failed" "$AXIAL" custom build my_loss -m "$m"
[ -s "$m/custom/my_loss.so" ] || die "the old file is gone"

# stale: the source is newer
expect 65 "is older than 'custom/my_loss.c'" "$AXIAL" train -m "$m"
expect 65 "is older than" "$AXIAL" mmar lint "$m"
cp "$tmp/my_loss.c" "$m/custom/my_loss.c"
expect 0 "my_loss" "$AXIAL" custom build my_loss -m "$m"

# another version of the interface
sed 's|^#define AXIAL_CUSTOM_ABI .*|#define AXIAL_CUSTOM_ABI 999|' "$m/custom/axial_custom.h" >"$tmp/axial_custom.h"
${CC:-cc} -shared -fPIC -I"$tmp" -o "$m/custom/my_loss.so" -x c - <<-SRC
#include "$tmp/axial_custom.h"
AXIAL_COMPONENT(my_loss, .kind = AXIAL_LOSS);
SRC
expect 65 "built for version 999 of the interface" "$AXIAL" train -m "$m"
expect 0 "my_loss" "$AXIAL" custom build my_loss -m "$m"

# lint looks, but runs no code of an archive
cat >"$m/custom/trap.c" <<-SRC
#include <stdio.h>
#include "axial_custom.h"
__attribute__((constructor)) static void sprung(void) { fclose(fopen("$tmp/sprung", "w")); }
static double value(const struct axial_value *a, const struct axial_batch *b, float *g, struct axial_call *c)
{
	(void)a, (void)b, (void)g;
	c->fail(c, "no such thing");
	return 0;
}
static const struct axial_loss loss = {.value = value};
AXIAL_COMPONENT(trap, .kind = AXIAL_LOSS, .loss = &loss);
SRC
(cd "$m/custom" && ${CC:-cc} -shared -fPIC -o trap.so trap.c) || die "compiling the trap"
sed 's|my_loss.so:my_loss", "args": {"weight": 2.0}|trap.so:trap"|' "$m/config/config_train.json" >"$m/config/typo.json"
"$AXIAL" mmar lint "$m/config/typo.json" >/dev/null 2>&1
"$AXIAL" mmar lint "$m" >/dev/null 2>&1
[ -e "$tmp/sprung" ] && die "lint ran code of the archive"
expect 65 "loss is not finite" "$AXIAL" train -m "$m" -c config/typo.json --run trap
[ -e "$tmp/sprung" ] || die "the trap is none"

# paths that leave the MMAR
cp "$m/custom/my_loss.so" "$tmp/evil.so"
ln -s "$tmp/evil.so" "$m/custom/link.so"
mkdir "$tmp/elsewhere" && cp "$m/custom/my_loss.so" "$tmp/elsewhere/"
for path in link.so ; do
	sed "s|custom/my_loss.so|custom/$path|" "$m/config/config_train.json" >"$m/config/typo.json"
	expect 65 "leads out of the MMAR" "$AXIAL" train -m "$m" -c config/typo.json
done
for path in "custom/../../evil.so" "../evil.so" "$tmp/evil.so" "evil.so" "custom/sub/evil.so"; do
	sed "s|custom/my_loss.so|$path|" "$m/config/config_train.json" >"$m/config/typo.json"
	expect 65 "only files in the folder custom" "$AXIAL" train -m "$m" -c config/typo.json
done
chmod o+w "$m/custom/my_loss.so"
expect 65 "written by everybody" "$AXIAL" train -m "$m"
chmod o-w "$m/custom/my_loss.so"

# Python stays refused, with the way out
sed 's|{"path": "custom/my_loss.so:my_loss", "args": {"weight": 2.0}}|{"path": "myLoss.MyOwnLoss"}|' "$m/config/config_train.json" >"$m/config/typo.json"
expect 65 "axial custom new MyOwnLoss loss" "$AXIAL" train -m "$m" -c config/typo.json
