//! Who makes clips: providers, their models, what each model can do and what it costs. The values are in `models.json`.

mod dialect;
mod model;
mod rules;
mod size;
mod table;

pub use dialect::{Dialect, JobState, Spelling};
pub use model::{ANIMATIC_VERSION, Ability, Model, Provider, RetiredModel, SHORTEST_SECONDS};
pub use rules::{ModelError, TableError, check_table};
pub use size::{SIZE_PATTERN, Size, SizeError};
pub use table::{InUse, animatic, extend, extension, model, models};
