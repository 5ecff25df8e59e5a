#!/bin/sh
# The weights that ship give the Dice that their Readme promises.  Needs the MSD hippocampus data.
. tests/shell/lib.inc

data=${AXIAL_TEST_DATA:-../shared/data}/task04_hippocampus
if [ ! -d "$data/imagesTr" ]; then
	echo "SKIPPED: no hippocampus data in $data (set AXIAL_TEST_DATA)"
	exit 77
fi
data=$(cd "$data" && pwd)
cp -r mmars/segmentation_mri_hippocampus "$tmp/m"
expect 0 "42 of 42 cases" "$AXIAL" evaluate -m "$tmp/m" --set DATA_ROOT="$data" do_validation=true output_infer_result=false
echo "$out" | awk '/^metric/ { sum += $3; n++ } END { printf "mean Dice %.4f\n", sum / n; exit !(n == 2 && sum / n >= 0.88) }' ||
	die "mean Dice below 0.88: $out"
