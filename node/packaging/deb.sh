#!/usr/bin/env bash
# Builds the Debian package: node/packaging/deb.sh [amd64|arm64] [--binary FILE] [--out FOLDER]. Without an architecture
# it is this machine's. With --binary nothing is compiled. The last line printed is the package.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { echo "deb.sh: $*" >&2; }
fail() { say "$*"; exit 1; }
usage() { echo "usage: node/packaging/deb.sh [amd64|arm64] [--binary FILE] [--out FOLDER]" >&2; exit 2; }

command -v dpkg-deb >/dev/null || fail "missing: dpkg-deb (apt-get install dpkg)"
here=$(dpkg --print-architecture)
arch=$here
binary=
out=target/debian
while [ $# -gt 0 ]; do
  case "$1" in
    amd64 | arm64) arch=$1 ;;
    --binary) [ $# -ge 2 ] || usage; binary=$2; shift ;;
    --out) [ $# -ge 2 ] || usage; out=$2; shift ;;
    *) usage ;;
  esac
  shift
done

case "$arch" in
  amd64) triple=x86_64-unknown-linux-gnu; gnu=x86_64-linux-gnu ;;
  arm64) triple=aarch64-unknown-linux-gnu; gnu=aarch64-linux-gnu ;;
  *) fail "expected amd64 or arm64, found $arch" ;;
esac

strip=strip
if [ -z "$binary" ]; then
  command -v cargo >/dev/null || fail "missing: cargo (https://rustup.rs)"
  command -v npm >/dev/null || fail "missing: Node.js 20.19 or newer with npm, for the page (https://nodejs.org)"
  if [ "$arch" = "$here" ]; then
    cargo build --release --package node --bin symbiose
    binary=${CARGO_TARGET_DIR:-target}/release/symbiose
  else
    missing=()
    command -v "$gnu-gcc" >/dev/null || missing+=("$gnu-gcc: apt-get install gcc-$gnu libc6-dev-$arch-cross")
    rustc_libs=$(rustc --print target-libdir --target "$triple" 2>/dev/null || true)
    [ -d "$rustc_libs" ] || missing+=("Rust for $triple: rustup target add $triple")
    if [ ${#missing[@]} -gt 0 ]; then
      say "missing, to build for $arch on $here:"
      printf '  %s\n' "${missing[@]}" >&2
      say "or run node/packaging/deb.sh on the $arch machine itself"
      exit 1
    fi
    upper=$(echo "$triple" | tr 'a-z-' 'A-Z_')
    export "CARGO_TARGET_${upper}_LINKER=$gnu-gcc" "CC_${triple//-/_}=$gnu-gcc"
    cargo build --release --package node --bin symbiose --target "$triple"
    binary=${CARGO_TARGET_DIR:-target}/$triple/release/symbiose
  fi
fi
[ -f "$binary" ] || fail "there is no program at $binary"
[ "$arch" = "$here" ] || strip=$gnu-strip
command -v "$strip" >/dev/null || { say "$strip is missing: the program keeps its symbols and is larger"; strip=true; }

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version *= *"\(.*\)"/\1/p' Cargo.toml)
[ -n "$version" ] || fail "Cargo.toml names no version"
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 0755 "$root"
install -D -m 0755 "$binary" "$root/usr/bin/symbiose"
"$strip" "$root/usr/bin/symbiose"
install -D -m 0644 node/packaging/symbiose.service "$root/lib/systemd/system/symbiose.service"
install -D -m 0644 LICENSE-MIT "$root/usr/share/doc/symbiose/LICENSE-MIT"
install -D -m 0644 LICENSE-APACHE "$root/usr/share/doc/symbiose/LICENSE-APACHE"
install -d -m 0755 "$root/DEBIAN"
for script in postinst prerm postrm; do install -m 0755 "node/packaging/$script" "$root/DEBIAN/$script"; done
cat >"$root/DEBIAN/control" <<CONTROL
Package: symbiose
Version: $version
Architecture: $arch
Maintainer: Symbiose <symbiose@localhost>
Section: net
Priority: optional
Depends: libc6 (>= 2.36), adduser
Recommends: systemd
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Description: this building's node in a neighbourhood of buildings
 Takes readings of lifts, chillers and meters in, keeps them for years, raises alerts and work orders, and agrees with
 the neighbours' nodes on a common ledger. Serves its page to caretakers and technicians.
CONTROL
mkdir -p "$out"
package=$out/symbiose_${version}_$arch.deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$package" >&2
echo "$package"
