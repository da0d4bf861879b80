//! What must be there before something starts: dependencies that are ready, and what steps use.
//!
//! Whatever survives, and is trusted, is there at once; what the plan brings back is there behind its ready point; and
//! what nobody brings back stands behind a gate at which a person supplies it by other means.

use crate::model::DependencyKind;
use crate::model::HostSet;
use crate::model::Need;
use crate::model::Phase;
use crate::model::Role;
use crate::model::Server;
use crate::model::Service;
use crate::model::ServiceId;
use crate::model::Supply;
use crate::model::Whereabouts;
use crate::placement::Impact;
use crate::placement::Level;
use crate::plan::ActionOnPaper;
use crate::plan::Effect;
use crate::plan::GateKind;
use crate::plan::Mode;
use crate::plan::Side;
use crate::plan::Step;
use crate::plan::verify::Noun;
use crate::plan::verify::OfNeeds;
use crate::plan::verify::OfShape;
use crate::plan::verify::Violation;
use crate::plan::verify::asked::Asked;
use crate::plan::verify::asked::Why;
use crate::plan::verify::asked::is_there;
use crate::plan::verify::asked::supply_named;
use crate::plan::verify::asked::supply_text;
use crate::plan::verify::order::u32_of;
use crate::plan::verify::paper::Paper;

/// Asks for every dependency of every service that the plan brings back.
pub(super) fn dependencies(paper: &Paper<'_>, asked: &mut Asked<'_>) {
    for (at, service) in paper.estate.services.iter().enumerate() {
        let id = ServiceId::new(at);
        if paper.steps_of[at].is_empty() {
            continue;
        }
        let works = [Phase::Promote, Phase::Verify, Phase::Shift];
        let works: Vec<u32> = works.into_iter().flat_map(|phase| paper.recovery(id, phase)).collect();
        let starts = starts(paper, id, service);
        // A planned move of what serves in full raises nothing.
        let serves = paper.plan.incident.mode != Mode::Failover
            && paper.entries[at].is_some_and(|entry| entry.impact == Impact::Unaffected);
        let fulls = if service.degraded.is_some() && !serves { fulls(paper, id) } else { Vec::new() };
        let together = paper.entries[at].map_or(&[][..], |entry| entry.together_with.as_slice());
        for dependency in &service.depends_on {
            let needs = dependency.service;
            if needs == id || together.contains(&paper.estate.service(needs).name) || is_there(paper, needs) {
                continue;
            }
            let (items, why) = match (dependency.kind, dependency.full_only) {
                (DependencyKind::Soft, _) => continue,
                (DependencyKind::Start, _) => (&starts, Why::Start(needs)),
                (DependencyKind::Hard, true) => (&fulls, Why::Full(needs)),
                (DependencyKind::Hard, false) => (&works, Why::Dependency(needs)),
            };
            if items.is_empty() {
                continue;
            }
            let ready = asked.ready(paper, needs);
            let glass = asked.glass(Supply::Service(needs));
            let why = if ready.is_none() && matches!(why, Why::Dependency(_)) { Why::Stranded(needs) } else { why };
            for &item in items {
                asked.demands.ask(item, ready, glass, why);
            }
        }
    }
}

/// The steps of a service that start something from warm or cold; whoever carries users runs already.
fn starts(paper: &Paper<'_>, id: ServiceId, service: &Service) -> Vec<u32> {
    let must_start = |item: &u32| {
        let Some(site) = paper.site_of(*item) else { return false };
        let runs = paper.damage.seat(id, site).is_some_and(|seat| seat.before.0 > 0);
        !runs && service.at(site).is_some_and(|replica| matches!(replica.role, Role::Warm | Role::Cold))
    };
    [Phase::Start, Phase::Warm].into_iter().flat_map(|phase| paper.recovery(id, phase)).filter(must_start).collect()
}

/// The steps of a service after which it serves at its full level.
fn fulls(paper: &Paper<'_>, id: ServiceId) -> Vec<u32> {
    let is_full = |item: &u32| {
        let effect = paper.step(*item).and_then(|step| step.effect.as_ref());
        matches!(effect, Some(Effect::Serves { level: Level::Full, share }) if share.0 > 0)
    };
    paper.steps_of[id.at()].iter().copied().filter(is_full).collect()
}

/// Asks for everything that steps use: as chosen in the plan, and as declared for such steps.
pub(super) fn uses<'a>(paper: &Paper<'a>, asked: &mut Asked<'a>, found: &mut Vec<Violation>) {
    let kits = kits(paper, found);
    // A message whose channel is lost fails, and keeps nobody back: nobody is asked for another channel.
    let is_message = |step: &Step| matches!(step.action, ActionOnPaper::Notify { .. });
    let asking = paper.steps().filter(|(item, step)| !is_last_fence(paper, *item, step) && !is_message(step));
    for (item, step) in asking {
        for text in &step.uses {
            let Some(supply) = supply_named(paper, text) else {
                let (item, name) = (step.id.clone(), text.clone());
                found.push(Violation::Shape(OfShape::NoSuchName { item, noun: Noun::Supply, name }));
                continue;
            };
            match supply {
                Supply::Kit(kit) => {
                    let mut ways = asked.glass_items(supply);
                    ways.extend(&kits[kit.at()]);
                    let ways = Some(asked.demands.set(ways));
                    asked.demands.ask(item, None, ways, Why::Kit(&paper.estate.kits[kit.at()].name));
                }
                // What is there is used at once, and nothing waits for itself.
                Supply::Service(service) | Supply::ServiceAt(service, _)
                    if is_at_hand(paper, supply) || paper.service_of(item) == Some(service) => {}
                Supply::Service(service) => {
                    let (ready, glass) = (asked.ready(paper, service), asked.glass(supply));
                    asked.demands.ask(item, ready, glass, Why::Uses(text));
                }
                Supply::ServiceAt(service, site) => {
                    let (ready, glass) = (asked.ready_at(paper, service, site), asked.glass(supply));
                    asked.demands.ask(item, ready, glass, Why::Uses(text));
                }
            }
        }
        for need in declared(paper, step) {
            if !is_filled(paper, need, item, step) {
                let glass = asked.glass_of_any(&need.any_of);
                asked.demands.ask(item, None, glass, Why::Need(need));
            }
        }
        jump(paper, asked, item, step);
        keeper(paper, asked, item, step);
    }
}

/// Asks for a person where every server of whoever keeps a route is lost. Who moves one route alone is told when it is
/// looked at.
fn keeper<'a>(paper: &Paper<'a>, asked: &mut Asked<'a>, item: u32, step: &Step) {
    let name = if let ActionOnPaper::Route(route) = &step.action {
        &route.provider
    } else if let ActionOnPaper::Ttl(ttl) = &step.action {
        &ttl.provider
    } else {
        return;
    };
    let Some(provider) = paper.estate.providers.iter().find(|provider| provider.name == *name) else { return };
    let is_lost = |server: &Server| server.site.is_some_and(|site| !paper.damage.sites[site.at()].is_trusted());
    if provider.servers.is_empty() || !provider.servers.iter().all(is_lost) || paper.plan.moved_route().is_some() {
        return;
    }
    let is_it = |missing: &String| missing.strip_prefix("provider:") == Some(name);
    let gates =
        paper.gates().filter(|(_, gate)| matches!(&gate.kind, GateKind::BreakGlass { missing } if is_it(missing)));
    let glass = asked.demands.set(gates.map(|(gate, _)| gate).collect());
    asked.demands.ask(item, None, Some(glass), Why::Keeper(&provider.name));
}

/// The steps that fetch each kit from where it still is.
fn kits(paper: &Paper<'_>, found: &mut Vec<Violation>) -> Vec<Vec<u32>> {
    let mut fetched = vec![Vec::new(); paper.estate.kits.len()];
    for (item, step) in paper.steps() {
        let ActionOnPaper::Fetch { kit, held_at } = &step.action else { continue };
        let Some(at) = paper.estate.kits.iter().position(|declared| declared.name == *kit) else { continue };
        let still: Vec<&str> = paper.estate.kits[at]
            .held_at
            .iter()
            .filter_map(|place| match place {
                Whereabouts::Place(place) => Some(paper.estate.places[place.at()].name.as_str()),
                Whereabouts::Site(site) => {
                    let is_there = paper.damage.sites[site.at()].is_trusted();
                    is_there.then(|| paper.estate.site(*site).name.as_str())
                }
            })
            .collect();
        if held_at.is_empty() || !held_at.iter().all(|place| still.contains(&place.as_str())) {
            found.push(Violation::Needs(OfNeeds::KitNotFetched { step: step.id.clone(), kit: kit.clone() }));
        } else {
            fetched[at].push(item);
        }
    }
    fetched
}

/// A fence on what is left is tried without asking for more: a gate stands behind it.
fn is_last_fence(paper: &Paper<'_>, item: u32, step: &Step) -> bool {
    step.on == Side::Source && (paper.phase_of(item) == Some(Phase::Fence) || step.procedure == "fence")
}

/// Whether it can be used at once.
fn is_at_hand(paper: &Paper<'_>, supply: Supply) -> bool {
    match supply {
        Supply::Service(service) => paper.damage.survives(paper.estate, service),
        Supply::ServiceAt(service, site) => paper.damage.serves(service, site),
        Supply::Kit(_) => false,
    }
}

/// What such a step needs by declaration, besides what its author says: the way to its hosts, or its provider's needs.
fn declared<'a>(paper: &Paper<'a>, step: &Step) -> &'a [Need] {
    let estate = paper.estate;
    let provider = |name: &str| {
        let provider = estate.providers.iter().find(|provider| provider.name == name);
        provider.map_or(&[][..], |provider| provider.uses.as_slice())
    };
    match &step.action {
        action if action.is_on_hosts() => {
            // Where no rule says what it uses, it does not matter which one it is.
            let hosts = step.hosts.as_ref().filter(|_| estate.host_rules.iter().any(|rule| rule.uses.is_some()));
            let set = hosts.and_then(|hosts| HostSet::parse(&hosts.set).ok());
            let rule = set.and_then(|set| estate.host_rule(&set.first()));
            rule.and_then(|rule| rule.uses.as_deref()).unwrap_or(&estate.orchestrator.uses)
        }
        ActionOnPaper::Route(route) => provider(&route.provider),
        ActionOnPaper::Ttl(ttl) => provider(&ttl.provider),
        ActionOnPaper::Scale { provider: name, .. } => provider(name),
        ActionOnPaper::Ssh { .. }
        | ActionOnPaper::Exec { .. }
        | ActionOnPaper::Http(_)
        | ActionOnPaper::Confirm { .. }
        | ActionOnPaper::Notify { .. }
        | ActionOnPaper::Wait(_)
        | ActionOnPaper::Fetch { .. } => &[],
    }
}

/// Whether a need is filled by what the step uses, or by what is there anyway. Nothing waits for itself.
fn is_filled(paper: &Paper<'_>, need: &Need, item: u32, step: &Step) -> bool {
    let own = paper.service_of(item);
    need.any_of.iter().any(|supply| {
        let is_own = match supply {
            Supply::Service(service) | Supply::ServiceAt(service, _) => own == Some(*service),
            Supply::Kit(_) => false,
        };
        is_own || is_at_hand(paper, *supply) || {
            let text = supply_text(paper, *supply);
            let is_it = |uses: &String| match (supply, uses.strip_prefix(&text)) {
                (Supply::Service(_), Some(rest)) => rest.is_empty() || rest.starts_with('@'),
                (Supply::ServiceAt(..) | Supply::Kit(_), Some(rest)) => rest.is_empty(),
                (_, None) => false,
            };
            step.uses.iter().any(is_it)
        }
    })
}

/// Asks for a person where every bastion on the way to the hosts is lost.
fn jump(paper: &Paper<'_>, asked: &mut Asked<'_>, item: u32, step: &Step) {
    let jump = step.hosts.as_ref().map_or(&[][..], |hosts| hosts.jump.as_slice());
    let ways: Vec<Supply> =
        jump.iter().filter_map(|bastion| supply_named(paper, &format!("service:{bastion}"))).collect();
    let is_lost = |way: &Supply| match way {
        Supply::ServiceAt(service, site) => !paper.damage.state(Some(*service), *site).is_trusted(),
        Supply::Service(_) | Supply::Kit(_) => false,
    };
    if u32_of(ways.len()) > 0 && ways.iter().all(is_lost) {
        let glass = asked.glass_of_any(&ways);
        asked.demands.ask(item, None, glass, Why::Jump);
    }
}
