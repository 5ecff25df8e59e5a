#!/bin/sh
# Runs every fuzz target of a build folder for some seconds, from seeds that are made of
# the project's own files.  Findings are kept in BUILD/findings.
#   tests/fuzz/run.sh BUILD SECONDS [NAME]
build=$1 seconds=$2 name=${3:-}
seeds=$build/seeds
mkdir -p "$build/findings" "$seeds"
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1

# A tiny data set gives volumes and a list; a tiny weight file is written by hand.
if [ ! -d "$seeds/nifti" ]; then
	for t in nifti gzip json config safetensors datalist events picture; do mkdir -p "$seeds/$t"; done
	./axial phantom "$build/phantom" --cases 1 --validation 1 --size 16,16,16 >/dev/null || exit 1
	f=$(ls "$build"/phantom/imagesTr/*.nii.gz | head -n 1)
	gzip -dc "$f" >"$seeds/nifti/volume"
	head -c 352 "$seeds/nifti/volume" >"$seeds/nifti/header"
	{ printf '\0\0' && cat "$f"; } >"$seeds/gzip/packed"
	{ printf '\1\1' && cat "$seeds/nifti/volume"; } >"$seeds/gzip/volume"
	cp "$build/phantom/dataset.json" "$seeds/datalist/list"
	for f in mmars/*/config/*.json; do
		seed=$(echo "$f" | tr / _)
		cp "$f" "$seeds/json/$seed"
		{ case $f in *train*) printf '\0' ;; *valid*) printf '\1' ;; *) printf '\2' ;; esac && cat "$f"; } >"$seeds/config/$seed"
	done
	head='{"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}   '
	{ printf "\\$(printf %03o ${#head})\\0\\0\\0\\0\\0\\0\\0%s" "$head" && printf '12345678'; } >"$seeds/safetensors/two"
	printf '%s\n' '{"seq":1,"t":1764000000.1,"kind":"start","run":"a","epochs":2,"steps_per_epoch":3}' \
		'{"seq":2,"t":1764000001.1,"kind":"step","step":1,"epoch":1,"loss":0.5,"lr":0.001}' \
		'{"seq":3,"t":1764000002.1,"kind":"validation","epoch":1,"step":3,"mean_dice":0.5,"key":"mean_dice","best":0.5}' \
		'{"seq":4,"t":1764000003.1,"kind":"end","state":"done","code":0,"seconds":3}' >"$seeds/events/run"
	# A generated film; grey 8 x 8 JPEG of 182 bytes; a NumPy array of 2 x 3 bytes.
	./axial phantom "$build/films" --task classification --cases 1 --validation 1 --size 16,16 >/dev/null || exit 1
	{ printf '\0' && cat "$(ls "$build"/films/images/*.png | head -n 1)"; } >"$seeds/picture/png"
	{ printf '\2' && base64 -d <<-END; } >"$seeds/picture/jpg"
	/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6j
	q62rZ4C8ybqmx5moq6T/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EAB0QAAICAQUAAAAAAAAAAAAAAAECAwQR
	AAUSMmH/2gAIAQEAAD8ALUrbfEslg8c9VAyWPg1//9k=
	END
	{ printf '\4\223NUMPY\1\0\72\0%-57s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }" && printf '123456'; } >"$seeds/picture/npy"
fi

# One target.
if [ -n "$name" ]; then
	mkdir -p "$build/corpus/$name"
	"$build/fuzz/fuzz_$name" "$build/corpus/$name" "$seeds/$name" -max_total_time="$seconds" -timeout=10 \
		-rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 -artifact_prefix="$build/findings/$name-" \
		>"$build/$name.log" 2>&1
	rc=$?
	runs=$(sed -nE 's/^stat::number_of_executed_units: *([0-9]+)/\1/p' "$build/$name.log")
	if [ $rc -ne 0 ]; then
		tail -n 40 "$build/$name.log"
		echo "fuzz $name: FOUND something (exit $rc), see $build/findings"
		exit 1
	fi
	[ "${runs:-0}" -ge 100 ] || { echo "fuzz $name: only ${runs:-0} runs" && exit 1; }
	echo "fuzz $name: $runs runs in $seconds s, 0 findings"
	exit 0
fi

# All of them, two at a time.
ls "$build"/fuzz | sed -nE 's/^fuzz_([a-z0-9]+)$/\1/p' | xargs -P 2 -n 1 sh "$0" "$build" "$seconds"
