#!/bin/sh
# Install what a build, a test or the demo needs and is missing.  Not root: say what would be installed.
# usage: deps.sh SET...   SET: build, check, lint, bench
set -eu
build="gcc g++ make pkg-config libc6-dev libcurl4-openssl-dev libxml2-dev libcld2-dev libzstd-dev zlib1g-dev libbrotli-dev libsqlite3-dev libxxhash-dev nettle-dev libsodium-dev
 libpsl-dev libutf8proc-dev libcyaml-dev libyaml-dev libmicrohttpd-dev libsimdjson-dev libicu-dev libuchardet-dev libarchive-dev poppler-utils ca-certificates"
check="libcmocka-dev python3 zstd sqlite3 curl minisign"
demo="python3 curl dpkg zstd sqlite3"
lint="clang clang-format clang-tidy cppcheck libclang-rt-14-dev"
interop="python3-venv nginx-light minisign chromium"
bench="hyperfine nginx-light wrk wget2 wget valgrind python3-venv xxhash libxml2-utils"

missing=
for set in "$@"; do
    eval "packages=\$$set"
    for p in $packages; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null || true)" = installed ] || missing="$missing $p"
    done
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
    echo "Missing packages.  As root, run:" >&2
    echo "  apt-get install --no-install-recommends$missing" >&2
    exit 1
fi
echo "Installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# A package's server must not start: tests start their own.
if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing > /dev/null 2>&1 ||
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing > /dev/null; }
