//! Mappings of vendors' exports that come with the program.

use tallybook_calendar::did_you_mean;
use tallybook_ingest::{PRESETS, SourceConfig};

/// Fills in what a source leaves to its preset.
pub(super) fn fill(source: SourceConfig) -> Result<SourceConfig, String> {
    let Some(name) = source.preset.clone() else {
        return if source.path.is_empty() { Err("missing field `path`".to_owned()) } else { Ok(source) };
    };
    let Some((_, text)) = PRESETS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = PRESETS.iter().map(|(name, _)| *name).collect();
        return Err(match did_you_mean(&name, known.iter().copied()) {
            Some(guess) => format!("unknown preset `{name}`; did you mean `{guess}`?"),
            None => format!("unknown preset `{name}`; known are: {}", known.join(", ")),
        });
    };
    let preset: SourceConfig = serde_yaml::from_str(text).map_err(|error| format!("preset `{name}`: {error}"))?;
    if source.path.is_empty() {
        return Err("missing field `path`".to_owned());
    }
    Ok(source.over(preset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_sound() {
        for (name, text) in PRESETS {
            let preset: SourceConfig = serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(preset.path.is_empty() && !preset.columns.is_empty(), "{name}");
        }
    }

    #[test]
    fn what_is_written_goes_before_the_preset() {
        let text = "{path: a.csv, preset: shopify/orders, columns: {amount: net}, rounding: half_even}";
        let source: SourceConfig = serde_yaml::from_str(text).expect("sound");
        let filled = fill(source).expect("known");
        assert_eq!(filled.columns["amount"], tallybook_ingest::config::ColumnSpec::column("net"));
        assert!(filled.columns.contains_key("order_id"));
        let unknown: SourceConfig = serde_yaml::from_str("{path: a.csv, preset: shopfy/orders}").expect("sound");
        assert_eq!(
            fill(unknown).expect_err("unknown"),
            "unknown preset `shopfy/orders`; did you mean `shopify/orders`?"
        );
    }
}
