//! The `sources` section of a pipeline file, as written.

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// One source: files and how their columns become a canonical table.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// A file, a folder, or a pattern such as `data/*/orders.csv`, relative to the pipeline file.
    #[serde(default)]
    pub path: String,
    /// Files and folders that are left out: patterns of their names, or of their paths from the pipeline file.
    #[serde(default)]
    pub skip: Vec<String>,
    /// A mapping that comes with the program, such as `shopify/orders`; what is written beside it goes before it.
    #[serde(default)]
    pub preset: Option<String>,
    /// The format of the files; taken from the file ending when left out.
    #[serde(default)]
    pub format: Option<Format>,
    /// How delimited text is written.
    #[serde(default)]
    pub csv: CsvConfig,
    /// IANA zone of timestamps that carry no offset; the pipeline's zone when left out.
    #[serde(default)]
    pub timezone: Option<String>,
    /// Canonical column: the source's column, or an expression. Columns of the same name need no entry.
    #[serde(default, deserialize_with = "unique_keys")]
    pub columns: BTreeMap<String, ColumnSpec>,
    /// Further columns to break figures down by, mapped like `columns`.
    #[serde(default, deserialize_with = "unique_keys")]
    pub dimensions: BTreeMap<String, ColumnSpec>,
    /// Rows left out on purpose, each with the reason under which they are counted.
    #[serde(default)]
    pub exclude: Vec<Exclusion>,
    /// What `amount` already contains besides the value of the goods.
    #[serde(default)]
    pub amount_includes: Vec<AmountPart>,
    /// Whether `amount` is already reduced by `discount`.
    #[serde(default)]
    pub amount_after_discount: bool,
    /// What happens to a second row with the same identifier.
    #[serde(default)]
    pub duplicates: Duplicates,
    /// What happens to an amount with more decimals than the currency has.
    #[serde(default)]
    pub rounding: Rounding,
    /// Whether amounts are written in units of the currency or in its smallest ones.
    #[serde(default)]
    pub amounts_in: AmountsIn,
    /// Values of `status` that mean a cancelled order, compared without regard to case.
    #[serde(default = "default_cancelled")]
    pub cancelled: Vec<String>,
    /// Values of `status` that mean a solved ticket in a table of their updates, compared without regard to case.
    #[serde(default = "default_solved")]
    pub solved: Vec<String>,
    /// Columns of numbers of a table of the pipeline's own, mapped like `columns`.
    #[serde(default, deserialize_with = "unique_keys")]
    pub numbers: BTreeMap<String, ColumnSpec>,
    /// Share of rows that may be quarantined before the report is held back.
    #[serde(default = "default_max_quarantined")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub max_quarantined: f64,
}

/// Reads a mapping and refuses a key that stands in it twice, of which only the last would count.
pub fn unique_keys<'de, D, K, V>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord + fmt::Debug,
    V: Deserialize<'de>,
{
    struct Unique<K, V>(std::marker::PhantomData<(K, V)>);

    impl<'de, K: Deserialize<'de> + Ord + fmt::Debug, V: Deserialize<'de>> Visitor<'de> for Unique<K, V> {
        type Value = BTreeMap<K, V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a mapping")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<BTreeMap<K, V>, A::Error> {
            let mut entries = BTreeMap::new();
            while let Some(key) = map.next_key::<K>()? {
                if entries.contains_key(&key) {
                    return Err(de::Error::custom(format!("{key:?} is given twice")));
                }
                entries.insert(key, map.next_value()?);
            }
            Ok(entries)
        }
    }

    deserializer.deserialize_map(Unique(std::marker::PhantomData))
}

fn default_cancelled() -> Vec<String> {
    ["cancelled", "canceled", "voided"].map(String::from).to_vec()
}

fn default_solved() -> Vec<String> {
    ["solved", "resolved", "closed"].map(String::from).to_vec()
}

const fn default_max_quarantined() -> f64 {
    0.01
}

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Delimited text, also compressed with gzip or zstd.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// One JSON object a line, also compressed.
    Ndjson,
}

/// How delimited text is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CsvConfig {
    /// A single character, `tab`, or `whitespace` for columns aligned with blanks; a comma when left out, a tab for `.tsv` files.
    pub separator: Option<String>,
    /// Character encoding of the file.
    pub encoding: Encoding,
    /// The quote character, or `none`.
    pub quote: String,
    /// The decimal separator of numbers.
    pub decimal: Decimal,
    /// The separator between groups of three digits, dropped from numbers; none by default.
    pub thousands: Option<Thousands>,
    /// Texts that stand for a missing value, besides the empty cell.
    pub null_values: Vec<String>,
    /// Lines to skip before the header.
    #[schemars(range(max = 1_000_000))]
    pub skip_lines: usize,
    /// Names of the columns, for a file without a header line.
    pub header: Option<Vec<String>>,
}

impl Default for CsvConfig {
    fn default() -> Self {
        Self {
            separator: None,
            encoding: Encoding::Utf8,
            quote: "\"".to_owned(),
            decimal: Decimal::Point,
            thousands: None,
            null_values: Vec::new(),
            skip_lines: 0,
            header: None,
        }
    }
}

/// A character encoding of delimited text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark; anything else in the file is an error.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-8 in which invalid bytes are replaced by U+FFFD. Asked for, never assumed.
    #[serde(rename = "utf-8-lossy")]
    Utf8Lossy,
    /// ISO 8859-1 (Latin-1).
    #[serde(rename = "iso-8859-1")]
    Iso8859_1,
    /// Windows code page 1252.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// The decimal separator of numbers in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Decimal {
    /// `1234.50`
    #[serde(rename = ".")]
    Point,
    /// `1234,50`
    #[serde(rename = ",")]
    Comma,
}

/// The separator between groups of three digits in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Thousands {
    /// `1,234.50`
    #[serde(rename = ",")]
    Comma,
    /// `1.234,50`
    #[serde(rename = ".")]
    Point,
    /// `1 234,50`, also with a no-break space.
    #[serde(rename = " ")]
    Space,
    /// `1'234.50`
    #[serde(rename = "'")]
    Apostrophe,
}

/// A part of an order's value that `amount` may already contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AmountPart {
    /// The order's tax.
    Tax,
    /// The order's shipping.
    Shipping,
}

/// What happens to a second row with the same identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// The first row is used, the others are quarantined.
    #[default]
    Quarantine,
    /// The run stops with an error that names them.
    Error,
}

/// What happens to an amount with more decimals than the currency has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// The row is quarantined.
    #[default]
    Exact,
    /// The amount is rounded to the nearest minor unit, ties to even.
    HalfEven,
}

/// The units that amounts are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AmountsIn {
    /// Units of the currency: 12.50.
    #[default]
    MajorUnits,
    /// The smallest units that the pipeline counts in: 1250.
    MinorUnits,
}

impl SourceConfig {
    /// Fills in from a preset what the source does not say itself. What may be listed several times is added up.
    #[must_use]
    pub fn over(self, preset: Self) -> Self {
        fn or<T: PartialEq>(own: T, default: &T, preset: T) -> T {
            if own == *default { preset } else { own }
        }
        let mut columns = preset.columns;
        columns.extend(self.columns);
        let mut dimensions = preset.dimensions;
        dimensions.extend(self.dimensions);
        let mut numbers = preset.numbers;
        numbers.extend(self.numbers);
        Self {
            path: self.path,
            skip: self.skip.into_iter().chain(preset.skip).collect(),
            preset: self.preset,
            format: self.format.or(preset.format),
            csv: or(self.csv, &CsvConfig::default(), preset.csv),
            timezone: self.timezone.or(preset.timezone),
            columns,
            dimensions,
            exclude: preset.exclude.into_iter().chain(self.exclude).collect(),
            amount_includes: or(self.amount_includes, &Vec::new(), preset.amount_includes),
            amount_after_discount: self.amount_after_discount || preset.amount_after_discount,
            duplicates: or(self.duplicates, &Duplicates::default(), preset.duplicates),
            rounding: or(self.rounding, &Rounding::default(), preset.rounding),
            amounts_in: or(self.amounts_in, &AmountsIn::default(), preset.amounts_in),
            cancelled: or(self.cancelled, &default_cancelled(), preset.cancelled),
            solved: or(self.solved, &default_solved(), preset.solved),
            numbers,
            max_quarantined: self.max_quarantined,
        }
    }
}

/// Rows left out on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// A SQL condition over the source's columns; the row is left out where it is true.
    pub when: String,
    /// The reason under which the rows are counted in the report.
    pub reason: String,
}

/// Where the values of one canonical column come from.
///
/// Written as a plain string (`ordered_at: InvoiceDate`), or as a mapping with one of `column`, `sql`, `value` and
/// `row_number`, and `format` for timestamps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnSpec {
    /// The origin of the values.
    pub origin: Origin,
    /// `strftime` format of a timestamp written as text; ISO 8601 when left out.
    pub format: Option<String>,
}

/// The origin of a column's values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A column of the source.
    Column(String),
    /// A SQL expression over the source's columns.
    Sql(String),
    /// The same value for every row.
    Value(String),
    /// The number of the row, for a file whose rows have no identifier.
    RowNumber,
}

impl ColumnSpec {
    /// Maps a source column of the given name.
    pub fn column(name: impl Into<String>) -> Self {
        Self { origin: Origin::Column(name.into()), format: None }
    }
}

impl<'de> Deserialize<'de> for ColumnSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ColumnSpecVisitor)
    }
}

struct ColumnSpecVisitor;

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum ColumnSpecField {
    Column,
    Sql,
    Value,
    RowNumber,
    Format,
}

impl<'de> Visitor<'de> for ColumnSpecVisitor {
    type Value = ColumnSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a source column, or a mapping with one of `column`, `sql`, `value`, `row_number`")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<ColumnSpec, E> {
        Ok(ColumnSpec::column(name))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ColumnSpec, A::Error> {
        let mut origin: Option<Origin> = None;
        let mut format = None;
        while let Some(field) = map.next_key()? {
            let found = match field {
                ColumnSpecField::Format => {
                    format = Some(map.next_value()?);
                    continue;
                }
                ColumnSpecField::Column => Origin::Column(map.next_value()?),
                ColumnSpecField::Sql => Origin::Sql(map.next_value()?),
                ColumnSpecField::Value => Origin::Value(map.next_value()?),
                ColumnSpecField::RowNumber => {
                    if !map.next_value::<bool>()? {
                        return Err(de::Error::custom("`row_number` can only be `true`"));
                    }
                    Origin::RowNumber
                }
            };
            if origin.replace(found).is_some() {
                return Err(de::Error::custom("give one of `column`, `sql`, `value` and `row_number`, not several"));
            }
        }
        let origin =
            origin.ok_or_else(|| de::Error::custom("one of `column`, `sql`, `value` and `row_number` is missing"))?;
        Ok(ColumnSpec { origin, format })
    }
}

impl JsonSchema for ColumnSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ColumnSpec".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The name of a source column, or a mapping.",
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": {
                        "column": { "type": "string", "description": "A column of the source." },
                        "sql": { "type": "string", "description": "A SQL expression over the source's columns." },
                        "value": { "type": "string", "description": "The same value for every row." },
                        "row_number": { "const": true, "description": "The number of the row." },
                        "format": { "type": "string", "description": "strftime format of a timestamp written as text." }
                    },
                    "additionalProperties": false
                }
            ]
        })
    }
}
