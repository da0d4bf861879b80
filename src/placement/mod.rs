//! WHERE. Which service goes to which site, at which level, and because of what.
//!
//! [`place`] is the whole of it on one screen. Floors first: every service's reduced form, tier by tier, the lifeline's
//! before all; then full levels, tier by tier. Room comes from accounts that never go negative (`ledger.rs`); whoever
//! takes room that somebody else must give up first carries that name. Greedy with moving aside; [`Packing`] says how
//! far from the best it can be. This room never orders anything in time, and never makes a sentence.

mod because;
mod candidates;
mod ledger;
mod level;
mod packing;
mod place;
mod raise;
mod seat;
mod situation;
mod spread;
mod urgency;
mod victims;
mod work;

pub use because::Because;
pub use because::LevelBecause;
pub use because::Raise;
pub use because::Rejection;
pub use because::Through;
pub use ledger::SeatId;
pub use level::Impact;
pub use level::Level;
pub use packing::Packing;
pub use place::Placement;
pub use place::SiteAccount;
pub use place::place;
pub use place::turned_away;
pub use seat::Part;
pub use seat::Placed;
pub use seat::Seat;
pub use seat::Serving;
pub use situation::Fate;
pub use situation::SeatNow;
pub use situation::Situation;
pub use urgency::Need;
pub use urgency::Urgency;
pub use urgency::gates_the_floor;
pub use urgency::hard_needs;
pub use urgency::urgency;
