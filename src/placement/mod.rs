//! WHERE. Which service goes to which site, at which level, and because of what.

mod because;
mod ledger;
mod level;
mod situation;
mod urgency;

pub use because::Because;
pub use because::LevelBecause;
pub use because::Raise;
pub use because::Rejection;
pub use because::Through;
pub use ledger::SeatId;
pub use level::Impact;
pub use level::Level;
pub use situation::Fate;
pub use situation::SeatNow;
pub use situation::Situation;
pub use situation::target_sites;
pub use urgency::Need;
pub use urgency::Urgency;
pub use urgency::hard_needs;
pub use urgency::urgency;
