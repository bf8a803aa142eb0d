//! Opening hours: which moments count where a time is measured in business hours, such as the time to a first reply.
//!
//! Hours are written on the local clock and counted in seconds that passed. The two differ where clocks change, and one rule
//! covers that: *a time of a day is the first moment at which the clock shows that time or a later one.* So a time that clocks
//! skipped is the moment of the change, a time that they showed twice is the first of the two, and the end of a day is the
//! beginning of the next. By that rule spans that adjoin on paper adjoin in time, none is counted twice, and 00:00-24:00 has 23
//! or 25 hours on the days of a change. A span that ends within an hour shown twice is over when the clock first shows its end.

mod written;

use std::ops::Range;

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use written::{DAYS, Holiday, Holidays, Span, Week, Zone};

use crate::shift;

/// Business hours, as a pipeline file writes them; whatever can be wrong with them is found while they are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BusinessHours {
    /// A day or a range of days, such as `mon-fri`, and when it is open: one span, or several. Days not named are closed.
    hours: Week,
    /// Days on which it is closed all day.
    #[serde(default)]
    holidays: Holidays,
    /// IANA zone of the hours; the pipeline's zone when left out.
    #[serde(default)]
    timezone: Option<Zone>,
}

/// Opening hours laid out over the calendar of a zone, ready for counting.
///
/// They are laid out from 1970 to 2099 and closed outside, which is beyond any ticket. A count is two look-ups in tables of about
/// one entry a day, however far apart the two moments are.
#[derive(Debug, Clone)]
pub struct OpeningHours {
    /// In order of time; none touches the next.
    openings: Vec<Opening>,
    /// For each 24 hours from the first opening on, how many openings began before them.
    begun: Vec<usize>,
    description: String,
}

/// A stretch of open time: `start` is in it, `end` is not. Moments are in seconds since 1970 UTC.
#[derive(Debug, Clone, Copy)]
struct Opening {
    start: i64,
    end: i64,
    /// Open seconds before it.
    before: i64,
}

const DAY: i64 = 86_400;

impl OpeningHours {
    /// Lays business hours out in their own zone or, where they name none, in the default one.
    pub fn new(config: &BusinessHours, default_zone: Tz) -> Self {
        // 130 years, 32 of them leap years.
        let first = DateTime::UNIX_EPOCH.date_naive();
        Self::over(config, default_zone, first..shift(first, 130 * 365 + 32))
    }

    /// Lays business hours out over a range of local days.
    fn over(config: &BusinessHours, default_zone: Tz, days: Range<NaiveDate>) -> Self {
        let zone = config.timezone.map_or(default_zone, |zone| zone.0);
        let mut openings: Vec<Opening> = Vec::new();
        let mut seconds = 0;
        for day in days.start.iter_days().take_while(|day| *day < days.end) {
            if config.holidays.0.contains(&Holiday(day)) {
                continue;
            }
            for span in config.hours.on(day) {
                let (start, end) = (instant(zone, day, span.from), instant(zone, day, span.to));
                if start >= end {
                    // All of it was skipped by the clock.
                    continue;
                }
                match openings.last_mut() {
                    Some(last) if last.end == start => last.end = end,
                    _ => openings.push(Opening { start, end, before: seconds }),
                }
                seconds += end - start;
            }
        }
        let mut begun = Vec::new();
        if let Some(origin) = openings.first().map(|opening| opening.start) {
            for (index, opening) in openings.iter().enumerate() {
                while origin + DAY * (begun.len() as i64) <= opening.start {
                    begun.push(index);
                }
            }
        }
        Self { openings, begun, description: config.describe_in(Some(zone)) }
    }

    /// Counts the open seconds from one moment up to another, both in seconds since 1970 UTC; 0 where the second is not later.
    pub fn seconds_between(&self, from: i64, to: i64) -> i64 {
        if to <= from { 0 } else { self.seconds_before(to) - self.seconds_before(from) }
    }

    /// Says in words what counts: `business hours Mon-Fri 09:00-17:30 (Europe/Berlin), 2 holidays`.
    pub fn describe(&self) -> String {
        self.description.clone()
    }

    /// Counts the open seconds before a moment.
    fn seconds_before(&self, moment: i64) -> i64 {
        let Some(origin) = self.openings.first().map(|opening| opening.start) else { return 0 };
        let Ok(day) = usize::try_from(moment.saturating_sub(origin).div_euclid(DAY)) else { return 0 };
        let begun = self.begun.get(day).copied().unwrap_or(self.openings.len());
        let since = self.openings[begun..].iter().take_while(|opening| opening.start <= moment).count();
        let last = (begun + since).checked_sub(1).and_then(|index| self.openings.get(index));
        last.map_or(0, |last| last.before + (moment.min(last.end) - last.start))
    }
}

/// Gives the first moment at which clocks show a time of a day, in minutes from its midnight, or a later one.
fn instant(zone: Tz, day: NaiveDate, minutes: i64) -> i64 {
    let local = day.and_time(NaiveTime::MIN) + Duration::minutes(minutes);
    let shown = local.and_utc().timestamp();
    if let Some(offset) = zone.offset_from_local_datetime(&local).earliest() {
        return shown - i64::from(offset.fix().local_minus_utc());
    }
    // Clocks skipped it: look for the change. Offsets are within a day, and no zone changes its clocks twice in four days.
    let (mut before, mut after) = (shown - 2 * DAY, shown + 2 * DAY);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if local_time(zone, middle) < local { before = middle } else { after = middle }
    }
    after
}

/// Gives what clocks show at a moment.
fn local_time(zone: Tz, moment: i64) -> NaiveDateTime {
    DateTime::from_timestamp(moment, 0).map_or(NaiveDateTime::MIN, |utc| utc.with_timezone(&zone).naive_local())
}

impl BusinessHours {
    /// Says when it is open, as far as the pipeline file does: in a zone only where it names one.
    #[must_use]
    pub fn describe(&self) -> String {
        self.describe_in(self.timezone.map(|zone| zone.0))
    }

    fn describe_in(&self, zone: Option<Tz>) -> String {
        let runs = self.hours.runs().into_iter().map(|(first, last, spans)| {
            let days = match (first, last) {
                _ if (first + 6) % 7 == last => "every day".to_owned(),
                _ if first == last => DAYS[first].shown.to_owned(),
                _ => format!("{}-{}", DAYS[first].shown, DAYS[last].shown),
            };
            let spans: Vec<String> = spans.iter().map(Span::to_string).collect();
            format!("{days} {}", spans.join(" and "))
        });
        let runs: Vec<String> = runs.collect();
        let holidays = match self.holidays.0.len() {
            0 => String::new(),
            1 => ", 1 holiday".to_owned(),
            count => format!(", {count} holidays"),
        };
        let zone = zone.map(|zone| format!(" ({})", zone.name())).unwrap_or_default();
        format!("business hours {}{zone}{holidays}", runs.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;
    use chrono_tz::{America, Asia, Australia, Europe, Pacific};
    use proptest::prelude::*;

    use super::written::MINUTES;
    use super::*;

    const OFFICE: &str = r#"{
        "hours": {"mon-fri": "09:00-17:30", "sat": ["13:00-16:00", "09:00-12:00"]},
        "holidays": ["2026-12-25", "2026-12-26"]
    }"#;

    fn read(json: &str) -> Result<BusinessHours, String> {
        let config = serde_json::from_str(json);
        config.map_err(|error| error.to_string().split(" at line ").next().unwrap_or_default().to_owned())
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    /// Lays out every day alike.
    fn daily(spans: &str, zone: Tz) -> OpeningHours {
        let config = read(&format!(r#"{{"hours": {{"mon-sun": {spans}}}}}"#)).expect("hours");
        OpeningHours::new(&config, zone)
    }

    /// Reads a moment with its offset from UTC.
    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).expect("a moment").timestamp()
    }

    fn hours(hours: &OpeningHours, from: &str, to: &str) -> f64 {
        hours.seconds_between(at(from), at(to)) as f64 / 3600.0
    }

    #[test]
    fn days_of_an_office() {
        let office = OpeningHours::new(&read(OFFICE).expect("hours"), Europe::Berlin);
        let cases = [
            // Within a day: Monday 2026-11-16.
            ("2026-11-16T10:00:00+01:00", "2026-11-16T12:15:00+01:00", 2.25),
            // Asked before it opens; answered after it closes; both, which is the whole day.
            ("2026-11-16T06:00:00+01:00", "2026-11-16T10:00:00+01:00", 1.0),
            ("2026-11-16T17:00:00+01:00", "2026-11-16T23:00:00+01:00", 0.5),
            ("2026-11-16T00:00:00+01:00", "2026-11-17T00:00:00+01:00", 8.5),
            // Both before it opens, and both on Sunday.
            ("2026-11-16T06:00:00+01:00", "2026-11-16T07:00:00+01:00", 0.0),
            ("2026-11-15T06:00:00+01:00", "2026-11-15T22:00:00+01:00", 0.0),
            // Over night: 1.5 hours and 1 hour.
            ("2026-11-16T16:00:00+01:00", "2026-11-17T10:00:00+01:00", 2.5),
            // Over the break of Saturday: 1 hour and half of one.
            ("2026-11-21T11:00:00+01:00", "2026-11-21T13:30:00+01:00", 1.5),
            // Over a weekend: 0.5 on Friday, 6 on Saturday, 1 on Monday.
            ("2026-11-20T17:00:00+01:00", "2026-11-23T10:00:00+01:00", 7.5),
            // Over Christmas, a Friday and a Saturday: 1.5 on Thursday, 1 on Monday.
            ("2026-12-24T16:00:00+01:00", "2026-12-28T10:00:00+01:00", 2.5),
            // Not later.
            ("2026-11-16T10:00:00+01:00", "2026-11-16T10:00:00+01:00", 0.0),
            ("2026-11-17T10:00:00+01:00", "2026-11-16T10:00:00+01:00", 0.0),
        ];
        for (from, to, expected) in cases {
            assert!((hours(&office, from, to) - expected).abs() < 1e-9, "{from} to {to}");
        }
        let (opens, closes) = (at("2026-11-16T09:00:00+01:00"), at("2026-11-16T17:30:00+01:00"));
        assert_eq!(office.seconds_between(opens - 1, opens + 1), 1);
        assert_eq!(office.seconds_between(closes - 1, closes + 1), 1);
    }

    #[test]
    fn years_apart() {
        let office = OpeningHours::new(&read(OFFICE).expect("hours"), Europe::Berlin);
        // 2015 to 2024 has 3653 days from a Thursday to a Tuesday: 521 weeks and six days, Thursday to Tuesday. So 521 * 5 + 4
        // days of 8.5 hours and 522 Saturdays of 6. Clocks change on Sundays, and no holiday lies in it.
        let expected = f64::from(521 * 5 + 4) * 8.5 + 522.0 * 6.0;
        let found = hours(&office, "2015-01-01T00:00:00+01:00", "2025-01-01T00:00:00+01:00");
        assert!((found - expected).abs() < 1e-9, "{found}");
    }

    #[test]
    fn around_the_clock_on_the_days_of_a_change() {
        for (zone, from, to, expected) in [
            // Directive 2000/84/EC: the last Sundays of March and of October.
            (Europe::Berlin, "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 23.0),
            (Europe::Berlin, "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", 25.0),
            // Energy Policy Act of 2005: the second Sunday of March and the first of November.
            (America::New_York, "2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00", 23.0),
            (America::New_York, "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00", 25.0),
            // Midnight itself is skipped, or shown twice, or 23:00 of the day before is.
            (Asia::Beirut, "2022-03-26T00:00:00+02:00", "2022-03-28T00:00:00+03:00", 47.0),
            (America::Havana, "2025-11-02T00:00:00-04:00", "2025-11-03T00:00:00-05:00", 25.0),
            (America::Sao_Paulo, "2019-02-16T00:00:00-02:00", "2019-02-17T00:00:00-03:00", 25.0),
            // Samoa had no 2011-12-30.
            (Pacific::Apia, "2011-12-29T00:00:00-10:00", "2012-01-01T00:00:00+14:00", 48.0),
        ] {
            let always = daily(r#""00:00-24:00""#, zone);
            assert!((hours(&always, from, to) - expected).abs() < 1e-9, "{zone} {from}");
            // Only this day of the week, so that neither end is made up for by the day beside it.
            if expected < 26.0 {
                let weekday = local_time(zone, at(from)).weekday().to_string().to_lowercase();
                let config = read(&format!(r#"{{"hours": {{"{weekday}": "00:00-24:00"}}}}"#)).expect("hours");
                let alone = OpeningHours::new(&config, zone);
                let found = alone.seconds_between(at(from) - 2 * DAY, at(to) + 2 * DAY) as f64 / 3600.0;
                assert!((found - expected).abs() < 1e-9, "{zone} {from}: {found}");
            }
        }
    }

    #[test]
    fn nights_of_a_change() {
        let spring = [
            // Berlin goes from 02:00 to 03:00, New York too: 01:00-05:00 has three hours.
            (Europe::Berlin, "2026-03-29T00:00:00+01:00", "2026-03-29T12:00:00+02:00"),
            (America::New_York, "2026-03-08T00:00:00-05:00", "2026-03-08T12:00:00-04:00"),
        ];
        for (zone, from, to) in spring {
            for (spans, expected) in [
                (r#""01:00-05:00""#, 3.0),
                // Begins in the gap: from its end. Ends in the gap: up to its beginning. Within it: nothing.
                (r#""02:30-05:00""#, 2.0),
                (r#""01:00-02:30""#, 1.0),
                (r#""02:10-02:50""#, 0.0),
                (r#"["01:00-02:30", "02:30-05:00"]"#, 3.0),
            ] {
                let found = hours(&daily(spans, zone), from, to);
                assert!((found - expected).abs() < 1e-9, "{zone} {spans}: {found}");
            }
        }
        let autumn = [
            // 02:00-03:00 comes twice in Berlin, 01:00-02:00 in New York: 01:00-05:00 has five hours in both.
            (Europe::Berlin, "2026-10-25T00:00:00+02:00", "2026-10-25T12:00:00+01:00", ["02:00", "02:30", "03:00"]),
            (America::New_York, "2026-11-01T00:00:00-04:00", "2026-11-01T12:00:00-05:00", ["01:00", "01:30", "02:00"]),
        ];
        for (zone, from, to, [begin, half, end]) in autumn {
            for (spans, expected) in [
                (r#""01:00-05:00""#.to_owned(), 5.0),
                (format!(r#""{begin}-{end}""#), 2.0),
                // The first time that the clock shows it, for a beginning and for an end.
                (format!(r#""{half}-{end}""#), 1.5),
                (format!(r#""{begin}-{half}""#), 0.5),
                (format!(r#"["{begin}-{half}", "{half}-{end}"]"#), 2.0),
            ] {
                let found = hours(&daily(&spans, zone), from, to);
                assert!((found - expected).abs() < 1e-9, "{zone} {spans}: {found}");
            }
        }
        // Open at 02:15 the first time, closed the second time for a span that was over at 02:30.
        let early = daily(r#""01:00-02:30""#, Europe::Berlin);
        assert_eq!(early.seconds_between(at("2026-10-25T02:15:00+02:00"), at("2026-10-25T02:16:00+02:00")), 60);
        assert_eq!(early.seconds_between(at("2026-10-25T02:15:00+01:00"), at("2026-10-25T02:16:00+01:00")), 0);
    }

    #[test]
    fn the_zone_of_the_hours_goes_before_the_default() {
        let config = read(r#"{"hours": {"mon": "09:00-10:00"}, "timezone": "America/New_York"}"#).expect("hours");
        let opening = OpeningHours::new(&config, Europe::Berlin);
        // 09:00 in New York is 14:00 UTC in winter.
        assert_eq!(opening.seconds_between(at("2026-11-16T14:00:00Z"), at("2026-11-16T15:00:00Z")), 3600);
        assert_eq!(opening.describe(), "business hours Mon 09:00-10:00 (America/New_York)");
    }

    #[test]
    fn closed_before_1970_and_after_2099() {
        let always = daily(r#""00:00-24:00""#, Tz::UTC);
        // 2100-01-01 is day 47482: 130 years of 365 days, and 32 leap days from 1972 to 2096.
        assert_eq!(always.seconds_between(i64::MIN, i64::MAX), 47_482 * DAY);
        assert_eq!(always.seconds_between(-5, 5), 5);
        assert_eq!(always.seconds_between(47_482 * DAY - 5, 47_482 * DAY + 5), 5);
        let config = read(r#"{"hours": {"mon": "09:00-10:00"}}"#).expect("hours");
        let never = OpeningHours::over(&config, Tz::UTC, day("2026-11-17")..day("2026-11-18"));
        assert_eq!(never.seconds_between(i64::MIN, i64::MAX), 0);
    }

    #[test]
    fn in_words() {
        let said = |json: &str| OpeningHours::new(&read(json).expect("hours"), Europe::Berlin).describe();
        assert_eq!(
            said(OFFICE),
            "business hours Mon-Fri 09:00-17:30, Sat 09:00-12:00 and 13:00-16:00 (Europe/Berlin), 2 holidays"
        );
        assert_eq!(
            said(r#"{"hours": {"sun-thu": "08:00-16:00"}, "holidays": ["2026-01-01"]}"#),
            "business hours Sun-Thu 08:00-16:00 (Europe/Berlin), 1 holiday"
        );
        assert_eq!(
            said(r#"{"hours": {"mon": "09:00-12:00", "wed": "09:00-12:00", "fri-sun": "10:00-24:00"}}"#),
            "business hours Mon 09:00-12:00, Wed 09:00-12:00, Fri-Sun 10:00-24:00 (Europe/Berlin)"
        );
        assert_eq!(
            said(r#"{"hours": {"mon-fri": "00:00-24:00", "sat-sun": "00:00-24:00"}}"#),
            "business hours every day 00:00-24:00 (Europe/Berlin)"
        );
    }

    #[test]
    fn written_as_read() {
        for json in [OFFICE, r#"{"hours": {"fri-mon": "00:00-24:00"}, "timezone": "America/New_York"}"#] {
            let config = read(json).expect("hours");
            let written = serde_json::to_string(&config).expect("JSON");
            assert_eq!(read(&written), Ok(config));
        }
        let schema = schemars::schema_for!(BusinessHours).to_value();
        assert_eq!(schema["properties"]["holidays"]["$ref"], "#/$defs/Holidays");
        assert_eq!(schema["$defs"]["Holidays"]["items"]["format"], "date");
        assert_eq!(schema["required"], serde_json::json!(["hours"]));
    }

    #[test]
    #[allow(clippy::too_many_lines, reason = "a table of texts and what is said of them")]
    fn what_is_wrong_is_said_with_what_to_write_instead() {
        let hours = |hours: &str| read(&format!(r#"{{"hours": {hours}}}"#)).expect_err("wrong");
        let span = |span: &str| hours(&format!(r#"{{"mon": {span}}}"#));
        for (found, expected) in [
            (hours("{}"), "no day is open: write at least one, such as `mon-fri: 09:00-17:30`"),
            (hours(r#"{"Monday": "09:00-17:30"}"#), "`Monday` is not a day of the week; did you mean `mon`?"),
            (hours(r#"{"mon-fry": "09:00-17:30"}"#), "`fry` is not a day of the week; did you mean `fri`?"),
            (hours(r#"{"thurs": "09:00-17:30"}"#), "`thurs` is not a day of the week; did you mean `thu`?"),
            (hours(r#"{"wendsday": "09:00-17:30"}"#), "`wendsday` is not a day of the week; did you mean `wed`?"),
            (
                hours(r#"{"weekdays": "09:00-17:30"}"#),
                "`weekdays` is not a day of the week: write mon, tue, wed, thu, fri, sat or sun, or a range such as mon-fri",
            ),
            (hours(r#"{"tue-tue": "09:00-17:30"}"#), "`tue-tue` is one day: write tue, or mon-sun for all seven"),
            (
                hours(r#"{"mon-fri": "09:00-17:30", "fri": "09:00-15:00"}"#),
                "`fri` is given twice, by `mon-fri` and by `fri`: name each day once",
            ),
            (
                hours(r#"{"mon": "09:00-12:00", "mon": "13:00-17:30"}"#),
                "`mon` is given twice: write its spans in one list, such as [09:00-12:00, 13:00-17:30]",
            ),
            (
                span(r#""9-17""#),
                "`9-17` is not a span of hours: write two times from 00:00 to 24:00, such as 09:00-17:30",
            ),
            (
                span(r#""09:00-24:01""#),
                "`09:00-24:01` is not a span of hours: write two times from 00:00 to 24:00, such as 09:00-17:30",
            ),
            (
                span(r#"["09:60-17:00"]"#),
                "`09:60-17:00` is not a span of hours: write two times from 00:00 to 24:00, such as 09:00-17:30",
            ),
            (
                span(r#""22:00-06:00""#),
                "`22:00-06:00` ends before it begins: past midnight, write 22:00-24:00 and 00:00-06:00 on the next day",
            ),
            (
                span(r#""18:00-00:00""#),
                "`18:00-00:00` ends before it begins: the end of the day is 24:00, so write 18:00-24:00",
            ),
            (
                span(r#""09:00-09:00""#),
                "`09:00-09:00` is empty: write 00:00-24:00 for all day, or leave a day out that is closed",
            ),
            (
                span(r#"["13:00-17:00", "09:00-13:30"]"#),
                "`09:00-13:30` and `13:00-17:00` overlap: write one span, 09:00-17:00",
            ),
            (span("[]"), "a list without a span: leave a day out that is closed"),
            (
                span("null"),
                "invalid type: null, expected a span of hours such as 09:00-17:30, or a list of spans (a day that is closed is left out)",
            ),
        ] {
            assert_eq!(found, expected);
        }
        let rest = |rest: &str| read(&format!(r#"{{"hours": {{"mon": "09:00-17:30"}}, {rest}}}"#)).expect_err("wrong");
        for (found, expected) in [
            (rest(r#""holidays": ["25.12.2026"]"#), "`25.12.2026` is not a day such as 2026-12-25"),
            (rest(r#""holidays": ["2026-02-29"]"#), "`2026-02-29` is not a day such as 2026-12-25"),
            (rest(r#""holidays": ["2026-12-25", "2026-12-25"]"#), "2026-12-25 is among the holidays twice"),
            (rest(r#""timezone": "Europe/Berln""#), "unknown time zone `Europe/Berln`; did you mean `Europe/Berlin`?"),
            (rest(r#""zone": "UTC""#), "unknown field `zone`, expected one of `hours`, `holidays`, `timezone`"),
        ] {
            assert_eq!(found, expected);
        }
        assert_eq!(read("{}").expect_err("wrong"), "missing field `hours`");
    }

    /// Zones and days about which their clocks change: by an hour, by half of one, at midnight, just after it, by a whole day.
    const CHANGES: [(Tz, &str); 11] = [
        (Europe::Berlin, "2026-03-29"),
        (Europe::Berlin, "2026-10-25"),
        (America::New_York, "2026-03-08"),
        (America::New_York, "2026-11-01"),
        (Australia::Lord_Howe, "2026-04-05"),
        (Australia::Lord_Howe, "2026-10-04"),
        (Asia::Beirut, "2022-03-27"),
        (America::Sao_Paulo, "2019-02-17"),
        (America::St_Johns, "2010-03-14"),
        (America::St_Johns, "2010-11-07"),
        (Pacific::Apia, "2011-12-30"),
    ];

    /// Spans at random: some of the stretches between random times.
    fn any_spans() -> impl Strategy<Value = Vec<Span>> {
        let quarter = prop_oneof![0_i64..=96, 0_i64..=16].prop_map(|quarter| 15 * quarter);
        let times = prop::collection::btree_set(prop_oneof![quarter, 0_i64..=MINUTES], 0..7);
        (times, any::<u8>()).prop_map(|(times, open)| {
            let times: Vec<i64> = times.into_iter().collect();
            let spans = times.windows(2).enumerate().filter(|(index, _)| open >> index & 1 == 1);
            spans.map(|(_, pair)| Span { from: pair[0], to: pair[1] }).collect()
        })
    }

    fn any_case() -> impl Strategy<Value = (BusinessHours, Tz, NaiveDate)> {
        let week = prop::array::uniform7(any_spans());
        (week, prop::collection::btree_set(-4_i64..5, 0..3), prop::sample::select(&CHANGES[..])).prop_map(
            |(week, holidays, (zone, about))| {
                let about = day(about);
                let holidays = Holidays(holidays.into_iter().map(|days| Holiday(shift(about, days))).collect());
                (BusinessHours { hours: Week(week), holidays, timezone: None }, zone, about)
            },
        )
    }

    /// Counts open minutes one by one, looking at a clock that stands still instead of going back.
    fn naive(config: &BusinessHours, zone: Tz, from: i64, to: i64) -> i64 {
        let mut shown = NaiveDateTime::MIN;
        let mut open = 0;
        // Some hours ahead, so that what the clock has shown already is known.
        for minute in (from - DAY / 2..to).step_by(60) {
            shown = shown.max(local_time(zone, minute));
            let since_midnight = (shown - shown.date().and_time(NaiveTime::MIN)).num_minutes();
            let holiday = config.holidays.0.contains(&Holiday(shown.date()));
            let within = |span: &Span| (span.from..span.to).contains(&since_midnight);
            if minute >= from && !holiday && config.hours.on(shown.date()).iter().any(within) {
                open += 60;
            }
        }
        open
    }

    proptest! {
        #[test]
        fn a_count_of_minutes_agrees((config, zone, about) in any_case(), start in -5000_i64..3000, length in 0_i64..5000) {
            let opening = OpeningHours::over(&config, zone, shift(about, -9)..shift(about, 9));
            let from = about.and_time(NaiveTime::MIN).and_utc().timestamp() + 60 * start;
            let to = from + 60 * length;
            prop_assert_eq!(opening.seconds_between(from, to), naive(&config, zone, from, to));
        }

        #[test]
        fn counts_add_up_and_are_within_the_time_elapsed(
            (config, zone, about) in any_case(),
            mut moments in prop::array::uniform3(-12 * DAY..12 * DAY),
        ) {
            moments.sort_unstable();
            let opening = OpeningHours::over(&config, zone, shift(about, -9)..shift(about, 9));
            let noon = about.and_time(NaiveTime::MIN).and_utc().timestamp();
            let [from, between, to] = moments.map(|moment| noon + moment);
            let whole = opening.seconds_between(from, to);
            prop_assert_eq!(whole, opening.seconds_between(from, between) + opening.seconds_between(between, to));
            prop_assert!((0..=to - from).contains(&whole));
            prop_assert_eq!(opening.seconds_between(to, from), 0);
        }
    }
}
