#!/bin/sh
# GNU grep 3.12 (and 3.8 of Debian 12) with `-o` and `-w`: a word is lost that is matched behind another one on its line, where the
# longest match at its place is no word and a shorter one is. `-w` alone, and the same word first on its line, find it. With `-o -w -x`
# an empty line is printed behind each match, though `-o` is for parts that are not empty. (`EGexecute` in src/dfasearch.c looks for
# the shorter match in `match + len - ptr` bytes from the line's beginning, where `ptr` is where this search began.)
#
# Installs nothing: fetches grep 3.12-1 of Debian forky with its libraries. Needs apt and a Debian mirror among its sources, and
# dpkg-deb. Exit status: 0 as described, 1 it has changed, 2 it could not be tried.
set -eu
. "$(dirname "$0")/debian.inc"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
debian grep=3.12-1 libc6 libpcre2-8-0
newest() { (LC_ALL=C forky usr/bin/grep "$@"); }
newest --version | head -1
status=0
tell() {
    echo "$1 prints: $(printf '%s' "$2" | tr '\n' '|'), and should print: $(printf '%s' "$3" | tr '\n' '|')"
    test "$2" != "$3" || status=1
}
# The mark at the end keeps the line ends that `$()` would cut.
alone=$(echo 'foo-barx' | newest -owE 'foo(-bar)?'; echo .)
test "$alone" = "$(printf 'foo\n.')" || { echo "changed: the word alone is not found: $alone"; exit 1; }
echo "echo 'foo-barx' | grep -owE 'foo(-bar)?' prints: foo"
three=$(echo 'foo foo foo-barx' | newest -owE 'foo(-bar)?'; echo .)
tell "echo 'foo foo foo-barx' | grep -owE 'foo(-bar)?'" "$three" "$(printf 'foo\nfoo\nfoo\n.')"
line=$(echo a | newest -owx a; echo .)
tell "echo a | grep -owx a" "$line" "$(printf 'a\n.')"
exit "$status"
