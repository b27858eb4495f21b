#!/usr/bin/env bash
# The Python environment in .venv (VENV) with the packages of the given files, each pinned by hash.
# A file that has not changed since it was installed costs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
venv=${VENV:-.venv}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Neap needs python3, version 3.11 or newer; this is $("$python" --version 2>/dev/null || echo none)." >&2
  exit 1
fi

if ! "$venv/bin/python" -c '' 2>/dev/null; then
  if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    echo "The package python3-venv is missing. As root: apt-get install python3-venv" >&2
    exit 1
  fi
  echo "Making $venv"
  "$python" -m venv --clear "$venv"
fi

install() {
  # uv reads the same pins and hashes in a tenth of the time; pip is what everyone has.
  if uv --version >/dev/null 2>&1; then
    uv pip install --quiet --compile-bytecode --python "$venv/bin/python" --require-hashes -r "$1" && return
    echo "uv could not; trying with pip"
  fi
  "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip >/dev/null
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$1"
}

for file in "$@"; do
  stamp="$venv/.installed-$file"
  if ! cmp --silent "$file" "$stamp"; then
    echo "Installing the packages of $file"
    install "$file"
    cp "$file" "$stamp"
  fi
done
