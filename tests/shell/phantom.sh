#!/bin/sh
# axial phantom: files, determinism, exit codes.
set -u
axial=${AXIAL:-./axial}
dir=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT

fail() {
	echo "phantom: $*" >&2
	exit 1
}

# expect CODE WORD COMMAND...: the command ends with CODE and says WORD on stderr.
expect() {
	code=$1 word=$2
	shift 2
	"$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ "$got" = "$code" ] || fail "'$*' ended with $got, not $code: $(cat "$dir/err")"
	grep -q -- "$word" "$dir/err" || fail "'$*' did not say '$word': $(cat "$dir/err")"
}

"$axial" phantom "$dir/a" --cases 2 --validation 1 --size 32,32,20 --seed 3 >/dev/null || fail "run"
"$axial" phantom "$dir/b" --cases 2 --validation 1 --size 32,32,20 --seed 3 >/dev/null || fail "run"
"$axial" phantom "$dir/c" --cases 2 --validation 1 --size 32,32,20 --seed 4 >/dev/null || fail "run"
[ "$(find "$dir/a" -name '*.nii.gz' | wc -l)" = 6 ] || fail "six images expected"
diff -r "$dir/a" "$dir/b" >/dev/null || fail "equal seeds gave different files"
cmp -s "$dir/a/imagesTr/phantom_000.nii.gz" "$dir/c/imagesTr/phantom_000.nii.gz" &&
	fail "different seeds gave equal files"
find "$dir/a" -name '*.tmp*' | grep -q . && fail "temporary files are left"

# films: pictures, labels that are numbers, the same bytes each time
for d in f g; do
	"$axial" phantom --task classification "$dir/$d" --size 32,24 --cases 6 --validation 3 >/dev/null || fail "films"
done
diff -r "$dir/f" "$dir/g" >/dev/null || fail "equal films differ"
[ "$(find "$dir/f/images" -name '*.png' | wc -l)" -eq 9 ] || fail "not 9 films"
[ "$(tr -d ' \n\t' <"$dir/f/dataset.json" | grep -o '"label":[012]' | sort | uniq -c | awk '$1 == 3' | wc -l)" -eq 3 ] || fail "labels of the films"
expect 64 "two numbers" "$axial" phantom "$dir/d" --task classification --size 32,24,3
expect 64 "segmentation" "$axial" phantom "$dir/d" --task clasification

expect 64 "folder" "$axial" phantom
expect 64 "three numbers" "$axial" phantom "$dir/d" --size 64,64
expect 64 "16 to 1024" "$axial" phantom "$dir/d" --size 64,64,4
expect 64 "whole number" "$axial" phantom "$dir/d" --cases many
expect 64 "did you mean '--cases'" "$axial" phantom "$dir/d" --case 3
[ -e "$dir/d" ] && fail "a refused command made a folder"
: >"$dir/file"
expect 74 "file" "$axial" phantom "$dir/file/sub"
exit 0
