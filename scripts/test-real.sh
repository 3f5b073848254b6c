#!/bin/sh
# Benchmarks `transformers serve`, a model server nobody here wrote, on this machine's CPU.
# Installs it into an environment of its own and makes a tiny model, each once; both, and
# the variable TORCH_SPEC, are explained in docs/testing.md.
set -eu
cd "$(dirname "$0")/.."
env=.cache/real-venv
hub=.cache/real-hub
torch=${TORCH_SPEC:-torch==2.13.0}

wanted_env="$torch $(cksum <tests/real/requirements.txt)"
if [ "$(cat $env/.stamp 2>/dev/null)" != "$wanted_env" ]; then
    echo "Installing $torch and transformers into $env (once; a minute or more) ..."
    rm -rf $env
    .venv/bin/python -m venv $env
    # two steps, so that the choice of a PyTorch build is made by its own words alone
    $env/bin/python -m pip install -qq --disable-pip-version-check "$torch"
    $env/bin/python -m pip install -qq --disable-pip-version-check -r tests/real/requirements.txt
    echo "$wanted_env" >$env/.stamp
fi

wanted_model="$(cksum <tests/real/make_model.py)"
if [ "$(cat $hub/.stamp 2>/dev/null)" != "$wanted_model" ]; then
    echo "Making a tiny random model in $hub (once) ..."
    rm -rf $hub
    HF_HUB_OFFLINE=1 $env/bin/python tests/real/make_model.py $hub
    echo "$wanted_model" >$hub/.stamp
fi

exec .venv/bin/python -m pytest -m real tests/real "$@"
