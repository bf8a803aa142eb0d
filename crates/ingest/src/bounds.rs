//! Bounds on what a pipeline file may ask of a source, so that no file makes the program run for ever or out of its stack.

use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Tokenizer};

/// The most bytes of a SQL expression.
pub const MAX_SQL_BYTES: usize = 10_000;

/// The most operators, brackets and keywords of a SQL expression.
///
/// `a + a + a` is a tree as deep as it has operators, and the translation to the engine's expressions, its planner and the destructors of
/// both go down it by recursion. Chains of `||`, the costliest, ran with 450 operators on threads with 2 MiB of stack in an unoptimised
/// build and failed with 500; 200 leave more than half of the stack free. Commas and values do not count: a list of values is not deep.
pub const MAX_SQL_OPERATORS: usize = 200;

/// The most lines that `csv.skip_lines` skips.
pub const MAX_SKIP_LINES: usize = 1_000_000;

/// The most dimensions, or columns of numbers, of a source.
pub const MAX_DIMENSIONS: usize = 100;

/// The most rules by which a source leaves rows out.
pub const MAX_EXCLUSIONS: usize = 100;

/// The most entries of any other list of a source, such as the texts that stand for a missing value.
pub const MAX_ENTRIES: usize = 1_000;

/// The most names of columns that `csv.header` lists.
pub const MAX_HEADER: usize = 10_000;

/// The longest path or pattern of a source, in bytes.
pub const MAX_PATH_BYTES: usize = 4_096;

/// The most `**` of a pattern: each multiplies the ways in which a folder can be reached.
pub const MAX_ANY_DEPTH: usize = 4;

/// A bound that an expression does not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SqlBound {
    /// It is too long.
    #[error("the expression has {bytes} bytes; {} is the most", MAX_SQL_BYTES)]
    Bytes {
        /// How many it has.
        bytes: usize,
    },
    /// It could be too deep.
    #[error("the expression has {operators} operators, brackets and keywords; {} is the most", MAX_SQL_OPERATORS)]
    Operators {
        /// How many it has.
        operators: usize,
    },
}

/// Checks that an expression is short enough to be parsed; whether it is sound is not looked at.
///
/// # Errors
/// Fails with the bound that it does not keep.
pub fn check_sql_bounds(sql: &str) -> Result<(), SqlBound> {
    if sql.len() > MAX_SQL_BYTES {
        return Err(SqlBound::Bytes { bytes: sql.len() });
    }
    // The parser says what is wrong with a text that has no tokens.
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize().unwrap_or_default();
    let operators = tokens.iter().filter(|token| adds_depth(token)).count();
    if operators > MAX_SQL_OPERATORS { Err(SqlBound::Operators { operators }) } else { Ok(()) }
}

/// Tells whether a token may make an expression deeper: any but names, values, commas, closing brackets and blanks.
fn adds_depth(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.keyword != Keyword::NoKeyword,
        Token::EOF
        | Token::Whitespace(_)
        | Token::Comma
        | Token::RParen
        | Token::RBracket
        | Token::RBrace
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_counted_and_values_are_not() {
        let chain = |operators: usize| "amount || ".repeat(operators) + "'x'";
        assert_eq!(check_sql_bounds(&chain(MAX_SQL_OPERATORS)), Ok(()));
        let operators = MAX_SQL_OPERATORS + 1;
        assert_eq!(check_sql_bounds(&chain(operators)), Err(SqlBound::Operators { operators }));
        let list = format!("country IN ({}'DE')", "'AT', ".repeat(1000));
        assert_eq!(check_sql_bounds(&list), Ok(()));
        assert_eq!(check_sql_bounds(&"a".repeat(10_001)), Err(SqlBound::Bytes { bytes: 10_001 }));
        // Casts, tests and brackets are deep without an operator between two values.
        for deep in ["::double", " IS NULL", "[0]", ".a"] {
            assert!(check_sql_bounds(&("a".to_owned() + &deep.repeat(operators))).is_err(), "{deep}");
        }
    }
}
