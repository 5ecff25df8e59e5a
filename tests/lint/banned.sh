#!/bin/sh
# Functions that have no place here, output and exits below main, and mutable
# globals outside main, log and mem.
bad=0
say() { echo "$1"; bad=1; }
src=$(find core tui gpu -name '*.[ch]' 2>/dev/null)
core=$(echo "$src" | grep '^core/' | grep -v '^core/base/mem.c')

hits=$(grep -nE '\b(strcpy|strcat|sprintf|vsprintf|strtok|gets|atoi|atol|atof|system|popen|tmpnam|mktemp)\(' $src)
[ -z "$hits" ] || say "$hits"
hits=$(grep -nE '\b(exit|abort)\(' $core)
[ -z "$hits" ] || say "$hits"
hits=$(grep -nE '\b(printf|puts|putchar)\(|\b(stdout|stderr)\b' $(echo "$core" | grep -v '^core/cli/') | grep -vE '^[^:]*:[0-9]*:[	 ]*(/?\*|//)')
[ -z "$hits" ] || say "$hits"
# File-scope "static TYPE name;" or "= ..." that is not const, at column 0.
hits=$(grep -nE '^static [^()]*(;|=)' $(echo "$src" | grep '\.c$' | grep -v -e '^core/base/log.c' -e '^core/base/mem.c' -e 'main.c$') |
	grep -vE 'static (inline |_Thread_local )?const |\*const |lint: global')
[ -z "$hits" ] || say "mutable global: $hits"
exit $bad
