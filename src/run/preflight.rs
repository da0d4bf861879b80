//! What a look at the world before a run comes to: which questions a plan asks that change nothing, and what follows of
//! each step from what was heard. The shape is a promise, and stands in `docs/preflight.schema.json`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::model::HostSet;
use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::ActionOnPaper;
use crate::plan::Plan;
use crate::plan::ProbeOnPaper;
use crate::plan::ProviderOnPaper;
use crate::plan::RouteOnPaper;
use crate::plan::Step;
use crate::run::Position;

/// The format that this version writes. A reader refuses what it does not know.
pub const PREFLIGHT_FORMAT: u32 = 1;

/// What was seen, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Preflight {
    /// The version of this shape.
    pub format: u32,
    /// The digest of the plan.
    pub plan: String,
    /// When it began, in milliseconds since the Unix epoch.
    pub at_unix_ms: u64,
    /// How long it took.
    pub took_ms: Millis,
    /// How long it was allowed to take.
    pub within_ms: Millis,
    /// Only the steps of the first class were looked at.
    pub only_lifeline: bool,
    /// How many hosts were tried, bastions among them.
    pub hosts: u64,
    /// Hosts that were not reached, those with one reason together.
    pub unreached: Vec<UnreachedHosts>,
    /// How many secrets are named.
    pub secrets: u64,
    /// Those that are not there.
    pub missing: Vec<MissingSecret>,
    /// The routes that these steps shift, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouteSeen>,
    /// The capacity that these steps launch, by step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacity: Vec<CapacitySeen>,
    /// Every step that was looked at, in the order of the plan.
    pub steps: Vec<StepSeen>,
}

/// What was seen of capacity that a step launches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CapacitySeen {
    /// The step.
    pub step: String,
    /// Who launches.
    pub provider: String,
    /// How much is wanted in all, by resource, in thousandths.
    pub wanted: Vec<(String, u64)>,
    /// How much is in service now; none where nobody could say.
    pub in_service: Option<Vec<(String, u64)>>,
    /// What stands in the way, with what to do.
    pub troubles: Vec<String>,
}

/// What was seen of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RouteSeen {
    /// Its name.
    pub route: String,
    /// Who keeps it.
    pub provider: String,
    /// The shares by site that it leads to now; none where nobody could say.
    pub leads: Option<Vec<(String, Ppm)>>,
    /// What each server says that answers for it, asked by another way.
    pub looks: Vec<LookSeen>,
    /// What stands in the way of a shift, with what to do.
    pub troubles: Vec<String>,
    /// What people should know besides.
    pub remarks: Vec<String>,
}

/// What one server says of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LookSeen {
    /// Which.
    pub server: String,
    /// The shares by site; none where it did not say.
    pub leads: Option<Vec<(String, Ppm)>>,
    /// In its own words, or why it did not say.
    pub says: String,
}

/// Hosts that were not reached, all for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct UnreachedHosts {
    /// Which: `pg-msg-[001-037]`.
    pub hosts: String,
    /// How many.
    pub count: u64,
    /// How far it came.
    pub stage: Stage,
    /// Why, as far as it is the same for all of them.
    pub why: String,
    /// Why, in full, for the first of them.
    pub detail: String,
    /// Every step that needs them counts a host that can't be reached as done, or asks a person then.
    pub excused: bool,
}

/// How far a host was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Its name has no address.
    Address,
    /// No connection stands.
    Connect,
    /// It took the connection, and is no SSH server that answers.
    Banner,
    /// The two found no common language.
    Handshake,
    /// It is not proven who answers.
    HostKey,
    /// It does not let us in.
    Login,
    /// A bastion before it does not let us through.
    Bastion,
    /// It lets us in, and can't keep a record of what is done there.
    Record,
    /// This machine can't.
    Here,
    /// There was no answer before the look was over.
    Time,
}

/// A secret that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MissingSecret {
    /// `env:NAME` or `file:PATH`.
    pub reference: String,
    /// Why there is no value. Never holds one.
    pub why: String,
    /// The steps that name it. Empty where it opens the keys of the operator.
    pub steps: Vec<String>,
}

/// What was seen of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepSeen {
    /// Its name in the plan.
    pub step: String,
    /// What can be said of it.
    pub tag: Tag,
    /// How far its hosts are, where it asks for positions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub positions: Vec<Position>,
}

/// What can be said of a step before it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Tag {
    /// Its probe answered.
    Probed {
        /// Which of its probes.
        by: By,
        /// Whether all of it is so already.
        done: bool,
        /// Hosts that say so, where hosts were asked.
        so: u64,
        /// Hosts that were asked.
        of: u64,
    },
    /// Whatever it needs was reached; nobody declared how to see whether it is done.
    Predicted,
    /// Nobody can look.
    Opaque {
        /// Why.
        because: Because,
        /// What was heard instead of an answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// The keeper of its route, or who launches its capacity, can't be asked or would refuse: `routes` and `capacity` have
    /// why.
    Refused,
    /// Fewer of its hosts than are enough were reached.
    Unreachable {
        /// Which were not; empty where what was asked runs on no host.
        hosts: String,
        /// How many were not.
        count: u64,
        /// How many there are.
        of: u64,
        /// It counts a host that can't be reached as done, or asks a person then.
        excused: bool,
    },
}

/// Which probe answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// Its `done-if`.
    DoneIf,
    /// Its `verify`: the proof that it worked is there already, or is not.
    Verify,
    /// It is a probe itself.
    Wait,
    /// The keeper of its route says where users are.
    Route,
    /// How much capacity is in service.
    Capacity,
}

/// Why nobody can look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// A person does it.
    Person,
    /// A person fetches a kit.
    Kit,
    /// A request without a probe: sending it would do it.
    Request,
    /// A message: sending it would tell people.
    Message,
    /// This version can't ask the provider of a route.
    Route,
    /// This version can't ask the provider of capacity.
    Scale,
    /// Its probe gave no answer, as that of something that does not run yet.
    NoAnswer,
}

/// What was heard of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSeen {
    /// Which.
    pub host: String,
    /// Every step that needs it counts it as done when it can't be reached, or asks a person then.
    pub excused: bool,
    /// Why it was not reached, where it was not.
    pub unreached: Option<Why>,
}

/// Why a host was not reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// How far it came.
    pub stage: Stage,
    /// Why, as far as it is the same for many.
    pub reason: String,
    /// Why, in full.
    pub detail: String,
}

/// What a probe said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// All of it is so, or not all.
    Answer {
        /// Whether all is.
        so: bool,
        /// Hosts that say so.
        hosts_so: u64,
        /// Hosts that were asked.
        hosts: u64,
    },
    /// It gave no answer, for this reason.
    Nothing(String),
    /// The look was over before it answered.
    Late,
}

/// The steps of a plan that are looked at, by position.
pub fn looked_at(plan: &Plan, only_lifeline: bool) -> impl Iterator<Item = usize> {
    let wanted = move |step: &Step| !only_lifeline || step.class == 0;
    plan.steps.iter().enumerate().filter(move |(_, step)| wanted(step)).map(|(at, _)| at)
}

/// Whether somebody thought of hosts that can't be reached: they count as done, or a person is asked. In a failover these
/// are the hosts of the lost site.
#[must_use]
pub const fn is_provided_for(step: &Step) -> bool {
    step.unreachable_ok || step.attest.is_some()
}

/// The question that says whether a step is done, where one was declared.
#[must_use]
pub fn question(step: &Step) -> Option<(By, &ProbeOnPaper)> {
    if let Some(probe) = &step.done_if {
        return Some((By::DoneIf, probe));
    }
    if let ActionOnPaper::Wait(probe) = &step.action {
        return Some((By::Wait, probe));
    }
    step.verify.as_ref().map(|probe| (By::Verify, probe))
}

/// What follows of a step. `unreached` are its hosts that were not reached, of `hosts` in all.
#[must_use]
pub fn tag(step: &Step, hosts: u64, unreached: &[String], heard: Option<(By, Heard)>) -> Tag {
    let lost = u64::try_from(unreached.len()).unwrap_or(u64::MAX);
    let enough = step.batch.as_ref().map_or(Ppm::ONE, |batch| batch.enough).of(hosts).max(1);
    let all_lost = lost > 0 && lost == hosts;
    let too_few = lost > 0 && hosts.saturating_sub(lost) < enough;
    if all_lost || (too_few && !step.unreachable_ok) {
        let names = fold(unreached);
        return Tag::Unreachable { hosts: names, count: lost, of: hosts, excused: is_provided_for(step) };
    }
    match heard {
        Some((by, Heard::Answer { so, hosts_so, hosts: of })) => {
            // Who was not asked did not say that it is so.
            Tag::Probed { by, done: so && (lost == 0 || step.unreachable_ok), so: hosts_so, of }
        }
        Some((_, Heard::Nothing(why))) => Tag::Opaque { because: Because::NoAnswer, detail: Some(why) },
        Some((_, Heard::Late)) => Tag::Unreachable { hosts: String::new(), count: 0, of: hosts, excused: false },
        None => unasked(&step.action),
    }
}

/// What follows of a shift, from what was seen of its route.
#[must_use]
pub fn shift_tag(shift: &RouteOnPaper, seen: Option<&RouteSeen>) -> Tag {
    let Some(RouteSeen { leads: Some(leads), looks, troubles, .. }) = seen else { return Tag::Refused };
    if !troubles.is_empty() {
        return Tag::Refused;
    }
    let is_so = |table: &[(String, Ppm)]| {
        let share = |site: &str| table.iter().find(|(at, _)| at == site).map_or(Ppm::ZERO, |(_, share)| *share);
        let there = shift.to.iter().all(|(site, share_of)| share(site).0.abs_diff(share_of.0) <= NEAR.0);
        there && shift.leaves.iter().all(|site| share(site) == Ppm::ZERO)
    };
    // A keeper that says so is no proof where somebody sees it otherwise.
    let seen_otherwise = looks.iter().filter_map(|look| look.leads.as_deref()).any(|table| !is_so(table));
    Tag::Probed { by: By::Route, done: is_so(leads) && !seen_otherwise, so: 0, of: 0 }
}

/// What follows of a change of how long answers may be kept, from what was seen of its route. Since when they are kept for
/// less, nobody can see, so it is never done already.
#[must_use]
pub fn ttl_tag(seen: Option<&RouteSeen>) -> Tag {
    match seen {
        Some(RouteSeen { leads: Some(_), troubles, .. }) if troubles.is_empty() => {
            Tag::Probed { by: By::Route, done: false, so: 0, of: 0 }
        }
        Some(_) | None => Tag::Refused,
    }
}

/// What follows of a launch, from what was seen of its capacity.
#[must_use]
pub fn scale_tag(seen: &CapacitySeen) -> Tag {
    let Some(there) = seen.in_service.as_ref().filter(|_| seen.troubles.is_empty()) else { return Tag::Refused };
    let amount = |resource: &str| there.iter().find(|(known, _)| known == resource).map_or(0, |(_, amount)| *amount);
    let done = seen.wanted.iter().all(|(resource, wanted)| amount(resource) >= *wanted);
    Tag::Probed { by: By::Capacity, done, so: 0, of: 0 }
}

/// Weights come no nearer to a share than this.
const NEAR: Ppm = Ppm(10_000);

/// What can be said of an action that nobody can ask after.
const fn unasked(action: &ActionOnPaper) -> Tag {
    let because = match action {
        ActionOnPaper::Ssh { .. } | ActionOnPaper::Exec { .. } | ActionOnPaper::Wait(_) => return Tag::Predicted,
        ActionOnPaper::Http(_) => Because::Request,
        ActionOnPaper::Route(_) | ActionOnPaper::Ttl(_) => Because::Route,
        ActionOnPaper::Scale { .. } => Because::Scale,
        ActionOnPaper::Confirm { .. } => Because::Person,
        ActionOnPaper::Notify { .. } => Because::Message,
        ActionOnPaper::Fetch { .. } => Because::Kit,
    };
    Tag::Opaque { because, detail: None }
}

/// Hosts that were not reached, those with one reason together: those that matter first, then the larger groups.
#[must_use]
pub fn folded(hosts: &[HostSeen]) -> Vec<UnreachedHosts> {
    let mut groups: Vec<(bool, &Why, Vec<String>)> = Vec::new();
    let mut sorted: Vec<(&HostSeen, &Why)> =
        hosts.iter().filter_map(|host| Some((host, host.unreached.as_ref()?))).collect();
    sorted.sort_by(|(one, why), (other, its)| {
        (one.excused, why.stage, &why.reason, &one.host).cmp(&(other.excused, its.stage, &its.reason, &other.host))
    });
    for (host, why) in sorted {
        let same = |(excused, first, _): &(bool, &Why, Vec<String>)| {
            *excused == host.excused && first.stage == why.stage && first.reason == why.reason
        };
        match groups.last_mut().filter(|last| same(last)) {
            Some((_, _, names)) => names.push(host.host.clone()),
            None => groups.push((host.excused, why, vec![host.host.clone()])),
        }
    }
    groups.sort_by_key(|(excused, _, names)| (*excused, std::cmp::Reverse(names.len())));
    let told = groups.into_iter().map(|(excused, why, names)| UnreachedHosts {
        hosts: fold(&names),
        count: u64::try_from(names.len()).unwrap_or(u64::MAX),
        stage: why.stage,
        why: why.reason.clone(),
        detail: why.detail.clone(),
        excused,
    });
    told.collect()
}

fn fold(names: &[String]) -> String {
    // What no set can name stands as it is.
    HostSet::of(names).map_or_else(|| names.join(","), |set| set.to_string())
}

impl Preflight {
    /// How many hosts were not reached and are needed.
    #[must_use]
    pub fn unreached_hosts(&self) -> u64 {
        self.unreached.iter().filter(|group| !group.excused).map(|group| group.count).sum()
    }

    /// Steps that can't be done as it stands, because too few of their hosts answer, or nobody did in time.
    #[must_use]
    pub fn unreachable_steps(&self) -> usize {
        let is_lost = |step: &&StepSeen| matches!(step.tag, Tag::Refused | Tag::Unreachable { excused: false, .. });
        self.steps.iter().filter(is_lost).count()
    }

    /// Whether everything that was looked for is there.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.unreached_hosts() == 0 && self.missing.is_empty() && self.unreachable_steps() == 0
    }
}

/// A reference to a secret, and who names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<'p> {
    /// `env:NAME` or `file:PATH`.
    pub reference: &'p str,
    /// It holds the certificates of authorities.
    pub is_certificates: bool,
    /// The steps that name it.
    pub steps: Vec<&'p str>,
}

/// Every secret that these steps name, the way back included, and what opens the keys of the operator. Sorted.
#[must_use]
pub fn references(plan: &Plan, only_lifeline: bool) -> Vec<Named<'_>> {
    let mut found: BTreeMap<(&str, bool), Vec<&str>> = BTreeMap::new();
    if let Some(passphrase) = &plan.ssh.passphrase {
        found.entry((passphrase, false)).or_default();
    }
    for step in looked_at(plan, only_lifeline).map(|at| &plan.steps[at]) {
        let probes = [&step.done_if, &step.verify, &step.position].into_iter().flatten().map(|probe| &*probe.ask);
        for action in std::iter::once(&step.action).chain(probes).chain(&step.undo) {
            for reference in plan.provider_of(action).into_iter().flat_map(ProviderOnPaper::references) {
                let steps = found.entry((reference, false)).or_default();
                if steps.last() != Some(&step.id.as_str()) {
                    steps.push(&step.id);
                }
            }
            let secrets = action.references().into_iter().map(|reference| (reference, false));
            for key in secrets.chain(certificates(action).into_iter().map(|reference| (reference, true))) {
                let steps = found.entry(key).or_default();
                if steps.last() != Some(&step.id.as_str()) {
                    steps.push(&step.id);
                }
            }
        }
    }
    let named = |((reference, is_certificates), steps)| Named { reference, is_certificates, steps };
    found.into_iter().map(named).collect()
}

/// The authorities that a request trusts, where it names its own.
fn certificates(action: &ActionOnPaper) -> Option<&str> {
    match action {
        ActionOnPaper::Http(http) => http.ca.as_deref(),
        ActionOnPaper::Wait(probe) => certificates(&probe.ask),
        ActionOnPaper::Ssh { .. } | ActionOnPaper::Exec { .. } | ActionOnPaper::Route(_) => None,
        ActionOnPaper::Ttl(_) | ActionOnPaper::Scale { .. } | ActionOnPaper::Confirm { .. } => None,
        ActionOnPaper::Notify { .. } | ActionOnPaper::Fetch { .. } => None,
    }
}
