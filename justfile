# All that must pass before a change goes in.
check:
    cargo test
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps

# The weekly report of the demo company.
demo:
    cargo run -- run pipelines/weekly-kpis.yaml --as-of 2026-11-16

# Times a run on a synthetic company of 200,000 customers (about 1.5 million orders), written once below target/.
bench:
    test -d target/bench-company || cargo run -- demo target/bench-company --customers 200000 --no-run
    cargo build
    time ./target/debug/tallybook run target/bench-company/pipelines/weekly-kpis.yaml --as-of 2026-11-16
    time ./target/debug/tallybook run target/bench-company/pipelines/weekly-kpis.yaml --from 2025-11-17 --to 2026-11-15 --each
