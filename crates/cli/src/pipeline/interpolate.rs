//! `${NAME}` and `${NAME:-default}` in a pipeline file.

/// A variable that is not set and has no default.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum VariableProblem {
    /// Not set.
    #[error("the environment variable `{0}` is not set")]
    Unset(String),
    /// Its value would change the structure of the file.
    #[error("the value of the environment variable `{0}` spans lines")]
    ManyLines(String),
    /// The file would grow without end.
    #[error("with its variables filled in, the file is larger than 1 MiB, the most that a pipeline file may have")]
    TooLarge,
    /// An opening brace without a closing one.
    #[error("`${{` without a closing brace")]
    Open,
}

/// A problem and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct VariableFault {
    problem: VariableProblem,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl std::fmt::Display for VariableFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.problem.fmt(f)
    }
}

/// Fills in environment variables; `$${` stands for `${`. Comment lines are left alone.
pub(super) fn fill(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, VariableFault> {
    let mut filled = String::with_capacity(text.len());
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if line.trim_start().starts_with('#') {
            filled.push_str(line);
            continue;
        }
        let at = |rest: &str, problem| VariableFault {
            problem,
            line: index + 1,
            column: line[..line.len() - rest.len()].chars().count() + 1,
        };
        let mut rest = line;
        while let Some(start) = rest.find("${") {
            let (before, from) = rest.split_at(start);
            if let Some(escaped) = before.strip_suffix('$') {
                filled.push_str(escaped);
                filled.push_str("${");
                rest = &from[2..];
                continue;
            }
            filled.push_str(before);
            let Some(end) = from.find('}') else { return Err(at(from, VariableProblem::Open)) };
            let inner = &from[2..end];
            let (name, default) = match inner.split_once(":-") {
                Some((name, default)) => (name, Some(default.to_owned())),
                None => (inner, None),
            };
            let set = variable(name).filter(|value| !value.is_empty() || default.is_none());
            let value = set.or(default).ok_or_else(|| at(from, VariableProblem::Unset(name.to_owned())))?;
            if value.contains(['\n', '\r']) {
                return Err(at(from, VariableProblem::ManyLines(name.to_owned())));
            }
            if filled.len() + value.len() > super::MAX_BYTES {
                return Err(at(from, VariableProblem::TooLarge));
            }
            filled.push_str(&value);
            rest = &from[end + 1..];
        }
        filled.push_str(rest);
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, VariableFault> {
        fill(text, |name| match name {
            "HOME" => Some("/home/ana".to_owned()),
            "EMPTY" => Some(String::new()),
            "LINES" => Some("a\nb".to_owned()),
            _ => None,
        })
    }

    #[test]
    fn values_and_defaults() {
        assert_eq!(filled("path: ${HOME}/orders.csv\n"), Ok("path: /home/ana/orders.csv\n".into()));
        assert_eq!(filled("a: ${NONE:-x y} ${EMPTY:-z}"), Ok("a: x y z".into()));
        assert_eq!(filled("a: $${HOME} # b\n  # ${NONE}\n"), Ok("a: ${HOME} # b\n  # ${NONE}\n".into()));
    }

    #[test]
    fn problems_have_a_place() {
        let error = filled("a: 1\nb: x${NONE}\n").expect_err("not set");
        assert_eq!(
            (error.to_string().as_str(), error.line, error.column),
            ("the environment variable `NONE` is not set", 2, 5)
        );
        assert_eq!(filled("a: ${LINES}").expect_err("two lines").problem, VariableProblem::ManyLines("LINES".into()));
        assert_eq!(filled("a: ${HOME").expect_err("open").problem, VariableProblem::Open);
    }
}
