//! Answers are kept for less while a planned move is on its way, and only then.

use crate::load::SourceText;
use crate::load::load;
use crate::model::Date;
use crate::model::Estate;
use crate::model::Incident;
use crate::model::Millis;
use crate::model::Observation;
use crate::model::Ppm;
use crate::model::RouteId;
use crate::model::Scope;
use crate::model::ScopeState;
use crate::model::SiteId;
use crate::plan::ActionOnPaper;
use crate::plan::Mode;
use crate::plan::Move;
use crate::plan::OfNeeds;
use crate::plan::OfPlaces;
use crate::plan::Plan;
use crate::plan::RouteOnPaper;
use crate::plan::Step;
use crate::plan::Violation;
use crate::plan::moving;
use crate::plan::plan_on;
use crate::plan::prepare;
use crate::plan::tests::inputs;
use crate::plan::verify;

const ESTATE: &str = r#"
[[tier]]
id = "core"
[site.a]
kind = "datacenter"
capacity = { cores = 9 }
[site.b]
kind = "datacenter"
capacity = { cores = 9 }
[provider.p]
kind = "rfc2136"
servers = ["192.0.2.53:53"]
zone = "example."
[route.r]
provider = "p"
name = "r.example."
ttl = "5m"
at = { a = ["192.0.2.1"], b = ["192.0.2.2"] }
ramp = ["10%", "100%"]
hold = "20s"
[service.web]
tier = "core"
kind = "stateless"
load = { cores = 1 }
route = "r"
[service.web.at.a]
role = "active"
hosts = "a"
[service.web.at.b]
role = "hot"
hosts = "b"
max-load = { cores = 1 }
[service.mail]
tier = "core"
kind = "stateless"
load = { cores = 1 }
route = "r"
runbook = "web"
[service.mail.at.a]
role = "active"
hosts = "c"
[service.mail.at.b]
role = "hot"
hosts = "d"
max-load = { cores = 1 }
"#;

const RUNBOOK: &str = r#"
[runbook]
id = "web"
[[failover]]
id = "copy"
phase = "prepare"
exec = "copy"
expect = "10m"
[[failover]]
id = "look"
phase = "verify"
exec = "look"
[[failover]]
id = "shift"
phase = "shift"
on = "target"
route = true
"#;

fn estate(change: impl Fn(&str) -> String) -> Estate {
    let source = |path: &str, text: &str| SourceText { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
    load(vec![source("topology/all.toml", &change(ESTATE)), source("runbooks/web.toml", RUNBOOK)]).estate
}

fn as_it_is(text: &str) -> String {
    text.to_owned()
}

fn leave(estate: &Estate, state: ScopeState) -> Plan {
    let mut incident = Incident::nothing(Date::new(2026, 11, 23).unwrap());
    incident.scopes = vec![(Scope::Site(estate.site_named("a").unwrap()), state)];
    plan_on(&prepare(estate), &incident, &Observation::default(), &inputs()).unwrap()
}

fn step<'a>(plan: &'a Plan, id: &str) -> &'a Step {
    plan.steps.iter().find(|step| step.id == id).unwrap_or_else(|| panic!("no {id} in {:?}", ids(plan)))
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.id.as_str()).collect()
}

fn route<'a>(plan: &'a Plan, id: &str) -> &'a RouteOnPaper {
    let ActionOnPaper::Route(route) = &step(plan, id).action else { panic!("{id} shifts no route") };
    route
}

fn lowers(plan: &Plan) -> bool {
    plan.steps.iter().any(|step| matches!(step.action, ActionOnPaper::Ttl(_)))
}

#[test]
fn a_planned_move_lowers_first_beside_everything_else_and_restores_last() {
    let estate = estate(as_it_is);
    let plan = leave(&estate, ScopeState::Leaving);
    assert_eq!((plan.incident.mode, verify(&estate, &plan)), (Mode::Switchover, Vec::new()));
    // The two services share the route, which is lowered once.
    let (lower, restore) = (step(&plan, "mail/lower-ttl"), step(&plan, "mail/restore-ttl"));
    assert_eq!(plan.steps.iter().filter(|step| matches!(step.action, ActionOnPaper::Ttl(_))).count(), 2);
    let ActionOnPaper::Ttl(ttl) = &lower.action else { panic!("it lowers") };
    assert_eq!((ttl.ttl_ms, ttl.wait_ms), (Millis::from_secs(30), Millis::from_secs(300)));
    assert_eq!((lower.start_ms, lower.duration_ms), (Millis::from_secs(60), Millis::from_secs(305)));
    assert_eq!(lower.after, ["approval:start"]);
    for id in ["web/shift@b", "mail/shift@b"] {
        assert!(step(&plan, id).after.iter().any(|before| before == "mail/lower-ttl"), "{id}");
        assert!(restore.after.iter().any(|before| before == id), "{id}");
        assert_eq!(route(&plan, id).ttl_ms, Millis::from_secs(30));
    }
    let holds: Vec<u64> = route(&plan, "web/shift@b").stages.iter().map(|stage| stage.hold_ms.0 / 1_000).collect();
    assert_eq!(*holds.last().unwrap(), 30, "{holds:?}");
    // To copy takes longer: nobody waits for the answers.
    let looked = step(&plan, "mail/look@b");
    let first = plan.steps.iter().filter(|step| step.phase == "shift").map(|step| step.start_ms).min();
    assert_eq!(first, Some(looked.start_ms + looked.duration_ms));
    // Whoever takes it back gets the same, the other way round.
    assert_eq!(lower.undo.as_ref(), Some(&restore.action));
    assert_eq!(restore.undo.as_ref(), Some(&lower.action));
    assert!(restore.limits.timeout_ms > Millis::from_secs(300));
}

#[test]
fn weighted_sets_keep_a_ttl_as_any_record_does() {
    let estate =
        estate(|text| text.replace("\"rfc2136\"", "\"route53\"").replace("servers = [\"192.0.2.53:53\"]\n", ""));
    let plan = leave(&estate, ScopeState::Leaving);
    assert_eq!(verify(&estate, &plan), Vec::new());
    let ActionOnPaper::Ttl(ttl) = &step(&plan, "mail/lower-ttl").action else { panic!("it lowers") };
    assert_eq!((ttl.ttl_ms, ttl.wait_ms), (Millis::from_secs(30), Millis::from_secs(300)));
    assert!(!lowers(&leave(&estate, ScopeState::Lost)));
}

#[test]
fn nothing_is_lowered_in_a_loss_or_where_it_would_gain_nothing() {
    let lost = estate(as_it_is);
    let plan = leave(&lost, ScopeState::Lost);
    assert!(!lowers(&plan), "{:?}", ids(&plan));
    assert_eq!(route(&plan, "web/shift@b").ttl_ms, Millis::from_secs(300));
    for (from, to) in [("\"5m\"", "\"30s\""), ("kind = \"rfc2136\"", "kind = \"haproxy\"")] {
        let estate = estate(|text| text.replace(from, to).replace("zone = \"example.\"\n", ""));
        assert!(!lowers(&leave(&estate, ScopeState::Leaving)), "{to}");
    }
    let lower = estate(|text| text.replace("ttl = \"5m\"", "ttl = \"30s\"\nlow-ttl = \"5s\""));
    assert_eq!(route(&leave(&lower, ScopeState::Leaving), "web/shift@b").ttl_ms, Millis::from_secs(5));
    // A person who moves one route wants it moved now.
    let (a, b) = (SiteId::new(0), SiteId::new(1));
    let wanted = Move {
        route: RouteId::new(0),
        now: vec![(a, Ppm::ONE)],
        to: vec![(b, Ppm::ONE)],
        as_of: Date::new(2026, 11, 23).unwrap(),
    };
    let plan = moving(&lost, &Observation::default(), Vec::new(), &wanted).unwrap();
    assert!(!lowers(&plan) && verify(&lost, &plan).is_empty());
}

#[test]
fn who_shifts_by_a_lost_keeper_is_behind_a_persons_gate() {
    let server = "{ address = \"192.0.2.53:53\", site = \"a\" }";
    let alone = estate(|text| text.replace("\"192.0.2.53:53\"", server));
    let gate = "break-glass:provider:p";
    let mut plan = leave(&alone, ScopeState::Lost);
    assert_eq!(verify(&alone, &plan), []);
    let gates = plan.gates.iter().filter(|one| one.id == gate && one.person).count();
    let behind = ["web/shift@b", "mail/shift@b"].map(|id| step(&plan, id).after.iter().any(|one| one == gate));
    assert_eq!((gates, behind), (1, [true, true]));
    for step in &mut plan.steps {
        step.after.retain(|before| before != gate);
    }
    let unasked =
        |step: &str| Violation::Needs(OfNeeds::KeeperLost { step: step.to_owned(), provider: "p".to_owned() });
    assert_eq!(verify(&alone, &plan), [unasked("mail/shift@b"), unasked("web/shift@b")]);
    // Where one of its servers is left, or the site still works, nobody is asked.
    let two = estate(|text| text.replace("\"192.0.2.53:53\"", &format!("{server}, \"192.0.2.54:53\"")));
    for plan in [leave(&two, ScopeState::Lost), leave(&alone, ScopeState::Leaving)] {
        assert!(!plan.gates.iter().any(|one| one.id == gate));
    }
}

#[test]
fn the_second_pair_of_eyes_sees_who_does_not_wait_for_it() {
    let estate = estate(as_it_is);
    let good = leave(&estate, ScopeState::Leaving);
    let found = |change: &dyn Fn(&mut Plan)| -> Vec<OfPlaces> {
        let mut plan = good.clone();
        change(&mut plan);
        let of_routes = |violation| if let Violation::Places(of) = violation { Some(of) } else { None };
        verify(&estate, &plan).into_iter().filter_map(of_routes).collect()
    };
    let unhook = |plan: &mut Plan, id: &str, from: &str| {
        for step in plan.steps.iter_mut().filter(|step| step.id.ends_with(id)) {
            step.after.retain(|before| !before.ends_with(from));
        }
    };
    let named = |step: &str| (step.to_owned(), "r".to_owned());
    let early = found(&|plan| unhook(plan, "shift@b", "lower-ttl"));
    let early_is = |step: &str| {
        let (step, route) = named(step);
        OfPlaces::ShiftBeforeLowering { step, route }
    };
    assert_eq!(early, [early_is("mail/shift@b"), early_is("web/shift@b")]);
    let short = found(&|plan| {
        for step in &mut plan.steps {
            if let ActionOnPaper::Ttl(ttl) = &mut step.action {
                ttl.wait_ms = ttl.wait_ms.min(Millis::from_secs(299));
            }
        }
    });
    assert_eq!(short.len(), 2, "both shifts come too early: {short:?}");
    let (step, route) = named("mail/restore-ttl");
    let restored = found(&|plan| unhook(plan, "restore-ttl", "shift@b"));
    assert_eq!(restored, [OfPlaces::TtlRestoredEarly { step, route }]);
    let (step, route) = named("mail/lower-ttl");
    let low = found(&|plan| plan.steps.retain(|step| !step.id.ends_with("restore-ttl")));
    assert_eq!(low, [OfPlaces::TtlStaysLow { step: step.clone(), route: route.clone() }]);
    let loss = found(&|plan| plan.incident.mode = Mode::Failover);
    assert!(loss.contains(&OfPlaces::LoweredInLoss { step, route }), "{loss:?}");
}
