#!/bin/sh
# First boot: finds or installs a Python that is new enough for the openai package, then lets setup.py do the rest.
set -eu

new_enough() {
    command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))'
}

found=""
for candidate in python3.12 python3.11 python3.13 python3.10 python3; do
    if new_enough "$candidate"; then
        found=$candidate
        break
    fi
done
if [ -z "$found" ]; then
    dnf --assumeyes --quiet install python3.12 python3.12-pip || dnf --assumeyes --quiet install python3.11 python3.11-pip
    if new_enough python3.12; then found=python3.12; else found=python3.11; fi
fi
exec "$found" /opt/isthmus/setup.py
