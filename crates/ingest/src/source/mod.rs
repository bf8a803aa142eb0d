//! A source with everything about it decided before its data are read: files, columns, expressions, formats.

mod expressions;
mod lists;
pub(crate) mod locate;
pub(crate) mod presets;
pub(crate) mod sql;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono_tz::Tz;

use lists::check_lists;

use crate::config::{AmountPart, AmountsIn, Duplicates, Origin, Rounding, SourceConfig};
use crate::error::IngestError;
use crate::formats::delimited::Dialect;
use crate::parse::number::NumberStyle;
use crate::parse::time::TimeFormat;
use crate::schema::{CellKind, ColumnDecl, TableKind};
use crate::source::locate::{Roots, SourceFile, locate};

/// What holds for all sources of a pipeline.
#[derive(Debug, Clone)]
pub struct Conventions {
    /// Where files may be read from.
    pub roots: Roots,
    /// Zone of timestamps without an offset, where the source does not say.
    pub zone: Tz,
    /// ISO 4217 code of the pipeline's currency.
    pub currency: String,
    /// How many decimals of it are kept: 2 means that amounts are counted in hundredths.
    pub decimals: u32,
}

/// A source that has been checked as far as that is possible without reading rows.
#[derive(Debug, Clone)]
pub struct Source {
    pub(crate) table: TableKind,
    pub(crate) files: Vec<SourceFile>,
    pub(crate) dialect: Dialect,
    pub(crate) style: NumberStyle,
    pub(crate) null_values: Vec<String>,
    pub(crate) zone: Tz,
    pub(crate) currency: String,
    pub(crate) decimals: u32,
    pub(crate) rounding: Rounding,
    pub(crate) duplicates: Duplicates,
    pub(crate) cancelled: Vec<String>,
    pub(crate) solved: Vec<String>,
    /// Decimals that amounts of money are written with at the most.
    pub(crate) written_decimals: u32,
    /// Whether amounts are written in the smallest units of the row's currency.
    pub(crate) in_minor_units: bool,
    /// Labels that are kept although they only decide about rows, because something is computed from them.
    kept_labels: BTreeSet<String>,
    /// The least and the greatest score of a kind of survey.
    pub(crate) scales: BTreeMap<String, (i64, i64)>,
    pub(crate) mapped: Vec<Mapped>,
    /// Columns computed from others when the table is made: name and sum with coefficients.
    pub(crate) derived: Vec<Derived>,
    /// Optional columns that were read for derived ones only, and are not kept.
    pub(crate) transient: BTreeSet<String>,
    pub(crate) exclusions: Vec<ExclusionRule>,
    pub(crate) max_quarantined: f64,
}

/// A canonical column or dimension, and where its values come from.
#[derive(Debug, Clone)]
pub(crate) struct Mapped {
    /// Canonical name, or the dimension's.
    pub(crate) name: String,
    /// The declaration; a dimension has none and is a label.
    pub(crate) declared: Option<&'static ColumnDecl>,
    pub(crate) origin: Origin,
    pub(crate) format: TimeFormat,
}

impl Mapped {
    pub(crate) fn cell(&self) -> CellKind {
        self.declared.map_or(CellKind::Label, |declared| declared.cell)
    }

    pub(crate) fn required(&self) -> bool {
        self.declared.is_some_and(|declared| declared.required)
    }

    pub(crate) fn is_money(&self) -> bool {
        self.cell() == CellKind::Money
    }

    /// Tells whether a cell of it may be empty.
    pub(crate) fn blank(&self) -> bool {
        self.declared.is_none_or(|declared| declared.blank)
    }
}

/// A column computed from others.
#[derive(Debug, Clone)]
pub(crate) struct Derived {
    pub(crate) name: String,
    pub(crate) terms: Vec<(String, i64)>,
}

/// Rows left out on purpose.
#[derive(Debug, Clone)]
pub(crate) struct ExclusionRule {
    pub(crate) sql: String,
    pub(crate) reason: String,
}

impl Source {
    /// Decides everything about a source that can be decided from its configuration and its files' headers.
    pub fn open(table: TableKind, config: &SourceConfig, conventions: &Conventions) -> Result<Self, IngestError> {
        let zone = match config.timezone.as_deref().map(str::parse) {
            None => conventions.zone,
            Some(Ok(zone)) => zone,
            Some(Err(_)) => {
                let problem = format!("`{}` is not an IANA time zone", config.timezone.as_deref().unwrap_or_default());
                return Err(IngestError::TimeFormat { table, canonical: "timezone".into(), problem });
            }
        };
        check_lists(table, config)?;
        let source = Self {
            table,
            files: locate(table, config, &conventions.roots)?,
            dialect: Dialect::new(table, &config.csv)?,
            style: NumberStyle::new(&config.csv),
            null_values: config.csv.null_values.clone(),
            zone,
            currency: conventions.currency.clone(),
            decimals: conventions.decimals,
            rounding: config.rounding,
            duplicates: config.duplicates,
            cancelled: config.cancelled.iter().map(|status| status.to_lowercase()).collect(),
            solved: config.solved.iter().map(|status| status.to_lowercase()).collect(),
            written_decimals: match config.amounts_in {
                AmountsIn::MajorUnits => conventions.decimals,
                AmountsIn::MinorUnits => 0,
            },
            in_minor_units: config.amounts_in == AmountsIn::MinorUnits,
            kept_labels: BTreeSet::new(),
            scales: [("nps", (0, 10)), ("enps", (0, 10)), ("csat", (1, 5)), ("ces", (1, 7))]
                .map(|(kind, scale)| (kind.to_owned(), scale))
                .into(),
            mapped: Vec::new(),
            derived: Vec::new(),
            transient: BTreeSet::new(),
            exclusions: config
                .exclude
                .iter()
                .map(|rule| ExclusionRule { sql: rule.when.clone(), reason: rule.reason.clone() })
                .collect(),
            max_quarantined: config.max_quarantined,
        };
        source.map_columns(config)
    }

    /// Which canonical table the source supplies.
    pub const fn table(&self) -> TableKind {
        self.table
    }

    /// The files, in the order in which they are read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| file.path.as_path())
    }

    /// Tells whether the source supplies a canonical column or dimension, mapped or made of others.
    pub fn supplies(&self, name: &str) -> bool {
        let mapped = |name: &str| self.mapped.iter().any(|mapped| mapped.name == name);
        mapped(name)
            || match (self.table, name) {
                (TableKind::TicketEvents, "opened_at") => true,
                (TableKind::TicketEvents, "solved_at" | "resolved_at" | "reopened_count") => mapped("status"),
                (TableKind::Tickets | TableKind::TicketEvents, "handle_seconds") => mapped("talk_seconds"),
                (TableKind::Tickets | TableKind::TicketEvents, "sla_met") => mapped("sla_due_at"),
                (TableKind::Subscriptions, "mrr") => mapped("amount") && mapped("interval"),
                _ => false,
            }
    }

    /// Tells whether a column is read from the source, rather than made of others.
    pub(crate) fn maps(&self, name: &str) -> bool {
        self.mapped.iter().any(|mapped| mapped.name == name)
    }

    /// Numbers a column for a verdict: declared ones first, then what is mapped besides.
    pub(crate) fn position_of(&self, name: &str) -> u8 {
        let declared = self.table.columns();
        let position = declared
            .iter()
            .position(|column| column.name == name)
            .or_else(|| Some(declared.len() + self.mapped.iter().position(|mapped| mapped.name == name)?));
        position.and_then(|position| u8::try_from(position).ok()).unwrap_or(u8::MAX)
    }

    /// Names the column of a verdict.
    pub(crate) fn column_at(&self, position: u8) -> Option<&str> {
        let (declared, position) = (self.table.columns(), usize::from(position));
        match declared.get(position) {
            Some(declared) => Some(declared.name),
            None => self.mapped.get(position - declared.len()).map(|mapped| mapped.name.as_str()),
        }
    }

    /// Keeps columns that something is computed from, also those that only decide about rows.
    pub fn keep_labels(&mut self, names: &[String]) {
        self.kept_labels.extend(names.iter().cloned());
    }

    /// Tells whether the table that is made of the source has a column of its own of this name.
    pub(crate) fn has_column(&self, name: &str) -> bool {
        let stands_for = matches!(name, "handle_seconds" | "sla_met");
        let summed = self.table == TableKind::OrderLines && matches!(name, "quantity" | "unit_price");
        let made = self.table == TableKind::OrderLines && name == "amount";
        made || (self.supplies(name) && !stands_for && !summed) || (self.maps(name) && !summed)
    }

    /// Tells whether a column of the table holds moments.
    pub fn is_moment(&self, name: &str) -> bool {
        self.has_column(name) && self.table.made().column(name).is_some_and(|column| column.cell == CellKind::Time)
    }

    /// Sets the least and the greatest score of a kind of survey; others are quarantined.
    pub fn set_scale(&mut self, kind: &str, least: i64, greatest: i64) {
        self.scales.insert(kind.to_owned(), (least, greatest));
    }

    /// Gives the least and the greatest score of each kind of survey.
    pub fn scales(&self) -> impl Iterator<Item = (&str, (i64, i64))> {
        self.scales.iter().map(|(kind, scale)| (kind.as_str(), *scale))
    }

    /// Gives the names of the label columns and dimensions that figures can be broken down by.
    pub fn dimensions(&self) -> impl Iterator<Item = &str> {
        self.mapped
            .iter()
            .filter(|mapped| {
                mapped.cell() == CellKind::Label && !matches!(mapped.name.as_str(), "status" | "currency" | "interval")
            })
            .map(|mapped| mapped.name.as_str())
    }

    /// Gives the label columns that a table keeps; `status` and `currency` have done their work by then.
    pub(crate) fn label_names(&self) -> Vec<String> {
        let kept_labels = self
            .mapped
            .iter()
            .filter(|mapped| mapped.cell() == CellKind::Label && self.kept_labels.contains(&mapped.name));
        let kept_labels = kept_labels.map(|mapped| mapped.name.as_str());
        let folded = |name: &str| match self.table {
            TableKind::OrderLines => name == "order_id",
            TableKind::TicketEvents => name == "ticket_id",
            _ => false,
        };
        let names: BTreeSet<&str> = self.dimensions().chain(kept_labels).filter(|name| !folded(name)).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    /// Decimals with which the lines of an order are summed.
    pub(crate) const fn line_decimals(&self) -> u32 {
        match self.rounding {
            // Each line must be exact in the currency.
            Rounding::Exact => self.decimals,
            // Six further decimals, and the order is rounded once.
            Rounding::HalfEven => self.decimals + 6,
        }
    }

    /// Describes each column that will be read: canonical name and origin.
    pub fn columns(&self) -> impl Iterator<Item = (&str, String)> {
        self.mapped.iter().map(|mapped| {
            let origin = match &mapped.origin {
                Origin::Column(name) => name.clone(),
                Origin::Sql(sql) => format!("= {sql}"),
                Origin::Value(value) => format!("'{value}'"),
                Origin::RowNumber => "row number".to_owned(),
            };
            (mapped.name.as_str(), origin)
        })
    }

    /// Drops the optional columns that nobody asked for. What decides about rows, or makes others, stays.
    pub fn keep_only(&mut self, wanted: &BTreeSet<String>) {
        self.mapped.retain(|mapped| {
            mapped.required() || DECIDING.contains(&mapped.name.as_str()) || wanted.contains(&mapped.name)
        });
    }

    /// Adds the column [`DERIVED`] to the table, a sum of money columns with coefficients, and keeps of those only the ones named.
    ///
    /// What an order is worth is needed by every metric about money, its parts by few: adding them up once, when the table is made, saves
    /// the memory of the parts and the work of each later walk.
    pub fn derive<'a>(&mut self, terms: impl IntoIterator<Item = (&'a str, i64)>, keep: &[&str]) {
        let terms: Vec<(String, i64)> = terms.into_iter().map(|(column, factor)| (column.to_owned(), factor)).collect();
        let parts = terms.iter().map(|(column, _)| column.clone()).filter(|column| !keep.contains(&column.as_str()));
        self.transient.extend(parts);
        self.derived.push(Derived { name: DERIVED.to_owned(), terms });
    }

    /// Checks that what the pipeline maps is there to be mapped.
    fn check_names(&self, config: &SourceConfig) -> Result<(), IngestError> {
        let table = self.table;
        let unknown = config.columns.keys().find(|name| table.column(name).is_none());
        if let Some(column) = unknown {
            return Err(IngestError::UnknownCanonical { table, column: column.clone() });
        }
        // Only labels of a table may be mapped as a dimension, and the worth of an order goes by a name of its own.
        let taken = |name: &str| table.column(name).is_some_and(|decl| decl.cell != CellKind::Label) || name == DERIVED;
        if let Some(name) = config.dimensions.keys().find(|name| taken(name)) {
            return Err(IngestError::DimensionName { table, name: name.clone() });
        }
        if self.in_minor_units && table == TableKind::OrderLines {
            return Err(IngestError::MinorUnitsOfLines { table });
        }
        if let Some(name) = config.numbers.keys().find(|_| !matches!(table, TableKind::Own(_))) {
            return Err(IngestError::NumbersOfOwn { table, name: name.clone() });
        }
        for (name, spec) in config.columns.iter().chain(&config.dimensions).chain(&config.numbers) {
            let is_row = table.column(name).is_some_and(|decl| matches!(decl.cell, CellKind::RowId | CellKind::Key));
            if spec.origin == Origin::RowNumber && !is_row {
                return Err(IngestError::RowNumber { table, column: name.clone() });
            }
        }
        Ok(())
    }

    /// Gives the columns of all files. One that any file has is expected of all: what is read must not depend on which file comes first.
    fn headers(&self) -> Result<Vec<String>, IngestError> {
        let (mut present, mut known) = (Vec::new(), BTreeSet::new());
        for file in &self.files {
            for column in self.header(file)? {
                if known.insert(column.clone()) {
                    present.push(column);
                }
            }
        }
        Ok(present)
    }

    fn map_columns(mut self, config: &SourceConfig) -> Result<Self, IngestError> {
        let table = self.table;
        self.check_names(config)?;
        let file = self.files[0].clone();
        let present = self.headers()?;
        for (name, declared, spec) in wanted(table, config) {
            let origin = match spec {
                Some(spec) => spec.origin.clone(),
                None if present.contains(&name) => Origin::Column(name.clone()),
                None if declared.is_some_and(|declared| declared.required) => {
                    return Err(IngestError::UnmappedColumn {
                        table,
                        path: file.path,
                        canonical: name,
                        meaning: declared.map_or("", |declared| declared.meaning),
                        present,
                    });
                }
                None => continue,
            };
            if let Origin::Column(column) = &origin
                && !present.contains(column)
            {
                let (column, path) = (column.clone(), file.path);
                return Err(IngestError::MissingColumn { table, path, column, canonical: name, present });
            }
            let format = TimeFormat::new(spec.and_then(|spec| spec.format.as_deref()))
                .map_err(|problem| IngestError::TimeFormat { table, canonical: name.clone(), problem })?;
            self.mapped.retain(|mapped| mapped.name != name);
            self.mapped.push(Mapped { name, declared, origin, format });
        }
        self.check_spend_days(&file.path, present)?;
        self.check_amount_parts(config)?;
        self.check_price(&file.path)?;
        for file in &self.files {
            self.check(file)?;
        }
        Ok(self)
    }

    /// Spend needs a day or a range of days; the declaration cannot say «one or the other».
    fn check_spend_days(&self, path: &Path, present: Vec<String>) -> Result<(), IngestError> {
        let dated = self.supplies("spent_on") || (self.supplies("spent_from") && self.supplies("spent_to"));
        if self.table != TableKind::Spend || dated {
            return Ok(());
        }
        Err(IngestError::UnmappedColumn {
            table: self.table,
            path: path.to_owned(),
            canonical: "spent_on".into(),
            meaning: "the day it was spent on; or map spent_from and spent_to",
            present,
        })
    }

    /// A subscription needs its monthly revenue, or an amount and what it pays for.
    fn check_price(&self, path: &Path) -> Result<(), IngestError> {
        if self.table != TableKind::Subscriptions || self.supplies("mrr") {
            return Ok(());
        }
        let present = self.header(&self.files[0])?;
        Err(IngestError::UnmappedColumn {
            table: self.table,
            path: path.to_owned(),
            canonical: "mrr".into(),
            meaning: "monthly recurring revenue; or map amount and interval",
            present,
        })
    }

    /// What `amount` includes can only be told apart where a column gives it.
    fn check_amount_parts(&self, config: &SourceConfig) -> Result<(), IngestError> {
        let parts = config.amount_includes.iter().map(|part| match part {
            AmountPart::Tax => ("amount_includes: [tax]", "tax"),
            AmountPart::Shipping => ("amount_includes: [shipping]", "shipping"),
        });
        match parts.into_iter().find(|(_, column)| !self.supplies(column)) {
            Some((option, column)) => Err(IngestError::AmountPart { table: self.table, option, column }),
            None => Ok(()),
        }
    }
}

/// A canonical column with its declaration and, where the pipeline maps it, how.
type Wanted<'a> = (String, Option<&'static ColumnDecl>, Option<&'a crate::config::ColumnSpec>);

/// Lists what may be mapped: the declared columns, dimensions, and numbers.
fn wanted(table: TableKind, config: &SourceConfig) -> Vec<Wanted<'_>> {
    let declared = table.columns().iter().map(|decl| (decl.name.to_owned(), Some(decl), config.columns.get(decl.name)));
    let dimensions = config.dimensions.iter().map(|(name, spec)| (name.clone(), table.column(name), Some(spec)));
    let numbers = config.numbers.iter().map(|(name, spec)| (name.clone(), Some(&NUMBER), Some(spec)));
    declared.chain(dimensions).chain(numbers).collect()
}

/// Optional columns that decide about rows, or make others.
const DECIDING: [&str; 23] = [
    "amount",
    "currency",
    "customer_id",
    "ends_on",
    "first_response_at",
    "followed_up_at",
    "interval",
    "metric",
    "mrr",
    "opened_at",
    "quantity",
    "reopened_count",
    "resolved_at",
    "segment",
    "sent_at",
    "solved_at",
    "spent_from",
    "spent_on",
    "spent_to",
    "status",
    "trial_ended_at",
    "trial_started_at",
    "until",
];

/// The declaration of a column of numbers of a table of the pipeline's own.
const NUMBER: ColumnDecl =
    ColumnDecl { name: "number", cell: CellKind::Number, required: false, blank: true, meaning: "a number" };

/// Name of the column that [`Source::derive`] adds.
pub const DERIVED: &str = "placed";

pub(crate) fn exclusion_name(index: usize) -> String {
    format!("__exclude_{index}")
}

/// The parent folder of a path, `.` for a bare name.
pub fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
