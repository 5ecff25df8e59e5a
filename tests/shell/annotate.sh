#!/bin/sh
# axial annotate: a mask from extreme points and from clicks, without a model.
. tests/shell/lib.inc
"$AXIAL" phantom "$tmp/d" --cases 1 --validation 0 --size 32,32,24 --seed 5 >/dev/null || die "phantom"
img=$(ls "$tmp"/d/imagesTr/*.nii.gz)
six="4,16,12;12,16,12; 8,10,12 8,22,12;8,16,8;8,16,16"
expect 0 "voxels" "$AXIAL" annotate "$img" --points "$six" -o "$tmp/a.nii.gz"
[ -s "$tmp/a.nii.gz" ] || die "no mask"
expect 0 '"mm3":' "$AXIAL" annotate "$img" --points "$six" --background "8,16,12" --json -o "$tmp/b.nii.gz"
cmp -s "$tmp/a.nii.gz" "$tmp/b.nii.gz" && die "a background click changes nothing"
expect 0 "voxels" "$AXIAL" annotate "$img" --foreground "8,16,12" --reach 30 --coarse -o "$tmp/c.nii.gz"
expect 64 "six extreme points or a foreground click, found 1 and 0" "$AXIAL" annotate "$img" --points 1,2,3 -o "$tmp/e.nii"
expect 64 "lies outside of the image of 32 x 32 x 24 voxels" "$AXIAL" annotate "$img" --foreground 40,2,3 -o "$tmp/e.nii"
expect 64 "clicked as foreground and as background" "$AXIAL" annotate "$img" --foreground 4,2,3 --background 4,2,3 -o "$tmp/e.nii"
expect 64 "needs voxels as" "$AXIAL" annotate "$img" --foreground 4,2 -o "$tmp/e.nii"
expect 64 "needs voxels as" "$AXIAL" annotate "$img" --foreground 4294967300,2,3 -o "$tmp/e.nii"
expect 64 "needs voxels as" "$AXIAL" annotate "$img" --foreground 4,2,3.5 -o "$tmp/e.nii"
expect 64 "--output" "$AXIAL" annotate "$img" --foreground 4,2,3
expect 64 "'--reach' needs millimetres" "$AXIAL" annotate "$img" --foreground 4,2,3 --reach 0 -o "$tmp/e.nii"
expect 66 "none.nii" "$AXIAL" annotate "$tmp/none.nii" --foreground 4,2,3 -o "$tmp/e.nii"
[ -e "$tmp/e.nii" ] && die "a refused command wrote a mask"
exit 0
