# Shortcuts for the commands of `cargo xtask`; `just` alone lists them.

_list:
    @just --list

# Build everything this clone needs, then run the demonstration
demo *arguments:
    cargo xtask demo {{arguments}}

# Run every test of every workspace, against real peers
test *arguments:
    cargo xtask test -- {{arguments}}

# Build the plugins and the tests' guests, and print where they are
guests:
    cargo xtask guests

# Formatting, lints and tests, as continuous integration runs them
ci:
    cargo xtask ci

# Build and run the benchmarks
bench *arguments:
    cargo xtask bench {{arguments}}

# Fuzz one target, or each of them, for so many seconds
fuzz *arguments:
    cargo xtask fuzz {{arguments}}

# Mixed calls of every tool with faults injected: --seed N --seconds S
soak *arguments:
    cargo xtask soak {{arguments}}

# Write plugins/TOOLS.md anew, from the tools' definitions
tools-page:
    cargo xtask tools-page

# Format every workspace
fmt:
    cargo fmt --all
    cd plugins && cargo fmt --all
    cd tests/guests && cargo fmt --all
    cd tests/fuzz && cargo fmt --all
