//! Results: figures and what stands beside them, typed. Every report is a function of them alone.

mod annotation;
mod cohort_table;
mod control;
mod decomposition;
mod exhibit;
mod figure;
mod target;

pub use annotation::Annotation;
pub use cohort_table::{CohortRow, CohortTable};
pub use control::Control;
pub use decomposition::SegmentDecomposition;
pub(crate) use exhibit::counted;
pub use exhibit::{Body, Curve, CurvePoint, Curves, Exhibit, ExhibitRow, ExhibitTable, Quantity};
pub use figure::{Against, COHORT_TOTAL, Change, CohortCell, Figure, Reading, Segment, State};
pub use target::TargetReading;
