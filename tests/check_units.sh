#!/bin/sh
# Runs every unit test program of a build folder; prints the failures and one
# closing line "N passed, N failed, N skipped".
dir=$1
passed=0 failed=0 skipped=0
for t in "$dir"/tests/test_*; do
	case $t in *.o | *.d | *.log) continue ;; esac
	name=$(basename "$t")
	log=$dir/tests/$name.log
	start=$(date +%s)
	if timeout 600 "$t" >"$log" 2>&1; then rc=0; else rc=$?; fi
	p=$(grep -c '^\[       OK \]' "$log")
	# these two are named again in the summary
	s=$(grep '^\[  SKIPPED \] [a-zA-Z0-9_]*$' "$log" | sort -u | wc -l)
	f=$(grep '^\[  FAILED  \] [a-zA-Z0-9_]*$' "$log" | sort -u | wc -l)
	if [ $rc -ne 0 ]; then
		[ "$f" -gt 0 ] || f=1
		echo "--- $name failed (exit $rc)"
		tail -n 40 "$log"
	elif [ "$p" -eq 0 ] && [ "$s" -eq 0 ]; then
		echo "--- $name ran no test"
		f=1
	else
		f=0
	fi
	[ "$s" -eq 0 ] || grep -i '^skip' "$log" | sort -u
	echo "$name: $p passed, $f failed, $s skipped ($(($(date +%s) - start)) s)"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
