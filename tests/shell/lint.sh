#!/bin/sh
# axial mmar: exit codes and what is printed.
set -u
axial=${AXIAL:-./axial}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
bad=0

# expect CODE TEXT COMMAND...: exit code, and a text that the output must hold
expect() {
	want=$1 text=$2
	shift 2
	out=$("$@" 2>&1)
	rc=$?
	if [ $rc -ne "$want" ]; then
		echo "exit $rc, not $want: $*"
		echo "$out"
		bad=1
	fi
	case $out in
	*"$text"*) ;;
	*)
		echo "'$text' is missing in the output of: $*"
		echo "$out"
		bad=1
		;;
	esac
}

m=$tmp/m
expect 0 "" "$axial" mmar new "$m"
expect 64 "exists already" "$axial" mmar new "$m"
expect 1 "does not exist" "$axial" mmar lint "$m"
mkdir "$m/data"
echo '{"labels": ["background", "organ"], "training": [], "validation": []}' >"$m/data/dataset.json"
expect 0 "0 errors, 0 warnings" "$axial" mmar lint "$m"
expect 0 "0 errors, 0 warnings" "$axial" mmar lint "$m/config/config_train.json"
expect 0 "0 errors, 0 warnings" "$axial" mmar lint -m "$m" -c config/config_train.json -e config/environment.json

# warnings only
expect 1 "'epoch'" "$axial" mmar lint "$m" -c config/config_train.json --set epoch=3
expect 1 "0 errors, 1 warning" "$axial" mmar lint "$m" -c config/config_train.json \
	--set num_training_epoch_per_valid=1000

# three faults at once, one line each
sed -e 's/"Dice", "args"/"Dise", "args"/' -e 's/"a_min": -57/"a_minn": -57/' \
	-e 's/"num_classes": 2/"num_classes": "2"/' \
	"$m/config/config_train.json" >"$m/config/config_bad.json"
expect 65 "train.loss: error: unknown loss 'Dise' (did you mean 'Dice'?)" "$axial" mmar lint "$m/config/config_bad.json"
expect 65 "args.a_minn: error: unknown argument 'a_minn' of ScaleIntensityRange (did you mean 'a_min'?)" \
	"$axial" mmar lint "$m/config/config_bad.json"
expect 65 "train.model.args.num_classes: error:" "$axial" mmar lint "$m/config/config_bad.json"
rm "$m/config/config_bad.json"

# broken JSON: line and column
printf '{\n  "epochs": ture\n}\n' >"$tmp/broken.json"
expect 65 "broken.json: error: line 2, column 13" "$axial" mmar lint "$tmp/broken.json"
expect 65 "1 error, 0 warnings" "$axial" mmar lint "$tmp/broken.json"
: >"$tmp/empty.json"
expect 65 "empty" "$axial" mmar lint "$tmp/empty.json"

# nothing there, wrong words
expect 66 "no such file" "$axial" mmar lint "$tmp/none"
expect 65 "is no MMAR" "$axial" mmar lint "$tmp"
expect 64 "lint, info" "$axial" mmar
expect 64 "unknown word 'lnt'" "$axial" mmar lnt

expect 0 "network    Unet" "$axial" mmar info "$m"
expect 0 "" "$axial" mmar clone "$m" "$tmp/copy"
[ -e "$tmp/copy/data/dataset.json" ] && echo "clone copied data/" && bad=1
[ -x "$tmp/copy/commands/train.sh" ] || { echo "clone lost the mode of train.sh"; bad=1; }
expect 0 "$tmp/copy" "$axial" mmar list "$tmp"
expect 66 "no such folder" "$axial" mmar list "$tmp/none"
exit $bad
