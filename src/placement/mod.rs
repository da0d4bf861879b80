//! WHERE. Which service goes to which site, at which level, and because of what.

mod because;

pub use because::Because;
pub use because::LevelBecause;
pub use because::Raise;
pub use because::Rejection;
pub use because::Through;
