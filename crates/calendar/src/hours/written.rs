//! Business hours as a pipeline file writes them: spans, days of the week, holidays and zones, and what is said of slips in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::Datelike;
use chrono::NaiveDate;
use chrono_tz::Tz;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::{YEARS, did_you_mean};

/// The most spans of hours that a day has: all of them are laid out, for every day.
const MAX_SPANS: usize = 12;

/// A span of hours within a day, in minutes from midnight: `from` is in it, `to` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Span {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let times = text.split_once('-').and_then(|(from, to)| Some((time_of_day(from)?, time_of_day(to)?)));
        let Some((from, to)) = times else {
            return Err(format!(
                "`{text}` is not a span of hours: write two times from 00:00 to 24:00, such as 09:00-17:30"
            ));
        };
        let span = Self { from, to };
        match to.cmp(&from) {
            std::cmp::Ordering::Greater => Ok(span),
            std::cmp::Ordering::Equal => {
                Err(format!("`{text}` is empty: write 00:00-24:00 for all day, or leave a day out that is closed"))
            }
            std::cmp::Ordering::Less if to == 0 => {
                let until = Self { from, to: MINUTES };
                Err(format!("`{text}` ends before it begins: the end of the day is 24:00, so write {until}"))
            }
            std::cmp::Ordering::Less => {
                let (evening, morning) = (Self { from, to: MINUTES }, Self { from: 0, to });
                Err(format!(
                    "`{text}` ends before it begins: past midnight, write {evening} and {morning} on the next day"
                ))
            }
        }
    }
}

pub(super) const MINUTES: i64 = 24 * 60;

/// Reads `09:00` or `24:00` as minutes from midnight.
pub(super) fn time_of_day(text: &str) -> Option<i64> {
    let number = |digits: &str| {
        let sound = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        sound.then(|| digits.parse::<i64>().ok()).flatten()
    };
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    Some(60 * hours + minutes).filter(|total| minutes < 60 && *total <= MINUTES)
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, self.to / 60, self.to % 60)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The spans of a day, in order and apart.
pub(super) struct Spans(pub(super) Vec<Span>);

impl<'de> Deserialize<'de> for Spans {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpansVisitor)
    }
}

pub(super) struct SpansVisitor;

impl<'de> Visitor<'de> for SpansVisitor {
    type Value = Spans;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a span of hours such as 09:00-17:30, or a list of spans (a day that is closed is left out)")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Spans, E> {
        Ok(Spans(vec![Span::parse(text).map_err(E::custom)?]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Spans, A::Error> {
        let mut spans: Vec<Span> = Vec::new();
        while let Some(span) = items.next_element()? {
            if spans.len() == MAX_SPANS {
                return Err(de::Error::custom(format!("a day has {MAX_SPANS} spans of hours at the most")));
            }
            spans.push(span);
        }
        if spans.is_empty() {
            return Err(de::Error::custom("a list without a span: leave a day out that is closed"));
        }
        spans.sort_unstable();
        for pair in spans.windows(2) {
            let (first, second) = (pair[0], pair[1]);
            if second.from < first.to {
                let both = Span { from: first.from, to: first.to.max(second.to) };
                return Err(de::Error::custom(format!("`{first}` and `{second}` overlap: write one span, {both}")));
            }
        }
        Ok(Spans(spans))
    }
}

/// The names of a day.
pub(super) struct DayName {
    /// In a pipeline file.
    pub(super) written: &'static str,
    /// In a report.
    pub(super) shown: &'static str,
    /// In full, to guess what was meant.
    pub(super) full: &'static str,
}

pub(super) const DAYS: [DayName; 7] = [
    DayName { written: "mon", shown: "Mon", full: "monday" },
    DayName { written: "tue", shown: "Tue", full: "tuesday" },
    DayName { written: "wed", shown: "Wed", full: "wednesday" },
    DayName { written: "thu", shown: "Thu", full: "thursday" },
    DayName { written: "fri", shown: "Fri", full: "friday" },
    DayName { written: "sat", shown: "Sat", full: "saturday" },
    DayName { written: "sun", shown: "Sun", full: "sunday" },
];

/// Reads the name of a day as its number from Monday.
pub(super) fn day_of_week(text: &str) -> Result<usize, String> {
    if let Some(number) = DAYS.iter().position(|day| day.written == text) {
        return Ok(number);
    }
    let lower = text.trim().to_lowercase();
    let near = did_you_mean(&lower, DAYS.iter().flat_map(|day| [day.written, day.full])).unwrap_or(&lower);
    Err(match DAYS.iter().find(|day| near.starts_with(day.written)) {
        Some(day) => format!("`{text}` is not a day of the week; did you mean `{}`?", day.written),
        None => {
            format!(
                "`{text}` is not a day of the week: write mon, tue, wed, thu, fri, sat or sun, or a range such as mon-fri"
            )
        }
    })
}

/// A day or a range of days, as written; a range may run past Sunday.
pub(super) struct DayRange {
    text: String,
    days: Vec<usize>,
}

impl<'de> Deserialize<'de> for DayRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (first, last) = text.split_once('-').unwrap_or((&text, &text));
        let first = day_of_week(first).map_err(de::Error::custom)?;
        let last = day_of_week(last).map_err(de::Error::custom)?;
        if first == last && text.contains('-') {
            let message = format!("`{text}` is one day: write {}, or mon-sun for all seven", DAYS[first].written);
            return Err(de::Error::custom(message));
        }
        let count = (7 + last - first) % 7 + 1;
        Ok(Self { text, days: (first..first + count).map(|day| day % 7).collect() })
    }
}

/// The spans of each day of the week, from Monday; at least one day has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Week(pub(super) [Vec<Span>; 7]);

impl Week {
    pub(super) fn on(&self, day: NaiveDate) -> &[Span] {
        &self.0[day.weekday().num_days_from_monday() as usize]
    }

    /// Gives the runs of days that are open alike: first day, last day, spans. A run may go on past Sunday.
    pub(super) fn runs(&self) -> Vec<(usize, usize, &[Span])> {
        let alike = |day: usize| self.0[day % 7] == self.0[(day + 1) % 7];
        if (0..7).all(alike) {
            return vec![(0, 6, &self.0[0])];
        }
        let begins = (0..7).filter(|day| !self.0[*day].is_empty() && !alike(day + 6));
        begins
            .map(|first| {
                let length = (0..6).take_while(|further| alike(first + further)).count();
                (first, (first + length) % 7, self.0[first].as_slice())
            })
            .collect()
    }
}

impl<'de> Deserialize<'de> for Week {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(WeekVisitor)
    }
}

pub(super) struct WeekVisitor;

impl<'de> Visitor<'de> for WeekVisitor {
    type Value = Week;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("days with their hours, such as `mon-fri: 09:00-17:30`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Week, A::Error> {
        let mut week = Week(Default::default());
        let mut named: [Option<String>; 7] = Default::default();
        while let Some(DayRange { text, days }) = map.next_key()? {
            for &day in &days {
                if let Some(earlier) = named[day].replace(text.clone()) {
                    let day = DAYS[day].written;
                    return Err(de::Error::custom(if earlier == text {
                        format!(
                            "`{text}` is given twice: write its spans in one list, such as [09:00-12:00, 13:00-17:30]"
                        )
                    } else {
                        format!("`{day}` is given twice, by `{earlier}` and by `{text}`: name each day once")
                    }));
                }
            }
            let Spans(spans) = map.next_value()?;
            for day in days {
                week.0[day].clone_from(&spans);
            }
        }
        if week.0.iter().all(Vec::is_empty) {
            return Err(de::Error::custom("no day is open: write at least one, such as `mon-fri: 09:00-17:30`"));
        }
        Ok(week)
    }
}

impl Serialize for Week {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let runs = self.runs().into_iter().map(|(first, last, spans)| {
            let (first, last) = (DAYS[first].written, DAYS[last].written);
            let days = if first == last { first.to_owned() } else { format!("{first}-{last}") };
            (days, spans.iter().map(Span::to_string).collect::<Vec<String>>())
        });
        serializer.collect_map(runs)
    }
}

impl JsonSchema for Week {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "BusinessWeek".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let day = DAYS.map(|day| day.written).join("|");
        let days = format!("^({day})(-({day}))?$");
        let time = "([01][0-9]|2[0-3]):[0-5][0-9]";
        let span = json_schema!({ "type": "string", "pattern": format!("^{time}-({time}|24:00)$") });
        let spans = json_schema!({ "anyOf": [span, { "type": "array", "items": span, "minItems": 1 }] });
        json_schema!({
            "type": "object",
            "patternProperties": BTreeMap::from([(days, spans)]),
            "additionalProperties": false,
            "minProperties": 1
        })
    }
}

/// A day on which it is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(super) struct Holiday(pub(super) NaiveDate);

impl<'de> Deserialize<'de> for Holiday {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let day = text.parse::<NaiveDate>().ok().filter(|day| day.to_string() == text);
        let day = day.ok_or_else(|| de::Error::custom(format!("`{text}` is not a day such as 2026-12-25")))?;
        if YEARS.contains(&day.year()) {
            return Ok(Self(day));
        }
        let (first, last) = (YEARS.start, YEARS.end - 1);
        Err(de::Error::custom(format!("{day} is not within the years {first} to {last}")))
    }
}

impl JsonSchema for Holiday {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Holiday".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date" })
    }
}

/// Holidays, each given once: one that stands there twice was most likely to be another.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<Holiday>", into = "Vec<Holiday>")]
pub(super) struct Holidays(pub(super) BTreeSet<Holiday>);

impl TryFrom<Vec<Holiday>> for Holidays {
    type Error = String;

    fn try_from(days: Vec<Holiday>) -> Result<Self, String> {
        let mut set = BTreeSet::new();
        match days.into_iter().find(|day| !set.insert(*day)) {
            Some(Holiday(day)) => Err(format!("{day} is among the holidays twice")),
            None => Ok(Self(set)),
        }
    }
}

impl From<Holidays> for Vec<Holiday> {
    fn from(holidays: Holidays) -> Self {
        holidays.0.into_iter().collect()
    }
}

/// An IANA time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Zone(pub(super) Tz);

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map(Self).map_err(|_| {
            de::Error::custom(match did_you_mean(&name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())) {
                Some(guess) => format!("unknown time zone `{name}`; did you mean `{guess}`?"),
                None => format!("unknown time zone `{name}`; give an IANA name such as Europe/Berlin"),
            })
        })
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl JsonSchema for Zone {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "BusinessZone".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "IANA time zone", "examples": ["Europe/Berlin", "UTC"] })
    }
}
