//! SQL of pipeline files as expressions of the engine.

use polars::prelude::Expr;

use crate::bounds::check_sql_bounds;
use crate::error::IngestError;
use crate::schema::TableKind;

/// Reads a SQL expression of a pipeline file: the only way from text to an expression of the engine.
pub(crate) fn sql_expression(table: TableKind, place: &str, sql: &str) -> Result<Expr, IngestError> {
    check_sql_bounds(sql).map_err(|bound| IngestError::SqlBound { table, place: place.to_owned(), bound })?;
    polars::sql::sql_expr(sql).map_err(|source| IngestError::Sql {
        table,
        place: place.to_owned(),
        sql: sql.to_owned(),
        source: Box::new(source),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::MAX_SQL_OPERATORS;

    #[test]
    fn the_deepest_expressions_run_on_the_smallest_stack() {
        let chains = [
            "amount || ".repeat(MAX_SQL_OPERATORS) + "'x'",
            "amount".to_owned() + &"::varchar".repeat(MAX_SQL_OPERATORS / 2),
            "amount = '1' OR ".repeat(MAX_SQL_OPERATORS / 2 - 1) + "amount = '2'",
        ];
        let run = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
            use polars::prelude::{DataFrame, DataType, Field, IntoLazy, Schema};
            let schema = Schema::from_iter([Field::new("amount".into(), DataType::String)]);
            for sql in chains {
                let expression = sql_expression(TableKind::Orders, "columns.amount", &sql).expect("within bounds");
                let frame = DataFrame::empty_with_schema(&schema).lazy().select([expression]).collect();
                assert!(frame.is_ok());
            }
        });
        run.expect("a thread").join().expect("no overflow");
    }
}
