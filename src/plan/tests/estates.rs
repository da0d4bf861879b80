//! Small estates by seed, as people would write them: every feature that planning looks at, in random company.

use std::fmt::Write;

use crate::load::SourceText;
use crate::load::load;
use crate::model::Estate;

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    pub(super) fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

const SITES: [&str; 4] = ["alpha", "beta", "cloud", "delta"];
const TIERS: [&str; 3] = ["lifeline", "core", "normal"];

/// An estate of `count` services. It must load without errors.
pub(super) fn estate(seed: u64, count: u64) -> Estate {
    estate_with(seed, count, DATA, true)
}

/// The same, with another runbook for whoever has a writer; sites that can't be cut off as a whole where `cuts` says so.
pub(super) fn estate_with(seed: u64, count: u64, data: &str, cuts: bool) -> Estate {
    let mut dice = Dice(seed);
    let mut topology = head(&mut dice);
    for at in 0..count {
        service(&mut dice, at, count, &mut topology);
    }
    if !cuts {
        topology = topology.replace("runbook = \"cut\"\n", "");
    }
    let sources = [
        (
            "bonghwa.toml",
            "[project]\ntitle = \"Seed\"\n[orchestrator]\ncopies-at = [\"alpha\", \"laptops\"]\nuses = [\"s0\"]\n"
                .to_owned(),
        ),
        ("topology/all.toml", topology),
        ("runbooks/plain.toml", PLAIN.to_owned()),
        ("runbooks/data.toml", data.to_owned()),
        ("runbooks/ledger.toml", ledger(data)),
        ("runbooks/cut.toml", CUT.to_owned()),
    ];
    let sources = sources
        .into_iter()
        .map(|(path, text)| SourceText { path: path.to_owned(), bytes: text.into_bytes() })
        .collect();
    let loaded = load(sources);
    let errors: Vec<_> =
        loaded.findings.iter().filter(|finding| finding.severity == crate::model::Severity::Error).collect();
    assert!(errors.is_empty(), "seed {seed}: {errors:?}");
    loaded.estate
}

fn head(dice: &mut Dice) -> String {
    let mut text = String::new();
    for (at, tier) in TIERS.iter().enumerate() {
        write!(text, "[[tier]]\nid = \"{tier}\"\nrto = \"{}m\"\nrpo = \"{}s\"\n", 10 * (at + 1), at * 30).unwrap();
    }
    for site in SITES {
        let kind = if site == "cloud" { "cloud" } else { "datacenter" };
        let cores = 300 + dice.below(900);
        write!(text, "[site.{site}]\nkind = \"{kind}\"\ncapacity = {{ cores = {cores}, gbps = {} }}\n", cores / 10)
            .unwrap();
        if dice.one_in(2) {
            text.push_str("fault-domains = [\"power:one\"]\n");
        }
        if site == "cloud" {
            text.push_str("on-demand = { cores = 200, gbps = 20, ready-in = \"8m\", launch-proved = 2026-09-01 }\n");
        }
        if !dice.one_in(3) {
            text.push_str("runbook = \"cut\"\n");
        }
    }
    text.push_str("[place.laptops]\n[kit.keys]\nheld-at = [\"alpha\", \"laptops\"]\nfetch = \"3m\"\n");
    text.push_str("[provider.dns]\nkind = \"rfc2136\"\nservers = [{ address = \"ns:53\", site = \"delta\" }]\nzone = \"example\"\nuses = [\"s1\"]\n");
    text.push_str("[provider.asg]\nkind = \"aws-autoscaling\"\ngroup = \"g\"\nregion = \"r\"\ninstance = { cores = 7, gbps = 1 }\nstanding = 2\n");
    text
}

fn service(dice: &mut Dice, at: u64, count: u64, text: &mut String) {
    let kind = ["stateless", "sticky", "replicated", "stateful", "quorum"][usize::try_from(dice.below(5)).unwrap()];
    let tier = TIERS[usize::try_from(dice.below(3)).unwrap()];
    let load = 20 + dice.below(80);
    let runbook = match (kind, at % 2) {
        ("stateful", 0) => "data",
        ("stateful", _) => "ledger",
        _ => "plain",
    };
    write!(text, "[service.s{at}]\ntier = \"{tier}\"\nowner = \"o\"\nkind = \"{kind}\"\nrunbook = \"{runbook}\"\n")
        .unwrap();
    writeln!(text, "load = {{ cores = {load}, gbps = {} }}", load / 10).unwrap();
    if dice.one_in(2) {
        writeln!(text, "degraded = {{ load = {{ cores = {}, gbps = 1 }}, note = \"less\" }}", load / 2).unwrap();
    }
    if dice.one_in(3) {
        writeln!(text, "surge = {{ rush = {}.5 }}", 1 + dice.below(2)).unwrap();
    }
    if dice.one_in(3) {
        text.push_str("caches = [{ name = \"c\", kind = \"capacity\", warm = \"40s\" }]\n");
    }
    if kind == "sticky" {
        text.push_str("reconnect = { clients = 1000000, per-second = 20000 }\n");
    }
    let mut needs = Vec::new();
    for _ in 0..dice.below(4) {
        let other = dice.below(count);
        if other == at || needs.iter().any(|(name, _): &(u64, String)| *name == other) {
            continue;
        }
        let need = match dice.below(6) {
            0 => format!("{{ service = \"s{other}\", kind = \"soft\" }}"),
            1 => format!("{{ service = \"s{other}\", kind = \"start\" }}"),
            2 => format!("{{ service = \"s{other}\", unless = \"degraded\" }}"),
            _ => format!("\"s{other}\""),
        };
        needs.push((other, need));
    }
    let needs: Vec<String> = needs.into_iter().map(|(_, need)| need).collect();
    writeln!(text, "depends-on = [{}]", needs.join(", ")).unwrap();
    let routed = kind != "stateful" && dice.one_in(2);
    if routed {
        writeln!(text, "route = \"r{at}\"").unwrap();
    }
    let sites = replicas(dice, at, kind, load, text);
    if routed {
        // Every second one is worth lowering in a planned move.
        let ttl = if at.is_multiple_of(2) { "5m" } else { "30s" };
        let to: Vec<String> = sites.iter().zip(1..).map(|(site, n)| format!("{site} = [\"192.0.{at}.{n}\"]")).collect();
        write!(text, "[route.r{at}]\nprovider = \"dns\"\nname = \"r{at}.example.\"\nttl = \"{ttl}\"\nramp = [\"10%\", \"100%\"]\nhold = \"15s\"\nat = {{ {} }}\n", to.join(", ")).unwrap();
    }
}

/// One to three active replicas (one where there is one writer), and one or two standbys.
fn replicas(dice: &mut Dice, at: u64, kind: &str, load: u64, text: &mut String) -> Vec<&'static str> {
    let first = usize::try_from(dice.below(4)).unwrap();
    let order: Vec<&'static str> = (0..4).map(|step| SITES[(first + step) % 4]).collect();
    let active = if kind == "stateful" { 1 } else { 1 + usize::try_from(dice.below(2)).unwrap() };
    let standby = usize::try_from(dice.below(3)).unwrap();
    let count = (active + standby).min(4);
    for (place, site) in order.iter().take(count).enumerate() {
        write!(text, "[service.s{at}.at.{site}]\nhosts = \"{site}-{at}-[1-{}]\"\n", 1 + dice.below(4)).unwrap();
        if kind == "quorum" {
            text.push_str("voters = 1\n");
        }
        if place < active {
            writeln!(text, "role = \"active\"\nshare = {}", if active == 1 { "1.0" } else { "0.5" }).unwrap();
            writeln!(text, "max-load = {{ cores = {}, gbps = 1000 }}", load * (2 + dice.below(3))).unwrap();
            continue;
        }
        let role = ["hot", "warm", "cold"][usize::try_from(dice.below(3)).unwrap()];
        let most = load / 2 + dice.below(load * 2);
        writeln!(text, "role = \"{role}\"\nmax-load = {{ cores = {most}, gbps = 1000 }}").unwrap();
        if dice.one_in(2) {
            writeln!(text, "standing = {{ cores = {} }}", most / 10).unwrap();
        }
        if kind == "stateful" {
            let mode = if dice.one_in(2) { "sync" } else { "async" };
            writeln!(text, "replication = {{ from = \"{}\", mode = \"{mode}\", max-lag = \"5s\" }}", order[0]).unwrap();
        }
        if *site == "cloud" && dice.one_in(2) {
            writeln!(text, "scale = {{ provider = \"asg\", max-load = {{ cores = {}, gbps = 2000 }} }}", most + 60)
                .unwrap();
        }
    }
    order[..count].to_vec()
}

const PLAIN: &str = r#"
[runbook]
id = "plain"
title = "Plain"
owner = "o"
[[failover]]
id = "start"
title = "Start {{ service }} at {{ target }}"
phase = "start"
ssh = "start {{ service }}"
when = ["warm", "cold"]
expect = "50s"
uses = [{ any-of = ["s2", "kit:keys"] }]
[[failover]]
id = "warm"
title = "Warm"
phase = "warm"
ssh = "warm {{ service }}"
[[failover]]
id = "verify"
title = "Verify"
phase = "verify"
wait = { ssh = "ready {{ service }}", expect-output = "ready" }
expect = "5s"
[[failover]]
id = "shift"
title = "Shift"
phase = "shift"
route = true
[[failover]]
id = "drain"
title = "Drain"
phase = "drain"
on = "source"
ssh = "drain {{ service }}"
[[degrade]]
id = "less"
title = "Less"
ssh = "degrade {{ service }}"
[[shed]]
id = "off"
title = "Off"
ssh = "shed {{ service }}"
[[restore]]
id = "more"
title = "More"
ssh = "restore {{ service }}"
"#;

pub(super) const DATA: &str = r#"
[runbook]
id = "data"
title = "Data"
owner = "o"
[[failover]]
id = "fence"
title = "Fence"
phase = "fence"
on = "source"
ssh = "fence {{ service }}"
attest = "Is it off?"
timeout = "20s"
[[failover]]
id = "start"
title = "Start"
phase = "start"
when = ["warm", "cold"]
ssh = "start {{ service }}"
expect = "40s"
[[failover]]
id = "promote"
title = "Promote"
phase = "promote"
ssh = "promote {{ service }}"
expect = "20s"
irreversible = true
[[failover]]
id = "verify"
title = "Verify"
phase = "verify"
wait = { ssh = "writable {{ service }}", expect-output = "yes" }
expect = "5s"
[[detach]]
id = "alone"
title = "Alone"
ssh = "detach {{ service }}"
[[degrade]]
id = "less"
title = "Less"
ssh = "degrade {{ service }}"
[[restore]]
id = "more"
title = "More"
ssh = "restore {{ service }}"
"#;

/// The same with a writer that is told to finish, and a promotion that uses what may have to be fetched or recovered.
fn ledger(data: &str) -> String {
    let uses = "expect = \"20s\"\nuses = [{ any-of = [\"s3\", \"kit:keys\"] }]";
    data.replacen("\"data\"", "\"ledger\"", 1).replacen("expect = \"20s\"", uses, 1) + QUIESCE
}

const QUIESCE: &str = r#"
[[failover]]
id = "quiesce"
title = "Quiesce"
phase = "quiesce"
on = "source"
ssh = "quiesce {{ service }}"
"#;

const CUT: &str = r#"
[runbook]
id = "cut"
title = "Cut"
owner = "o"
[[fence]]
id = "border"
title = "Cut the border of {{ site }}"
on = "operator"
confirm = "Is {{ site }} cut off?"
[[release]]
id = "border"
title = "Open the border of {{ site }}"
on = "operator"
confirm = "Is {{ site }} open?"
"#;
