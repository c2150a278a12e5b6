#!/usr/bin/env bash
# The supply chain on paper: dist/sbom.json (CycloneDX) of what the lock file installs, then its known vulnerabilities.
set -euo pipefail
tools=.venv/audit
[ -x $tools/bin/pip-audit ] || {
    "${PYTHON:-python3}" -m venv $tools
    $tools/bin/pip install -q --disable-pip-version-check pip-audit==2.10.1 cyclonedx-bom==7.5.0
}
mkdir -p dist
$tools/bin/cyclonedx-py requirements lock/product.txt --pyproject pyproject.toml --output-reproducible --of JSON -o dist/sbom.json 2>/dev/null
echo "dist/sbom.json: $(grep -c '"purl"' dist/sbom.json) packages"
# --strict: a package that cannot be looked up is a failure, not a pass
$tools/bin/pip-audit --strict --disable-pip --require-hashes --requirement lock/product.txt
