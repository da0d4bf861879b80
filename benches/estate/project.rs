//! Invents a project of any size and writes it down, as its teams would: a hundred services to a file.
//!
//! It comes in two shapes. The full one has a replica of each service at every site, and a runbook of its own for each
//! service. The lean one has two or three replicas, and all services share a few runbooks.
//!
//! Services depend on older ones (lower numbers), the platform is the most urgent, and a few circles are left in, as
//! everywhere. Sites are sized by what they carry, so that the loss of one makes others degrade and some go.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use crate::own;
use crate::runbooks;
use crate::service::Service;

/// How much is written about each service.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A replica at each site, and a runbook of its own.
    Full,
    /// Two or three replicas, and a runbook that many share.
    Lean,
}

impl Shape {
    /// As it is called on the screen and in arguments.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Lean => "lean",
        }
    }
}

/// Four of our own, and a cloud.
pub(crate) const SITES: [&str; 5] = ["alpha", "bravo", "charlie", "delta", "ether"];
/// The cloud among them.
pub(crate) const CLOUD: usize = 4;
/// A team's file.
const SERVICES_IN_FILE: u32 = 100;
/// Of what a site carries on an ordinary day, so much could run there: it is filled to 68 % of what it has.
const CAPACITY_PERCENT: u64 = 147;

const TIERS: &str = r#"
[[tier]]
id = "lifeline"
title = "What must never be away"
rto = "20m"
rpo = "5s"

[[tier]]
id = "core"
title = "What people pay for"
rto = "1h"

[[tier]]
id = "important"
title = "What people ask for"
rto = "4h"

[[tier]]
id = "normal"
title = "What people like"
rto = "1d"

[[tier]]
id = "background"
title = "What nobody waits for"
rto = "3d"
"#;

const PROVIDERS: &str = r#"
[provider.gslb]
kind = "rfc2136"
servers = ["ns1.bravo.example:53", "ns1.charlie.example:53"]
zone = "estate.example"
tsig = { name = "bonghwa.", algorithm = "hmac-sha256", secret = "env:ESTATE_TSIG" }
uses = ["svc-000000"]

[provider.fleet]
kind = "aws-autoscaling"
region = "ap-northeast-2"
group = "estate"
instance = { cores = 64, gbps = 1 }
standing = 0
uses = [{ any-of = ["svc-000001", "kit:credentials"] }]
"#;

/// Numbers that look random, and are the same every time.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(limit)).expect("a remainder of a small number is small")
    }
}

/// Writes a project of so many services into a folder.
pub(crate) fn write(folder: &Path, shape: Shape, services: u32, seed: u64) -> io::Result<()> {
    let mut dice = Dice(seed);
    let mut carried = [(0_u64, 0_u64); SITES.len()];
    fs::create_dir_all(folder.join("topology"))?;
    fs::create_dir_all(folder.join("runbooks"))?;
    let shared = match shape {
        Shape::Full => runbooks::OF_SITES.iter(),
        Shape::Lean => runbooks::ALL.iter(),
    };
    for (name, text) in shared {
        fs::write(folder.join(format!("runbooks/{name}.toml")), text)?;
    }
    let mut from = 0;
    while from < services {
        let to = services.min(from + SERVICES_IN_FILE);
        let mut text = String::new();
        for at in from..to {
            let service = Service::invent(shape, &mut dice, at, services);
            service.write(&mut text);
            if shape == Shape::Full {
                fs::write(folder.join(format!("runbooks/svc-{at:06}.toml")), own::runbook(&service))?;
            }
            for (sum, held) in carried.iter_mut().zip(service.held()) {
                sum.0 += held.0;
                sum.1 += held.1;
            }
        }
        fs::write(folder.join(format!("topology/team-{:04}.toml", from / SERVICES_IN_FILE)), text)?;
        from = to;
    }
    fs::write(folder.join("topology/tiers.toml"), TIERS)?;
    fs::write(folder.join("topology/providers.toml"), PROVIDERS)?;
    fs::write(folder.join("topology/sites.toml"), sites(&carried))?;
    fs::write(folder.join("bonghwa.toml"), settings(services))
}

/// Room for work grows with the estate, or a large one would take weeks and have nothing but one queue.
fn settings(services: u32) -> String {
    let room = services.div_ceil(1_000);
    format!(
        r#"[project]
title = "An estate of {services} services"
timezone = "Asia/Seoul"

[orchestrator]
copies-at = ["bravo", "delta", "laptops"]
uses = ["svc-000000"]

[pools]
operators = {{ size = {operators}, kept-for-first-tier = {room} }}
restore-bandwidth = {{ size = {streams}, kept-for-first-tier = {room} }}

[limits]
ssh-handshakes = 64
steps-per-site = {steps}
gate-wait = "4h"
"#,
        operators = 12 * room,
        streams = 8 * room,
        steps = 64 * room,
    )
}

fn sites(carried: &[(u64, u64)]) -> String {
    let mut text = String::new();
    for (at, (name, (cores, mbps))) in SITES.iter().zip(carried).enumerate() {
        let (cores, mbps) = (cores * CAPACITY_PERCENT / 100 + 64, mbps * CAPACITY_PERCENT / 100 + 1_000);
        let kind = if at == CLOUD { "cloud" } else { "datacenter" };
        let runbook = if at == CLOUD { "isolate" } else { "border" };
        _ = write!(
            text,
            r#"
[site.{name}]
title = "Site {name}"
kind = "{kind}"
fault-domains = ["metro:{metro}", "power:{name}"]
capacity = {{ cores = {cores}, gbps = {gbps} }}
fill-limit = 0.85
runbook = "{runbook}"
defaults = {{ user = "ops" }}
"#,
            metro = ["south", "south", "west", "east", "abroad"][at],
            gbps = mbps / 1_000,
        );
        if at == CLOUD {
            let (cores, gbps) = (cores / 4, mbps / 4_000);
            _ = writeln!(
                text,
                "on-demand = {{ cores = {cores}, gbps = {gbps}, ready-in = \"8m\", launch-proved = 2026-09-12 }}"
            );
        }
    }
    text + r#"
[place.laptops]
title = "The laptops of those on call"

[kit.credentials]
title = "Sealed credentials"
held-at = ["bravo", "laptops"]
fetch = "3m"
"#
}
