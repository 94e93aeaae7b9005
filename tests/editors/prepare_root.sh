#!/bin/sh
# Makes a root folder of a newer Debian with that suite's GIMP, or with other programs, to be entered with chroot: no
# mounts needed.
#
#   prepare_root.sh [SUITE] [PACKAGE ...]     default: trixie (Debian 13, GIMP 3.0); other packages: a folder of its own
#
# Prints the folder. It is cached outside the clone and made once, in three attempts at most, as a mirror may be
# having a bad minute; whoever comes meanwhile waits. Run as root. MIRROR overrides the mirror.
set -eu
suite=${1:-trixie}
[ $# -gt 0 ] && shift
name=root-$suite${1:+-$1}
packages=${*:-"gimp python3 python3-gi gir1.2-gtk-3.0 adwaita-icon-theme fonts-dejavu-core"}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pluripaint-tests
root=$cache/$name
mkdir -p "$cache"
exec 9>"$root.lock"
flock 9
if [ -e "$root/.pluripaint-ready" ]; then
    echo "$root"
    exit 0
fi
include=$(echo "$packages" | tr ' ' ',')
# The hosts' own proxy and mirror settings reach mmdebstrap through /etc/apt; a suite whose Release file has
# expired by the machine's clock is still the suite we want.
mirror=${MIRROR:-$(sed -n 's/^URIs: *\([^ ]*\/debian\)\/*$/\1/p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\/debian\)\/* .*/\2/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)}
attempt=1
while rm -rf "$root.making"; ! mmdebstrap --variant=minbase --mode=root --include="$include" \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Retries "5"' \
    "$suite" "$root.making" ${mirror:+"$mirror"} >&2; do
    [ $attempt -lt 3 ] || exit 1
    attempt=$((attempt + 1))
done
# Newer picture loaders put themselves into a sandbox, for which a folder without mounts has no room.
if [ -x "$root.making/usr/bin/bwrap" ]; then
    rm "$root.making/usr/bin/bwrap"
    cat >"$root.making/usr/bin/bwrap" <<'END'
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in */glycin-loaders/*) [ -f "$1" ] && [ -x "$1" ] && exec "$@" ;; esac
    shift
done
exit 1
END
    chmod 755 "$root.making/usr/bin/bwrap"
fi
touch "$root.making/.pluripaint-ready"
rm -rf "$root"
mv "$root.making" "$root"
echo "$root"
