//! One table of fields: every key that can be written, what it holds, and what it means.
//!
//! The reader asks these tables which keys there are, "did you mean" searches them, and the JSON Schema is printed
//! from them. A reader that asks for a key which is not here, or forgets one that is, fails in its debug build.

mod runbook;
mod settings;
mod topology;

use crate::model::Field;
use crate::model::Kind;
use crate::model::Table;

pub(super) use runbook::ACTION;
pub(super) use runbook::HTTP;
pub(super) use runbook::METHODS;
pub(super) use runbook::NOTIFY;
pub(super) use runbook::PARAM;
pub(super) use runbook::PROBE;
pub(super) use runbook::RUNBOOK;
pub(super) use runbook::RUNBOOKS;
pub(super) use runbook::STATUS;
pub(super) use runbook::STEP;
pub(super) use settings::ANY_OF;
pub(super) use settings::LIMITS;
pub(super) use settings::ORCHESTRATOR;
pub(super) use settings::POOL;
pub(super) use settings::PROJECT;
pub(super) use settings::SETTINGS;
pub(super) use settings::SSH;
pub(super) use settings::USE_FORM;
pub(super) use topology::CACHE;
pub(super) use topology::DEPENDENCY;
pub(super) use topology::HOST;
pub(super) use topology::KIT;
pub(super) use topology::PLACE;
pub(super) use topology::PROVIDER;
pub(super) use topology::REPLICA;
pub(super) use topology::ROUTE;
pub(super) use topology::SERVER;
pub(super) use topology::SERVICE;
pub(super) use topology::SITE;
pub(super) use topology::TIER;
pub(super) use topology::TOPOLOGY;

/// A kind of file, by where it stands in the project.
#[derive(Debug)]
pub struct FileShape {
    /// Which files: `topology/**.toml`.
    pub files: &'static str,
    /// Its tables.
    pub table: &'static Table,
}

static SHAPES: [FileShape; 3] = [
    FileShape { files: "bonghwa.toml", table: &SETTINGS },
    FileShape { files: "topology/**.toml", table: &TOPOLOGY },
    FileShape { files: "runbooks/**.toml", table: &RUNBOOKS },
];

/// Every kind of file, with all that can be written in it.
#[must_use]
pub fn fields() -> &'static [FileShape] {
    &SHAPES
}

/// A key that may be written.
const fn may(key: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field { key, kind, required: false, doc }
}

/// A key that must be written.
const fn must(key: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field { key, kind, required: true, doc }
}
