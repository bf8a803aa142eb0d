# All that must pass before a change goes in.
check:
    cargo test
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps

# The weekly report of the demo company.
demo:
    cargo run -- run pipelines/weekly-kpis.yaml --as-of 2026-11-16
