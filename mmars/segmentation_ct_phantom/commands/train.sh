#!/usr/bin/env bash
# Trains from scratch.  Further KEY=VALUE words override the configuration.

my_dir="$(dirname "${BASH_SOURCE[0]}")"
. "$my_dir/set_env.sh"

CONFIG_FILE=config/config_train.json
ENVIRONMENT_FILE=config/environment.json

axial train \
    -m "$MMAR_ROOT" \
    -c $CONFIG_FILE \
    -e $ENVIRONMENT_FILE \
    --write_train_stats \
    --set \
    multi_gpu=false \
    "$@"
