//! Folds over customer histories that more than one metric reads.

pub mod actives;
pub mod activity;
pub mod cohorts;
pub mod firsts;
pub mod funnel;
pub mod inactivity;
pub mod payback;
pub mod purchases;

use std::any::Any;

/// A fold of the other block; folds are only ever merged with their own kind.
pub(crate) fn same_kind<T: 'static>(other: &dyn Any) -> Option<&T> {
    let same = other.downcast_ref();
    debug_assert!(same.is_some(), "folds of one key are of one type");
    same
}

/// Sums by position and segment.
#[derive(Debug, Clone)]
pub(crate) struct Grid<T> {
    width: usize,
    cells: Vec<T>,
}

impl<T: Clone + Default> Grid<T> {
    pub(crate) fn new(rows: usize, segments: usize) -> Self {
        Self { width: segments, cells: vec![T::default(); rows * segments] }
    }

    pub(crate) fn empty_like(&self) -> Self {
        Self { width: self.width, cells: vec![T::default(); self.cells.len()] }
    }

    pub(crate) fn at(&self, row: usize, segment: usize) -> &T {
        &self.cells[row * self.width + segment]
    }

    pub(crate) fn at_mut(&mut self, row: usize, segment: usize) -> &mut T {
        &mut self.cells[row * self.width + segment]
    }

    pub(crate) fn merge(&mut self, other: &Self, mut add: impl FnMut(&mut T, &T)) {
        self.cells.iter_mut().zip(&other.cells).for_each(|(cell, part)| add(cell, part));
    }
}
