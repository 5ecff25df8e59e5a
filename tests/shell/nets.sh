#!/bin/sh
# axial nets: every network in the table, one with its layers, the network of an archive,
# JSON, and words that cannot be.
. tests/shell/lib.inc
expect 0 "DenseNet121 " "$AXIAL" nets --size 32,32
for n in $("$AXIAL" components | awk '$1 == "network" { print $2 }'); do
	echo "$out" | grep -Eq "^$n +[0-9]+ +[0-9]+" || die "no row of $n: $out"
done
expect 0 "7978856" "$AXIAL" nets DenseNet121 --size 224,224 --channels 3 --args '{"num_classes": 1000}'
echo "$out" | grep -q "class_layers.out" || die "no layers: $out"
expect 0 '"parameters":	7978856' "$AXIAL" nets DenseNet121 --size 32,32 --channels 3 --json \
	--args '{"num_classes": 1000}'
expect 0 '"training_bytes":' "$AXIAL" nets --json --size 32,32
[ "$(echo "$out" | grep -c '"step_flops"')" -eq "$("$AXIAL" components | grep -c '^network ')" ] ||
	die "a network is missing: $out"
tiny_mmar "$tmp/m" 1
expect 0 "input 24x24x16, 1 channel, batch 2" "$AXIAL" nets -m "$tmp/m"
expect 0 "input 32x32x32, 1 channel, batch 3" "$AXIAL" nets -m "$tmp/m" --size 32,32,32 --batch 3
# oneDNN divides by zero at sizes whose voxels do not fit into 32 bits
expect 65 "too large" "$AXIAL" nets Unet --size 2048,2048,2048
expect 65 "too large" "$AXIAL" nets Unet --size 65536,65536
# nor does a search for kernels that takes minutes, and finds none that could run
for size in 1290,1290,1290 40000,50000; do
	expect 0 "is too large" timeout 60 "$AXIAL" nets --size $size
done
expect 65 "weight 'input_block.conv2.conv.weight' would be" timeout 60 "$AXIAL" nets DynUNet --args \
	'{"out_channels": 2, "kernel_size": [63, 63, 63], "strides": [1, 1, 1], "filters": [512, 512, 512], "upsample_kernel_size": [1, 1]}'
# weights are counted, not made: these are 11 GB
expect 0 "2824533666 parameters" timeout 60 sh -c "ulimit -v 6000000; exec '$AXIAL' nets DynUNet --args '{\"out_channels\": 2,
	\"kernel_size\": [63, 63, 63], \"strides\": [1, 1, 1], \"filters\": [32, 32, 32], \"upsample_kernel_size\": [1, 1]}'"
expect 64 "one name" "$AXIAL" nets Unet SegResnet
expect 64 "did you mean 'DenseNet121'" "$AXIAL" nets DenseNet21
expect 64 "X,Y,Z" "$AXIAL" nets --size 7
expect 64 "whole number" "$AXIAL" nets --batch 0
expect 64 "not both" "$AXIAL" nets Unet -m "$tmp/m"
expect 65 "not valid JSON" "$AXIAL" nets Unet --args '{'
expect 65 "num_classes" "$AXIAL" nets Unet --args '{}'
expect 65 "n_spatial_dim" "$AXIAL" nets SegAhnet --args '{"num_classes": 2}'
# one channel is a sigmoid, as in deepgrow
expect 0 '"training_bytes":' "$AXIAL" nets UNet --json --channels 3 --size 16,16,16 --args '{"out_channels": 1, "channels": [4, 8], "strides": [2]}'
echo "nets: ok"
