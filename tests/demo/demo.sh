#!/bin/bash
# The main job on real pages: documentation that Debian ships in many languages, served on loopback under a host name a package,
# crawled, refined, published, verified, served, pulled and verified again.  Everything stays under BUILD/demo.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD
villers=$here/${BUILD:-build}/villers
work=$here/${BUILD:-build}/demo
hub=$work/hub

# Package, host, folder of the package that is served at /html.
packages="
debian-handbook          handbook.demo.test      usr/share/doc/debian-handbook/html
debian-reference-fr      reference.demo.test     usr/share/debian-reference
developers-reference-fr  developpeur.demo.test   usr/share/developers-reference
maint-guide-fr           responsable.demo.test   usr/share/doc/maint-guide-fr/html
debian-faq-fr            faq.demo.test           usr/share/doc/debian/FAQ
installation-guide-amd64 installation.demo.test  usr/share/doc/installation-guide-amd64
live-manual-html         live.demo.test          usr/share/doc/live-manual/html/live-manual
"

pids=()
cleanup() { for p in "${pids[@]:-}"; do [ -z "$p" ] || kill "$p" 2>/dev/null || true; done; }
trap cleanup EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || say() { printf '\n%s\n' "$*"; }
# Show a command as a user would type it, then run it.
run() {
    printf '$ villers %s\n' "$*"
    "$villers" "$@"
}
wait_for() { for _ in $(seq 100); do [ -s "$1" ] && return; sleep 0.05; done; echo "$1 did not come" >&2; exit 1; }

say "1. Real pages: documentation packages of Debian, unpacked"
mkdir -p "$work/debs" "$work/sites"
(
    cd "$work/debs"
    for p in $(echo "$packages" | awk 'NF { print $1 }'); do
        ls "${p}"_*.deb > /dev/null 2>&1 && continue
        apt-get -qq download "$p" 2> /dev/null || { [ "$(id -u)" -eq 0 ] && apt-get -qq update && apt-get -qq download "$p" 2> /dev/null; } ||
            { echo "cannot download package $p: is there a Debian mirror in /etc/apt/sources.list?" >&2; exit 69; }
    done
)
echo "$packages" | while read -r package host folder; do
    [ -n "$package" ] || continue
    if [ ! -e "$work/sites/$host/html" ]; then
        rm -rf "$work/unpacked"
        dpkg-deb -x "$work"/debs/"${package}"_*.deb "$work/unpacked"
        mkdir -p "$work/sites/$host"
        mv "$work/unpacked/$folder" "$work/sites/$host/html"
        find "$work/unpacked" -name 'copyright' -path "*/$package/*" -exec cp {} "$work/sites/$host/copyright.txt" \;
        find "$work/sites/$host" -name '*.gz' -exec gunzip -f {} +
        rm -rf "$work/unpacked"
    fi
    # One path is disallowed everywhere, and one language of the handbook: none of it may be fetched.
    printf 'User-agent: *\nDisallow: /html/id-ID/\nDisallow: /html/images/\n' > "$work/sites/$host/robots.txt"
    printf '%-26s http://%-24s %5d HTML files\n' "$package" "$host" "$(find "$work/sites/$host" -name '*.html' | wc -l)"
done

rm -f "$work/port" "$work/access.log"
python3 tests/demo/serve.py "$work/sites" --port-file "$work/port" --log "$work/access.log" &
pids+=($!)
wait_for "$work/port"
port=$(cat "$work/port")

say "2. A hub, its sources with the packages' own licences, a campaign"
rm -rf "$hub" "$work/mirror"
run init "$hub"
cp tests/demo/sources/*.yaml "$hub/sources/"
cp tests/demo/debian.yaml "$hub/campaigns/"
run sources list --hub "$hub"

say "3. Crawl (robots.txt obeyed, one connection a host, a short delay of the demo's own)"
run crawl debian --hub "$hub" --connect-to "::127.0.0.1:$port" --allow-private
closed=$(grep -c -E ' /html/(id-ID|images)/' "$work/access.log" || true)
printf '%s requests in the server'"'"'s log, %s of them for disallowed paths\n' "$(wc -l < "$work/access.log")" "$closed"
[ "$closed" -eq 0 ]

say "4. Refine: language, quality, duplicates"
run refine --hub "$hub"

say "5. Publish"
run publish villers-demo 1.0.0 --hub "$hub"

say "6. What is in it: the French share, by source"
run stats --hub "$hub"

say "7. Verify the release on disk"
run verify "$hub/releases/villers-demo/1.0.0"

say "8. Serve it, and pull it as a researcher would"
rm -f "$work/serve-port"
"$villers" serve --hub "$hub" --port 0 --port-file "$work/serve-port" > "$work/serve.log" 2>&1 &
pids+=($!)
wait_for "$work/serve-port"
url=http://127.0.0.1:$(cat "$work/serve-port")
printf '$ villers serve --hub %s &\n%s\n' "$hub" "$url"
run pull "$url/villers-demo@1.0.0" "$work/mirror"

say "9. Verify the mirror"
run verify "$work/mirror"

say "Done.  A document of the release:"
zstd -dcq "$work"/mirror/data/*.zst | sed -n 1p | cut -c 1-600
echo
echo "The release's card: $hub/releases/villers-demo/1.0.0/README.md"
echo "Look around:        $villers serve --hub $hub --port 8080     then open http://127.0.0.1:8080/"
