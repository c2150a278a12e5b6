#!/usr/bin/env bash
# Makes the lock files anew from pyproject.toml (needs uv in the virtual environment: pip install uv).
set -euo pipefail
[ -x .venv/bin/uv ] || .venv/bin/python -m pip install -q uv
compile() { .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --excludes setup/excludes.txt "$@" >/dev/null; }
compile pyproject.toml --extra edge --extra dashboard --extra calibrate --extra postgres --extra tracks -o lock/product.txt
compile pyproject.toml --extra edge --extra dashboard --extra calibrate --extra postgres --extra tracks --extra dask --extra dev --extra train --extra rtx -c lock/product.txt -o lock/test.txt
printf 'hatchling\neditables\n' | compile - -o lock/build.txt
