#!/bin/bash
# The real clients of what Villers writes: every tests/integration/interop_*.py, with the PyPI packages that its line "# pip: …" names, in
# .venv-interop.  Without the network nothing can be installed: then it says so and ends well, unless they are there from before.
set -u
cd "$(dirname "$0")/../.." || exit 1
venv=$PWD/.venv-interop
scripts=$(ls tests/integration/interop_*.py)
# shellcheck disable=SC2086
packages=$(sed -n 's/^# pip: //p' $scripts | tr ' ' '\n' | sort -u | tr '\n' ' ')
[ -x "$venv/bin/python" ] || python3 -m venv "$venv" || { echo "interop: python3 -m venv failed (apt install python3-venv)"; exit 1; }
if [ "$(cat "$venv/packages" 2>/dev/null)" != "$packages" ]; then
    # shellcheck disable=SC2086
    if ! "$venv/bin/pip" install -q --disable-pip-version-check $packages; then
        echo "interop: skipped: $packages cannot be installed (no network?)"
        exit 0
    fi
    echo "$packages" | tr -d '\n' > "$venv/packages"
fi
bad=0
for s in $scripts; do
    echo "== $s"
    PATH="$venv/bin:$PATH" "$venv/bin/python" "$s" || bad=1
done
[ $bad = 0 ] && echo "interop: every client agrees"
exit $bad
