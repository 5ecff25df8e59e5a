#!/bin/sh
# The manual page in the tree is what the program's tables say now.
. tests/shell/lib.inc
{ "$AXIAL" man && "$AXIAL" --keys=roff; } >"$tmp/axial.1" || die "no manual page"
cmp "$tmp/axial.1" man/axial.1 || die "man/axial.1 is out of date: make man"
for word in "axial train" "axial view" "FastPosNegRatioCropROI" "EXIT STATUS" "events.jsonl"; do
	grep -q "$word" "$tmp/axial.1" || die "'$word' is missing"
done
"$AXIAL" --help | grep -q "axial view" || die "--help does not name view"
exit 0
