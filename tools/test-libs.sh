#!/bin/sh
#
# Copyright (C) the ngx_pay authors
#
# usage: tools/test-libs.sh [DIR]      default: build/testlibs
#
# Puts Test::Nginx and what it needs into DIR, of Debian's packages and of
# an apt state of its own: nothing is installed, root is not needed.  Debian
# has Test::Nginx in sid only; all else comes from this machine's release.
# Does nothing where DIR is complete.  PERL5LIB is then in DIR/perl5lib.

set -eu

packages="libtest-base-perl libspiffy-perl libtest-longstring-perl
          liblist-moreutils-perl libexporter-tiny-perl libhttp-message-perl
          liburi-perl libclone-perl libtext-diff-perl libipc-run-perl
          libio-pty-perl"

cd "$(dirname "$0")/.."
mkdir -p "${1:-build/testlibs}"
dir=$(cd "${1:-build/testlibs}" && pwd)

if [ -s "$dir/perl5lib" ] && PERL5LIB=$(cat "$dir/perl5lib") \
   perl -MTest::Nginx::Socket -e 1 2>/dev/null
then
    exit 0
fi

die() {
    echo "test-libs: $1" >&2
    tail -n 5 "$dir/log" >&2
    exit 1
}

echo "test-libs: fetching Test::Nginx"

rm -rf "$dir"
mkdir -p "$dir/sources" "$dir/lists/partial" "$dir/cache/archives/partial" \
         "$dir/deb" "$dir/root"
: > "$dir/log"

release=$(. /etc/os-release; echo "${VERSION_CODENAME:-stable}")
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
         | grep -v security | head -n 1)
[ -n "$mirror" ] || die "apt knows no Debian mirror"

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f $keyring ] && signed=" [signed-by=$keyring]" || signed=

for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
            /etc/apt/sources.list.d/*.sources
do
    [ -f "$list" ] && cp "$list" "$dir/sources/"
done

echo "deb$signed $mirror sid main" > "$dir/sources/test-nginx-sid.list"

private="-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$dir/sources
         -o Dir::State::lists=$dir/lists -o Dir::Cache=$dir/cache
         -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none
         -o APT::Default-Release=$release
         -o APT::Sandbox::User=root"

apt-get -q $private update >> "$dir/log" 2>&1 \
    || die "apt-get update failed: no network? see $dir/log"

cd "$dir/deb"

apt-get -q $private download libtest-nginx-perl >> "$dir/log" 2>&1 \
    || die "libtest-nginx-perl cannot be fetched from $mirror: see $dir/log"
apt-get -q $private download $packages >> "$dir/log" 2>&1 \
    || die "a package that Test::Nginx needs cannot be fetched: see $dir/log"

for deb in ./*.deb; do
    dpkg-deb -x "$deb" "$dir/root"
done

# it believes that "http2 on;" is known from 1.19.9 on; that came with 1.25.1

sed -i 's/"1\.019009"/"1.025001"/' \
    "$dir/root/usr/share/perl5/Test/Nginx/Util.pm"

arch=$(perl -MConfig -e 'print $Config{archname} =~ s/-thread-multi.*//r')
version=$(perl -e 'printf "%vd", $^V' | cut -d. -f1,2)
libs=$dir/root/usr/share/perl5:$dir/root/usr/lib/$arch/perl5/$version

PERL5LIB=$libs perl -MTest::Nginx::Socket -e 1 >> "$dir/log" 2>&1 \
    || die "Test::Nginx does not load: see $dir/log"

rm -rf "$dir/lists" "$dir/cache" "$dir/deb" "$dir/sources"
echo "$libs" > "$dir/perl5lib"
