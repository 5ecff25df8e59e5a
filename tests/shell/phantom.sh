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

expect 64 "folder" "$axial" phantom
expect 64 "three numbers" "$axial" phantom "$dir/d" --size 64,64
expect 64 "16 to 1024" "$axial" phantom "$dir/d" --size 64,64,4
expect 64 "whole number" "$axial" phantom "$dir/d" --cases many
expect 64 "did you mean '--cases'" "$axial" phantom "$dir/d" --case 3
[ -e "$dir/d" ] && fail "a refused command made a folder"
: >"$dir/file"
expect 74 "file" "$axial" phantom "$dir/file/sub"
exit 0
