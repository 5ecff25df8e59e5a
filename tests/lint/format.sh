#!/bin/sh
# clang-format's opinion of every C file; says so where the program is missing.
command -v clang-format >/dev/null 2>&1 || { echo "clang-format is not installed, not checked"; exit 0; }
out=$(clang-format --dry-run $(find core tui tests -name '*.[ch]') 2>&1 | sed -n 's/^\([^:]*\):.*clang-formatted.*/\1/p' | sort | uniq -c)
[ -z "$out" ] && exit 0
echo "$out"
echo "run 'make format'"
exit 1
