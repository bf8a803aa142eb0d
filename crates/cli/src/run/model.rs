//! The fitted lifetime model: written beside the report, and set beside the one of the report before.

use tallybook_metrics::lifetime::{ModelCard, drift};
use tallybook_metrics::result::Exhibit;

use crate::error::CliError;
use crate::publish::Publisher;

/// The file of the fitted lifetime model.
pub(super) const MODEL: &str = "clv-model.json";

/// Shows beside the parameters of today how they were in the report before.
pub(super) fn add_drift(
    exhibits: &mut Vec<Exhibit>,
    publisher: &Publisher,
    model: Option<&ModelCard>,
) -> Result<(), CliError> {
    let Some(model) = model else { return Ok(()) };
    let before = earlier_model(publisher, model)?;
    let fit = exhibits.iter().position(|exhibit| exhibit.key == "model");
    let place = fit.map_or(exhibits.len(), |fit| fit + 1);
    exhibits.splice(place..place, before.map(|before| drift(&before, model, "clv")));
    Ok(())
}

/// Finds the model of the latest edition before a period, where there is one that can still be read.
fn earlier_model(publisher: &Publisher, model: &ModelCard) -> Result<Option<ModelCard>, CliError> {
    let cards = publisher.read_all(MODEL)?;
    let cards = cards.iter().filter_map(|bytes| ModelCard::from_json(bytes));
    Ok(cards.filter(|card| card.last < model.last).max_by_key(|card| card.last))
}

/// Writes the model as a file.
pub(super) fn json(model: &ModelCard) -> Result<Vec<u8>, CliError> {
    let mut bytes = serde_json::to_vec_pretty(model)
        .map_err(|error| CliError::could_not_run("cannot write the lifetime model").because(&error))?;
    bytes.push(b'\n');
    Ok(bytes)
}
