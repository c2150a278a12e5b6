#!/usr/bin/env bash
# A real boot under systemd, as root, in a container over this machine's own files (systemd-container; no network):
#   tests/chaos/boot.sh PROJECT [NEWER]
# PROJECT is a folder with a .venv made by `make product` with a Python outside /home and /root. `linewise install` writes
# and starts the units, a part is killed, diagnose looks, the container boots anew and everything must be there by itself.
# NEWER is another such folder: it is installed over the first, and rolled back.
set -euo pipefail
project=${1:?usage: tests/chaos/boot.sh PROJECT [NEWER]}
newer=${2:-}
[ "$(id -u)" -eq 0 ] || { echo "boot.sh needs root" >&2; exit 2; }
work=$(mktemp -d /mnt/linewise-boot-XXXX)
mount -t tmpfs -o size=2g tmpfs "$work"
mkdir "$work"/{upper,work,tree}
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/tree"
nspawn=
end() {
    [ -z "$nspawn" ] || { kill "$nspawn" 2>/dev/null; kill "$nspawn" 2>/dev/null; wait "$nspawn" || true; }
    umount "$work/tree" "$work"; rmdir "$work"
}
trap end EXIT
boot() {
    systemd-nspawn -q -D "$work/tree" --machine=lw$$ --register=no --keep-unit --link-journal=no --private-network \
        --uuid="$(tr -d - </proc/sys/kernel/random/uuid)" --console=pipe --boot -- --unit=multi-user.target \
        </dev/null >"$work/console" 2>&1 &
    nspawn=$!
    for _ in $(seq 300); do
        init=$(pgrep -P "$nspawn" -f 'unit=multi-user.target' || true)
        [ -n "$init" ] && inside systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded' && return
        sleep 0.2
    done
    echo "the container does not boot" >&2; cat "$work/console" >&2; exit 1
}
inside() { nsenter -t "$init" -a "$@"; }
rows() { inside python3 -c "import sqlite3; print(sqlite3.connect('file:/var/lib/linewise/boot/store.sqlite3?mode=ro', uri=True).execute('select count(*) from readings where quality != \'stale\'').fetchone()[0])" 2>/dev/null || echo 0; }
wait_for_rows() { # until the store has got more than $1 readings of pictures; how long that took
    local began=$SECONDS
    until [ "$(rows)" -gt "$1" ]; do
        [ $((SECONDS - began)) -lt 180 ] || { echo "no readings" >&2; inside journalctl --no-pager -n 60 -u 'linewise*' >&2; exit 1; }
        sleep 1
    done
    echo $((SECONDS - began))
}
mkdir -p "$work/tree/etc/linewise"
cat >"$work/tree/etc/linewise/site.toml" <<'TOML'
[site]
id = "boot"
name = "Boot"
timezone = "UTC"
box = "b1"

[[camera]]
id = "tills"
source = "test://?fps=5&width=320&height=240"

[[queue]]
id = "till-1"
name = "Till 1"

[[queue.lane]]
camera = "tills"
area = [[0.1, 0.3], [0.9, 0.3], [0.9, 0.9], [0.1, 0.9]]
service_line = [[0.1, 0.3], [0.9, 0.3]]
TOML
boot
echo "booted: systemd $(inside systemctl --version | sed -n '1s/systemd //p')"
inside "$project/.venv/bin/linewise" install /etc/linewise/site.toml
echo "readings in the store after $(wait_for_rows 0) s"
inside systemctl list-units --no-pager --no-legend 'linewise*'
echo "journal, by its field LINEWISE_CAMERA:"
inside journalctl --no-pager -o cat LINEWISE_CAMERA=tills | tail -3
runs() { # the counter is this version's, and people are counted
    [[ $(inside systemctl show -P ExecStart linewise-counter.service) == *"$1/.venv/"* ]] || { echo "$1 does not run" >&2; exit 1; }
    echo "$1 runs; more readings after $(wait_for_rows "$(rows)") s"
}
if [ -n "$newer" ]; then
    inside "$newer/.venv/bin/linewise" install /etc/linewise/site.toml | grep -v ^same
    runs "$newer"
    inside "$newer/.venv/bin/linewise" install /etc/linewise/site.toml --rollback | grep -v ^same
    runs "$project"
fi
inside systemctl kill -s KILL linewise-camera@tills.service
sleep 3
echo "camera killed: restarts $(inside systemctl show -P NRestarts linewise-camera@tills.service), more readings after $(wait_for_rows "$(rows)") s"
inside systemctl kill -s STOP --kill-whom=main linewise-counter.service
echo "counter hung: $(inside systemctl show -P WatchdogUSec linewise-counter.service) watchdog; waiting for it"
until [ "$(inside systemctl show -P NRestarts linewise-counter.service)" -gt 0 ]; do sleep 1; done
echo "restarted; more readings after $(wait_for_rows "$(rows)") s"
inside "$project/.venv/bin/linewise" diagnose /etc/linewise/site.toml --zip /tmp/support.zip || true
before=$(rows)
inside systemctl poweroff || true
wait "$nspawn" || true
nspawn=
boot
echo "booted anew; readings after $(wait_for_rows "$before") s; failed units: $(inside systemctl --failed --no-legend | wc -l)"
inside systemctl show -P ActiveEnterTimestampMonotonic network-online.target linewise-counter.service linewise-camera@tills.service
