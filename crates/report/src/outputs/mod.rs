//! Outputs: each a pure function of the document.

mod figures_parquet;
mod scores_parquet;
mod templates;

pub use figures_parquet::to_parquet;
pub use scores_parquet::scores_to_parquet;
pub use templates::Templates;
