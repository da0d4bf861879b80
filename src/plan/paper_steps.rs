//! Drafts become steps on paper: every name filled in but those that only the hand knows (`host`, `host-address`,
//! `address`, `run`).

use crate::model::Action;
use crate::model::Ask;
use crate::model::Body;
use crate::model::Channel;
use crate::model::Command;
use crate::model::HeaderValue;
use crate::model::HostSet;
use crate::model::HttpCall;
use crate::model::Millis;
use crate::model::Ppm;
use crate::model::Probe;
use crate::model::Replica;
use crate::model::SecretRef;
use crate::model::StepTemplate;
use crate::model::Supply;
use crate::model::Whereabouts;
use crate::placement::Level;
use crate::plan::ActionOnPaper;
use crate::plan::BatchOnPaper;
use crate::plan::HostsOnPaper;
use crate::plan::HttpOnPaper;
use crate::plan::ProbeOnPaper;
use crate::plan::Side;
use crate::plan::Step;
use crate::plan::StepLimits;
use crate::plan::clock::Clock;
use crate::plan::draft::Chosen;
use crate::plan::draft::Draft;
use crate::plan::draft::Owner;
use crate::plan::draft::Stage;
use crate::plan::draft::What;
use crate::plan::hosts;
use crate::plan::ramp;
use crate::plan::scene::Scene;
use crate::plan::supply::launcher;
use crate::plan::timing;
use crate::plan::ttl;
use crate::template::Text;

/// One step on paper; `after` holds the names of what comes before it, sorted.
pub(in crate::plan) fn step(
    scene: &Scene<'_>,
    draft: &Draft,
    node: u32,
    names: &[String],
    clock: &Clock,
    after: Vec<String>,
) -> Step {
    let estate = scene.estate();
    let template = draft.template(estate);
    let fill = Fill::new(scene, draft);
    let probe = |probe: &Option<Box<Probe>>| probe.as_ref().map(|probe| fill.probe(probe));
    Step {
        id: names[node as usize].clone(),
        title: title(scene, draft, &fill),
        service: draft.service().map(|id| scene.name(id).to_owned()),
        procedure: draft.procedure.word().to_owned(),
        phase: draft.phase.word().to_owned(),
        site: draft.site.map(|site| scene.site_name(site).to_owned()),
        on: draft.side,
        hosts: hosts(scene, draft, template),
        action: action(scene, draft, &fill),
        done_if: template.and_then(|it| probe(&it.done_if)),
        verify: template.and_then(|it| probe(&it.verify)),
        undo: undo(scene, draft, &fill),
        attest: template.and_then(|it| it.attest.as_ref()).map(|question| fill.said(question)),
        position: template.and_then(|it| probe(&it.position)),
        uses: draft.uses.iter().map(|chosen| used(scene, *chosen)).collect(),
        after,
        start_ms: clock.start(node),
        duration_ms: draft.duration,
        duration_from: draft.duration_from.clone(),
        late_after_ms: draft.late_after,
        limits: limits(scene, draft, template, &fill),
        batch: template
            .and_then(|it| it.batch)
            .map(|batch| BatchOnPaper { parallel: batch.parallel, enough: batch.enough }),
        irreversible: template.is_some_and(|it| it.irreversible),
        unreachable_ok: template.is_some_and(|it| it.unreachable_ok),
        class: draft.class,
        claims: clock.claims(node),
        effect: draft.effect.clone(),
    }
}

fn title(scene: &Scene<'_>, draft: &Draft, fill: &Fill<'_>) -> String {
    match (draft.template(scene.estate()), draft.what, draft.owner) {
        (Some(template), _, _) => fill.said(&template.title),
        (None, What::Fetch, Owner::Kit(kit)) => scene.estate().kits[kit.at()].title.clone(),
        (None, What::Lower(route), _) => format!("Lower the TTL of {}", scene.estate().routes[route.at()].name),
        (None, What::Restore(route), _) => format!("Restore the TTL of {}", scene.estate().routes[route.at()].name),
        (None, _, _) => fill.service_title.to_owned(),
    }
}

/// The way back, where one was written, or follows.
fn undo(scene: &Scene<'_>, draft: &Draft, fill: &Fill<'_>) -> Option<ActionOnPaper> {
    match draft.what {
        What::Authored { .. } => {
            let template = draft.template(scene.estate())?;
            template.undo.as_ref().map(|undo| fill.action(undo, scene, draft))
        }
        What::Lower(route) => Some(ActionOnPaper::Ttl(ttl::restored(scene.estate(), route))),
        What::Restore(route) => Some(ActionOnPaper::Ttl(ttl::lowered(scene, route))),
        What::Launch | What::Fetch => None,
    }
}

fn used(scene: &Scene<'_>, chosen: Chosen) -> String {
    match chosen.supply {
        Supply::Service(id) => format!("service:{}", scene.name(id)),
        Supply::ServiceAt(id, site) => format!("service:{}@{}", scene.name(id), scene.site_name(site)),
        Supply::Kit(kit) => format!("kit:{}", scene.estate().kits[kit.at()].name),
    }
}

fn limits(scene: &Scene<'_>, draft: &Draft, template: Option<&StepTemplate>, fill: &Fill<'_>) -> StepLimits {
    let best_effort = draft.side == Side::Source && draft.stage == Stage::First;
    let default = if best_effort { timing::FENCE_LIMIT } else { timing::timeout(draft.duration) };
    let person = matches!(draft.what, What::Fetch)
        || template.is_some_and(|template| matches!(template.action, Action::Confirm(_)));
    let default = match draft.what {
        // Whoever takes it back waits for what this one need not wait for.
        What::Restore(route) => timing::timeout(scene.estate().routes[route.at()].ttl + ramp::LEAST),
        What::Authored { .. } | What::Launch | What::Lower(_) | What::Fetch => default,
    };
    let default = if person { default.later(Millis::from_secs(3_600)) } else { default };
    StepLimits {
        timeout_ms: template.and_then(|it| it.timeout).unwrap_or(default),
        attempts: template.map_or(1, |it| it.retry.attempts),
        backoff_ms: template.map_or(Millis::ZERO, |it| it.retry.backoff),
        kill: template.and_then(|it| it.kill.as_ref()).map(|kill| fill.text(kill)),
    }
}

/// The hosts of a step that acts on any.
fn hosts(scene: &Scene<'_>, draft: &Draft, template: Option<&StepTemplate>) -> Option<HostsOnPaper> {
    let (id, template) = (draft.service()?, template?);
    let replica = match draft.side {
        Side::Source => draft.source?,
        Side::Target => draft.lane?,
        Side::Operator => return None,
    };
    let replica = &scene.estate().service(id).replicas[replica];
    let declared = subset(replica, template.subset.as_deref())?;
    let set = if draft.side == Side::Source { declared.clone() } else { hosts::left(scene, declared)? };
    Some(hosts::on_paper(scene, replica.site, &set))
}

pub(in crate::plan) fn subset<'a>(replica: &'a Replica, name: Option<&str>) -> Option<&'a HostSet> {
    match name {
        Some(name) => replica.subsets.iter().find(|(subset, _)| subset == name).map(|(_, hosts)| hosts),
        None => replica.hosts.as_ref(),
    }
}

fn action(scene: &Scene<'_>, draft: &Draft, fill: &Fill<'_>) -> ActionOnPaper {
    let estate = scene.estate();
    match (draft.what, draft.action(estate)) {
        (What::Authored { .. }, Some(action)) => fill.action(action, scene, draft),
        (What::Fetch, _) => fetch(scene, draft),
        (What::Lower(route), _) => ActionOnPaper::Ttl(ttl::lowered(scene, route)),
        (What::Restore(route), _) => ActionOnPaper::Ttl(ttl::restored(estate, route)),
        (What::Launch, _) | (What::Authored { .. }, None) => scale(scene, draft),
    }
}

fn fetch(scene: &Scene<'_>, draft: &Draft) -> ActionOnPaper {
    let estate = scene.estate();
    let Owner::Kit(kit) = draft.owner else {
        return ActionOnPaper::Fetch { kit: String::new(), held_at: Vec::new() };
    };
    let kit = &estate.kits[kit.at()];
    let there = kit.held_at.iter().filter_map(|place| match place {
        Whereabouts::Site(site) if scene.situation.sites[site.at()].serves() => Some(scene.site_name(*site).to_owned()),
        Whereabouts::Site(_) => None,
        Whereabouts::Place(place) => Some(estate.places[place.at()].name.clone()),
    });
    ActionOnPaper::Fetch { kit: kit.name.clone(), held_at: there.collect() }
}

fn scale(scene: &Scene<'_>, draft: &Draft) -> ActionOnPaper {
    let estate = scene.estate();
    let provider = launcher(scene, draft).map_or(String::new(), |id| estate.providers[id.at()].name.clone());
    let seat = draft.service().zip(draft.lane).map(|(id, lane)| &scene.placed(id).seats[lane]);
    let to = seat.map_or(Vec::new(), |seat| {
        let all = seat.held.plus(&seat.launched);
        let named = estate.resources.iter().cloned().zip(all.0.iter().copied());
        named.filter(|(_, amount)| *amount > 0).collect()
    });
    ActionOnPaper::Scale { provider, to, instances: None }
}

/// The values of the names that a plan knows.
pub(in crate::plan) struct Fill<'a> {
    service: &'a str,
    service_title: &'a str,
    source: Option<&'a str>,
    target: Option<&'a str>,
    site: Option<&'a str>,
    address: Option<&'a str>,
    share: String,
    level: &'static str,
    params: Vec<(&'a str, &'a str)>,
}

impl<'a> Fill<'a> {
    pub(in crate::plan) fn new(scene: &Scene<'a>, draft: &Draft) -> Self {
        let estate = scene.ground.estate;
        let service = draft.service().map(|id| estate.service(id));
        let site_of = |replica: Option<usize>| -> Option<&'a str> {
            let (service, replica) = (service?, replica?);
            Some(&estate.site(service.replicas[replica].site).name)
        };
        let seat = draft.service().zip(draft.lane).map(|(id, lane)| &scene.placement.services[id.at()].seats[lane]);
        let serving = seat.map(|seat| if draft.stage == Stage::Raise { seat.last } else { seat.first });
        let runbook = service.and_then(|service| service.runbook).map(|id| &estate.runbooks[id.at()]);
        let declared = runbook.map_or(&[][..], |runbook| &runbook.params);
        let given = service.map_or(&[][..], |service| &service.params);
        let params = declared.iter().filter_map(|(name, default)| {
            let own = given.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
            own.or(default.as_deref()).map(|value| (name.as_str(), value))
        });
        Self {
            service: service.map_or("", |service| &service.name),
            service_title: service.map_or("", |service| &service.title),
            source: site_of(draft.source),
            target: site_of(draft.lane),
            site: draft.site.map(|site| estate.site(site).name.as_str()),
            address: draft.service().zip(draft.site).and_then(|(id, site)| estate.address(id, site)),
            share: (serving.map_or(Ppm::ZERO, |serving| serving.share).0 / 10_000).to_string(),
            level: match serving.map(|serving| serving.level) {
                Some(Level::Full) | None => "full",
                Some(Level::Degraded) => "degraded",
                Some(Level::Shed) => "shed",
            },
            params: params.collect(),
        }
    }

    /// A text that is sent, as a template still: what a plan can't know is filled in by the hands, and what was written as
    /// text stays text there.
    pub(in crate::plan) fn text(&self, text: &Text) -> String {
        self.filled(text).to_string()
    }

    /// A text that people read.
    pub(in crate::plan) fn said(&self, text: &Text) -> String {
        self.filled(text).finish().unwrap_or_else(|left| left.to_string())
    }

    fn filled(&self, text: &Text) -> Text {
        text.fill(|name| match name {
            "service" => Some(self.service),
            "source" => self.source,
            "target" => self.target,
            "site" => self.site,
            "address" => self.address,
            "share" => Some(&self.share),
            "level" => Some(self.level),
            other => self.params.iter().find(|(param, _)| *param == other).map(|(_, value)| *value),
        })
    }

    pub(in crate::plan) fn probe(&self, probe: &Probe) -> ProbeOnPaper {
        let ask = match &probe.ask {
            Ask::Ssh(command) => self.ssh(command),
            Ask::Exec(command) => self.exec(command),
            Ask::Http(call) => ActionOnPaper::Http(self.http(call)),
        };
        ProbeOnPaper {
            ask: Box::new(ask),
            expect_output: probe.expect_output.clone(),
            within_ms: probe.within,
            times: probe.times,
        }
    }

    fn ssh(&self, command: &Command) -> ActionOnPaper {
        ActionOnPaper::Ssh { line: self.text(&command.line), env: env(&command.env) }
    }

    fn exec(&self, command: &Command) -> ActionOnPaper {
        ActionOnPaper::Exec { line: self.text(&command.line), env: env(&command.env) }
    }

    fn http(&self, call: &HttpCall) -> HttpOnPaper {
        let header = |value: &HeaderValue| match value {
            HeaderValue::Text(text) => self.text(text),
            HeaderValue::Secret(secret) => secret.to_string(),
        };
        let (body, body_from) = match &call.body {
            None => (None, None),
            Some(Body::Text(text)) => (Some(self.text(text)), None),
            Some(Body::From(secret)) => (None, Some(secret.to_string())),
        };
        HttpOnPaper {
            method: call.method.clone(),
            url: self.text(&call.url),
            headers: call.headers.iter().map(|(name, value)| (name.clone(), header(value))).collect(),
            body,
            body_from,
            expect_status: call.expect_status.clone(),
            expect_body: call.expect_body.clone(),
            redirects: call.redirects,
            ca: call.ca.as_ref().map(ToString::to_string),
        }
    }

    fn action(&self, action: &Action, scene: &Scene<'_>, draft: &Draft) -> ActionOnPaper {
        match action {
            Action::Ssh(command) => self.ssh(command),
            Action::Exec(command) => self.exec(command),
            Action::Http(call) => ActionOnPaper::Http(self.http(call)),
            Action::Route(named) => {
                let own = draft.service().and_then(|id| scene.estate().service(id).route);
                match named.or(own) {
                    Some(route) => ActionOnPaper::Route(ramp::shift(scene, draft, route)),
                    None => ActionOnPaper::Confirm { question: String::new() },
                }
            }
            Action::Scale => scale(scene, draft),
            Action::Confirm(question) => ActionOnPaper::Confirm { question: self.said(question) },
            Action::Notify(notify) => ActionOnPaper::Notify {
                message: self.text(&notify.message),
                via: match &notify.via {
                    Channel::Webhook(secret) => format!("webhook {secret}"),
                    Channel::Command(command) => format!("command {}", self.text(command)),
                },
            },
            Action::Wait(probe) => ActionOnPaper::Wait(self.probe(probe)),
        }
    }
}

fn env(env: &[(String, SecretRef)]) -> Vec<(String, String)> {
    env.iter().map(|(name, secret)| (name.clone(), secret.to_string())).collect()
}
