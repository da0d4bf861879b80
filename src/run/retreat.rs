//! What of a run can be taken back, and what can't: a service by a way back of each of its steps, the last first, as long
//! as no step without a way back began. What stays keeps all that it was built on.
//!
//! Steps that a run has done are closed under what comes before them. A retreat undoes only what nothing that stays was
//! built on, so at every moment what is left is closed in that way, too: it passes only through states through which
//! the plan itself may have come. What was proven of the plan (never two writers, never more than a site holds) holds
//! on the way back.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;

use crate::model::Ppm;
use crate::plan::ActionOnPaper;
use crate::plan::Effect;
use crate::plan::GateKind;
use crate::plan::Plan;
use crate::plan::RetreatOnPaper;
use crate::plan::Side;
use crate::plan::StaysOnPaper;
use crate::plan::StaysWhy;
use crate::plan::Step;
use crate::plan::Undone;
use crate::run::Entry;
use crate::run::FailWhy;
use crate::run::StepState;
use crate::run::Unseen;
use crate::run::retreat_facts::Did;
use crate::run::retreat_facts::Facts;
use crate::run::retreat_paper;
use crate::run::script::NodeAt;

/// What becomes of a run that is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retreat {
    /// Steps of which nobody knows how far they got. While there are any, nothing is undone.
    pub doubts: Vec<String>,
    /// What is undone, and what stays.
    pub undone: Undone,
}

/// Judges what of a run of `plan` can be taken back. Nothing is done at a site that is quarantined, and nobody is sent
/// to one.
///
/// # Errors
///
/// Plan and journal don't belong together, or tell what can't have happened.
pub fn retreat(plan: &Plan, entries: &[Entry], quarantined: &BTreeSet<String>) -> Result<Retreat, Unseen> {
    let facts = Facts::new(plan, entries)?;
    let owners = owners(plan);
    let mut nodes: BTreeMap<Owner, Vec<NodeAt>> = BTreeMap::new();
    for (at, owner) in owners.iter().enumerate() {
        nodes.entry(*owner).or_default().push(at);
    }
    let judge = Judge { plan, before: before(plan, &facts), facts: &facts, quarantined, owners, nodes };
    let stays = judge.stays();
    let left = judge.left(&stays);
    let mut undone: BTreeSet<NodeAt> = (0..facts.script.len())
        .filter(|&at| judge.is_to_undo(at) && !stays.contains_key(&judge.owner(at)) && !left.contains_key(&at))
        .collect();
    undone.extend(judge.unmoved(&stays, &undone));
    let paper = RetreatOnPaper { run: facts.state.run.clone(), stays: judge.told(&stays, &left) };
    let (steps, services) = retreat_paper::paper(plan, &facts, &judge.before, &undone);
    let doubts = (0..facts.script.steps())
        .filter(|&at| matches!(facts.state.steps[at].state, StepState::Failed(FailWhy::InDoubt(_))))
        .map(|at| facts.script.name(at).to_owned())
        .collect();
    let quarantined = quarantined.iter().cloned().collect();
    Ok(Retreat { doubts, undone: Undone { steps, services, retreat: paper, quarantined } })
}

/// What comes before each step and gate: also what would have opened a gate.
fn before(plan: &Plan, facts: &Facts) -> Vec<Vec<NodeAt>> {
    let steps = plan.steps.iter().map(|step| (&step.after, &[][..]));
    let gates = plan.gates.iter().map(|gate| (&gate.after, gate.opened_by.as_slice()));
    let names = steps.chain(gates).map(|(after, opened_by)| after.iter().chain(opened_by));
    names.map(|names| names.filter_map(|name| facts.script.find(name)).collect()).collect()
}

/// Whatever stays or is undone as one: a service, or a step or gate that belongs to none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Service(usize),
    Node(NodeAt),
}

type Stays = BTreeMap<Owner, StaysWhy>;

/// Whose each step and gate is.
fn owners(plan: &Plan) -> Vec<Owner> {
    let known: BTreeMap<&str, usize> =
        plan.services.iter().enumerate().map(|(at, service)| (service.id.as_str(), at)).collect();
    let names = plan.steps.iter().map(|step| &step.service).chain(plan.gates.iter().map(|gate| &gate.service));
    let owner = |(at, name): (usize, &Option<String>)| {
        let service = name.as_deref().and_then(|name| known.get(name));
        service.map_or(Owner::Node(at), |service| Owner::Service(*service))
    };
    names.enumerate().map(owner).collect()
}

struct Judge<'a> {
    plan: &'a Plan,
    facts: &'a Facts,
    before: Vec<Vec<NodeAt>>,
    quarantined: &'a BTreeSet<String>,
    owners: Vec<Owner>,
    nodes: BTreeMap<Owner, Vec<NodeAt>>,
}

impl Judge<'_> {
    fn owner(&self, at: NodeAt) -> Owner {
        self.owners[at]
    }

    fn nodes(&self, owner: Owner) -> &[NodeAt] {
        self.nodes.get(&owner).map_or(&[], Vec::as_slice)
    }

    fn name(&self, owner: Owner) -> String {
        match owner {
            Owner::Node(at) => self.facts.script.name(at).to_owned(),
            Owner::Service(at) => self.plan.services[at].id.clone(),
        }
    }

    /// Whether it had an effect that is worth a step back.
    fn is_to_undo(&self, at: NodeAt) -> bool {
        // A fence that was owed before this run began is no part of what it did to a service.
        let owed = match self.plan.steps.get(at) {
            Some(step) => self.plan.collects(&step.id),
            None => self.plan.carries(&self.plan.gates[at - self.plan.steps.len()].id),
        };
        self.facts.changed(at) && !owed && self.plan.steps.get(at).is_none_or(|step| !only_looks(step))
    }

    fn is_done(&self, at: NodeAt) -> bool {
        matches!(self.facts.state.steps[at].state, StepState::Done(_))
    }

    /// All that stays, with the first reason that was found for each.
    fn stays(&self) -> Stays {
        let mut stays = Stays::new();
        let mut open = VecDeque::new();
        for (at, step) in self.plan.steps.iter().enumerate() {
            let promotes = step.effect == Some(Effect::Writer) || step.phase == "promote";
            // A writer that was there already is there all the same.
            let began = self.facts.changed(at) || promotes && self.is_done(at);
            if (promotes || step.irreversible) && began && !stays.contains_key(&self.owner(at)) {
                stays.insert(self.owner(at), StaysWhy::Final { step: step.id.clone() });
                open.push_back(self.owner(at));
            }
        }
        for service in 0..self.plan.services.len() {
            let owner = Owner::Service(service);
            if let (Some(site), false) = (self.would_send_to(service), stays.contains_key(&owner)) {
                stays.insert(owner, StaysWhy::Quarantined { site });
                open.push_back(owner);
            }
        }
        let mut seen: BTreeSet<NodeAt> = BTreeSet::new();
        while let Some(owner) = open.pop_front() {
            let by = self.name(owner);
            let built = |at: &NodeAt| self.facts.changed(*at) || self.facts.state.is_over(&self.facts.script, *at);
            let mut above: Vec<NodeAt> = self.nodes(owner).iter().copied().filter(built).collect();
            while let Some(at) = above.pop() {
                for &base in &self.before[at] {
                    if !seen.insert(base) {
                        continue;
                    }
                    above.push(base);
                    let owner = self.owner(base);
                    if (self.is_to_undo(base) || self.moves(base)) && !stays.contains_key(&owner) {
                        stays.insert(owner, StaysWhy::NeededBy { by: by.clone() });
                        open.push_back(owner);
                    }
                }
            }
        }
        stays
    }

    /// Whether its users left a site that nobody trusts yet, so that going back would send them there.
    fn would_send_to(&self, service: usize) -> Option<String> {
        let may = |at: &NodeAt| self.moves(*at) || self.facts.changed(*at) && self.would_move(*at);
        self.nodes(Owner::Service(service)).iter().find(|at| may(at))?;
        let had = self.plan.services[service].from.iter().filter(|from| from.share > Ppm::ZERO);
        had.map(|from| &from.site).find(|site| self.quarantined.contains(*site)).cloned()
    }

    /// Whether it is a step that is done and changed who serves.
    fn moves(&self, at: NodeAt) -> bool {
        let effect = self.plan.steps.get(at).and_then(|step| step.effect.as_ref());
        matches!(effect, Some(Effect::Serves { .. } | Effect::Ends)) && self.is_done(at)
    }

    /// Whether it changes who serves once it is done, or on the way there.
    fn would_move(&self, at: NodeAt) -> bool {
        self.plan.steps.get(at).is_some_and(|step| {
            matches!(step.effect, Some(Effect::Serves { .. } | Effect::Ends))
                || matches!(step.action, ActionOnPaper::Route(_))
        })
    }

    /// The last step of a service that changed who serves it.
    fn last_move(&self, service: usize) -> Option<NodeAt> {
        let own = self.nodes(Owner::Service(service)).iter().copied();
        own.filter(|&at| self.moves(at)).max_by_key(|&at| (self.facts.state.steps[at].since, at))
    }

    /// What acts at a site that nobody trusts, of what else would be undone. A fence that is left can only keep somebody
    /// from writing, so nothing must stay because of it.
    fn left(&self, stays: &Stays) -> BTreeMap<NodeAt, String> {
        let undone = (0..self.facts.script.len()).filter(|&at| self.is_to_undo(at));
        let undone = undone.filter(|&at| !stays.contains_key(&self.owner(at)));
        undone.filter_map(|at| Some((at, self.acts_at(at)?))).collect()
    }

    /// The quarantined site that would be touched.
    fn acts_at(&self, at: NodeAt) -> Option<String> {
        let trusted = |site: &&String| self.quarantined.contains(*site);
        let Some(step) = self.plan.steps.get(at) else {
            let GateKind::Fence { site, .. } = &self.plan.gates[at - self.plan.steps.len()].kind else { return None };
            return Some(site).filter(trusted).cloned();
        };
        let is_fence = step.phase == "fence" || step.effect == Some(Effect::Fenced);
        let own = step.site.as_ref().filter(|_| step.on != Side::Operator || is_fence).filter(trusted);
        // A fence that is set off from here says of no site that it is there: it is where the users were.
        let service = match self.owner(at) {
            Owner::Service(service) => self.plan.services.get(service),
            Owner::Node(_) => None,
        };
        let sources = service.into_iter().flat_map(|service| &service.from).filter(|from| from.share > Ppm::ZERO);
        let source = || sources.map(|from| &from.site).find(trusted).filter(|_| is_fence && step.on != Side::Source);
        own.or_else(source).cloned()
    }

    /// Services that changed their place by steps of which none has to be undone: somebody says that they are back.
    fn unmoved(&self, stays: &Stays, undone: &BTreeSet<NodeAt>) -> Vec<NodeAt> {
        let owned: BTreeSet<Owner> = undone.iter().map(|&at| self.owner(at)).collect();
        let services = (0..self.plan.services.len()).filter(|&at| {
            let owner = Owner::Service(at);
            !stays.contains_key(&owner) && !owned.contains(&owner)
        });
        services.filter_map(|at| self.last_move(at)).collect()
    }

    fn told(&self, stays: &Stays, left: &BTreeMap<NodeAt, String>) -> Vec<StaysOnPaper> {
        let ids = |nodes: &mut dyn Iterator<Item = NodeAt>| -> Vec<String> {
            nodes.map(|at| self.facts.script.name(at).to_owned()).collect()
        };
        let service = |owner: Owner| match owner {
            Owner::Service(at) => Some(self.plan.services[at].id.clone()),
            Owner::Node(_) => None,
        };
        let whole = stays.iter().map(|(owner, why)| {
            let steps = ids(&mut self.nodes(*owner).iter().copied().filter(|&at| self.facts.changed(at)));
            StaysOnPaper { service: service(*owner), steps, whole: true, why: why.clone() }
        });
        let mut parts: BTreeMap<(Owner, &String), Vec<NodeAt>> = BTreeMap::new();
        for (&at, site) in left {
            parts.entry((self.owner(at), site)).or_default().push(at);
        }
        let parts = parts.into_iter().map(|((owner, site), nodes)| StaysOnPaper {
            service: service(owner),
            steps: ids(&mut nodes.into_iter()),
            whole: false,
            why: StaysWhy::Quarantined { site: site.clone() },
        });
        whole.chain(parts).collect()
    }
}

/// Whether a step leaves nothing behind: it looks, waits, tells somebody, or fetches what is brought back anyway.
pub(in crate::run) fn only_looks(step: &Step) -> bool {
    let looks = match &step.action {
        ActionOnPaper::Wait(_) | ActionOnPaper::Notify { .. } | ActionOnPaper::Fetch { .. } => true,
        ActionOnPaper::Http(call) => matches!(call.method.as_str(), "GET" | "HEAD"),
        ActionOnPaper::Ssh { .. } | ActionOnPaper::Exec { .. } | ActionOnPaper::Route(_) => step.phase == "verify",
        ActionOnPaper::Ttl(_) | ActionOnPaper::Scale { .. } => false,
        ActionOnPaper::Confirm { .. } => step.phase == "verify",
    };
    looks && step.undo.is_none()
}

/// How it is known what happened to a step: by its own attempts, or by somebody's word.
pub(in crate::run) fn is_by_hand(did: &Did) -> bool {
    matches!(did, Did::ByHand)
}
