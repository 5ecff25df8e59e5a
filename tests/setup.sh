#!/bin/sh
# Makes sure that the packages given as arguments are there: installs them
# through apt when root or password-less sudo is at hand, else prints the one
# line to run and fails.  Quick when nothing is missing.
set -u
command -v dpkg-query >/dev/null 2>&1 || exit 0 # not Debian: the build will say what it lacks

missing=
for p in "$@"; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

run=
if [ "$(id -u)" != 0 ]; then
	if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
		run="sudo -n"
	else
		echo "axial needs packages that are not installed. Run this, then try again:" >&2
		echo "  sudo apt-get install -y --no-install-recommends$missing" >&2
		exit 1
	fi
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$run apt-get update -qq
# shellcheck disable=SC2086
$run apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
	echo "apt-get could not install:$missing" >&2
	exit 1
}
