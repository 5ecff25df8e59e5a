#!/bin/sh
# Who may name whom: nothing in core names tui or gpu; gpu names only
# core/{base,tensor,graph,backend.h}; tui names core headers but never
# core/{train,cpu,graph}; inside core an include never runs to a higher floor;
# dnnl.h only in core/cpu, curses only in tui.
bad=0
say() { echo "$1"; bad=1; }

files=$(find core tui gpu -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' 2>/dev/null)
floor() {
	case $1 in
	core/base/*) f=1 ;;
	core/tensor/*) f=2 ;;
	core/backend.h | core/graph/*) f=3 ;;
	core/cpu/* | core/component.* | core/components.def) f=4 ;;
	core/volume/*) f=5 ;;
	core/transform/* | core/loss/* | core/net/* | core/optim/* | core/schedule/* | core/metric/* | core/inferer/* | core/handler/* | core/annot/*) f=6 ;;
	core/data/* | core/custom/*) f=7 ;;
	core/mmar/*) f=8 ;;
	core/run/*) f=9 ;;
	core/train/* | core/export/*) f=10 ;;
	core/engine/* | core/monitor/*) f=11 ;;
	core/automl/* | core/aiaa/* | core/fed/*) f=12 ;;
	core/cli/*) f=13 ;;
	*) f=99 ;;
	esac
}
for file in $files; do
	floor "$file"
	from=$f
	for inc in $(sed -n 's/^#include "\([^"]*\)".*/\1/p' "$file"); do
		case $file:$inc in
		core/component.c:*.def) continue ;;
		core/*:tui/* | core/*:gpu/* | gpu/*:tui/*) say "$file names $inc" ;;
		gpu/*:core/base/* | gpu/*:core/tensor/* | gpu/*:core/graph/* | gpu/*:core/backend.h) ;;
		gpu/*:core/*) say "$file names $inc" ;;
		tui/*:core/train/* | tui/*:core/cpu/* | tui/*:core/graph/*) say "$file names $inc" ;;
		core/*:core/*)
			floor "$inc"
			[ "$f" -le "$from" ] || say "$file (floor $from) includes $inc (floor $f)"
			;;
		esac
		case $inc in core/* | tui/* | gpu/* | tests/*) ;; *) say "$file: include \"$inc\" is not from the root" ;; esac
	done
done
hits=$(echo "$files" | grep -v '^core/cpu/' | xargs grep -l '#include <.*dnnl')
[ -z "$hits" ] || say "dnnl.h outside core/cpu: $hits"
hits=$(echo "$files" | grep -v '^tui/' | xargs grep -lE '#include <n?curses')
[ -z "$hits" ] || say "curses outside tui: $hits"
exit $bad
