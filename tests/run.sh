#!/bin/sh
# What `make run` does after the build.  With a terminal: the workbench on the
# shipped archives.  Without one (pipe, CI): make the phantom data, train the
# phantom archive with plain lines, evaluate it; exit 0 when all of it worked.
set -eu
if [ -t 0 ] && [ -t 1 ]; then
	exec ./axial mmars
fi
mmar=mmars/segmentation_ct_phantom
echo "no terminal: training $mmar in plain lines"
./axial train -m $mmar -c config/config_train.json -e config/environment.json --write-train-stats
./axial evaluate -m $mmar -c config/config_validation.json -e config/environment.json
