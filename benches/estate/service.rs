//! One invented service: what it needs, where it runs, and how it is written down.

use std::fmt::Write;

use crate::project::CLOUD;
use crate::project::Dice;
use crate::project::SITES;
use crate::project::Shape;

/// How a replica waits, or what share it carries (in hundredths).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Active(u64),
    Hot,
    Warm,
    Cold,
}

struct Replica {
    site: usize,
    role: Role,
    /// How its data follow, for stateful services.
    follows: Option<&'static str>,
}

/// One invented service.
pub(crate) struct Service {
    pub(crate) at: u32,
    pub(crate) tier: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) degrades: bool,
    pub(crate) routed: bool,
    shape: Shape,
    needs: Vec<u32>,
    soft: Option<u32>,
    full_only: Option<u32>,
    starts: bool,
    cores: u64,
    replicas: Vec<Replica>,
}

impl Service {
    /// The service of this number among so many.
    pub(crate) fn invent(shape: Shape, dice: &mut Dice, at: u32, services: u32) -> Self {
        let tier = match u64::from(at) * 100 / u64::from(services) {
            0..=4 => "lifeline",
            5..=19 => "core",
            20..=44 => "important",
            45..=69 => "normal",
            _ => "background",
        };
        let kind = match dice.below(10) {
            0 => "stateful",
            1 | 2 => "sticky",
            3 | 4 => "replicated",
            _ => "stateless",
        };
        let mut needs: Vec<u32> = (0..3).filter(|_| at > 0).map(|_| dice.below(at)).collect();
        needs.extend(circle(at, services));
        needs.sort_unstable();
        needs.dedup();
        let older = |dice: &mut Dice, of: u32| {
            let other = dice.below(at.max(1));
            (dice.below(of) == 0 && at > 10).then_some(other)
        };
        let (soft, full_only) = (older(dice, 4), older(dice, 5));
        let degrades = dice.below(2) == 0;
        Self {
            at,
            tier,
            kind,
            shape,
            soft: soft.filter(|other| !needs.contains(other)),
            full_only: full_only.filter(|other| degrades && !needs.contains(other) && soft != Some(*other)),
            needs,
            starts: at > 100 && dice.below(5) == 0,
            cores: u64::from(8 + dice.below(120)),
            degrades,
            routed: dice.below(3) == 0,
            replicas: match shape {
                Shape::Lean => replicas(dice, kind == "stateful"),
                Shape::Full => everywhere(dice, kind == "stateful"),
            },
        }
    }

    /// Cores, and thousandths of a gbps, that it holds at each site on an ordinary day.
    pub(crate) fn held(&self) -> [(u64, u64); SITES.len()] {
        let mut held = [(0, 0); SITES.len()];
        for replica in &self.replicas {
            held[replica.site] = match replica.role {
                Role::Active(share) => (self.cores * share / 100 + 1, self.cores * share / 100 * 5 + 5),
                Role::Hot => (self.cores / 4, 0),
                Role::Warm => (self.cores / 8, 0),
                Role::Cold => (0, 0),
            };
        }
        held
    }

    /// Writes it as its team would.
    pub(crate) fn write(&self, text: &mut String) {
        let Self { at, tier, kind, cores, .. } = self;
        let title = match self.shape {
            Shape::Lean => format!("Service {at} (서비스 {at})"),
            Shape::Full => format!("{at}번 서비스 (service {at}: what users wait for)"),
        };
        let mut needs: Vec<String> = self.needs.iter().map(|need| format!("\"svc-{need:06}\"")).collect();
        let edge = |other: u32, more: &str| format!("{{ service = \"svc-{other:06}\", {more} }}");
        needs.extend(self.soft.map(|other| edge(other, "kind = \"soft\"")));
        needs.extend(self.full_only.map(|other| edge(other, "unless = \"degraded\"")));
        let starts = self.starts && !self.needs.contains(&2) && self.soft != Some(2) && self.full_only != Some(2);
        needs.extend(starts.then(|| edge(2, "kind = \"start\"")));
        _ = write!(
            text,
            r#"
[service.svc-{at:06}]
title = "{title}"
tier = "{tier}"
owner = "team-{team:04}"
kind = "{kind}"
depends-on = [{needs}]
deps-reviewed = 2026-09-18
load = {{ cores = {cores}, gbps = {gbps} }}
"#,
            team = at / 100,
            needs = needs.join(", "),
            gbps = gbps(*cores),
        );
        if self.degrades {
            let floor = cores / 2;
            _ = writeln!(
                text,
                "degraded = {{ load = {{ cores = {floor}, gbps = {} }}, note = \"no extras\" }}",
                gbps(floor)
            );
        }
        if *kind == "sticky" {
            _ = writeln!(text, "caches = [{{ name = \"sessions\", kind = \"capacity\", warm = \"90s\" }}]");
            _ = writeln!(text, "reconnect = {{ clients = {}, per-second = 2000 }}", cores * 1_000);
        }
        if self.routed {
            _ = writeln!(text, "route = \"svc-{at:06}\"");
        }
        // A runbook of the service's own name is taken by itself.
        if self.shape == Shape::Lean {
            _ = writeln!(text, "runbook = \"{}\"", if *kind == "replicated" { "stateless" } else { kind });
        }
        for replica in &self.replicas {
            self.write_replica(text, replica);
        }
        if self.routed {
            self.write_route(text);
        }
    }

    fn write_replica(&self, text: &mut String, replica: &Replica) {
        let Self { at, cores, .. } = self;
        let site = SITES[replica.site];
        let hosts = cores / 16 + 1;
        let role = match replica.role {
            Role::Active(_) => "active",
            Role::Hot => "hot",
            Role::Warm => "warm",
            Role::Cold => "cold",
        };
        _ = write!(
            text,
            r#"
[service.svc-{at:06}.at.{site}]
role = "{role}"
hosts = "{site}-{at:06}-[01-{hosts:02}]"
"#
        );
        match replica.role {
            Role::Active(100) => {}
            Role::Active(share) => _ = writeln!(text, "share = {}.{:02}", share / 100, share % 100),
            Role::Hot => _ = writeln!(text, "standing = {{ cores = {} }}", cores / 4),
            Role::Warm => _ = writeln!(text, "standing = {{ cores = {} }}", cores / 8),
            Role::Cold => {}
        }
        let most = if replica.site == CLOUD { cores * 3 / 4 } else { *cores };
        _ = writeln!(text, "max-load = {{ cores = {most}, gbps = {} }}", gbps(most));
        if replica.site == CLOUD && self.kind != "stateful" {
            let most = cores * 2;
            _ = writeln!(
                text,
                "scale = {{ provider = \"fleet\", max-load = {{ cores = {most}, gbps = {} }} }}",
                gbps(most)
            );
        }
        if let Some(mode) = replica.follows {
            let (from, lag) = (SITES[self.replicas[0].site], if mode == "sync" { "0s" } else { "3s" });
            _ = writeln!(text, "replication = {{ from = \"{from}\", mode = \"{mode}\", max-lag = \"{lag}\" }}");
        }
    }

    fn write_route(&self, text: &mut String) {
        let at = self.at;
        let addresses = self
            .replicas
            .iter()
            .map(|replica| format!("{} = [\"198.18.{}.{}\"]", SITES[replica.site], replica.site * 10, at % 250 + 1));
        _ = write!(
            text,
            r#"
[route.svc-{at:06}]
provider = "gslb"
name = "svc-{at:06}.estate.example."
ttl = "30s"
ramp = ["10%", "50%", "100%"]
hold = "10s"
at = {{ {} }}
"#,
            addresses.collect::<Vec<_>>().join(", ")
        );
    }
}

/// Most needs lead to older services, and so to no circle; here and there two or three need each other.
fn circle(at: u32, services: u32) -> Vec<u32> {
    match at % 500 {
        249 if at + 1 < services => vec![at + 1],
        250 => vec![at - 1],
        400 if at + 2 < services => vec![at + 2],
        401 | 402 => vec![at - 1],
        _ => Vec::new(),
    }
}

fn gbps(cores: u64) -> String {
    let thousandths = cores * 5;
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

/// The sites in the order in which they stand by. The cloud does so for some, behind the sites of our own.
fn order(dice: &mut Dice) -> Vec<usize> {
    let mut sites: Vec<usize> = (0..CLOUD).collect();
    for at in (1..sites.len()).rev() {
        sites.swap(at, dice.below(u32::try_from(at + 1).expect("there are few sites")) as usize);
    }
    sites.insert(if dice.below(3) == 0 { 1 } else { 2 }, CLOUD);
    sites
}

/// Two or three replicas.
fn replicas(dice: &mut Dice, stateful: bool) -> Vec<Replica> {
    let sites = order(dice);
    let third = dice.below(2) == 0;
    let replica = |at: usize, role: Role| Replica { site: sites[at], role, follows: None };
    let mut replicas = match dice.below(if stateful { 1 } else { 4 }) {
        0 => vec![replica(0, Role::Active(100)), replica(1, Role::Hot)],
        1 => vec![replica(0, Role::Active(100)), replica(1, Role::Warm)],
        2 => vec![replica(0, Role::Active(60)), replica(1, Role::Active(40))],
        _ => vec![replica(0, Role::Active(70)), replica(1, Role::Active(30))],
    };
    if third {
        replicas.push(replica(2, if dice.below(2) == 0 { Role::Warm } else { Role::Cold }));
    }
    if stateful {
        let modes = if dice.below(2) == 0 { ["sync", "async"] } else { ["async", "async"] };
        for (replica, mode) in replicas.iter_mut().skip(1).zip(modes) {
            replica.follows = Some(mode);
        }
    }
    replicas
}

/// A replica at each site: one active and four that wait, or, for every fifth service, two active ones.
fn everywhere(dice: &mut Dice, stateful: bool) -> Vec<Replica> {
    let sites = order(dice);
    let roles = match dice.below(if stateful { 4 } else { 5 }) {
        0 => [Role::Active(100), Role::Hot, Role::Warm, Role::Cold, Role::Cold],
        1 => [Role::Active(100), Role::Hot, Role::Warm, Role::Warm, Role::Cold],
        2 => [Role::Active(100), Role::Warm, Role::Warm, Role::Cold, Role::Cold],
        3 => [Role::Active(100), Role::Warm, Role::Cold, Role::Cold, Role::Cold],
        _ => [Role::Active(60), Role::Active(40), Role::Warm, Role::Cold, Role::Cold],
    };
    let sync = stateful && dice.below(2) == 0;
    let replica = |(at, (site, role)): (usize, (usize, Role))| {
        let mode = if at == 1 && sync { "sync" } else { "async" };
        Replica { site, role, follows: (stateful && at > 0).then_some(mode) }
    };
    sites.into_iter().zip(roles).enumerate().map(replica).collect()
}
