#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages of one purpose (box, test) if they are missing.
#   box    GStreamer and its Python binding: live cameras with hardware decoding
#   test   the same, and a broker, a PostgreSQL server, a browser and an RTSP server for the tests
set -euo pipefail
purpose=${1:?usage: setup/debian.sh box|test}
box="python3-gi python3-gst-1.0 gir1.2-gst-plugins-base-1.0 gstreamer1.0-tools gstreamer1.0-plugins-base
     gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav"
case $purpose in
    box) packages=$box ;;
    test) packages="$box gir1.2-gst-rtsp-server-1.0 mosquitto postgresql strace chromium fonts-dejavu-core libegl1 libgl1-mesa-dri" ;;
    *) echo "linewise: unknown purpose '$purpose': box or test" >&2; exit 2 ;;
esac
command -v dpkg-query >/dev/null || {
    echo "linewise: this is not Debian or Ubuntu. Install what these packages hold, then go on: $packages" >&2; exit 1; }
missing=()
for package in $packages; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
echo "Installing ${missing[*]} ..."
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then as_root=(sudo); else
        echo "linewise: these packages are missing and need root: ${missing[*]}" >&2
        echo "Run once as root: apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
fi
# No service of these packages is wanted: the tests start their own on free ports.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
    "${as_root[@]}" chmod +x $policy
    trap '"${as_root[@]}" rm -f $policy' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
