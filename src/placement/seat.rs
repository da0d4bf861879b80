//! What placement decides: for every service its level, for every replica what it serves.

use crate::model::Amounts;
use crate::model::Ppm;
use crate::model::ServiceId;
use crate::placement::Because;
use crate::placement::Impact;
use crate::placement::Level;
use crate::placement::LevelBecause;
use crate::placement::Rejection;
use crate::placement::SeatId;

/// What a replica serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Serving {
    /// At which level.
    pub level: Level,
    /// For which share of the service's users.
    pub share: Ppm,
}

impl Serving {
    /// Nothing.
    pub const NOTHING: Self = Self { level: Level::Shed, share: Ppm::ZERO };
}

/// What becomes of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// What the incident does to it.
    pub impact: Impact,
    /// Whether the plan moves users of it.
    pub moves: bool,
    /// The level that it comes back at.
    pub first_level: Level,
    /// The level that it ends at.
    pub level: Level,
    /// Why that is not full.
    pub level_because: Option<LevelBecause>,
    /// The share of users that it can admit in the end.
    pub admits: Ppm,
    /// A majority of its voters is gone.
    pub no_majority: bool,
    /// Its replicas, in the service's own order.
    pub seats: Vec<Seat>,
    /// Replicas that were not taken, by position.
    pub rejected: Vec<(usize, Rejection)>,
}

/// What becomes of one replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// What it does in the plan.
    pub part: Part,
    /// What it serves at T=0, after the incident.
    pub now: Serving,
    /// What it serves when the service is back.
    pub first: Serving,
    /// What it serves in the end.
    pub last: Serving,
    /// What it takes of the site's capacity in the end.
    pub held: Amounts,
    /// What the cloud launches for it.
    pub launched: Amounts,
    /// Whether part of that is needed for it to be back at all.
    pub launched_first: bool,
    /// Who must give up room before it comes back.
    pub waits_first: Vec<SeatId>,
    /// Who must give up room before it is raised to its last level.
    pub waits_last: Vec<SeatId>,
    /// Whose room the site's reserve bridges for it: its floor does not wait for them, but its raise does.
    pub bridged: Vec<SeatId>,
    /// Whether its floor uses what is above the site's fill limit, for a while or for good.
    pub above_limit: bool,
    /// For whom it gives up room.
    pub gives_way: Option<ServiceId>,
    /// Whether anybody has taken the room that it gave up.
    pub handed_on: bool,
    /// Why it is taken.
    pub because: Vec<Because>,
}

/// What a replica does in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Nothing.
    Bystander,
    /// It served, and does not any more.
    Left,
    /// It served, still does, and may carry more.
    Survivor,
    /// It takes over.
    Added,
}
