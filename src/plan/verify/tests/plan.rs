//! A plan for the small estate without its first site, made by hand: it keeps every law.

use crate::model::Millis;
use crate::model::Ppm;
use crate::placement::Impact;
use crate::placement::Level;
use crate::placement::LevelBecause;
use crate::placement::Raise;
use crate::placement::Through;
use crate::plan::ActionOnPaper;
use crate::plan::Assignment;
use crate::plan::ClaimOnPaper;
use crate::plan::ClassOnPaper;
use crate::plan::DurationFrom;
use crate::plan::Effect;
use crate::plan::FORMAT;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::HostsOnPaper;
use crate::plan::IncidentOnPaper;
use crate::plan::Issue;
use crate::plan::LimitsOnPaper;
use crate::plan::Link;
use crate::plan::Milestone;
use crate::plan::Mode;
use crate::plan::Outlook;
use crate::plan::Plan;
use crate::plan::PoolOnPaper;
use crate::plan::RouteOnPaper;
use crate::plan::ScopeOnPaper;
use crate::plan::ServiceOnPaper;
use crate::plan::Side;
use crate::plan::SiteOnPaper;
use crate::plan::SshOnPaper;
use crate::plan::StageOnPaper;
use crate::plan::Step;
use crate::plan::StepLimits;
use crate::plan::Target;
use crate::plan::WaitedFor;

const FULL: Effect = Effect::Serves { level: Level::Full, share: Ppm::ONE };
const FLOOR: Effect = Effect::Serves { level: Level::Degraded, share: Ppm::ONE };

/// The small estate without alpha.
pub(super) fn plan() -> Plan {
    let pool = |id: &str, size, kept_for_first| PoolOnPaper { id: id.to_owned(), size, kept_for_first };
    let site = |id: &str, state: &str| SiteOnPaper {
        id: id.to_owned(),
        title: id.to_owned(),
        state: state.to_owned(),
        ledger: Vec::new(),
    };
    let class = |tier: &str, finish| ClassOnPaper {
        tier: tier.to_owned(),
        title: tier.to_owned(),
        finish_ms: Millis::from_secs(finish),
        bound_ms: Millis::ZERO,
        proven: false,
        wanted: 1,
        whole: 1,
        whole_bound: 1,
    };
    Plan {
        format: FORMAT,
        id: String::new(),
        parent: None,
        retreat: None,
        title: "Small".to_owned(),
        lifeline: "Text".to_owned(),
        timezone: "UTC".to_owned(),
        incident: IncidentOnPaper {
            mode: Mode::Failover,
            scopes: vec![ScopeOnPaper { scope: "alpha".to_owned(), state: "lost".to_owned() }],
            surge: None,
            load: Ppm::ONE,
            began_before_ms: None,
            to: Vec::new(),
            only_lifeline: false,
            accept_degraded: false,
            as_of: "2026-11-22".to_owned(),
            effort: 0,
        },
        sources: Vec::new(),
        classes: vec![class("lifeline", 120), class("rest", 340)],
        sites: vec![site("alpha", "lost"), site("beta", "up"), site("gamma", "up")],
        services: services(),
        elsewhere: Vec::new(),
        owed: Vec::new(),
        untouched: 0,
        unplanned: 0,
        gates: gates(),
        steps: steps(),
        bastions: Vec::new(),
        routes: Vec::new(),
        providers: Vec::new(),
        pools: vec![
            pool("operators", 3, 1),
            pool("site:alpha", 4, 0),
            pool("site:beta", 4, 0),
            pool("site:gamma", 4, 0),
        ],
        limits: LimitsOnPaper { ssh_handshakes: 64, output_bytes: 65_536 },
        ssh: SshOnPaper::default(),
        findings: vec![Issue::DeclaredOnly],
        outlook: Outlook::default(),
    }
}

fn gates() -> Vec<Gate> {
    let gate = |id: &str, kind, after: &[&str], start, duration| Gate {
        id: id.to_owned(),
        kind,
        service: None,
        after: after.iter().map(|&id| id.to_owned()).collect(),
        opened_by: Vec::new(),
        person: true,
        start_ms: Millis::from_secs(start),
        duration_ms: Millis::from_secs(duration),
        limit_ms: Millis::from_secs(3_600),
        class: 0,
        claims: vec![ClaimOnPaper { pool: "operators".to_owned(), amount: 1 }],
    };
    let mut fence = gate(
        "fence:store@alpha",
        GateKind::Fence { site: "alpha".to_owned(), attest: None },
        &["approval:start"],
        10,
        10,
    );
    fence.service = Some("store".to_owned());
    fence.opened_by = vec!["store/fence@alpha".to_owned()];
    fence.person = false;
    fence.claims.clear();
    vec![gate("approval:start", GateKind::ApproveStart, &[], 0, 10), fence]
}

/// From when to when, in seconds, on whose side, and what is so in the end.
pub(super) fn step(id: &str, phase: &str, times: (u64, u64), effect: Option<Effect>, after: &[&str]) -> Step {
    let (service, rest) = id.split_once('/').unwrap();
    let site = rest.split_once('@').unwrap().1;
    Step {
        id: id.to_owned(),
        title: id.to_owned(),
        service: Some(service.to_owned()),
        procedure: "failover".to_owned(),
        phase: phase.to_owned(),
        site: Some(site.to_owned()),
        on: if phase == "fence" { Side::Source } else { Side::Target },
        hosts: Some(hosts(service, site)),
        action: ActionOnPaper::Ssh { line: "svcctl".to_owned(), env: Vec::new() },
        done_if: None,
        verify: None,
        undo: None,
        attest: None,
        position: None,
        uses: vec!["service:bastion@beta".to_owned()],
        after: after.iter().map(|&id| id.to_owned()).collect(),
        start_ms: Millis::from_secs(times.0),
        duration_ms: Millis::from_secs(times.1 - times.0),
        duration_from: DurationFrom::Default,
        late_after_ms: None,
        limits: StepLimits { timeout_ms: Millis::from_secs(20), attempts: 1, backoff_ms: Millis::ZERO, kill: None },
        batch: None,
        irreversible: false,
        unreachable_ok: false,
        class: 0,
        claims: vec![ClaimOnPaper { pool: format!("site:{site}"), amount: 1 }],
        effect,
    }
}

fn hosts(service: &str, site: &str) -> HostsOnPaper {
    let short = if service == "store" { "db" } else { &service[..2] };
    let short = if service == "text" { "tx" } else { short };
    let (numbers, count) = match service {
        "store" => ("[1-4]", 4),
        "text" => ("[1-9]", 9),
        _ => ("1", 1),
    };
    HostsOnPaper {
        set: format!("{}-{short}-{numbers}", &site[..2]),
        count,
        user: None,
        address: "{{ host }}".to_owned(),
        port: 22,
        jump: vec!["bastion@alpha".to_owned(), "bastion@beta".to_owned()],
    }
}

fn steps() -> Vec<Step> {
    let start = &["approval:start"];
    let holds = |level| Some(Effect::Holds { level, share: Ppm::ONE });
    let mut fetch = step("kit/fetch@laptops", "prepare", (0, 60), None, &[]);
    fetch.service = None;
    fetch.site = None;
    fetch.hosts = None;
    fetch.uses.clear();
    fetch.on = Side::Operator;
    fetch.action = ActionOnPaper::Fetch { kit: "sealed".to_owned(), held_at: vec!["laptops".to_owned()] };
    fetch.claims = vec![ClaimOnPaper { pool: "operators".to_owned(), amount: 1 }];
    let mut promote = step("store/promote@beta", "promote", (20, 45), Some(Effect::Writer), &["fence:store@alpha"]);
    promote.irreversible = true;
    let mut shift = step("text/shift@beta", "shift", (60, 90), Some(FLOOR), &["text/verify@beta", "kit/fetch@laptops"]);
    shift.hosts = None;
    shift.uses = vec!["kit:sealed".to_owned()];
    shift.action = ActionOnPaper::Route(RouteOnPaper {
        route: "text".to_owned(),
        provider: "names".to_owned(),
        to: vec![("beta".to_owned(), Ppm::ONE)],
        stages: vec![
            StageOnPaper { to: vec![("beta".to_owned(), Ppm(100_000))], hold_ms: Millis::ZERO },
            StageOnPaper { to: vec![("beta".to_owned(), Ppm::ONE)], hold_ms: Millis::from_secs(30) },
        ],
        leaves: vec!["alpha".to_owned()],
        barred: vec!["alpha".to_owned()],
        ttl_ms: Millis::from_secs(30),
        admit_per_second: None,
    });
    let mut degrade = step("ads/degrade@beta", "free", (10, 40), Some(FLOOR), start);
    degrade.procedure = "degrade".to_owned();
    let mut launch = step("burst/launch@gamma", "prepare", (10, 310), None, start);
    launch.hosts = None;
    launch.action = ActionOnPaper::Scale {
        provider: "cloud".to_owned(),
        to: vec![("cores".to_owned(), 250_000)],
        instances: Some(10),
    };
    let raise = ["text/shift@beta", "names/verify@beta", "ads/degrade@beta"];
    let mut steps = vec![
        fetch,
        degrade,
        step("bastion/verify@beta", "verify", (10, 15), Some(FULL), start),
        launch,
        step("registry/verify@beta", "verify", (10, 30), Some(FULL), start),
        step("store/fence@alpha", "fence", (10, 20), Some(Effect::Fenced), start),
        step("names/verify@beta", "verify", (15, 25), Some(FULL), start),
        promote,
        step("text/start@beta", "start", (30, 50), holds(Level::Degraded), &["registry/verify@beta"]),
        step("store/verify@beta", "verify", (45, 50), Some(FULL), &["store/promote@beta"]),
        step("text/verify@beta", "verify", (50, 55), None, &["store/verify@beta", "text/start@beta"]),
        shift,
        step("text/raise@beta", "shift", (90, 120), Some(FULL), &raise),
        step("burst/start@gamma", "start", (310, 330), holds(Level::Full), &["burst/launch@gamma"]),
        step("burst/verify@gamma", "verify", (330, 340), Some(FULL), &["burst/start@gamma"]),
    ];
    for step in steps.iter_mut().filter(|step| step.id.starts_with("burst") || step.id.starts_with("names")) {
        step.class = 1;
    }
    steps
}

fn services() -> Vec<ServiceOnPaper> {
    let down = |id: &str, site: &str, tier: &str, back: u64| {
        let from = [("alpha", Ppm::ONE)];
        let mut entry = entry(id, tier, (Impact::Down, Level::Full), &from, Some((site, Level::Full)));
        entry.expected_back_ms = Some(Millis::from_secs(back));
        entry.expected_full_ms = Some(Millis::from_secs(back));
        entry.milestones = vec![milestone(0, Level::Shed, Ppm::ZERO), milestone(back, Level::Full, Ppm::ONE)];
        entry
    };
    let mut text = down("text", "beta", "lifeline", 90);
    text.to[0].first_level = Level::Degraded;
    text.expected_full_ms = Some(Millis::from_secs(120));
    text.milestones[1].level = Level::Degraded;
    text.milestones.push(milestone(120, Level::Full, Ppm::ONE));
    text.critical_path = vec![Link {
        id: "text/shift@beta".to_owned(),
        start_ms: Millis::from_secs(60),
        end_ms: Millis::from_secs(90),
        waited_for: WaitedFor::Before,
    }];
    let mut registry = down("registry", "beta", "rest", 30);
    registry.effective_tier = "lifeline".to_owned();
    registry.raised = Some(Raise { by: "text".to_owned(), through: Through::Start });
    let mut bastion = down("bastion", "beta", "lifeline", 15);
    let half = Ppm(500_000);
    bastion.impact = Impact::Reduced;
    bastion.from = vec![assignment("alpha", half, false), assignment("beta", half, true)];
    bastion.milestones[0] = milestone(0, Level::Full, half);
    let ads = (Impact::Unaffected, Level::Degraded);
    let mut ads = entry("ads", "rest", ads, &[("beta", Ppm::ONE)], Some(("beta", Level::Degraded)));
    ads.level_because = Some(LevelBecause::GivesWay { service: "text".to_owned(), site: "beta".to_owned() });
    ads.milestones = vec![milestone(0, Level::Full, Ppm::ONE), milestone(40, Level::Degraded, Ppm::ONE)];
    let mut vault = entry("vault", "rest", (Impact::Stranded, Level::Shed), &[("alpha", Ppm::ONE)], None);
    vault.admits = Ppm::ZERO;
    vec![
        down("store", "beta", "lifeline", 50),
        text,
        bastion,
        registry,
        down("names", "beta", "rest", 25),
        down("burst", "gamma", "rest", 340),
        ads,
        vault,
    ]
}

fn milestone(at: u64, level: Level, share: Ppm) -> Milestone {
    Milestone { at_ms: Millis::from_secs(at), level, share }
}

fn assignment(site: &str, share: Ppm, survives: bool) -> Assignment {
    Assignment { site: site.to_owned(), role: "active".to_owned(), share, survives }
}

fn entry(
    id: &str,
    tier: &str,
    ends: (Impact, Level),
    from: &[(&str, Ppm)],
    to: Option<(&str, Level)>,
) -> ServiceOnPaper {
    let target = |(site, level): (&str, Level)| Target {
        site: site.to_owned(),
        role: "hot".to_owned(),
        first_level: level,
        level,
        first_share: Ppm::ONE,
        share: Ppm::ONE,
        because: Vec::new(),
    };
    ServiceOnPaper {
        id: id.to_owned(),
        title: id.to_owned(),
        owner: "us".to_owned(),
        tier: tier.to_owned(),
        effective_tier: tier.to_owned(),
        raised: None,
        impact: ends.0,
        from: from.iter().map(|(site, share)| assignment(site, *share, *site != "alpha")).collect(),
        to: to.into_iter().map(target).collect(),
        level: ends.1,
        note: None,
        level_because: None,
        admits: Ppm::ONE,
        rejected: Vec::new(),
        stranded_by: Vec::new(),
        together_with: Vec::new(),
        milestones: vec![milestone(0, Level::Shed, Ppm::ZERO)],
        expected_back_ms: None,
        without_people_ms: None,
        expected_full_ms: None,
        objective_ms: Some(Millis::from_secs(if tier == "lifeline" { 600 } else { 3_600 })),
        bound_ms: None,
        data_loss: None,
        critical_path: Vec::new(),
    }
}
