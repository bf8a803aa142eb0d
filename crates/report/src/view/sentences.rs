//! What happened, in sentences made from the figures.

use tallybook_metrics::declare::Direction;
use tallybook_metrics::result::Against;

use super::build::Views;
use crate::document::SourceNote;

impl Views<'_> {
    pub(super) fn sentences(&self) -> Vec<String> {
        let unusual = self.what_is_unusual().filter(|_| self.is_point());
        let sentences = [
            self.what_happened(),
            Some(self.what_stands_out()),
            unusual,
            self.what_is_off_target().or_else(|| self.what_it_rests_on()),
        ];
        sentences.into_iter().flatten().collect()
    }

    /// The first metrics of orders and acquisition, or else recurring revenue, in one sentence.
    fn what_happened(&self) -> Option<String> {
        let mut parts = Vec::new();
        let told = [
            ("revenue", "Revenue"),
            ("orders", "orders"),
            ("customers_new", "new customers"),
            ("mrr", "Monthly recurring revenue"),
        ];
        for (id, noun) in told {
            let Some(figure) = self.reported(id, "value").filter(|figure| figure.reading.value.is_some()) else {
                continue;
            };
            let cell = self.cell(figure.unit, &figure.reading);
            let change = self.change(figure, Direction::Up, Against::Previous);
            let against = match change.class {
                "none" => String::new(),
                _ => format!(" ({} on the {} before)", change.text, self.document.previous.grain.noun()),
            };
            if id == "mrr" && !parts.is_empty() {
                break;
            }
            parts.push(if parts.is_empty() && ["revenue", "mrr"].contains(&id) {
                format!("{noun} was {}{against}", cell.value)
            } else {
                format!("{} {noun}{against}", cell.value)
            });
        }
        if parts.is_empty() {
            return self.what_headlines_say();
        }
        let (first, rest) = parts.split_first()?;
        let rest = match rest {
            [] => String::new(),
            [only] => format!(", with {only}"),
            [one, two, ..] => format!(", with {one} and {two}"),
        };
        Some(format!("{first}{rest}."))
    }

    /// The first headlines of a report without orders and recurring revenue, in one sentence.
    fn what_headlines_say(&self) -> Option<String> {
        let mut parts = Vec::new();
        for metric in &self.document.metrics {
            let headline = self.reported(&metric.id, "value").filter(|figure| figure.reading.value.is_some());
            let Some(figure) = headline else { continue };
            let cell = self.cell(figure.unit, &figure.reading);
            let change = self.change(figure, metric.good, Against::Previous);
            let against = match (change.class, parts.is_empty()) {
                ("none", _) => String::new(),
                (_, true) => format!(" ({} on the {} before)", change.text, self.document.previous.grain.noun()),
                (_, false) => format!(" ({})", change.text),
            };
            let title = if parts.is_empty() { metric.title.clone() } else { lower_first(&metric.title) };
            parts.push(format!("{title} {}{against}", cell.value));
            if parts.len() == 3 {
                break;
            }
        }
        (!parts.is_empty()).then(|| format!("{}.", parts.join(", ")))
    }

    /// Metrics whose change to the period before is beyond chance.
    fn what_stands_out(&self) -> String {
        let mut better = Vec::new();
        let mut worse = Vec::new();
        for metric in &self.document.metrics {
            let Some(figure) = self.reported(&metric.id, "value") else { continue };
            let change = self.change(figure, metric.good, Against::Previous);
            let text = format!("{} {} ({})", lower_first(&metric.title), change.arrow, change.text);
            match change.class {
                "good" => better.push(text),
                "bad" => worse.push(text),
                _ => {}
            }
        }
        let noun = self.document.previous.grain.noun();
        match (better.is_empty(), worse.is_empty()) {
            (true, true) => format!("No headline moved against the {noun} before by more than chance explains."),
            (false, true) => format!("Beyond chance, better than the {noun} before: {}.", better.join(", ")),
            (true, false) => format!("Beyond chance, worse than the {noun} before: {}.", worse.join(", ")),
            (false, false) => {
                format!(
                    "Beyond chance, better than the {noun} before: {}; worse: {}.",
                    better.join(", "),
                    worse.join(", ")
                )
            }
        }
    }

    fn what_it_rests_on(&self) -> Option<String> {
        let read: u64 = self.document.sources.iter().map(|source| source.read).sum();
        let count = |pick: fn(&SourceNote) -> &Vec<(String, u64)>| -> u64 {
            self.document.sources.iter().flat_map(pick).map(|(_, count)| count).sum()
        };
        let (quarantined, excluded) = (count(|source| &source.quarantined), count(|source| &source.excluded));
        let set_aside = match (quarantined, excluded) {
            (0, 0) => "every one of them used".to_owned(),
            _ => format!(
                "{} quarantined and {} left out on purpose",
                self.format.count(quarantined),
                self.format.count(excluded)
            ),
        };
        (read > 0).then(|| format!("The figures rest on {} rows, {set_aside}.", self.format.count(read)))
    }
}

/// Begins a title as within a sentence; one that begins with an abbreviation stays as it is.
pub(super) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_lowercase).into_iter().flatten();
    if chars.clone().next().is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    first.chain(chars).collect()
}
