//! Health by HTTP: one request to every address of a site.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::driver::HealthTask;
use crate::driver::HttpTask;
use crate::driver::RouteTask;
use crate::driver::Secrets;
use crate::driver::http::Came;
use crate::driver::http::Ready;
use crate::driver::http::exchange;
use crate::driver::route::pulse::Beat;
use crate::driver::route::pulse::Pulse;
use crate::model::Millis;
use crate::template::Text;

/// The requests of one route, made ready once.
pub(super) struct OverHttp {
    places: Vec<(String, Arc<Ready>)>,
}

/// A health page that takes longer is not one that users should be sent to.
const MOST: Millis = Millis(2_000);
/// Enough for a status line and what a page says of itself.
const OUTPUT_BYTES: u64 = 1_024;

impl OverHttp {
    /// None where nobody said how health is judged.
    ///
    /// # Errors
    ///
    /// An address that can't be asked, for people.
    pub(super) fn new(task: &RouteTask, secrets: &Secrets) -> Result<Option<Self>, String> {
        let Some(health) = &task.health else { return Ok(None) };
        let mut places = Vec::new();
        for (site, addresses) in &task.at {
            for address in addresses {
                let request = request(health, site, address)?;
                let ready = Ready::at(&request, place(health, address)?, (MOST, OUTPUT_BYTES), secrets)?;
                places.push((site.clone(), Arc::new(ready)));
            }
        }
        Ok(Some(Self { places }))
    }
}

/// The request to one place.
fn request(health: &HealthTask, site: &str, address: &str) -> Result<HttpTask, String> {
    let value = |name: &str| match name {
        "address" => Some(address),
        "site" => Some(site),
        _ => None,
    };
    let filled = Text::parse(&health.url).ok().map(|text| text.fill(value).finish());
    let Some(Ok(url)) = filled else {
        return Err(format!("the health page {} has a name in braces that has no value", health.url));
    };
    Ok(HttpTask {
        method: "GET".to_owned(),
        url,
        headers: Vec::new(),
        body: None,
        body_from: None,
        expect_status: vec![health.expect_status],
        expect_body: None,
        redirects: 0,
        ca: None,
    })
}

/// Where a page is asked for whose address does not name the place: at the place, by the name that users use.
fn place(health: &HealthTask, address: &str) -> Result<Option<SocketAddr>, String> {
    let by_name = Text::parse(&health.url).is_ok_and(|text| !text.mentions("address") && !text.mentions("site"));
    if !by_name {
        return Ok(None);
    }
    let whole = address.parse::<SocketAddr>().ok();
    // Without a port it is the one of the page.
    let place = whole.or_else(|| address.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 0)));
    match place {
        Some(place) => Ok(Some(place)),
        None => Err(format!(
            "{address} is no IP address, so {} can't be asked there: write the page with {{{{ address }}}} or {{{{ site }}}}",
            health.url
        )),
    }
}

impl Pulse for OverHttp {
    async fn beat(&self, sites: &[String]) -> Vec<Beat> {
        let mut asked = JoinSet::new();
        for (_, ready) in self.places.iter().filter(|(site, _)| sites.contains(site)) {
            let ready = Arc::clone(ready);
            asked.spawn(async move { exchange(&ready, Duration::from_millis(MOST.0)).await });
        }
        let all = asked.join_all().await;
        all.into_iter()
            .map(|came| match came {
                Came::Expected(_) => Beat::Well,
                Came::Unexpected(what, _) => Beat::Bad(what),
                Came::NotSent(why) | Came::Open(why, _) => Beat::Silent(why),
            })
            .collect()
    }
}
