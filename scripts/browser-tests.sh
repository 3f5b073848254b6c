#!/bin/sh
# Runs the browser tests if there is a Chromium, else says in one line how to get one.
set -eu
for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    if [ -n "$name" ] && path=$(command -v "$name" 2>/dev/null); then
        CHROMIUM=$path
        export CHROMIUM
        cd frontend
        exec npm run --silent e2e
    fi
done
echo "BROWSER TESTS SKIPPED: no Chromium found; install one (Debian: apt install chromium) or set CHROMIUM=/path/to/it."
