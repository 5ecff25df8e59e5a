#!/bin/sh
# Weights of other programs: imported, listed, and refused with what differs.
. tests/shell/lib.inc
from=tests/ref/data/import_unet.safetensors
net='{"name":"UNet","args":{"in_channels":2,"out_channels":3,"channels":[3,4,6],"strides":[2,2],"num_res_units":2,"norm":"batch"}}'

expect 0 "71 tensors, 5273 numbers, 9 without meaning here left out" \
	"$AXIAL" weights import "$from" --network "$net" -o "$tmp/w.safetensors"
expect 0 "model.1.submodule.0.conv.unit0.adn.A.weight" "$AXIAL" weights list "$tmp/w.safetensors"
expect 0 '"name":"UNet"' "$AXIAL" weights list "$tmp/w.safetensors"

# the network from a file; one level less: every tensor that differs, and nothing written
echo "$net" | sed 's/3,4,6/3,4/; s/2,2/2/' >"$tmp/net.json"
expect 65 "model.1.submodule.0.conv.unit0.conv.weight: error: unexpected" \
	"$AXIAL" weights import "$from" --network "$tmp/net.json" -o "$tmp/no.safetensors"
expect 65 "model.1.submodule.conv.unit0.conv.weight: error: missing" \
	"$AXIAL" weights import "$from" --network "$tmp/net.json" -o "$tmp/no.safetensors"
[ ! -e "$tmp/no.safetensors" ] || die "a file was written"

# what it does not read, and wrong command lines
printf 'PK\003\004data' >"$tmp/model.pt"
expect 65 "convert it with: python3" "$AXIAL" weights import "$tmp/model.pt" --network "$net" -o "$tmp/no.safetensors"
expect 65 "convert it with: python3" "$AXIAL" weights list "$tmp/model.pt"
expect 66 "none.safetensors" "$AXIAL" weights list "$tmp/none.safetensors"
expect 65 "did you mean 'channels'" "$AXIAL" weights import "$from" -o "$tmp/no.safetensors" \
	--network '{"name":"UNet","args":{"chanels":[3]}}'
expect 64 "needs --network" "$AXIAL" weights import "$from"
expect 64 "xyz or zyx" "$AXIAL" weights import "$from" --network "$net" -o "$tmp/no.safetensors" --axes yxz
expect 64 "1 to 1024" "$AXIAL" weights import "$from" --network "$net" -o "$tmp/no.safetensors" --in-channels 4294967297
exit 0
