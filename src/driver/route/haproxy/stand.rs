//! How the balancers of a route stand, in sentences: what would refuse a change, and what people should know.

use crate::driver::route::haproxy::Haproxy;
use crate::driver::route::haproxy::sight::Level;
use crate::driver::route::provider::Standing;

impl Haproxy {
    /// Asks each balancer. Changes nothing.
    pub(super) async fn stand(&self) -> Standing {
        let mut told = Standing::default();
        for one in self.sight().await {
            let on = &one.server;
            let known = match one.found {
                Ok(known) => known,
                Err(trouble) => {
                    told.troubles.push(trouble.to_string());
                    continue;
                }
            };
            match known.level {
                Level::Admin => {}
                Level::Operator | Level::User => told
                    .troubles
                    .push(format!("{on} lets us look and change nothing: give its `stats socket` line `level admin`")),
                Level::Unknown => told.remarks.push(format!("{on} does not say what we may do there")),
            }
            for (site, place) in known.missing {
                told.troubles.push(format!(
                    "backend {} on {on} has no server {place}, which the route {} has at {site}",
                    self.backend, self.route
                ));
            }
            if !known.out.is_empty() {
                let names = known.out.join(", ");
                told.remarks.push(format!("somebody took {names} out on {on}, or they are backups: they get nobody"));
            }
            if !known.down.is_empty() {
                told.remarks.push(format!("{on} holds {} down", known.down.join(", ")));
            }
        }
        told
    }
}
