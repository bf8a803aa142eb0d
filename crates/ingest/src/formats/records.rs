//! Records as their files hold them: their numbers, and their texts for the quarantine.

use std::path::Path;

use polars::prelude::*;

use crate::formats::scan::scan_parquet;

/// The number of a record in its file, given its number among those that polars saw.
pub(crate) fn original_row(kept: u64, missing: &[u64]) -> u64 {
    let mut row = kept;
    for &gap in missing {
        if gap <= row {
            row += 1;
        } else {
            break;
        }
    }
    row
}

pub(crate) fn json_array(cells: &[String]) -> String {
    serde_json::to_string(cells).unwrap_or_default()
}

pub(crate) fn text_of(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => String::new(),
        AnyValue::String(text) => (*text).to_owned(),
        AnyValue::StringOwned(text) => text.to_string(),
        // Dates out of chrono's range cannot be written as such.
        AnyValue::Date(day) => {
            chrono::NaiveDate::from_epoch_days(*day).map_or_else(|| day.to_string(), |day| day.to_string())
        }
        AnyValue::Datetime(ticks, unit, _) | AnyValue::DatetimeOwned(ticks, unit, _) => {
            let per_second = match unit {
                TimeUnit::Nanoseconds => 1_000_000_000,
                TimeUnit::Microseconds => 1_000_000,
                TimeUnit::Milliseconds => 1_000,
            };
            let time = chrono::DateTime::from_timestamp(ticks.div_euclid(per_second), 0);
            time.map_or_else(|| ticks.to_string(), |time| time.naive_utc().to_string())
        }
        other => other.to_string(),
    }
}

/// Gives the numbered rows (from 1, ascending) of a Parquet file, each as a JSON array of texts.
pub(crate) fn fetch_parquet(path: &Path, rows: &[u64]) -> PolarsResult<Vec<String>> {
    const ROW: &str = "__row";
    let wanted: Vec<u32> = rows.iter().filter_map(|row| u32::try_from(row - 1).ok()).collect();
    let frame = scan_parquet(path)?
        .with_row_index(ROW, None)
        .filter(col(ROW).is_in(lit(Series::new("wanted".into(), wanted)).implode(false), false))
        .collect()?;
    let frame = frame.sort([ROW], SortMultipleOptions::default())?.drop(ROW)?;
    (0..frame.height())
        .map(|row| {
            let cells: PolarsResult<Vec<String>> =
                frame.columns().iter().map(|column| Ok(text_of(&column.get(row)?))).collect();
            Ok(json_array(&cells?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbered_as_in_the_file() {
        // Records 1 and 4 of the file were ragged, so polars saw 2, 3, 5 as its 1, 2, 3.
        let numbers: Vec<u64> = (1..=3).map(|kept| original_row(kept, &[1, 4])).collect();
        assert_eq!(numbers, [2, 3, 5]);
    }
}
