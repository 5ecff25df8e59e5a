#!/bin/sh
# Functions at most 80 lines, files at most 600, every .c opens with a comment.
bad=0
for f in $(find core tui gpu tests -name '*.[ch]' -o -name '*.cu' 2>/dev/null); do
	awk -v f="$f" '
	/^{/ { start = NR }
	/^}/ { if (start && NR - start + 1 > 80) { printf "%s:%d: function of %d lines (80 allowed)\n", f, start, NR - start + 1; bad = 1 } start = 0 }
	END { if (NR > 600) { printf "%s: %d lines (600 allowed)\n", f, NR; bad = 1 } exit bad }' "$f" || bad=1
	case $f in
	*.c) head -n 1 "$f" | grep -q '^/\*' || { echo "$f: does not open with a comment"; bad=1; } ;;
	esac
done
exit $bad
