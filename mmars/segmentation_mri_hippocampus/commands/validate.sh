#!/usr/bin/env bash
# Computes the metrics of the validation cases; results go to eval/.

my_dir="$(dirname "${BASH_SOURCE[0]}")"
. "$my_dir/set_env.sh"

CONFIG_FILE=config/config_validation.json
ENVIRONMENT_FILE=config/environment.json

axial evaluate \
    -m "$MMAR_ROOT" \
    -c $CONFIG_FILE \
    -e $ENVIRONMENT_FILE \
    --set \
    output_infer_result=false \
    do_validation=true \
    "$@"
