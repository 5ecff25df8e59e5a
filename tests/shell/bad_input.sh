#!/bin/sh
# Bad input: a clear message that names file, field and fix, the documented exit
# code, and nothing written.
. tests/shell/lib.inc
tiny_mmar "$tmp/m" 2
cfg=$tmp/m/config/config_train.json
cp "$cfg" "$tmp/good.json"
cp "$tmp/data/dataset.json" "$tmp/dataset.json"
nothing() { [ -z "$(ls -A "$tmp/m/models")" ] || die "something was written: $(ls "$tmp/m/models")"; }
again() { cp "$tmp/good.json" "$cfg"; }
train() { "$AXIAL" train -m "$tmp/m" "$@"; }

# a typo in a component, a typo in an argument and a wrong type at once: all three are reported
sed -i 's/"RandomSpatialFlip"/"RandomSpatialFilp"/; s/"probability": 0.5/"probabilty": 0.5/; s/"output_batch_size": 2/"output_batch_size": "2"/' "$cfg"
out=$(train 2>&1)
[ $? -eq 65 ] || die "three faults: wrong exit code"
for text in "did you mean 'RandomSpatialFlip'" "did you mean 'probability'" "whole number expected for 'output_batch_size'" \
	"train.pre_transforms.#5" "train.pre_transforms.#6.args.probabilty" "config_train.json"; do
	case $out in *"$text"*) ;; *) die "'$text' is not in: $out" ;; esac
done
nothing
again

# a missing image: all of them are listed, 66
mv "$tmp/data/imagesTr/phantom_000.nii.gz" "$tmp/keep0"
mv "$tmp/data/imagesTr/phantom_001.nii.gz" "$tmp/keep1"
expect 66 phantom_001.nii.gz train
expect 66 phantom_000.nii.gz train
nothing
mv "$tmp/keep0" "$tmp/data/imagesTr/phantom_000.nii.gz"
mv "$tmp/keep1" "$tmp/data/imagesTr/phantom_001.nii.gz"

# a label of another shape
cp "$tmp/data/labelsTr/phantom_000.nii.gz" "$tmp/keep"
"$AXIAL" phantom "$tmp/other" --cases 1 --validation 1 --size 30,32,24 >/dev/null || die phantom
cp "$tmp/other/labelsTr/phantom_000.nii.gz" "$tmp/data/labelsTr/phantom_000.nii.gz"
expect 65 "30 x 32 x 24" train
nothing
cp "$tmp/keep" "$tmp/data/labelsTr/phantom_000.nii.gz"

# a truncated .nii.gz
cp "$tmp/data/imagesTr/phantom_000.nii.gz" "$tmp/keep"
head -c 2000 "$tmp/keep" >"$tmp/data/imagesTr/phantom_000.nii.gz"
expect 65 phantom_000.nii.gz train
cp "$tmp/keep" "$tmp/data/imagesTr/phantom_000.nii.gz"
rm -rf "$tmp/m/models/"*

# a 371-byte header that claims 2 GB
{
	printf '\134\001\000\000'                 # sizeof_hdr 348
	head -c 36 /dev/zero
	printf '\003\000\000\004\000\004\000\004\001\000\001\000\001\000\001\000' # dim: 3, 1024, 1024, 1024
	head -c 14 /dev/zero
	printf '\004\000\020\000'                 # int16
	head -c 2 /dev/zero
	printf '\000\000\200\077\000\000\200\077\000\000\200\077\000\000\200\077' # pixdim 1
	head -c 16 /dev/zero
	printf '\000\000\260\103'                 # vox_offset 352
	head -c 232 /dev/zero
	printf 'n+1\000'
	head -c 23 /dev/zero
} >"$tmp/bomb.nii"
[ "$(wc -c <"$tmp/bomb.nii")" -eq 371 ] || die "the header has $(wc -c <"$tmp/bomb.nii") bytes"
sed "s|imagesTr/phantom_000.nii.gz|imagesTr/bomb.nii|" "$tmp/dataset.json" >"$tmp/data/bomb.json"
cp "$tmp/bomb.nii" "$tmp/data/imagesTr/bomb.nii"
expect 65 bomb.nii train --set DATASET_JSON="$tmp/data/bomb.json"
nothing

# broken JSON: line and column
printf '{\n  "epochs": 1,\n  "use_amp": ture\n}\n' >"$cfg"
expect 65 "line 3, column 14" train
nothing
again

# a models folder that cannot be made or written
expect 74 "cannot make folder" train --set MMAR_CKPT_DIR=/proc/axial
nothing

# no such MMAR, no such configuration, no such option, no such device
expect 66 "no folder" "$AXIAL" train -m "$tmp/nowhere"
expect 66 "nothing.json" train -c config/nothing.json
expect 64 "did you mean '--resume'" train --resum x
expect 69 "no device" train --device gpu
nothing

# a read-only models folder
if [ "$(id -u)" = 0 ] && mkdir -p "$tmp/ro" && mount -t tmpfs -o ro,size=1m none "$tmp/ro" 2>/dev/null; then
	out=$(train --set MMAR_CKPT_DIR="$tmp/ro" 2>&1)
	rc=$?
	umount "$tmp/ro"
	[ $rc -eq 74 ] || die "read-only folder: exit $rc: $out"
	case $out in *"Read-only file system"*) ;; *) die "read-only is not named: $out" ;; esac
	nothing
else
	echo "read-only folder: not tested (needs root and tmpfs)"
fi

# full disk: 74, the words say so, and what was there before is still valid
if [ "$(id -u)" = 0 ] && mkdir -p "$tmp/small" && mount -t tmpfs -o size=300k none "$tmp/small" 2>/dev/null; then
	out=$(train --set MMAR_CKPT_DIR="$tmp/small" 2>&1)
	rc=$?
	left=$(find "$tmp/small" -name '*.tmp-*')
	umount "$tmp/small"
	[ -z "$left" ] || die "full disk: temporary files stay: $left"
	[ $rc -eq 74 ] || die "full disk: exit $rc: $out"
	case $out in *"No space left"*) ;; *) die "full disk is not named: $out" ;; esac
else
	echo "full disk: not tested (needs root and tmpfs)"
fi
exit 0
