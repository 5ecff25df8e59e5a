#!/bin/sh
# axial mmar pack and unpack: there and back, and archives from strangers.
. tests/shell/lib.inc

cp -r mmars/segmentation_ct_phantom "$tmp/m"
mkdir -p "$tmp/m/models/run1" "$tmp/m/data"
echo big >"$tmp/m/data/image"
echo run >"$tmp/m/models/run1/model.safetensors"
echo weights >"$tmp/w.safetensors"
for kind in zip tar.gz; do
	expect 0 "m.$kind" "$AXIAL" mmar pack "$tmp/m" "$tmp/m.$kind" --weights "$tmp/w.safetensors"
	cp "$tmp/m.$kind" "$tmp/first"
	touch "$tmp/m/config/config_train.json"
	expect 0 "m.$kind" "$AXIAL" mmar pack "$tmp/m" "$tmp/m.$kind" --weights "$tmp/w.safetensors"
	cmp "$tmp/first" "$tmp/m.$kind" || die "equal folders, different $kind"
	expect 0 "" "$AXIAL" mmar unpack "$tmp/m.$kind" "$tmp/back-$kind"
	diff -r "$tmp/m/config" "$tmp/back-$kind/config" || die "config differs after $kind"
	diff -r "$tmp/m/commands" "$tmp/back-$kind/commands" || die "commands differ after $kind"
	[ -x "$tmp/back-$kind/commands/train.sh" ] || die "commands are not executable after $kind"
	cmp "$tmp/w.safetensors" "$tmp/back-$kind/models/model.safetensors" || die "no weights in $kind"
	[ ! -e "$tmp/back-$kind/models/run1" ] && [ ! -e "$tmp/back-$kind/data" ] || die "runs or data in $kind"
	expect 64 "exists already" "$AXIAL" mmar unpack "$tmp/m.$kind" "$tmp/back-$kind"
done
# compiled code stays at home, its source goes along
mkdir "$tmp/m/custom"
for f in loss.c loss.so loss.so.1.2 notes.sort; do echo x >"$tmp/m/custom/$f"; done
for kind in zip tar.gz; do
	expect 0 "" "$AXIAL" mmar pack "$tmp/m" "$tmp/code.$kind"
	expect 0 "" "$AXIAL" mmar unpack "$tmp/code.$kind" "$tmp/code-$kind"
	[ "$(ls "$tmp/code-$kind/custom" | tr '\n' ' ')" = "loss.c notes.sort " ] || die "custom/ after $kind: $(ls "$tmp/code-$kind/custom")"
done
rm -r "$tmp/m/custom"
# into the folder itself, twice: the archive does not hold itself
(cd "$tmp/m" && expect 0 "" "$AXIAL" mmar pack . in.zip && expect 0 "" "$AXIAL" mmar pack . in.zip) || exit 1
expect 0 "" "$AXIAL" mmar unpack "$tmp/m/in.zip" "$tmp/back-in"
ls "$tmp/back-in" | grep -q "in.zip" && die "the archive holds itself"
rm "$tmp/m/in.zip"
expect 64 "ends in .zip" "$AXIAL" mmar pack "$tmp/m" "$tmp/m.rar"
expect 66 "no MMAR" "$AXIAL" mmar pack "$tmp/nowhere" "$tmp/x.zip"

# Archives that want out of their folder, or are none.
mkdir "$tmp/evil" && cd "$tmp/evil" || exit 1
mkdir config && echo '{}' >config/config_train.json && echo out >../escaped.txt
tar -czf ../dots.tar.gz --absolute-names ../escaped.txt config
rm ../escaped.txt
ln -s /etc/passwd config/link && tar -czf ../link.tar.gz config && rm config/link
mkfifo config/pipe && tar -czf ../fifo.tar.gz config && rm config/pipe
mkdir empty && tar -czf ../none.tar.gz empty
tar -czf ../two.tar.gz --transform 's,^config,a/config,' config
cp -r config b-config && mkdir -p a b && cp -r config a && mv b-config b/config && tar -czf ../two.tar.gz a b
for so in lib.so LIB.SO lib.so.1; do
	mkdir config/custom && echo ELF >"config/custom/$so" && tar -czf "../$so.tar.gz" config && rm -r config/custom
done
head -c 200 ../m.zip >../cut.zip
cd - >/dev/null || exit 1
echo text >"$tmp/text.zip"
expect 65 "leaves its folder" "$AXIAL" mmar unpack "$tmp/dots.tar.gz" "$tmp/x"
expect 65 "neither a folder nor a plain file" "$AXIAL" mmar unpack "$tmp/link.tar.gz" "$tmp/x"
expect 65 "neither a folder nor a plain file" "$AXIAL" mmar unpack "$tmp/fifo.tar.gz" "$tmp/x"
for so in lib.so LIB.SO lib.so.1; do
	expect 65 "compiled code 'config/custom/$so'" "$AXIAL" mmar unpack "$tmp/$so.tar.gz" "$tmp/x"
done
expect 65 "no MMAR in it" "$AXIAL" mmar unpack "$tmp/none.tar.gz" "$tmp/x"
expect 65 "more than one MMAR" "$AXIAL" mmar unpack "$tmp/two.tar.gz" "$tmp/x"
expect 65 "archive" "$AXIAL" mmar unpack "$tmp/text.zip" "$tmp/x"
expect 65 "'$tmp/cut.zip'" "$AXIAL" mmar unpack "$tmp/cut.zip" "$tmp/x"
expect 66 "no such file" "$AXIAL" mmar unpack "$tmp/nowhere.zip" "$tmp/x"
[ ! -e "$tmp/escaped.txt" ] && [ ! -e "$tmp/x" ] || die "something was left by a refused archive"
ls "$tmp" | grep -q 'x\.new' && die "a temporary folder was left"
echo passed
