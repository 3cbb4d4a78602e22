# Read by the scripts that try a program of Debian forky on any Debian: `debian PACKAGE[=VERSION]...` unpacks packages below the
# present folder and installs nothing; `forky PROGRAM ARGUMENT...` is a program of theirs, with their libraries, in place of the
# shell that runs it. Needs apt with a Debian mirror among its sources, and dpkg-deb. Exit status 2: the packages cannot be had.
debian() {
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v -e security -e updates | head -1)
    key=$(ls /usr/share/keyrings/debian-archive-keyring.* | head -1)
    mkdir -p lists/partial cache/archives/partial state root
    : >status
    printf 'Types: deb\nURIs: %s\nSuites: forky\nComponents: main\nTargets: Packages\nSigned-By: %s\n' "$mirror" "$key" >a.sources
    cat >apt.conf <<CONF
Dir::State "$PWD/state";
Dir::State::Lists "$PWD/lists";
Dir::State::status "$PWD/status";
Dir::Cache "$PWD/cache";
Dir::Etc::sourcelist "$PWD/a.sources";
Dir::Etc::sourceparts "/dev/null";
APT::Sandbox::User "root";
Debug::NoLocking "true";
CONF
    {
        apt-get -c apt.conf -q update
        apt-get -c apt.conf -q download "$@"
    } >apt.log 2>&1 || { tail -3 apt.log; echo "the packages cannot be had"; exit 2; }
    for package in *.deb; do dpkg-deb -x "$package" root; done
    loader=$(ls root/usr/lib64/ld-linux-x86-64.so.2 root/usr/lib/ld-linux-aarch64.so.1 2>/dev/null | head -1)
}

forky() {
    program=$1
    shift
    exec "$loader" --library-path "root/usr/lib/$(uname -m)-linux-gnu" "root/$program" "$@"
}
