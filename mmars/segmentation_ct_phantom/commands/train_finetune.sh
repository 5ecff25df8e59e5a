#!/usr/bin/env bash
# Goes on from weights that are there: MMAR_CKPT=FILE.safetensors as an argument chooses them.

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
    MMAR_CKPT=models/model.safetensors \
    learning_rate=0.0002 \
    "$@"
