//! A plan built by hand, for the tests of screens: seventy services in four tiers, with a fence, a data-loss gate, a task
//! for a person, and enough waiting for each other. It has nothing to do with what the planner would say.

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::ActionOnPaper;
use crate::plan::Assignment;
use crate::plan::ClassOnPaper;
use crate::plan::Effect;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::Impact;
use crate::plan::Level;
use crate::plan::Milestone;
use crate::plan::Plan;
use crate::plan::PoolOnPaper;
use crate::plan::ProbeOnPaper;
use crate::plan::Side;
use crate::plan::Step;
use crate::report::sample;

/// A tier: its name, its title, its promise in seconds, and the names and titles of some of its services.
type TierOf = (&'static str, &'static str, u64, &'static [(&'static str, &'static str)]);

const TIERS: [TierOf; 4] = [
    (
        "lifeline",
        "생명선: text messages, and what they cannot live without",
        600,
        &[
            ("message-store", "메시지 저장소 (message store)"),
            ("bastion", "배스천 (the door for SSH)"),
            ("coordination", "합의 저장소 (who leads what)"),
            ("authentication", "인증 (authentication)"),
            ("message-queue", "메시지 큐 (message queue)"),
            ("session", "세션 (sessions: the connections of forty million phones)"),
            ("chat-room", "대화방 (rooms and their members)"),
            ("text-message", "텍스트 메시지 (text messages)"),
        ],
    ),
    (
        "core",
        "핵심: identity, money, push",
        1_800,
        &[
            ("push", "푸시 알림 (push notifications)"),
            ("pay-ledger", "페이 원장 (the ledger)"),
            ("pay", "페이 (pay)"),
            ("friend-list", "친구 목록 (friend list)"),
            ("monitoring", "모니터링 (monitoring)"),
        ],
    ),
    (
        "important",
        "중요: what people notice within the hour",
        7_200,
        &[("taxi", "택시 (taxi)"), ("search", "검색 (search)"), ("gift", "선물하기 (gifts)")],
    ),
    ("rest", "나머지: all else", 86_400, &[("news", "뉴스 (news)"), ("games", "게임 (games)")]),
];
/// Further services of each tier.
const MORE: [usize; 4] = [0, 9, 21, 22];

/// Seventy services without Pangyo.
pub(crate) fn talk() -> Plan {
    let mut plan = sample::talk();
    plan.steps.clear();
    plan.gates.clear();
    plan.services.clear();
    plan.classes.clear();
    plan.pools = vec![PoolOnPaper { id: "operators".to_owned(), size: 3, kept_for_first: 1 }];
    site(&mut plan);
    for (class, (tier, title, objective, services)) in TIERS.into_iter().enumerate() {
        let more = (0..MORE[class]).map(|n| (format!("{tier}-{n:02}"), format!("{tier} service {n:02}")));
        let named = services.iter().map(|(id, title)| ((*id).to_owned(), (*title).to_owned()));
        let mut before: Option<String> = None;
        for (at, (id, title)) in named.chain(more).enumerate() {
            service(&mut plan, &id, &title, (tier, class, objective), before.as_deref().filter(|_| at % 3 != 2));
            before = Some(id);
        }
        let finish = plan.steps.iter().map(|step| step.start_ms + step.duration_ms).max().unwrap_or_default();
        plan.classes.push(ClassOnPaper {
            tier: tier.to_owned(),
            title: title.to_owned(),
            finish_ms: finish,
            bound_ms: finish,
            proven: true,
            wanted: 0,
            whole: 0,
            whole_bound: 0,
        });
    }
    survives(&mut plan);
    plan
}

/// What precedes all services: the start, a person who cuts the site off, and the fence that this proves.
fn site(plan: &mut Plan) {
    gate(plan, "approval:start", GateKind::ApproveStart, &[], None);
    let mut border = sample::step("site:pangyo/border", "Cut pangyo off", 60, 75, &["approval:start"]);
    border.service = None;
    border.site = Some("pangyo".to_owned());
    border.on = Side::Operator;
    border.hosts = None;
    border.effect = Some(Effect::Fenced);
    let question = "Have both carriers withdrawn the prefixes of pangyo, and is the ring open at both of its far ends?";
    border.action = ActionOnPaper::Confirm { question: question.to_owned() };
    border.limits.timeout_ms = Millis::from_secs(900);
    plan.steps.push(border);
    for store in ["message-store", "pay-ledger"] {
        let attest = Some("Is the old primary powered off, or cut from the network for good?".to_owned());
        let fence = format!("fence:{store}@pangyo");
        gate(plan, &fence, GateKind::Fence { site: "pangyo".to_owned(), attest }, &["site:pangyo/border"], Some(store));
        if let Some(gate) = plan.gates.last_mut() {
            gate.opened_by = vec!["site:pangyo/border".to_owned()];
        }
        let loss = GateKind::DataLoss {
            site: "ansan".to_owned(),
            at_most_ms: Some(Millis::from_secs(5)),
            objective_ms: Some(Millis::ZERO),
        };
        gate(plan, &format!("data-loss:{store}@ansan"), loss, &[fence.as_str()], Some(store));
    }
}

fn gate(plan: &mut Plan, id: &str, kind: GateKind, after: &[&str], service: Option<&str>) {
    let is_start = kind == GateKind::ApproveStart;
    let start_ms = begins(plan, after);
    plan.gates.push(Gate {
        id: id.to_owned(),
        kind,
        service: service.map(str::to_owned),
        after: after.iter().map(ToString::to_string).collect(),
        opened_by: Vec::new(),
        person: is_start,
        start_ms,
        duration_ms: if is_start { Millis::from_secs(60) } else { Millis::ZERO },
        limit_ms: Millis::from_secs(14_400),
        class: 0,
        claims: Vec::new(),
    });
}

fn begins(plan: &Plan, after: &[&str]) -> Millis {
    let steps = plan.steps.iter().map(|step| (&step.id, step.start_ms + step.duration_ms));
    let gates = plan.gates.iter().map(|gate| (&gate.id, gate.start_ms + gate.duration_ms));
    let ends = steps.chain(gates).filter(|(id, _)| after.contains(&id.as_str()));
    ends.map(|(_, end)| end).max().unwrap_or_default()
}

fn push(plan: &mut Plan, id: &str, title: &str, secs: u64, after: &[&str], class: usize) -> Step {
    let mut step = sample::step(id, title, 0, secs, after);
    step.start_ms = begins(plan, after);
    step.class = u8::try_from(class).unwrap_or(u8::MAX);
    step
}

fn service(plan: &mut Plan, id: &str, title: &str, tier: (&str, usize, u64), before: Option<&str>) {
    let (tier, class, objective) = tier;
    let name = |step: &str| format!("{id}/{step}@ansan");
    let mut after = vec!["approval:start".to_owned()];
    after.extend(before.map(|before| format!("{before}/shift@ansan")));
    if plan.gates.iter().any(|gate| gate.service.as_deref() == Some(id)) {
        after.push(format!("fence:{id}@pangyo"));
        after.push(format!("data-loss:{id}@ansan"));
        let refs: Vec<&str> = after.iter().map(String::as_str).collect();
        let mut promote = push(plan, &name("promote"), "Promote the standby", 25, &refs, class);
        promote.phase = "promote".to_owned();
        promote.effect = Some(Effect::Writer);
        promote.limits.attempts = 1;
        promote.position = Some(ProbeOnPaper {
            ask: Box::new(ActionOnPaper::Ssh { line: format!("svcctl position {id}"), env: Vec::new() }),
            expect_output: None,
            within_ms: None,
            times: 1,
        });
        plan.steps.push(promote);
        after = vec![name("promote")];
    }
    let refs: Vec<&str> = after.iter().map(String::as_str).collect();
    let seconds = 8 + 7 * u64::try_from(id.len() % 5).unwrap_or_default();
    let mut verify = push(plan, &name("verify"), "It says that it can serve", seconds, &refs, class);
    verify.phase = "verify".to_owned();
    plan.steps.push(verify);
    let mut shift = push(plan, &name("shift"), "Send the users to ansan", 40, &[&name("verify")], class);
    shift.phase = "shift".to_owned();
    shift.effect = Some(Effect::Serves { level: Level::Full, share: Ppm::ONE });
    let back = shift.start_ms + shift.duration_ms;
    plan.steps.push(shift);
    let mut on_paper = sample::service(id, title, tier, Some(back.0 / 1_000));
    on_paper.objective_ms = Some(Millis::from_secs(objective));
    plan.services.push(on_paper);
}

/// Of text messages, sessions and push some are left; two others have nowhere to go, or are not touched.
fn survives(plan: &mut Plan) {
    for service in &mut plan.services {
        let left = match service.id.as_str() {
            "text-message" | "session" => 300_000,
            "push" => 500_000,
            _ => continue,
        };
        service.impact = Impact::Reduced;
        service.from.push(Assignment {
            site: "ansan".to_owned(),
            role: "active".to_owned(),
            share: Ppm(left),
            survives: true,
        });
        service.milestones[0] = Milestone { at_ms: Millis::ZERO, level: Level::Full, share: Ppm(left) };
    }
    for (id, impact) in [("rest-20", Impact::Stranded), ("rest-21", Impact::Exposed)] {
        plan.steps.retain(|step| step.service.as_deref() != Some(id));
        for service in plan.services.iter_mut().filter(|service| service.id == id) {
            service.impact = impact;
            service.expected_back_ms = None;
            service.expected_full_ms = None;
            let is_left = impact == Impact::Exposed;
            service.level = if is_left { Level::Full } else { Level::Shed };
            service.from[0].survives = is_left;
            service.milestones.truncate(1);
            if is_left {
                service.milestones[0] = Milestone { at_ms: Millis::ZERO, level: Level::Full, share: Ppm::ONE };
            }
        }
    }
}
