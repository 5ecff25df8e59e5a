#!/bin/sh
# The step bench on its smallest sizes without the other side: it ends well and its report is whole.
. tests/shell/lib.inc
[ -x build/bench/bench ] || make --no-print-directory -j2 build/bench/bench >/dev/null || die "bench does not build"
build/bench/bench --sections step --tiny --no-peer --nets unet,segresnet8 --json "$tmp/b.json" >"$tmp/out" || die "bench: $(cat "$tmp/out")"
for key in unet_fp32_ratio unet_bf16_ratio segresnet8_fp32_ratio segresnet8_bf16_ratio; do
	grep -q "\"$key\":	null" "$tmp/b.json" || die "$key is not null without a peer"
done
grep -q '"median":	[0-9]' "$tmp/b.json" || die "no times in the report"
grep -q '"noisy":	' "$tmp/b.json" || die "no word about noise"
grep -q dynunet "$tmp/out" && die "a network that was not asked for"

# Without PyTorch (one that refuses stands before it) the report says what to install; exit code 0.
echo 'raise ImportError("none here")' >"$tmp/torch.py"
PYTHONPATH=$tmp build/bench/bench --sections step --tiny --nets unet --json "$tmp/c.json" >"$tmp/out" || die "bench without torch"
grep -q "install python3-torch" "$tmp/out" || die "what to install is not said: $(cat "$tmp/out")"

build/bench/bench --sections data --tiny --no-peer --json "$tmp/d.json" --png "$tmp/d.png" >"$tmp/out" || die "data: $(cat "$tmp/out")"
grep -q '"data_read_ratio":	null' "$tmp/d.json" || die "a ratio without a peer"
grep -q '"data_read_niftilib_ratio":	[0-9]' "$tmp/d.json" || die "niftilib is always there"
[ "$(head -c 4 "$tmp/d.png" | tail -c 3)" = PNG ] || die "no plot"

build/bench/bench --wrong >/dev/null 2>&1
[ $? = 64 ] || die "a wrong option is exit 64"
echo "bench: ok"
