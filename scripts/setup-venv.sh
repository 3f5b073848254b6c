#!/bin/sh
# Makes .venv with a pinned uv inside; needs Python 3.11 or later.
set -eu
uv_version=$1
for name in python3.12 python3.13 python3.11 python3 python; do
    if command -v "$name" >/dev/null 2>&1 &&
        "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$name
        break
    fi
done
if [ -z "${python:-}" ]; then
    echo "Python 3.11 or later is needed (python3 --version says: $(python3 --version 2>&1))." >&2
    exit 1
fi
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    echo "$python has no venv module: on Debian and Ubuntu, apt install python3-venv." >&2
    exit 1
fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv_version"
touch .venv/bin/uv
