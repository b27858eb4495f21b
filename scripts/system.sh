#!/usr/bin/env bash
# The Debian packages that Neap needs: `system.sh run`, `system.sh test` or both.
# What is there already is left alone; nothing is asked of apt when all is there.
set -euo pipefail

# The one list. Running: the Python environment, and what the PDF report draws text with.
RUN=(python3-venv libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-dejavu-core)
# Testing: a browser, a second database, and the readers that look into the PDF.
TEST=(chromium chromium-headless-shell libatomic1 postgresql poppler-utils qpdf strace)

wanted=()
for part in "$@"; do
  case "$part" in
    run) wanted+=("${RUN[@]}") ;;
    test) wanted+=("${TEST[@]}") ;;
    *) echo "usage: $0 run|test ..." >&2; exit 2 ;;
  esac
done

python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Neap needs python3, version 3.11 or newer; this is $("$python" --version 2>/dev/null || echo none)." >&2
  exit 1
fi
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "Neap's packages are named for Debian 12 and its like; here, see to these yourself: ${wanted[*]}" >&2
  exit 0
fi

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=()
for package in "${wanted[@]}"; do
  is_installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ]; then
  as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as_root=(sudo -n)
else
  echo "These Debian packages are missing: ${missing[*]}" >&2
  echo "Run this once as root, then try again:" >&2
  echo "  $(cd "$(dirname "$0")" && pwd)/system.sh $*" >&2
  exit 1
fi

apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet \
    -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@"
}

echo "Installing: ${missing[*]}"
apt update
if [[ " ${missing[*]} " == *" postgresql "* ]]; then
  # Tests start servers of their own: the package shall not start one for the whole machine.
  apt install --no-install-recommends postgresql-common
  conf=/etc/postgresql-common/createcluster.conf
  "${as_root[@]}" sed -i -E 's/^[# ]*create_main_cluster *=.*/create_main_cluster = false/' "$conf"
  grep -q '^create_main_cluster = false' "$conf" ||
    echo 'create_main_cluster = false' | "${as_root[@]}" tee -a "$conf" >/dev/null
fi
apt install --no-install-recommends "${missing[@]}"
