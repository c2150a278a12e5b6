#!/usr/bin/env bash
# Makes .venv/ with the Python that is given, or says what is missing.
set -euo pipefail
python=$1
fail() { printf 'linewise: %s\n' "$*" >&2; exit 1; }
command -v "$python" >/dev/null || fail "no Python found. Install Python 3.11 or newer (Debian, Ubuntu: sudo apt-get install python3 python3-venv)."
"$python" - <<'PY' || fail "$("$python" -V 2>&1) is too old: Linewise needs Python 3.11 or newer. Name one with: make PYTHON=/path/to/python3.11 ..."
import sys
sys.exit(sys.version_info < (3, 11))
PY
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "this Python cannot make virtual environments. Debian, Ubuntu: sudo apt-get install python3-venv"
"$python" -m venv .venv
