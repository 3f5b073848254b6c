#!/bin/sh
# Says in one sentence what is missing to build the web app.
set -eu
if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
    echo "Node 20.19 or later with npm is needed to build the web app: https://nodejs.org" >&2
    exit 1
fi
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
    echo "Node 20.19 or later is needed to build the web app; this is $(node --version)." >&2
    exit 1
fi
