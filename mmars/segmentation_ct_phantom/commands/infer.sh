#!/usr/bin/env bash
# Writes the predicted masks of the validation cases to eval/, one folder per case
# (of images outside the data list: axial infer -m MMAR IMAGE... -o FOLDER).

my_dir="$(dirname "${BASH_SOURCE[0]}")"
. "$my_dir/set_env.sh"

CONFIG_FILE=config/config_validation.json
ENVIRONMENT_FILE=config/environment.json

axial evaluate \
    -m "$MMAR_ROOT" \
    -c $CONFIG_FILE \
    -e $ENVIRONMENT_FILE \
    --set \
    output_infer_result=true \
    do_validation=false \
    "$@"
