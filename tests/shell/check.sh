#!/bin/sh
# axial check: all faults of a data set at once, and the list without them.
. tests/shell/lib.inc

tiny_mmar "$tmp/m" 10
expect 0 "0 errors, 0 warnings" "$AXIAL" check -m "$tmp/m"
case $out in *"class 1"*"ms a step"*) ;; *) die "no class balance or time: $out" ;; esac

# A copy of the data with one fault of each kind.
cp -r "$tmp/data" "$tmp/bad"
list=$tmp/bad/dataset.json
names=$(sed -nE 's/.*"image":.*imagesTr\/([^"]*)".*/\1/p' "$list")
set -- $(echo "$names" | head -6)
[ $# -eq 6 ] || die "the phantom list has changed its form"
rm "$tmp/bad/imagesTr/$1"                                                  # missing
head -c 3000 "$tmp/data/imagesTr/$2" >"$tmp/bad/imagesTr/$2"               # cut
cp "$tmp/bad/imagesTr/$3" "$tmp/bad/imagesTr/$4"                           # a copy
cp "$tmp/bad/imagesTr/$5" "$tmp/bad/labelsTr/$5"                           # an image as label
cp "$tmp/bad/imagesTr/$6" "$tmp/bad/imagesTr/forgotten.nii.gz"             # in no list
valid=$(echo "$names" | sed -n 7p)
cp "$tmp/bad/imagesTr/$valid" "$tmp/bad/imagesTr/$6"                       # leakage

expect 66 "is missing" "$AXIAL" check -m "$tmp/m" --set DATA_ROOT="$tmp/bad" DATASET_JSON="$list" --fix "$tmp/fixed.json"
for word in "$1" "$2" "under another name" "labelsTr/$5" "forgotten.nii.gz" "is validation case"; do
	case $out in *"$word"*) ;; *) die "'$word' is not named: $out" ;; esac
done
case $out in *"3 faulty entries and 2 copies removed, 1 stay"*) ;; *) die "the fixed list: $out" ;; esac
cmp -s "$list" "$tmp/data/dataset.json" || die "the list itself was changed"

expect 0 "0 errors" "$AXIAL" check -m "$tmp/m" --set DATA_ROOT="$tmp/bad" DATASET_JSON="$tmp/fixed.json"
expect 64 "options only" "$AXIAL" check -m "$tmp/m" x.json
expect 64 "options only" "$AXIAL" cache-plan -m "$tmp/m" x.json
expect 64 "give another name" "$AXIAL" check -m "$tmp/m" --set DATA_ROOT="$tmp/bad" DATASET_JSON="$list" --fix "$list"
cmp -s "$list" "$tmp/data/dataset.json" || die "the list was written over"

# One list for training and validation: a faulty entry goes once, and no other with it.
cp -r "$tmp/data" "$tmp/one"
rm "$tmp/one/imagesTr/$2"
sed 's/"data_list_key": *"validation"/"data_list_key": "training"/' "$tmp/m/config/config_train.json" >"$tmp/m/config/one.json"
grep -q '"data_list_key": *"validation"' "$tmp/m/config/config_train.json" || die "the tiny MMAR has changed its form"
expect 66 "is missing" "$AXIAL" check -m "$tmp/m" -c "$tmp/m/config/one.json" --quick --set DATA_ROOT="$tmp/one" DATASET_JSON="$tmp/one/dataset.json" --fix "$tmp/one.json"
for n in $(echo "$names" | head -6); do
	[ "$n" = "$2" ] && continue
	grep -q "imagesTr/$n" "$tmp/one.json" || die "$n was removed too"
done
if grep -q "imagesTr/$2" "$tmp/one.json"; then die "$2 stayed"; fi

# Pictures whose labels are numbers are read as what they are.
"$AXIAL" phantom --task classification "$tmp/films" --size 48,48 --cases 4 --validation 2 >/dev/null || die "films"
mkdir -p "$tmp/f/config"
cat >"$tmp/f/config/config_train.json" <<-EOF
{"epochs": 1, "learning_rate": 1e-3, "train": {
  "loss": {"name": "MulticlassClassificationLoss"}, "optimizer": {"name": "Adam"},
  "model": {"name": "DenseNet121", "args": {"num_classes": 3}},
  "pre_transforms": [{"name": "LoadPng", "args": {"fields": "image"}}],
  "image_pipeline": {"name": "ClassificationImagePipeline", "args": {
   "data_list_file_path": "$tmp/films/dataset.json", "data_file_base_dir": "$tmp/films", "data_list_key": "training",
   "output_crop_size": [48, 48], "output_data_dims": 2, "output_batch_size": 2}}}}
EOF
expect 0 "0 errors" "$AXIAL" check -m "$tmp/f" --no-step
case $out in *"4 cases, 4 usable"*"48x48x1"*) ;; *) die "pictures: $out" ;; esac

# A class that the network does not have is found by the check and by the training.
sed 's/"label":[[:space:]]*[0-2]/"label": 7/' "$tmp/films/dataset.json" >"$tmp/films/seven.json"
sed "s#$tmp/films/dataset.json#$tmp/films/seven.json#" "$tmp/f/config/config_train.json" >"$tmp/f/config/seven.json"
for how in "check --no-step" train; do
	expect 65 "has the label 7, but the network knows the classes 0 to 2" "$AXIAL" $how -m "$tmp/f" -c "$tmp/f/config/seven.json"
done
echo passed
