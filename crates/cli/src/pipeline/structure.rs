//! How deep a YAML text is nested and how large it is with its aliases written out, told before it is read.
//!
//! For every token, the YAML reader looks at all flow collections that are open: its time grows with the square of the depth. So the
//! characters are walked first, by the reader's own rules for where brackets are brackets: not in quotes, comments, plain scalars of
//! block context and block scalars.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

/// The deepest nesting of values.
const MAX_DEPTH: usize = 64;

/// The most directives (`%TAG`), each of which the reader compares with all others.
const MAX_DIRECTIVES: usize = 10;

/// The most characters and values of a file whose aliases are written out.
const MAX_WRITTEN_OUT: usize = 4 << 20;

/// What is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum StructureProblem {
    /// Nesting.
    #[error("values are nested more than {} deep", MAX_DEPTH)]
    Depth,
    /// Directives.
    #[error("there are more than {} YAML directives", MAX_DIRECTIVES)]
    Directives,
    /// What aliases stand for.
    #[error("with its aliases written out, the file is larger than 4 MiB, the most that it may be")]
    Aliases,
}

/// A problem and the line on which it is met, from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StructureFault {
    pub(super) problem: StructureProblem,
    pub(super) line: usize,
}

/// Checks that a text is neither too deep nor too large for the YAML reader; whether it is sound is not looked at.
pub(super) fn check(text: &str) -> Result<(), StructureFault> {
    let mut scanner = Scanner::new(text);
    scanner.walk()?;
    let Some(line) = scanner.first_alias else { return Ok(()) };
    let left = Cell::new(MAX_WRITTEN_OUT);
    // Other errors are met again when the text is read, and told then.
    let counted = Weigh(&left).deserialize(serde_yaml::Deserializer::from_str(text));
    if counted.is_err() && left.get() == 0 {
        Err(StructureFault { problem: StructureProblem::Aliases, line })
    } else {
        Ok(())
    }
}

/// Walks the tokens of a text.
struct Scanner {
    characters: Vec<char>,
    at: usize,
    line: usize,
    column: usize,
    /// Columns of the open block collections.
    indents: Vec<usize>,
    /// How many flow collections are open.
    flow: usize,
    /// Column of what may be a key on this line.
    key: Option<usize>,
    directives: usize,
    first_alias: Option<usize>,
}

impl Scanner {
    fn new(text: &str) -> Self {
        let characters = text.strip_prefix('\u{feff}').unwrap_or(text).chars().collect();
        let (indents, first_alias) = (Vec::new(), None);
        Self { characters, at: 0, line: 1, column: 0, indents, flow: 0, key: None, directives: 0, first_alias }
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    /// Tells whether a blank, a line break or the end follows after some characters.
    fn ends_after(&self, count: usize) -> bool {
        self.characters.get(self.at + count).is_none_or(|&next| is_blank(next) || is_break(next))
    }

    fn advance(&mut self) {
        if let Some(passed) = self.peek() {
            self.at += 1;
            self.column = if is_break(passed) { 0 } else { self.column + 1 };
            self.line += usize::from(passed == '\n');
        }
    }

    fn advance_while(&mut self, wanted: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&wanted) {
            self.advance();
        }
    }

    fn fail(&self, problem: StructureProblem) -> Result<(), StructureFault> {
        Err(StructureFault { problem, line: self.line })
    }

    fn check_depth(&self) -> Result<(), StructureFault> {
        if self.indents.len() + self.flow > MAX_DEPTH { self.fail(StructureProblem::Depth) } else { Ok(()) }
    }

    fn walk(&mut self) -> Result<(), StructureFault> {
        self.skip_to_token();
        while let Some(first) = self.peek() {
            if self.flow == 0 {
                while self.indents.last().is_some_and(|indent| *indent > self.column) {
                    self.indents.pop();
                }
            }
            if self.column == 0 && first == '%' {
                self.directives += 1;
                if self.directives > MAX_DIRECTIVES {
                    return self.fail(StructureProblem::Directives);
                }
                self.advance_while(|c| !is_break(c));
            } else if self.is_document_mark() {
                self.indents.clear();
                (0..3).for_each(|_| self.advance());
            } else {
                self.token(first)?;
            }
            self.skip_to_token();
        }
        Ok(())
    }

    /// Passes over blanks, line breaks and comments.
    fn skip_to_token(&mut self) {
        while let Some(next) = self.peek() {
            if next == '#' {
                self.advance_while(|c| !is_break(c));
            } else if is_break(next) {
                self.key = None;
                self.advance();
            } else if is_blank(next) {
                self.advance();
            } else {
                return;
            }
        }
    }

    fn is_document_mark(&self) -> bool {
        let three = self.characters.get(self.at..self.at + 3);
        self.column == 0 && three.is_some_and(|three| three == ['-'; 3] || three == ['.'; 3]) && self.ends_after(3)
    }

    /// Passes over one token.
    fn token(&mut self, first: char) -> Result<(), StructureFault> {
        let indicates = self.flow > 0 || self.ends_after(1);
        match first {
            '[' | '{' => {
                self.may_be_key();
                self.flow += 1;
                self.advance();
                return self.check_depth();
            }
            ']' | '}' => {
                self.flow = self.flow.saturating_sub(1);
                self.advance();
            }
            ',' => self.advance(),
            '-' if self.ends_after(1) => return self.open_block(self.column),
            '?' if indicates => return self.open_block(self.column),
            ':' if indicates => {
                let column = self.key.take().unwrap_or(self.column);
                return self.open_block(column);
            }
            '*' | '&' => {
                if first == '*' {
                    self.first_alias.get_or_insert(self.line);
                }
                self.may_be_key();
                self.advance();
                self.advance_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            }
            '!' => self.tag(),
            '|' | '>' if self.flow == 0 => self.block_scalar(),
            '\'' | '"' => self.quoted(first),
            _ => self.plain(),
        }
        Ok(())
    }

    fn may_be_key(&mut self) {
        if self.flow == 0 {
            self.key.get_or_insert(self.column);
        }
    }

    /// Passes over an indicator, which in block context begins a collection or goes on with one.
    fn open_block(&mut self, column: usize) -> Result<(), StructureFault> {
        if self.flow == 0 && self.indents.last().is_none_or(|indent| *indent < column) {
            self.indents.push(column);
        }
        self.advance();
        self.check_depth()
    }

    fn tag(&mut self) {
        self.may_be_key();
        self.advance();
        if self.peek() == Some('<') {
            self.advance_while(|c| c != '>' && !is_blank(c) && !is_break(c));
            if self.peek() == Some('>') {
                self.advance();
            }
        } else {
            self.advance_while(|c| c.is_ascii_alphanumeric() || "_-;/?:@&=+$.%!~*'()".contains(c));
        }
    }

    fn quoted(&mut self, quote: char) {
        self.may_be_key();
        self.advance();
        while let Some(next) = self.peek() {
            let doubled = quote == '\'' && self.characters.get(self.at + 1) == Some(&'\'');
            if next == '\\' && quote == '"' || next == quote && doubled {
                self.advance();
            } else if next == quote {
                self.advance();
                return;
            }
            self.advance();
        }
    }

    /// Passes over a scalar without quotes, which may go on over several lines.
    fn plain(&mut self) {
        self.may_be_key();
        let least = self.indents.last().map_or(0, |indent| indent + 1);
        self.advance();
        loop {
            while let Some(next) = self.peek().filter(|c| !is_blank(*c) && !is_break(*c)) {
                let ends = self.flow > 0 && ",?[]{}".contains(next) || next == ':' && self.ends_scalar();
                if ends {
                    return;
                }
                self.advance();
            }
            while let Some(next) = self.peek().filter(|c| is_blank(*c) || is_break(*c)) {
                if is_break(next) {
                    self.key = None;
                }
                self.advance();
            }
            let over = self.flow == 0 && self.column < least || self.is_document_mark();
            if over || self.peek().is_none_or(|next| next == '#') {
                return;
            }
        }
    }

    /// Tells whether a colon ends a plain scalar.
    fn ends_scalar(&self) -> bool {
        let next = self.characters.get(self.at + 1);
        self.ends_after(1) || self.flow > 0 && next.is_some_and(|next| ",?[]{}".contains(*next))
    }

    fn block_scalar(&mut self) {
        self.advance();
        let mut given = None;
        while let Some(next) = self.peek().filter(|c| c.is_ascii_digit() || matches!(c, '+' | '-')) {
            given = next.to_digit(10).map(|digit| digit as usize).or(given);
            self.advance();
        }
        self.advance_while(|c| !is_break(c));
        self.advance();
        self.key = None;
        let parent = self.indents.last().copied();
        let indent = match given {
            Some(given) => {
                let indent = parent.unwrap_or(0) + given;
                self.blank_lines(Some(indent));
                indent
            }
            None => self.blank_lines(None).max(parent.map_or(1, |parent| parent + 1)),
        };
        while self.column == indent && self.peek().is_some() {
            self.advance_while(|c| !is_break(c));
            self.advance();
            self.blank_lines(Some(indent));
        }
    }

    /// Passes over blank lines and the indentation of the line after them; gives the greatest indentation.
    fn blank_lines(&mut self, indent: Option<usize>) -> usize {
        let mut greatest = 0;
        loop {
            while self.peek() == Some(' ') && indent.is_none_or(|indent| self.column < indent) {
                self.advance();
            }
            greatest = greatest.max(self.column);
            if !self.peek().is_some_and(is_break) {
                return greatest;
            }
            self.advance();
        }
    }
}

const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// Tells whether a character breaks a line in YAML 1.1.
const fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Takes the weight of every value from what is left, and fails where nothing is.
struct Weigh<'a>(&'a Cell<usize>);

impl Weigh<'_> {
    fn take<E: de::Error>(&self, weight: usize) -> Result<(), E> {
        self.0.set(self.0.get().saturating_sub(weight + 1));
        if self.0.get() == 0 { Err(E::custom("too large")) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Weigh<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Weigh<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        self.take(0)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        self.take(0)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        self.take(0)
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> Result<(), E> {
        self.take(0)
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<(), E> {
        self.take(0)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        self.take(0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.take(text.len())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.take(0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.take(0)?;
        while items.next_element_seed(Weigh(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.take(0)?;
        while map.next_key_seed(Weigh(self.0))?.is_some() {
            map.next_value_seed(Weigh(self.0))?;
        }
        Ok(())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        let ((), content) = tagged.variant_seed(Weigh(self.0))?;
        content.newtype_variant_seed(Weigh(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<(StructureProblem, usize)> {
        check(text).err().map(|found| (found.problem, found.line))
    }

    #[test]
    fn brackets_of_collections_count() {
        let deep = |count: usize| "[".repeat(count) + &"]".repeat(count);
        // The mapping is one, the brackets the rest.
        assert_eq!(problem(&format!("a: 1\nb: {}", deep(63))), None);
        assert_eq!(problem(&format!("a: 1\nb: {}", deep(64))), Some((StructureProblem::Depth, 2)));
        assert_eq!(problem(&"[".repeat(1 << 20)), Some((StructureProblem::Depth, 1)));
        assert_eq!(problem(&"{a: ".repeat(65)), Some((StructureProblem::Depth, 1)));
        assert_eq!(problem(&"- ".repeat(65)), Some((StructureProblem::Depth, 1)));
        assert_eq!(problem(&format!("a: {}", "[a, \"]\", ']', ".repeat(64))), Some((StructureProblem::Depth, 1)));
        let blocks = (0..65).fold(String::new(), |text, depth| text + &" ".repeat(depth) + "a:\n");
        assert_eq!(problem(&blocks), Some((StructureProblem::Depth, 65)));
    }

    #[test]
    fn other_brackets_do_not() {
        let brackets = "[".repeat(100);
        for text in [
            format!("a: '{brackets}'\n"),
            format!("a: 'it''s {brackets}'\n"),
            format!("a: \"\\\"{brackets}\"\n"),
            format!("a: 1 # {brackets}\n"),
            format!("a: x{brackets}\nb: say 'x\n"),
            format!("a: say\n  {brackets}\nb: 1\n"),
            format!("a: |\n  {brackets}\n\n  {brackets}\nb: 1\n"),
            format!("a:\n  b: >-\n   {brackets}\n  c: 1\n"),
            "a: [x, y]\n".repeat(100),
            "- {a: b, c: [d, \"]\"]}\n".repeat(100),
            "- a: b\n  c:\n  - d\n  - e: f\n".repeat(100),
        ] {
            assert_eq!(problem(&text), None, "{text}");
        }
    }

    #[test]
    fn what_only_looks_quoted_hides_nothing() {
        let brackets = "[".repeat(100);
        for text in [
            format!("a: say 'x\nb: {brackets}\n"),
            format!("a: don't\nb: {brackets}\n"),
            format!("a: |\n  'x\nb: {brackets}\n"),
            format!("a: x # 'y\nb: {brackets}\n"),
            format!("a: !t 'x'\nb: &c {brackets}\n"),
            format!("# a\u{2028}b: {brackets}\n"),
        ] {
            assert!(matches!(problem(&text), Some((StructureProblem::Depth, _))), "{text}");
        }
    }

    #[test]
    fn aliases_are_written_out() {
        assert_eq!(problem("a: &x [1, 2]\nb: *x\n"), None);
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let names = vec![format!("*a{}", level - 1); 10].join(", ");
            text.extend([format!("a{level}: &a{level} [{names}]\n")]);
        }
        // Of aliases within aliases the reader has a bound of its own.
        assert_eq!(problem(&text), None);
        assert!(serde_yaml::from_str::<serde_yaml::Value>(&text).is_err());
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(100));
        assert_eq!(problem(&long), Some((StructureProblem::Aliases, 2)));
        assert_eq!(problem(&"%TAG !a! b\n".repeat(11)), Some((StructureProblem::Directives, 11)));
    }
}
