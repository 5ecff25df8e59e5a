#!/bin/sh
# make lint: every gate, all findings, exit 1 when there are any.
bad=0
for gate in layers sizes banned format; do
	if out=$(sh tests/lint/$gate.sh 2>&1); then
		echo "lint $gate: ${out:-ok}"
	else
		echo "lint $gate: FAILED"
		echo "$out"
		bad=1
	fi
done
exit $bad
