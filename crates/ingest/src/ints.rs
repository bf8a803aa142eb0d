//! A column of optional integers, held compactly.
//!
//! Money in minor units and seconds since 1970 are 64-bit numbers, yet the values of one chunk of rows nearly always lie
//! within 32 bits of each other. Each chunk is therefore stored as 32-bit offsets from its least value where that is
//! possible, and as plain 64-bit numbers where it is not: exact in both cases, and half the memory in the usual one.

/// A column of optional integers, in chunks.
///
/// All columns of a [`Table`](crate::Table) share their chunk boundaries, so that a reader decodes the same chunk of
/// each column and walks them together.
#[derive(Debug, Clone, Default)]
pub struct Ints {
    chunks: Vec<Chunk>,
    rows: usize,
}

#[derive(Debug, Clone)]
enum Chunk {
    /// Offsets from `base`; [`Chunk::MISSING`] marks a missing value.
    Narrow { base: i64, offsets: Vec<u32> },
    Wide(Vec<i64>),
}

impl Chunk {
    const MISSING: u32 = u32::MAX;
}

/// Stands for a missing value in decoded chunks.
///
/// No amount or timestamp that ingest accepts has this value: amounts are bounded by [`MAX_ABS`].
pub const MISSING: i64 = i64::MIN;

/// The largest magnitude that a stored value may have, so that the few parts of one order can be added without overflow.
pub const MAX_ABS: i64 = i64::MAX / 16;

impl Ints {
    /// Appends one chunk; `MISSING` marks missing values.
    pub fn push_chunk(&mut self, values: &[i64]) {
        self.rows += values.len();
        let present = || values.iter().copied().filter(|&value| value != MISSING);
        let base = present().min().unwrap_or(0);
        let span = present().max().map_or(0, |max| max.abs_diff(base));
        let chunk = if span < u64::from(Chunk::MISSING) {
            let narrow = |&value: &i64| match value {
                MISSING => Chunk::MISSING,
                // The span was just seen to fit.
                _ => u32::try_from(value.abs_diff(base)).unwrap_or(Chunk::MISSING),
            };
            Chunk::Narrow { base, offsets: values.iter().map(narrow).collect() }
        } else {
            Chunk::Wide(values.to_vec())
        };
        self.chunks.push(chunk);
    }

    /// Counts the rows.
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Tells whether there are no rows.
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Counts the chunks.
    pub const fn chunk_count(&self) -> usize {
        self.chunks.len()
    }

    /// Counts the rows of one chunk.
    pub fn chunk_len(&self, chunk: usize) -> usize {
        match &self.chunks[chunk] {
            Chunk::Narrow { offsets, .. } => offsets.len(),
            Chunk::Wide(values) => values.len(),
        }
    }

    /// Decodes one chunk into `out`, replacing what it held; missing values come out as [`MISSING`].
    pub fn decode(&self, chunk: usize, out: &mut Vec<i64>) {
        out.clear();
        match &self.chunks[chunk] {
            Chunk::Narrow { base, offsets } => out.extend(offsets.iter().map(|&offset| {
                if offset == Chunk::MISSING { MISSING } else { base + i64::from(offset) }
            })),
            Chunk::Wide(values) => out.extend_from_slice(values),
        }
    }

    /// Iterates over all rows. For small tables and tests; hot loops decode chunk by chunk.
    pub fn iter(&self) -> impl Iterator<Item = Option<i64>> + '_ {
        let mut scratch = Vec::new();
        (0..self.chunks.len()).flat_map(move |chunk| {
            self.decode(chunk, &mut scratch);
            scratch.iter().map(|&value| (value != MISSING).then_some(value)).collect::<Vec<_>>()
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn decodes_what_was_pushed(chunks in proptest::collection::vec(
            proptest::collection::vec(prop_oneof![Just(MISSING), -5_000_i64..5_000, -MAX_ABS..=MAX_ABS], 0..50),
            0..6,
        )) {
            let mut column = Ints::default();
            for chunk in &chunks {
                column.push_chunk(chunk);
            }
            let mut decoded = Vec::new();
            for (index, chunk) in chunks.iter().enumerate() {
                column.decode(index, &mut decoded);
                prop_assert_eq!(&decoded, chunk);
            }
        }
    }

    #[test]
    fn a_span_of_exactly_32_bits_is_not_taken_for_a_missing_value() {
        let mut column = Ints::default();
        let values = [0, i64::from(u32::MAX), MISSING];
        column.push_chunk(&values);
        assert_eq!(column.iter().collect::<Vec<_>>(), [Some(0), Some(i64::from(u32::MAX)), None]);
    }
}
