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
echo passed
