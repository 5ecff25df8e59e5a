#!/usr/bin/env bash
# Writes models/model.fzn.safetensors, the model for inference alone; more options may
# follow: --format onnx, --dtype fp16 (see 'axial export --help').

my_dir="$(dirname "${BASH_SOURCE[0]}")"
. "$my_dir/set_env.sh"

axial export \
    -m "$MMAR_ROOT" \
    "$@"
