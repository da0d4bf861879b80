//! How long steps take, and when an attempt is given up.

use crate::model::Action;
use crate::model::Estate;
use crate::model::Millis;
use crate::model::Phase;
use crate::placement::Seat;
use crate::placement::Situation;
use crate::plan::DurationFrom;
use crate::plan::Mode;
use crate::plan::draft::Draft;
use crate::plan::draft::Owner;
use crate::plan::draft::What;
use crate::plan::ramp;

/// What a person takes to answer, unless somebody wrote otherwise: to read one question, look at one screen, type.
pub(in crate::plan) const ANSWER: Millis = Millis::from_secs(60);
/// What a person takes to supply by other means what nobody can bring back: to find a phone number, and somebody with
/// keys. Facebook's and Kakao's people took far longer; the plan says that such a gate is there, and marks it.
pub(in crate::plan) const BREAK_GLASS: Millis = Millis::from_secs(600);
/// A step on one or a few machines whose author said nothing.
const COMMAND: Millis = Millis::from_secs(10);
/// One request whose author said nothing.
const REQUEST: Millis = Millis::from_secs(5);
/// One message.
const MESSAGE: Millis = Millis::from_secs(2);
/// A probe that waits for something, whose author said nothing.
const WAIT: Millis = Millis::from_secs(30);
/// A launch where the cloud's own figure is missing.
const LAUNCH: Millis = Millis::from_secs(480);
/// A best-effort fence on a machine that is probably gone is given up after this: it must not hold up the way on.
pub(in crate::plan) const FENCE_LIMIT: Millis = Millis::from_secs(20);
/// An attempt is given up after so many times what it typically takes: three times the typical duration is beyond the
/// p99 of most distributions with a tail, and still short enough to notice a hang.
const PATIENCE: u64 = 3;
/// No attempt is given up earlier than this: a fork and a slow login fit.
const LEAST_TIMEOUT: Millis = Millis::from_secs(30);

/// How long a draft takes, and where the figure came from.
pub(in crate::plan) fn duration(
    estate: &Estate,
    situation: &Situation,
    mode: Mode,
    draft: &Draft,
    seats: &[Seat],
) -> (Millis, DurationFrom) {
    let template = match draft.what {
        What::Launch => return (launch(estate, draft), DurationFrom::Launch),
        What::Fetch => return (fetch(estate, draft), DurationFrom::Person),
        What::Lower(route) => return (estate.routes[route.at()].ttl + ramp::LEAST, DurationFrom::Route),
        What::Restore(_) => return (ramp::LEAST, DurationFrom::Route),
        What::Authored { .. } => draft.template(estate),
    };
    let Some(template) = template else {
        return (COMMAND, DurationFrom::Default);
    };
    if let Some(expect) = template.expect {
        return (expect, DurationFrom::Expect(template.expect_source.clone()));
    }
    if draft.phase == Phase::Warm && !matches!(template.action, Action::Confirm(_)) {
        let caches = draft.service().map(|id| &estate.service(id).caches);
        if let Some(warm) = caches.and_then(|caches| caches.iter().map(|cache| cache.warm).max()) {
            return (warm, DurationFrom::Cache);
        }
    }
    match &template.action {
        Action::Ssh(_) | Action::Exec(_) => (COMMAND, DurationFrom::Default),
        Action::Http(_) => (REQUEST, DurationFrom::Default),
        Action::Notify(_) => (MESSAGE, DurationFrom::Default),
        Action::Wait(probe) => (probe.within.unwrap_or(WAIT), DurationFrom::Default),
        Action::Confirm(_) => (template.answer.unwrap_or(ANSWER), DurationFrom::Person),
        Action::Scale => (launch(estate, draft), DurationFrom::Launch),
        Action::Route(named) => {
            let own = draft.service().and_then(|id| estate.service(id).route);
            let route = named.or(own).map(|route| &estate.routes[route.at()]);
            let takes = |route| ramp::duration((estate, situation, mode), draft, route, seats);
            (route.map_or(REQUEST, takes), DurationFrom::Route)
        }
    }
}

fn launch(estate: &Estate, draft: &Draft) -> Millis {
    let site = draft.site.map(|site| estate.site(site));
    site.and_then(|site| site.on_demand.as_ref()).map_or(LAUNCH, |more| more.ready_in)
}

fn fetch(estate: &Estate, draft: &Draft) -> Millis {
    match draft.owner {
        Owner::Kit(kit) => estate.kits[kit.at()].fetch,
        Owner::Service(_) | Owner::Site(_) => ANSWER,
    }
}

/// When an attempt is given up, where its author did not say.
pub(in crate::plan) fn timeout(duration: Millis) -> Millis {
    Millis(duration.0.saturating_mul(PATIENCE)).later(LEAST_TIMEOUT)
}
