//! Timestamps: text and local times to instants.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike};
use chrono_tz::Tz;

/// A timestamp as it was read, before its zone is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Seconds since 1970-01-01 UTC.
    Instant(i64),
    /// A local time, in seconds since 1970-01-01 00:00 on the local clock.
    Local(i64),
    /// A calendar day, in days since 1970-01-01: the first moment of that day.
    Day(i64),
}

/// Why a timestamp could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeError {
    NotATime,
    /// A clock that was put forward never showed this time.
    InGap,
    /// Not a date of this or the last century, or the next: a placeholder such as 0001-01-01 or 9999-12-31.
    OutOfRange,
}

/// Moments that are taken for dates: from 1900 up to 2200.
const SANE: std::ops::Range<i64> = -2_208_988_800..7_258_118_400;

const DAY: i64 = 86_400;

/// How timestamps are written in a text column.
#[derive(Debug, Clone)]
pub(crate) enum TimeFormat {
    /// ISO 8601, with `T` or a blank, with or without seconds, fraction and offset; or a day alone.
    Iso,
    /// A format of numeric fields only, compiled for speed.
    Numeric(Vec<Field>),
    /// Anything else that chrono understands.
    Chrono(String),
}

/// A field of a numeric format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Literal(char),
}

impl TimeFormat {
    /// Compiles a `strftime` format; says what is wrong with it.
    pub(crate) fn new(format: Option<&str>) -> Result<Self, String> {
        let Some(format) = format else { return Ok(Self::Iso) };
        if let Some(fields) = numeric_fields(format) {
            return Ok(Self::Numeric(fields));
        }
        let items: Vec<_> = chrono::format::StrftimeItems::new(format).collect();
        if items.contains(&chrono::format::Item::Error) {
            return Err(format!("`{format}` is not a strftime format"));
        }
        Ok(Self::Chrono(format.to_owned()))
    }

    /// Reads a timestamp.
    pub(crate) fn parse(&self, text: &str) -> Result<Moment, TimeError> {
        let text = text.trim();
        match self {
            Self::Iso => parse_iso(text),
            Self::Numeric(fields) => parse_fields(text, fields),
            Self::Chrono(format) => parse_chrono(text, format),
        }
        .ok_or(TimeError::NotATime)
    }
}

fn numeric_fields(format: &str) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            fields.push(Field::Literal(c));
            continue;
        }
        match chars.next()? {
            'Y' => fields.push(Field::Year),
            'm' => fields.push(Field::Month),
            'd' => fields.push(Field::Day),
            'H' => fields.push(Field::Hour),
            'M' => fields.push(Field::Minute),
            'S' => fields.push(Field::Second),
            'F' => fields.extend([Field::Year, Field::Literal('-'), Field::Month, Field::Literal('-'), Field::Day]),
            'T' => fields.extend([Field::Hour, Field::Literal(':'), Field::Minute, Field::Literal(':'), Field::Second]),
            'R' => fields.extend([Field::Hour, Field::Literal(':'), Field::Minute]),
            _ => return None,
        }
    }
    let has = |field| fields.contains(&field);
    (has(Field::Year) && has(Field::Month) && has(Field::Day)).then_some(fields)
}

/// Takes up to `most` digits off the front.
fn digits(text: &mut &[u8], least: usize, most: usize) -> Option<u32> {
    let count = text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    if count < least {
        return None;
    }
    let (head, tail) = text.split_at(count);
    *text = tail;
    Some(head.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}

fn byte(text: &mut &[u8], allowed: &[u8]) -> Option<u8> {
    let (&first, rest) = text.split_first()?;
    allowed.contains(&first).then(|| {
        *text = rest;
        first
    })
}

fn moment(date: NaiveDate, time: Option<(u32, u32, u32)>) -> Option<Moment> {
    let day = i64::from(date.to_epoch_days());
    let Some((hour, minute, second)) = time else { return Some(Moment::Day(day)) };
    // A leap second is counted with the second before it.
    let time = NaiveTime::from_hms_opt(hour, minute, second.min(59)).filter(|_| second <= 60)?;
    Some(Moment::Local(day * DAY + i64::from(time.num_seconds_from_midnight())))
}

fn parse_iso(text: &str) -> Option<Moment> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4, 4)?;
    byte(&mut rest, b"-")?;
    let month = digits(&mut rest, 2, 2)?;
    byte(&mut rest, b"-")?;
    let day = digits(&mut rest, 2, 2)?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    if rest.is_empty() {
        return moment(date, None);
    }
    byte(&mut rest, b"T t")?;
    let hour = digits(&mut rest, 2, 2)?;
    byte(&mut rest, b":")?;
    let minute = digits(&mut rest, 2, 2)?;
    let mut second = 0;
    if byte(&mut rest, b":").is_some() {
        second = digits(&mut rest, 2, 2)?;
        if byte(&mut rest, b".,").is_some() {
            digits(&mut rest, 1, 9)?;
        }
    }
    let local = moment(date, Some((hour, minute, second)))?;
    while byte(&mut rest, b" ").is_some() {}
    let offset = if rest.is_empty() {
        return Some(local);
    } else if matches!(rest, b"Z" | b"z" | b"UTC" | b"GMT") {
        0
    } else {
        let sign = if byte(&mut rest, b"+-")? == b'-' { -1 } else { 1 };
        let hours = digits(&mut rest, 2, 2)?;
        let _ = byte(&mut rest, b":");
        let minutes = if rest.is_empty() { 0 } else { digits(&mut rest, 2, 2)? };
        if !rest.is_empty() || hours > 18 || minutes > 59 {
            return None;
        }
        sign * i64::from(hours * 3600 + minutes * 60)
    };
    match local {
        Moment::Local(seconds) => Some(Moment::Instant(seconds - offset)),
        other => Some(other),
    }
}

fn parse_fields(text: &str, fields: &[Field]) -> Option<Moment> {
    let mut rest = text.as_bytes();
    let (mut year, mut month, mut day) = (0, 0, 0);
    let (mut hour, mut minute, mut second, mut has_time) = (0, 0, 0, false);
    for field in fields {
        match field {
            Field::Year => year = digits(&mut rest, 4, 4)?,
            Field::Month => month = digits(&mut rest, 1, 2)?,
            Field::Day => day = digits(&mut rest, 1, 2)?,
            Field::Hour => (hour, has_time) = (digits(&mut rest, 1, 2)?, true),
            Field::Minute => minute = digits(&mut rest, 1, 2)?,
            Field::Second => second = digits(&mut rest, 1, 2)?,
            Field::Literal(c) => {
                let mut buffer = [0; 4];
                rest = rest.strip_prefix(c.encode_utf8(&mut buffer).as_bytes())?;
            }
        }
    }
    if !rest.is_empty() {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    moment(date, has_time.then_some((hour, minute, second)))
}

fn parse_chrono(text: &str, format: &str) -> Option<Moment> {
    if let Ok(instant) = DateTime::parse_from_str(text, format) {
        return Some(Moment::Instant(instant.timestamp()));
    }
    if let Ok(local) = NaiveDateTime::parse_from_str(text, format) {
        return Some(Moment::Local(local.and_utc().timestamp()));
    }
    let date = NaiveDate::parse_from_str(text, format).ok()?;
    Some(Moment::Day(i64::from(date.to_epoch_days())))
}

/// Turns local times of one zone into instants.
///
/// A time that the clock showed twice (when it was put back) is taken as the first of the two. A time that it never
/// showed is an error, except the first moment of a day, which is when that day began.
#[derive(Debug, Clone)]
pub(crate) struct LocalClock {
    zone: Tz,
    /// Offsets of recently met days: most rows of an export lie on a few hundred days, and a look-up in the zone's table
    /// for each row costs more than everything else that is done with it.
    days: Vec<CachedDay>,
}

#[derive(Debug, Clone, Copy)]
struct CachedDay {
    day: i64,
    /// Seconds east of UTC, where the whole day has one offset.
    offset: Option<i64>,
}

const CACHED_DAYS: usize = 4096;

impl LocalClock {
    pub(crate) fn new(zone: Tz) -> Self {
        Self { zone, days: vec![CachedDay { day: i64::MIN, offset: None }; CACHED_DAYS] }
    }

    /// Gives seconds since 1970-01-01 UTC.
    pub(crate) fn instant(&mut self, moment: Moment) -> Result<i64, TimeError> {
        let seconds = match moment {
            Moment::Instant(seconds) | Moment::Local(seconds) => seconds,
            Moment::Day(day) => day.saturating_mul(DAY),
        };
        if !SANE.contains(&seconds) {
            return Err(TimeError::OutOfRange);
        }
        match moment {
            Moment::Instant(seconds) => Ok(seconds),
            Moment::Local(seconds) => self.resolve(seconds),
            Moment::Day(day) => match self.resolve(day * DAY) {
                Err(TimeError::InGap) => self.first_moment(day),
                other => other,
            },
        }
    }

    /// Gives the local calendar day of a moment, in days since 1970-01-01.
    pub(crate) fn day(&self, moment: Moment) -> Result<i64, TimeError> {
        match moment {
            Moment::Day(day) if !SANE.contains(&day.saturating_mul(DAY)) => Err(TimeError::OutOfRange),
            Moment::Local(seconds) | Moment::Instant(seconds) if !SANE.contains(&seconds) => Err(TimeError::OutOfRange),
            Moment::Day(day) => Ok(day),
            Moment::Local(seconds) => Ok(seconds.div_euclid(DAY)),
            Moment::Instant(seconds) => {
                let utc = DateTime::from_timestamp(seconds, 0).ok_or(TimeError::NotATime)?;
                Ok(i64::from(utc.with_timezone(&self.zone).date_naive().to_epoch_days()))
            }
        }
    }

    fn resolve(&mut self, local: i64) -> Result<i64, TimeError> {
        let day = local.div_euclid(DAY);
        let slot = usize::try_from(day.rem_euclid(CACHED_DAYS as i64)).unwrap_or(0);
        if self.days[slot].day != day {
            self.days[slot] = CachedDay { day, offset: self.offset_of_day(day)? };
        }
        match self.days[slot].offset {
            Some(offset) => Ok(local - offset),
            None => self.look_up(local)?.ok_or(TimeError::InGap),
        }
    }

    fn offset_of_day(&self, day: i64) -> Result<Option<i64>, TimeError> {
        let at = |local| Ok(self.look_up(local)?.map(|instant| local - instant));
        let (first, last) = (at(day * DAY)?, at(day * DAY + DAY - 1)?);
        Ok(first.filter(|_| first == last))
    }

    fn look_up(&self, local: i64) -> Result<Option<i64>, TimeError> {
        let naive = DateTime::from_timestamp(local, 0).ok_or(TimeError::NotATime)?.naive_utc();
        let offset = self.zone.offset_from_local_datetime(&naive).earliest();
        Ok(offset.map(|offset| local - i64::from(offset.fix().local_minus_utc())))
    }

    fn first_moment(&self, day: i64) -> Result<i64, TimeError> {
        // Gaps are a whole number of quarters of an hour, and at most a day long (Samoa skipped one in 2011).
        for quarter in 1..=96 {
            if let Some(instant) = self.look_up(day * DAY + quarter * 900)? {
                return Ok(instant);
            }
        }
        Err(TimeError::InGap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).map_or(i64::MIN, |time| time.timestamp())
    }

    fn read(text: &str, format: Option<&str>, zone: Tz) -> Result<i64, TimeError> {
        let format = TimeFormat::new(format).unwrap_or(TimeFormat::Iso);
        LocalClock::new(zone).instant(format.parse(text)?)
    }

    #[test]
    fn iso_texts() {
        let berlin = chrono_tz::Europe::Berlin;
        for (text, expected) in [
            ("2026-11-16", "2026-11-15T23:00:00Z"),
            ("2026-11-16 08:30", "2026-11-16T07:30:00Z"),
            ("2026-07-16T08:30:15", "2026-07-16T06:30:15Z"),
            ("2026-07-16T08:30:15.123456", "2026-07-16T06:30:15Z"),
            ("2026-07-16T08:30:15Z", "2026-07-16T08:30:15Z"),
            ("2026-07-16 08:30:15 UTC", "2026-07-16T08:30:15Z"),
            ("2026-07-16T08:30:15.5+05:30", "2026-07-16T03:00:15Z"),
            ("2026-07-16T08:30-0400", "2026-07-16T12:30:00Z"),
        ] {
            assert_eq!(read(text, None, berlin), Ok(utc(expected)), "{text}");
        }
        for text in
            ["", "2026-13-01", "2026-02-30", "16.11.2026", "2026-11-16T25:00", "2026-11-16 08:30 Berlin", "2026-1-6"]
        {
            assert_eq!(read(text, None, berlin), Err(TimeError::NotATime), "{text}");
        }
    }

    #[test]
    fn explicit_formats_with_unpadded_fields() {
        let london = chrono_tz::Europe::London;
        let us = Some("%m/%d/%Y %H:%M");
        assert_eq!(read("12/1/2010 8:26", us, london), Ok(utc("2010-12-01T08:26:00Z")));
        assert_eq!(read("13/1/2010 8:26", us, london), Err(TimeError::NotATime));
        assert_eq!(read("12/1/2010 8:26 ", us, london), Ok(utc("2010-12-01T08:26:00Z")));
        assert_eq!(read("12/1/2010 8:26pm", us, london), Err(TimeError::NotATime));
        assert_eq!(read("19970101", Some("%Y%m%d"), london), Ok(utc("1997-01-01T00:00:00Z")));
        // Not all numeric, so it goes through chrono.
        assert_eq!(read("1 Dec 2010 08:26 PM", Some("%d %b %Y %I:%M %p"), london), Ok(utc("2010-12-01T20:26:00Z")));
        assert!(TimeFormat::new(Some("%Q")).is_err());
    }

    #[test]
    fn clock_changes() {
        let berlin = chrono_tz::Europe::Berlin;
        // Put forward on 2026-03-29 at 02:00, put back on 2026-10-25 at 03:00.
        assert_eq!(read("2026-03-29 01:59", None, berlin), Ok(utc("2026-03-29T00:59:00Z")));
        assert_eq!(read("2026-03-29 02:30", None, berlin), Err(TimeError::InGap));
        assert_eq!(read("2026-03-29 03:00", None, berlin), Ok(utc("2026-03-29T01:00:00Z")));
        assert_eq!(read("2026-10-25 02:30", None, berlin), Ok(utc("2026-10-25T00:30:00Z")));
        assert_eq!(read("2026-10-25 03:00", None, berlin), Ok(utc("2026-10-25T02:00:00Z")));
    }

    #[test]
    fn placeholders_are_no_dates() {
        for text in ["0001-01-01", "1899-12-30", "9999-12-31", "2999-01-01T00:00Z"] {
            assert_eq!(read(text, None, chrono_tz::UTC), Err(TimeError::OutOfRange), "{text}");
        }
        assert!(LocalClock::new(chrono_tz::UTC).instant(Moment::Instant(i64::MAX)).is_err());
        assert!(LocalClock::new(chrono_tz::UTC).instant(Moment::Day(i64::from(i32::MAX))).is_err());
    }

    #[test]
    fn a_day_that_does_not_begin_at_midnight_begins_when_it_begins() {
        // Beirut put its clocks forward at midnight: 2022-03-27 began at 01:00.
        let beirut = chrono_tz::Asia::Beirut;
        assert_eq!(read("2022-03-27", None, beirut), Ok(utc("2022-03-26T22:00:00Z")));
        assert_eq!(read("2022-03-27 00:30", None, beirut), Err(TimeError::InGap));
    }
}
