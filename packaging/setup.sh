#!/bin/sh
# Prepares everything that `make` needs: system libraries, a virtual environment, locked packages.
set -eu

cd "$(dirname "$0")/.."
root=$(pwd)
python=${PYTHON:-python3}
environment=$root/.venv
stamp=$environment/.intact-setup
requirements=packaging/requirements/dev.txt

# Without these the application and its tests cannot start: "file Debian-package".
needed="libGL.so.1 libgl1
libEGL.so.1 libegl1
libxkbcommon.so.0 libxkbcommon0
libdbus-1.so.3 libdbus-1-3
libfontconfig.so.1 libfontconfig1
libglib-2.0.so.0 libglib2.0-0
libpulse.so.0 libpulse0
libXrandr.so.2 libxrandr2"

# With these it opens on an X display, finds cameras of PipeWire, and pdfsig checks signatures.
wished="libxcb-cursor.so.0 libxcb-cursor0
libxcb-icccm.so.4 libxcb-icccm4
libxcb-keysyms.so.1 libxcb-keysyms1
libxcb-shape.so.0 libxcb-shape0
libxkbcommon-x11.so.0 libxkbcommon-x11-0
libpipewire-0.3.so.0 libpipewire-0.3-0
pdfsig poppler-utils"

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

present() {
    case $1 in
        *.so.*) printf '%s\n' "$libraries" | grep -qF "$1 " ;;
        *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

missing() {
    printf '%s\n' "$1" | while read -r file package; do
        present "$file" || printf '%s ' "$package"
    done
}

install_libraries() {
    libraries=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null || true)
    must=$(missing "$needed")
    may=$(missing "$wished")
    [ -n "$must$may" ] || return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "Not found here, by their Debian names: $must$may"
        echo "Going on; if a window or a test does not start, install these libraries."
    elif [ "$(id -u)" -eq 0 ]; then
        echo "Installing $must$may"
        export DEBIAN_FRONTEND=noninteractive
        apt-get -qq update </dev/null
        # shellcheck disable=SC2086  # one word per package
        apt-get -qq install -y --no-install-recommends $must$may </dev/null >/dev/null
    else
        echo "Some system libraries are missing. This command installs them:"
        echo "    sudo apt-get install --no-install-recommends $must$may"
        [ -z "$must" ] || fail "Run it, then run make again."
        echo "Going on without them: they are for windows on an X display and for pdfsig."
    fi
}

check_python() {
    command -v "$python" >/dev/null 2>&1 || fail "Python 3.11 or newer is needed: install python3."
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "Python 3.11 or newer is needed; $python is older. Name another: PYTHON=python3.12 make"
}

# What an installed environment depends on: first line its place and Python, second the inputs.
fingerprint() {
    "$python" -c 'import sys; print(*sys.argv[1:], sys.version.split()[0], sys.base_prefix)' "$root"
    "$python" -c 'import hashlib, sys
print(hashlib.sha256(b"".join(open(name, "rb").read() for name in sys.argv[1:])).hexdigest())' \
        "$requirements" pyproject.toml packaging/setup.sh
}

create_environment() {
    if [ "$(head -n 1 "$stamp" 2>/dev/null)" = "$(printf '%s\n' "$wanted" | head -n 1)" ]; then
        return 0
    fi
    echo "Creating the virtual environment .venv"
    "$python" -m venv --clear "$environment" ||
        fail "The virtual environment could not be made. On Debian: apt-get install python3-venv"
}

install_packages() {
    echo "Installing the locked packages (about 300 MB the first time)"
    printf '%s\n' "$wanted" | head -n 1 >"$stamp"
    "$environment/bin/python" -m pip install -q --progress-bar off --no-input \
        --disable-pip-version-check --require-hashes -r "$requirements"
    "$environment/bin/python" -m pip install -q --no-input --disable-pip-version-check \
        --no-deps --no-build-isolation --no-index -e .
}

check_python
wanted=$(fingerprint)
[ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || exit 0
install_libraries
create_environment
install_packages
printf '%s\n' "$wanted" >"$stamp"
echo "Ready."
