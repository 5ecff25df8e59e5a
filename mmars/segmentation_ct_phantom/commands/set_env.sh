#!/usr/bin/env bash
# The only file that may need a change: where this MMAR is, and where axial is.

DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
export MMAR_ROOT="${DIR}/.."
