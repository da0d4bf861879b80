//! The seam to whoever keeps a route: read, compare, write, and look at it by another way.

use crate::driver::route::table::Shares;
use crate::driver::route::table::Table;

/// Somebody who keeps a route. Nothing here waits longer than a few seconds, or tries a second time of itself, but for
/// servers that are tried in turn.
pub(super) trait Provider: Send + Sync {
    /// How it stands, as its own keeper says.
    fn read(&self) -> impl Future<Output = Result<Table, Trouble>> + Send;

    /// How it would stand with these shares, which add up to all: as near as the provider can come to them, and with
    /// the shares that it really comes to. Nothing is asked of anybody.
    ///
    /// # Errors
    ///
    /// A site has no place in this route, or no place that the provider knows.
    fn table(&self, now: &Table, aim: &Shares) -> Result<Table, Trouble>;

    /// Changes it, if it still is as `from`. Where the provider can't compare and write in one, it is compared right
    /// before. Where it has several tables, whoever gains is raised before anybody is lowered.
    fn write(&self, from: &Table, to: &Table) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// How it stands for those who use it: each server that answers, asked by another way than the one that wrote. Where
    /// there is no other way, its keeper once more.
    fn look(&self) -> impl Future<Output = Vec<Sight>> + Send;

    /// Whether there is another way to look at it than to ask its keeper.
    fn has_look(&self) -> bool {
        true
    }

    /// Whether it would take a change, as far as that can be asked without one.
    fn standing(&self) -> impl Future<Output = Standing> + Send {
        async { Standing::default() }
    }

    /// What people must know of every change here, in one line.
    fn note(&self) -> Option<&'static str> {
        None
    }
}

/// What one server answers to whoever asks.
#[derive(Debug)]
pub(super) struct Sight {
    /// Which.
    pub(super) server: String,
    /// How it stands there. Where there are several tables, only its own. [`Trouble::Unreachable`] and
    /// [`Trouble::Refused`] say nothing for or against it; any other trouble says that it is not as it should be.
    pub(super) table: Result<Table, Trouble>,
}

/// What stands in the way of a change, and what people should know besides. One line each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// What must be mended, with what to do.
    pub(super) troubles: Vec<String>,
    /// What may stay as it is.
    pub(super) remarks: Vec<String>,
}

/// Why it could not be read or changed. Each holds what happened and what to do, in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// Nobody was there to ask, so nothing was changed.
    #[error("{0}")]
    Unreachable(String),
    /// It was answered with a no, and nothing was changed.
    #[error("{0}")]
    Refused(String),
    /// Its keeper holds the places for dead that it would lead to, or leads to. Nothing was changed. That may pass.
    #[error("{0}")]
    Down(String),
    /// It is not as it was compared with: somebody else changed it. Nothing was changed by us.
    #[error("{0}")]
    Changed(String),
    /// It was sent, and nobody knows whether it counted.
    #[error("{0}")]
    Open(String),
    /// A part of it was changed, and a part was not.
    #[error("{0}")]
    Partly(String),
}
