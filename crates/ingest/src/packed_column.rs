//! A column of optional integers, held compactly.
//!
//! Money in minor units and seconds since 1970 are 64-bit numbers, yet the values of one chunk of rows lie close together. Each chunk
//! is stored as offsets from its least value, in as many bytes as the largest offset needs: exact, and a fraction of the memory.

/// A column of optional integers, in chunks.
///
/// All columns of a [`Table`](crate::Table) share their chunk boundaries, so that a reader decodes the same chunk of
/// each column and walks them together.
#[derive(Debug, Clone, Default)]
pub struct PackedColumn {
    chunks: Vec<Chunk>,
    rows: usize,
}

#[derive(Debug, Clone)]
enum Chunk {
    /// Offsets from a base; the greatest number of the width marks a missing value.
    One(i64, Vec<u8>),
    Two(i64, Vec<u16>),
    Four(i64, Vec<u32>),
    Eight(Vec<i64>),
}

/// An unsigned number that offsets are stored in.
trait Offset: Copy + TryFrom<u64> + Into<u64> + PartialEq {
    const MISSING: Self;
}

impl Offset for u8 {
    const MISSING: Self = Self::MAX;
}

impl Offset for u16 {
    const MISSING: Self = Self::MAX;
}

impl Offset for u32 {
    const MISSING: Self = Self::MAX;
}

fn pack<T: Offset>(base: i64, values: &[i64]) -> Vec<T> {
    let offset = |&value: &i64| match value {
        MISSING => T::MISSING,
        // The span was seen to fit before the width was chosen.
        _ => T::try_from(value.abs_diff(base)).unwrap_or(T::MISSING),
    };
    values.iter().map(offset).collect()
}

fn unpack<T: Offset>(base: i64, offsets: &[T], out: &mut Vec<i64>) {
    out.extend(offsets.iter().map(|&offset| {
        let distance: u64 = offset.into();
        if offset == T::MISSING { MISSING } else { base + distance as i64 }
    }));
}

/// Stands for a missing value in decoded chunks.
///
/// No amount or timestamp that ingest accepts has this value: amounts are bounded by [`MAX_ABS`].
pub const MISSING: i64 = i64::MIN;

/// The largest magnitude that a stored value may have, so that the few parts of one order can be added without overflow.
pub const MAX_ABS: i64 = i64::MAX / 16;

impl PackedColumn {
    /// Appends one chunk; `MISSING` marks missing values.
    pub fn push_chunk(&mut self, values: &[i64]) {
        self.rows += values.len();
        let present = || values.iter().copied().filter(|&value| value != MISSING);
        let base = present().min().unwrap_or(0);
        let span = present().max().map_or(0, |max| max.abs_diff(base));
        let chunk = if span < u64::from(u8::MAX) {
            Chunk::One(base, pack(base, values))
        } else if span < u64::from(u16::MAX) {
            Chunk::Two(base, pack(base, values))
        } else if span < u64::from(u32::MAX) {
            Chunk::Four(base, pack(base, values))
        } else {
            Chunk::Eight(values.to_vec())
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
            Chunk::One(_, offsets) => offsets.len(),
            Chunk::Two(_, offsets) => offsets.len(),
            Chunk::Four(_, offsets) => offsets.len(),
            Chunk::Eight(values) => values.len(),
        }
    }

    /// Decodes one chunk into `out`, replacing what it held; missing values come out as [`MISSING`].
    pub fn decode(&self, chunk: usize, out: &mut Vec<i64>) {
        out.clear();
        match &self.chunks[chunk] {
            Chunk::One(base, offsets) => unpack(*base, offsets, out),
            Chunk::Two(base, offsets) => unpack(*base, offsets, out),
            Chunk::Four(base, offsets) => unpack(*base, offsets, out),
            Chunk::Eight(values) => out.extend_from_slice(values),
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
            proptest::collection::vec(prop_oneof![Just(MISSING), -100_i64..100, -5_000_i64..5_000, -9_000_000_i64..9_000_000, -MAX_ABS..=MAX_ABS], 0..50),
            0..6,
        )) {
            let mut column = PackedColumn::default();
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
    fn a_span_of_exactly_one_width_is_not_taken_for_a_missing_value() {
        for span in [i64::from(u8::MAX), i64::from(u16::MAX), i64::from(u32::MAX)] {
            let mut column = PackedColumn::default();
            column.push_chunk(&[0, span, MISSING]);
            assert_eq!(column.iter().collect::<Vec<_>>(), [Some(0), Some(span), None]);
        }
    }
}
