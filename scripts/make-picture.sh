#!/bin/sh
# Draw docs/images/report.png from the report of the last `make demo`, with headless Chromium.
set -eu
cd "$(dirname -- "$0")/.."
page=$PWD/observe-demo/report/report.html
[ -f "$page" ] || { echo "make-picture: run 'make demo' first" >&2; exit 1; }
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
    { echo "make-picture: no Chromium on PATH (Debian: apt-get install chromium)" >&2; exit 1; }
mkdir -p docs/images
"$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1 \
    --window-size=1100,2560 --screenshot="$PWD/docs/images/report.png" "file://$page" 2>/dev/null
echo "docs/images/report.png"
