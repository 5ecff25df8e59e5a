#!/bin/sh
# All tests: unit programs, then the shell tests against ./axial.  The last line
# is "N passed, N failed, N skipped".
dir=$1
top=$(pwd)
out=$dir/check.out
sh tests/check_units.sh "$dir" 2>&1 | tee "$out"
units=$(tail -n 1 "$out")
passed=$(echo "$units" | awk '{print $1}')
failed=$(echo "$units" | awk '{print $3}')
skipped=$(echo "$units" | awk '{print $5}')
for t in tests/shell/*.sh; do
	[ -e "$t" ] || continue
	start=$(date +%s)
	AXIAL=$top/axial timeout 900 sh "$t" >"$dir/shell.log" 2>&1
	rc=$?
	case $rc in
	0) word=passed passed=$((passed + 1)) ;;
	77) word="SKIPPED: $(tail -n 1 "$dir/shell.log")" skipped=$((skipped + 1)) ;;
	*) word="FAILED (exit $rc)" failed=$((failed + 1)) && tail -n 40 "$dir/shell.log" ;;
	esac
	echo "$t: $word ($(($(date +%s) - start)) s)"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
