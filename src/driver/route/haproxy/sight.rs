//! How balancers stand before anything is moved: who can be asked, what may be done there, and what of the route is missing.

use crate::driver::route::haproxy::Haproxy;
use crate::driver::route::haproxy::backend;
use crate::driver::route::haproxy::begin;
use crate::driver::route::haproxy::state::Server;
use crate::driver::route::haproxy::unreachable;
use crate::driver::route::haproxy::wire::Way;
use crate::driver::route::provider::Trouble;

/// How a balancer stands, for whoever wants to know before anything is moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// Which balancer.
    pub(super) server: String,
    /// What it answers; the trouble where it can't be asked, or has no such backend.
    pub(super) found: Result<Known, Trouble>,
}

/// What a balancer says of a route.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// What we may do there.
    pub(super) level: Level,
    /// Places of the route that it has no server for: the site, and the place as it is authored.
    pub(super) missing: Vec<(String, String)>,
    /// Servers of the route that somebody took out, or that are backups.
    pub(super) out: Vec<String>,
    /// Servers of the route that it holds down.
    pub(super) down: Vec<String>,
}

/// What may be done through a `stats socket`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Level {
    /// All that a shift needs.
    Admin,
    /// Looking, and what changes no server.
    Operator,
    /// Looking.
    User,
    /// It does not say.
    #[default]
    Unknown,
}

impl Haproxy {
    /// How each balancer stands. Changes nothing.
    pub(super) async fn sight(&self) -> Vec<Standing> {
        let mut all = Vec::new();
        for (on, way) in &self.balancers {
            all.push(Standing { server: on.clone(), found: self.standing(on, way).await });
        }
        all
    }

    async fn standing(&self, on: &str, way: &Way) -> Result<Known, Trouble> {
        let place = self.place(on);
        let mut talk = begin(on, way).await?;
        let backend = backend(place, &mut talk).await?;
        let entries = self.entries(on, &backend)?;
        let told = talk.ask("show cli level").await.map_err(|silence| unreachable(on, &silence.why))?;
        let level = match told.as_str() {
            "admin" => Level::Admin,
            "operator" => Level::Operator,
            "user" => Level::User,
            _ => Level::Unknown,
        };
        let has = |place: &String| backend.servers.iter().any(|server| server.is_at(place));
        let of_site = |(site, places): &(String, Vec<String>)| -> Vec<(String, String)> {
            places.iter().filter(|place| !has(place)).map(|place| (site.clone(), place.clone())).collect()
        };
        let ours: Vec<&Server> = backend
            .servers
            .iter()
            .zip(&entries)
            .filter(|(_, entry)| entry.site.is_some())
            .map(|(server, _)| server)
            .collect();
        let named = |is: fn(&Server) -> bool| {
            ours.iter().filter(|server| is(server)).map(|server| server.name.clone()).collect()
        };
        Ok(Known {
            level,
            missing: self.at.iter().flat_map(of_site).collect(),
            out: named(|server| server.is_out || server.is_backup),
            down: named(|server| server.down.is_some()),
        })
    }
}
