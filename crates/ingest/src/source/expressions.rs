//! The columns of a source's files, and the SQL over them: tried on no rows before any are read.

use polars::prelude::*;

use super::{Source, exclusion_name};
use crate::config::{Format, Origin};
use crate::error::IngestError;
use crate::formats::delimited;
use crate::formats::scan::{polars_error, scan_parquet, text_schema};
use crate::schema::CellKind;
use crate::source::locate::SourceFile;
use crate::source::sql::sql_expression;

const VALUE: &str = "value";

impl Source {
    pub(super) fn header(&self, file: &SourceFile) -> Result<Vec<String>, IngestError> {
        match file.format {
            Format::Csv => delimited::read_header(&file.path, &self.dialect),
            Format::Parquet | Format::Ndjson => {
                let schema = self.schema(file)?;
                Ok(schema.iter_names().map(ToString::to_string).collect())
            }
        }
    }

    fn schema(&self, file: &SourceFile) -> Result<SchemaRef, IngestError> {
        let fail = |source| polars_error(&file.path, source);
        match file.format {
            Format::Csv => Ok(text_schema(&delimited::read_header(&file.path, &self.dialect)?)),
            Format::Parquet => {
                // The engine panics on types that it does not know.
                let schema = || scan_parquet(&file.path).and_then(|mut frame| frame.collect_schema());
                match std::panic::catch_unwind(schema) {
                    Ok(schema) => schema.map_err(fail),
                    Err(panic) => {
                        let text = panic.downcast_ref::<String>().map_or("a type that is not known", String::as_str);
                        Err(IngestError::Unsupported { path: file.path.clone(), problem: text.to_owned() })
                    }
                }
            }
            Format::Ndjson => {
                let prepared = crate::formats::ndjson::prepare(&file.path)?;
                crate::formats::ndjson::scan(&prepared).and_then(|mut frame| frame.collect_schema()).map_err(fail)
            }
        }
    }

    /// Checks the mapping against one file: all columns there, all expressions sound.
    pub(super) fn check(&self, file: &SourceFile) -> Result<(), IngestError> {
        let schema = self.schema(file)?;
        if file.format != Format::Csv && schema.is_empty() {
            return Err(IngestError::EmptyFile { path: file.path.clone() });
        }
        for mapped in &self.mapped {
            if let Origin::Column(column) = &mapped.origin
                && !schema.contains(column)
            {
                return Err(IngestError::MissingColumn {
                    table: self.table,
                    path: file.path.clone(),
                    column: column.clone(),
                    canonical: mapped.name.clone(),
                    present: schema.iter_names().map(ToString::to_string).collect(),
                });
            }
        }
        let empty = || DataFrame::empty_with_schema(&schema).lazy();
        for mapped in &self.mapped {
            if let Origin::Sql(sql) = &mapped.origin {
                let place = format!("columns.{}", mapped.name);
                self.try_sql(sql, &place, empty())?;
            }
        }
        for (index, rule) in self.exclusions.iter().enumerate() {
            let place = format!("exclude[{index}].when");
            let dtype = self.try_sql(&rule.sql, &place, empty())?;
            if dtype != DataType::Boolean {
                return Err(IngestError::NotACondition {
                    table: self.table,
                    place,
                    sql: rule.sql.clone(),
                    dtype: dtype.to_string(),
                });
            }
        }
        Ok(())
    }

    /// Plans and runs an expression on no rows, so that whatever is wrong with it is said before any data are read.
    pub(crate) fn try_sql(&self, sql: &str, place: &str, empty: LazyFrame) -> Result<DataType, IngestError> {
        let fail = |source| IngestError::Sql {
            table: self.table,
            place: place.to_owned(),
            sql: sql.to_owned(),
            source: Box::new(source),
        };
        let expression = sql_expression(self.table, place, sql)?;
        let row_by_row = |part: &Expr| {
            // A list of values for IN is wrapped up as one.
            let list = matches!(part, Expr::Agg(AggExpr::Implode { .. }));
            list || !matches!(
                part,
                Expr::Agg(_) | Expr::Over { .. } | Expr::Explode { .. } | Expr::Slice { .. } | Expr::Len
            )
        };
        if !(&expression).into_iter().all(row_by_row) {
            return Err(IngestError::NotRowByRow { table: self.table, place: place.to_owned(), sql: sql.to_owned() });
        }
        let frame = empty.select([expression.alias(VALUE)]).collect().map_err(fail)?;
        Ok(frame.column(VALUE).map_err(fail)?.dtype().clone())
    }

    /// The expressions that make canonical columns and exclusion marks out of a file's columns.
    pub(crate) fn expressions(&self) -> Result<Vec<Expr>, IngestError> {
        let mut expressions = Vec::new();
        for mapped in &self.mapped {
            let expression = match &mapped.origin {
                Origin::Column(column) => col(column.as_str()),
                Origin::Sql(sql) => sql_expression(self.table, &format!("columns.{}", mapped.name), sql)?,
                // A label for all rows, and numbers of rows, are filled in while the batches arrive.
                Origin::Value(_) if mapped.cell() == CellKind::Label => continue,
                Origin::RowNumber => continue,
                Origin::Value(value) => lit(value.as_str()),
            };
            expressions.push(expression.alias(mapped.name.as_str()));
        }
        for (index, rule) in self.exclusions.iter().enumerate() {
            let expression = sql_expression(self.table, &format!("exclude[{index}].when"), &rule.sql)?;
            expressions.push(expression.alias(exclusion_name(index)));
        }
        Ok(expressions)
    }
}
