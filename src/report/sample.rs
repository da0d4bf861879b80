//! A plan built by hand, for the tests of this room: a messenger that lost one of its sites.

use crate::model::Millis;
use crate::model::Ppm;
use crate::placement::Because;
use crate::placement::LevelBecause;
use crate::placement::Raise;
use crate::placement::Rejection;
use crate::placement::Through;
use crate::plan::ActionOnPaper;
use crate::plan::Assignment;
use crate::plan::ClassOnPaper;
use crate::plan::DataLoss;
use crate::plan::DurationFrom;
use crate::plan::Effect;
use crate::plan::FORMAT;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::HostsOnPaper;
use crate::plan::Impact;
use crate::plan::IncidentOnPaper;
use crate::plan::Issue;
use crate::plan::LedgerLine;
use crate::plan::Level;
use crate::plan::LimitsOnPaper;
use crate::plan::Link;
use crate::plan::Milestone;
use crate::plan::Mode;
use crate::plan::NextLoss;
use crate::plan::Outlook;
use crate::plan::Plan;
use crate::plan::PoolOnPaper;
use crate::plan::ProbeOnPaper;
use crate::plan::Rejected;
use crate::plan::Repair;
use crate::plan::RouteOnPaper;
use crate::plan::ScopeOnPaper;
use crate::plan::ServiceOnPaper;
use crate::plan::Side;
use crate::plan::SiteOnPaper;
use crate::plan::Source;
use crate::plan::SshOnPaper;
use crate::plan::StageOnPaper;
use crate::plan::Step;
use crate::plan::StepLimits;
use crate::plan::Target;
use crate::plan::WaitedFor;

/// The messenger without Pangyo.
pub(crate) fn talk() -> Plan {
    Plan {
        format: FORMAT,
        id: "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809".to_owned(),
        parent: None,
        retreat: None,
        title: "Talk".to_owned(),
        lifeline: "텍스트 메시지 (text messages)".to_owned(),
        timezone: "Asia/Seoul".to_owned(),
        incident: incident(),
        sources: vec![
            Source { path: "bonghwa.toml".to_owned(), sha256: "00".repeat(32) },
            Source { path: "topology/talk.toml".to_owned(), sha256: "11".repeat(32) },
        ],
        classes: vec![class("lifeline", 705, 585), class("core", 905, 905)],
        sites: vec![site("ansan", "안산 IDC (Ansan)", "up"), site("pangyo", "판교 IDC (Pangyo)", "lost")],
        services: vec![text_message(), session(), message_store(), recommendations(), billing()],
        elsewhere: Vec::new(),
        owed: Vec::new(),
        untouched: 31,
        unplanned: 0,
        gates: gates(),
        steps: steps(),
        bastions: Vec::new(),
        routes: Vec::new(),
        providers: Vec::new(),
        pools: vec![PoolOnPaper { id: "operators".to_owned(), size: 3, kept_for_first: 1 }],
        limits: LimitsOnPaper { ssh_handshakes: 64, output_bytes: 65_536 },
        ssh: SshOnPaper::default(),
        findings: findings(),
        outlook: Outlook {
            kills: vec![NextLoss {
                site: "ansan".to_owned(),
                service: "message-store".to_owned(),
                admits: Ppm(200_000),
                repair: Some(Repair { site: "aws-tokyo".to_owned(), resource: "cores".to_owned(), amount: 1_200_000 }),
            }],
            unprotected: vec![("message-store".to_owned(), "ansan".to_owned())],
        },
    }
}

fn incident() -> IncidentOnPaper {
    IncidentOnPaper {
        mode: Mode::Failover,
        scopes: vec![ScopeOnPaper { scope: "pangyo".to_owned(), state: "lost".to_owned() }],
        surge: Some("new-year".to_owned()),
        load: Ppm::ONE,
        began_before_ms: Some(Millis::from_secs(420)),
        to: Vec::new(),
        only_lifeline: false,
        accept_degraded: false,
        as_of: "2026-11-22".to_owned(),
        effort: 100_000,
    }
}

fn class(tier: &str, finish: u64, bound: u64) -> ClassOnPaper {
    ClassOnPaper {
        tier: tier.to_owned(),
        title: tier.to_owned(),
        finish_ms: Millis::from_secs(finish),
        bound_ms: Millis::from_secs(bound),
        proven: finish == bound,
        wanted: 2,
        whole: 2,
        whole_bound: 2,
    }
}

fn site(id: &str, title: &str, state: &str) -> SiteOnPaper {
    let lost = state == "lost";
    SiteOnPaper {
        id: id.to_owned(),
        title: title.to_owned(),
        state: state.to_owned(),
        ledger: vec![LedgerLine {
            resource: "cores".to_owned(),
            capacity: 96_000_000,
            limit: 81_600_000,
            before: 40_000_000,
            after: if lost { 0 } else { 79_250_500 },
            on_demand: 0,
        }],
    }
}

/// A service that goes from Pangyo to Ansan.
pub(crate) fn service(id: &str, title: &str, tier: &str, back: Option<u64>) -> ServiceOnPaper {
    let back = back.map(Millis::from_secs);
    ServiceOnPaper {
        id: id.to_owned(),
        title: title.to_owned(),
        owner: "talk-messaging".to_owned(),
        tier: tier.to_owned(),
        effective_tier: tier.to_owned(),
        raised: None,
        impact: Impact::Down,
        from: vec![Assignment {
            site: "pangyo".to_owned(),
            role: "active".to_owned(),
            share: Ppm::ONE,
            survives: false,
        }],
        to: vec![target(Because::Hot)],
        level: Level::Full,
        note: None,
        level_because: None,
        admits: Ppm::ONE,
        rejected: vec![Rejected { site: "pangyo".to_owned(), because: Rejection::Lost }],
        stranded_by: Vec::new(),
        together_with: Vec::new(),
        milestones: std::iter::once(Milestone { at_ms: Millis::ZERO, level: Level::Shed, share: Ppm::ZERO })
            .chain(back.map(|at_ms| Milestone { at_ms, level: Level::Full, share: Ppm::ONE }))
            .collect(),
        expected_back_ms: back,
        without_people_ms: back.map(|back| back.saturating_sub(Millis::from_secs(60))),
        expected_full_ms: back,
        objective_ms: Some(Millis::from_secs(600)),
        bound_ms: back.map(|back| back.saturating_sub(Millis::from_secs(120))),
        data_loss: None,
        critical_path: Vec::new(),
    }
}

fn target(because: Because) -> Target {
    Target {
        site: "ansan".to_owned(),
        role: "hot".to_owned(),
        first_level: Level::Full,
        level: Level::Full,
        first_share: Ppm::ONE,
        share: Ppm::ONE,
        because: vec![because],
    }
}

fn text_message() -> ServiceOnPaper {
    let mut text = service("text-message", "텍스트 메시지 (text messages)", "lifeline", Some(705));
    text.impact = Impact::Reduced;
    text.from = vec![
        Assignment { site: "pangyo".to_owned(), role: "active".to_owned(), share: Ppm(700_000), survives: false },
        Assignment { site: "ansan".to_owned(), role: "active".to_owned(), share: Ppm(300_000), survives: true },
    ];
    text.to = vec![target(Because::Survivor { before: Ppm(300_000) })];
    text.level = Level::Degraded;
    text.note = Some("text only".to_owned());
    text.level_because = Some(LevelBecause::NoRoom { resource: "cores".to_owned(), by: 1_240_000 });
    text.rejected.push(Rejected {
        site: "aws-tokyo".to_owned(),
        because: Rejection::Short { resource: "cores".to_owned(), by: 1_240_000, after: Some("session".to_owned()) },
    });
    text.milestones = vec![
        Milestone { at_ms: Millis::ZERO, level: Level::Shed, share: Ppm::ZERO },
        Milestone { at_ms: Millis::from_secs(450), level: Level::Degraded, share: Ppm(670_000) },
        Milestone { at_ms: Millis::from_secs(705), level: Level::Degraded, share: Ppm::ONE },
    ];
    text.expected_full_ms = None;
    text.critical_path = chain();
    text
}

fn chain() -> Vec<Link> {
    let link = |id: &str, start: u64, end: u64, waited_for: WaitedFor| Link {
        id: id.to_owned(),
        start_ms: Millis::from_secs(start),
        end_ms: Millis::from_secs(end),
        waited_for,
    };
    vec![
        link("approval:start", 0, 60, WaitedFor::Nothing),
        link("message-store/restore@ansan", 60, 360, WaitedFor::Before),
        link("fence:message-store@pangyo", 360, 420, WaitedFor::Pool("operators".to_owned())),
        link("message-store/promote@ansan", 420, 445, WaitedFor::Before),
        link("text-message/shift@ansan", 445, 705, WaitedFor::Before),
    ]
}

fn session() -> ServiceOnPaper {
    let mut session = service("session", "session", "core", Some(300));
    session.effective_tier = "lifeline".to_owned();
    session.raised = Some(Raise { by: "text-message".to_owned(), through: Through::Hard });
    session
}

fn message_store() -> ServiceOnPaper {
    let mut store = service("message-store", "메시지 저장소", "lifeline", Some(450));
    store.to = vec![target(Because::FollowsAsync { max_lag: Some(Millis::from_secs(5)) })];
    store.data_loss = Some(DataLoss {
        site: "ansan".to_owned(),
        at_most_ms: Some(Millis::from_secs(5)),
        objective_ms: Some(Millis::ZERO),
    });
    store
}

fn recommendations() -> ServiceOnPaper {
    let mut shed = service("recommendations", "recommendations", "rest", None);
    shed.impact = Impact::Unaffected;
    shed.level = Level::Shed;
    shed.to.clear();
    shed.level_because = Some(LevelBecause::GivesWay { service: "text-message".to_owned(), site: "ansan".to_owned() });
    shed.objective_ms = None;
    shed
}

fn billing() -> ServiceOnPaper {
    let mut stranded = service("billing", "billing", "rest", None);
    stranded.impact = Impact::Stranded;
    stranded.level = Level::Shed;
    stranded.to.clear();
    stranded.level_because = Some(LevelBecause::NowhereToGo);
    stranded
}

fn gates() -> Vec<Gate> {
    let gate = |id: &str, kind: GateKind, after: &[&str], start: u64| Gate {
        id: id.to_owned(),
        kind,
        service: None,
        after: after.iter().map(ToString::to_string).collect(),
        opened_by: Vec::new(),
        person: true,
        start_ms: Millis::from_secs(start),
        duration_ms: Millis::from_secs(60),
        limit_ms: Millis::from_secs(14_400),
        class: 0,
        claims: Vec::new(),
    };
    let attest = Some("Is the old primary powered off, or cut from the network for good?".to_owned());
    let mut fence = gate(
        "fence:message-store@pangyo",
        GateKind::Fence { site: "pangyo".to_owned(), attest },
        &["approval:start", "message-store/fence@pangyo"],
        360,
    );
    fence.opened_by = vec!["message-store/fence@pangyo".to_owned()];
    vec![gate("approval:start", GateKind::ApproveStart, &[], 0), fence]
}

/// A step of a service at Ansan.
pub(crate) fn step(id: &str, title: &str, start: u64, duration: u64, after: &[&str]) -> Step {
    Step {
        id: id.to_owned(),
        title: title.to_owned(),
        service: id.split_once('/').map(|(service, _)| service.to_owned()),
        procedure: "failover".to_owned(),
        phase: "prepare".to_owned(),
        site: Some("ansan".to_owned()),
        on: Side::Target,
        hosts: Some(HostsOnPaper {
            set: "as-db-[01-03]".to_owned(),
            count: 3,
            user: Some("ops".to_owned()),
            address: "{{ host }}.ansan.talk.internal".to_owned(),
            port: 22,
            jump: vec!["bastion@ansan".to_owned()],
        }),
        action: ActionOnPaper::Ssh { line: format!("svcctl {}", title.to_lowercase()), env: Vec::new() },
        done_if: None,
        verify: None,
        undo: None,
        attest: None,
        position: None,
        uses: vec!["service:bastion@ansan".to_owned()],
        after: after.iter().map(ToString::to_string).collect(),
        start_ms: Millis::from_secs(start),
        duration_ms: Millis::from_secs(duration),
        duration_from: DurationFrom::Expect(Some("the drill of 2026-09-12".to_owned())),
        late_after_ms: None,
        limits: StepLimits {
            timeout_ms: Millis::from_secs(180),
            attempts: 3,
            backoff_ms: Millis::from_secs(2),
            kill: None,
        },
        batch: None,
        irreversible: false,
        unreachable_ok: false,
        class: 0,
        claims: Vec::new(),
        effect: None,
    }
}

fn steps() -> Vec<Step> {
    let mut fence = step("message-store/fence@pangyo", "Fence the old primary", 0, 20, &[]);
    fence.site = Some("pangyo".to_owned());
    fence.on = Side::Source;
    fence.effect = Some(Effect::Fenced);
    let restore = step("message-store/restore@ansan", "Restore the index", 60, 300, &["approval:start"]);
    let before = ["fence:message-store@pangyo", "message-store/restore@ansan"];
    let mut promote = step("message-store/promote@ansan", "Promote the standby", 420, 25, &before);
    promote.irreversible = true;
    promote.effect = Some(Effect::Writer);
    promote.verify = Some(ProbeOnPaper {
        ask: Box::new(ActionOnPaper::Ssh { line: "svcctl writable message-store".to_owned(), env: Vec::new() }),
        expect_output: Some("yes".to_owned()),
        within_ms: Some(Millis::from_secs(30)),
        times: 2,
    });
    let mut shift = step("text-message/shift@ansan", "Bring users over", 445, 260, &["message-store/promote@ansan"]);
    shift.hosts = None;
    shift.duration_from = DurationFrom::Route;
    shift.action = ActionOnPaper::Route(RouteOnPaper {
        route: "text".to_owned(),
        provider: "gslb".to_owned(),
        to: vec![("ansan".to_owned(), Ppm::ONE)],
        stages: vec![
            StageOnPaper { to: vec![("ansan".to_owned(), Ppm(500_000))], hold_ms: Millis::from_secs(20) },
            StageOnPaper { to: vec![("ansan".to_owned(), Ppm::ONE)], hold_ms: Millis::from_secs(30) },
        ],
        leaves: vec!["pangyo".to_owned()],
        barred: vec!["pangyo".to_owned()],
        ttl_ms: Millis::from_secs(30),
        admit_per_second: Some(200_000),
    });
    vec![fence, restore, promote, shift]
}

fn findings() -> Vec<Issue> {
    vec![
        Issue::RtoMissed {
            service: "text-message".to_owned(),
            expected: Millis::from_secs(705),
            objective: Millis::from_secs(600),
            bound: Millis::from_secs(585),
        },
        Issue::RpoAtRisk {
            service: "message-store".to_owned(),
            site: "ansan".to_owned(),
            lag: Some(Millis::from_secs(5)),
            objective: Millis::ZERO,
        },
        Issue::Stranded { service: "billing".to_owned(), needed_by: vec!["gifts".to_owned()] },
        Issue::FaultsElsewhere { errors: 2 },
        Issue::DeclaredOnly,
    ]
}
