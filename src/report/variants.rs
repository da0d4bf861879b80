//! Every reason, warning, refusal and question in words, one line each, so that a person can read them all in a minute.

use expect_test::expect;

use crate::model::Millis;
use crate::model::Ppm;
use crate::placement::Because;
use crate::placement::LevelBecause;
use crate::placement::Raise;
use crate::placement::Rejection;
use crate::placement::Through;
use crate::plan::DurationFrom;
use crate::plan::Gate;
use crate::plan::GateKind;
use crate::plan::Issue;
use crate::plan::Refusal;
use crate::plan::WaitedFor;
use crate::report::advice;
use crate::report::advice::Advice;
use crate::report::gate;
use crate::report::reason;

fn lines(all: impl IntoIterator<Item = String>) -> String {
    all.into_iter().map(|line| line + "\n").collect()
}

fn advised(all: impl IntoIterator<Item = Advice>) -> String {
    lines(all.into_iter().map(|advice| format!("{}\n   -> {}", advice.what, advice.act)))
}

#[test]
fn why_there() {
    let secs = Millis::from_secs;
    let all = [
        Because::Survivor { before: Ppm(300_000) },
        Because::Stays,
        Because::Hot,
        Because::Warm,
        Because::Cold,
        Because::FollowsSync,
        Because::FollowsAsync { max_lag: Some(secs(5)) },
        Because::FollowsAsync { max_lag: None },
        Because::Home,
        Because::OnlyCandidate,
        Because::Asked,
        Because::CloudAfterOwn,
        Because::OnDemand { resource: "cores".into(), amount: 12_000_000, ready_in: secs(480) },
        Because::SharesDomain { domain: "power:bundang".into() },
        Because::Admits { share: Ppm(670_000), resource: "gbps".into() },
        Because::AboveFillLimit { resource: "cores".into(), amount: 1_240_000 },
        Because::AfterVictims { victims: vec!["ads".into(), "recommendations".into()] },
        Because::MovedAside { service: "friends".into() },
    ];
    expect![[r#"
        it is active there already, and carried 30 % of the users
        it is active there already, and stays as it is
        a hot standby runs there, and only needs its traffic
        a warm standby runs there, and must be scaled up
        a cold standby is there, and must be started from nothing
        its data follows the lost copy, and every write waited for it: nothing is lost
        its data follows the lost copy from at most 5s behind
        its data follows the lost copy from behind; nobody declared how far
        it is declared to be active there, and the site is back
        no other candidate is left
        the operator asked for this site
        no candidate in an own site had room, and this is a cloud
        its hosts carry less than it needs, so the cloud launches 12,000 cores, there 8m after the request
        it shares power:bundang with what is lost; the candidates that do not had no room
        not all users fit: gbps ran out at 67 % of them
        it fills the site 1,240 cores beyond its fill limit, as only the first tier's floor may
        it fits once room is given up by ads, recommendations
        it made room for friends, which is as urgent and fits nowhere else
    "#]]
    .assert_eq(&lines(all.iter().map(reason::because)));
}

#[test]
fn why_not_there() {
    let all = [
        Rejection::Lost,
        Rejection::Impaired,
        Rejection::Leaving,
        Rejection::Quarantined,
        Rejection::NotAsked,
        Rejection::Short { resource: "cores".into(), by: 1_240_000, after: Some("text-message".into()) },
        Rejection::Short { resource: "cores".into(), by: 1_240_000, after: None },
        Rejection::HostsCarry { resource: "gbps".into(), at_most: 2_500 },
        Rejection::NoData,
        Rejection::NotNeeded,
        Rejection::NoMajority,
    ];
    expect![[r#"
        it is lost
        it answers, and is not trusted
        it is to be left
        it came back, and nobody has released it
        the operator asked for other sites
        short by 1,240 cores after text-message
        short by 1,240 cores
        its hosts carry at most 2.5 gbps
        its data does not follow the copy that is lost
        not needed: the others carry everything; it is a fallback
        too few voters are left for a majority
    "#]]
    .assert_eq(&lines(all.iter().map(reason::rejection)));
}

#[test]
fn why_not_full_why_urgent_why_late() {
    let levels = [
        LevelBecause::NoRoom { resource: "cores".into(), by: 1_240_000 },
        LevelBecause::NeedsStranded { service: "link-preview".into() },
        LevelBecause::NeedsLeftOut { service: "link-preview".into() },
        LevelBecause::GivesWay { service: "text-message".into(), site: "ansan".into() },
        LevelBecause::NowhereToGo,
    ];
    expect![[r#"
        the full level does not fit anywhere: 1,240 cores are missing
        the full level needs link-preview, which has nowhere to go
        the full level needs link-preview, which this plan leaves out
        it gives up room at ansan for text-message
        no candidate is left, or none has any room
    "#]]
    .assert_eq(&lines(levels.iter().map(reason::level_because)));
    let raises =
        [Through::Hard, Through::Start, Through::Uses].map(|through| Raise { by: "text-message".into(), through });
    expect![[r#"
        session: core -> lifeline, because text-message needs it to serve
        session: core -> lifeline, because text-message needs it to start
        session: core -> lifeline, because text-message needs it for the steps that recover it
    "#]]
    .assert_eq(&lines(raises.iter().map(|raise| reason::raise("session", "core", "lifeline", raise))));
    let waits = [
        WaitedFor::Nothing,
        WaitedFor::Before,
        WaitedFor::Pool("operators".into()),
        WaitedFor::Pool("site:ansan".into()),
        WaitedFor::Kept("operators".into()),
    ];
    expect![[r#"
        starts at once
        waits for the one before
        waits for operators, which the one before held
        waits for the slots of ansan, which the one before held
        waits, because the rest of operators is kept for the first tier
    "#]]
    .assert_eq(&lines(waits.iter().map(reason::waited_for)));
    let from = [
        DurationFrom::Expect(Some("the drill of 2026-09-12".into())),
        DurationFrom::Expect(None),
        DurationFrom::Default,
        DurationFrom::Cache,
        DurationFrom::Route,
        DurationFrom::Launch,
        DurationFrom::Person,
        DurationFrom::History,
    ];
    expect![[r#"
        what its runbook says, from the drill of 2026-09-12
        what its runbook says
        a default for this kind of action: nobody said how long it takes
        the time that the declared cache takes to warm
        TTL, ramp, and the rate at which clients are admitted
        the time that the cloud is declared to take for a launch
        the time that a person is expected to take
        finished runs
    "#]]
    .assert_eq(&lines(from.iter().map(reason::duration_from)));
}

#[test]
fn what_is_asked_at_gates() {
    let kinds = [
        GateKind::ApproveStart,
        GateKind::ApproveVictims { services: vec!["ads".into(), "recommendations".into()] },
        GateKind::ApproveIrreversible { step: "mail/purge@ansan".into() },
        GateKind::Fence { site: "pangyo".into(), attest: Some("Is the old primary powered off?".into()) },
        GateKind::Fence { site: "pangyo".into(), attest: None },
        GateKind::DataLoss { site: "ansan".into(), at_most_ms: Some(Millis(5_000)), objective_ms: Some(Millis(0)) },
        GateKind::DataLoss { site: "ansan".into(), at_most_ms: None, objective_ms: None },
        GateKind::BreakGlass { missing: "kit:sealed-credentials".into() },
    ];
    let asked = kinds.map(|kind| {
        let gate = Gate {
            id: String::new(),
            kind,
            service: None,
            after: Vec::new(),
            opened_by: vec!["border-cut/fence@pangyo".into()],
            person: true,
            start_ms: Millis::ZERO,
            duration_ms: Millis::ZERO,
            limit_ms: Millis::ZERO,
            class: 0,
            claims: Vec::new(),
        };
        format!("{}: {}", gate::kind(&gate.kind), gate::ask(&gate))
    });
    expect![[r#"
        approval: approve the start of this plan
        approval: approve that these give up room: ads, recommendations
        approval: approve mail/purge@ansan: there is no way back from it
        fence: Is the old primary powered off?
        fence: is what ran at pangyo unable to act, for good?
        data loss: accept the data at ansan: up to 5s may be lost, 0s promised
        data loss: accept the data at ansan: how much may be lost is unknown
        break glass: supply kit:sealed-credentials by other means: nothing brings it back
    "#]]
    .assert_eq(&lines(asked));
}

fn issues() -> Vec<Issue> {
    let secs = Millis::from_secs;
    let (service, site) = (|| "text-message".to_owned(), || "ansan".to_owned());
    let missed = |bound| Issue::RtoMissed { service: service(), expected: secs(705), objective: secs(600), bound };
    vec![
        Issue::Stranded { service: "billing".into(), needed_by: vec!["gifts".into()] },
        Issue::Stranded { service: "billing".into(), needed_by: Vec::new() },
        missed(secs(585)),
        missed(secs(640)),
        Issue::RpoAtRisk { service: service(), site: site(), lag: Some(secs(5)), objective: Millis::ZERO },
        Issue::RpoAtRisk { service: service(), site: site(), lag: None, objective: Millis::ZERO },
        Issue::AdmitsPart { service: service(), share: Ppm(670_000) },
        Issue::OnDemandInPromise { service: service(), site: site(), launch_proved: Some("2026-09-12".into()) },
        Issue::OnDemandInPromise { service: service(), site: site(), launch_proved: None },
        Issue::SharesDomain { service: service(), site: site(), domain: "power:bundang".into() },
        Issue::OverLimitBefore { site: site(), resource: "cores".into(), by: 400_000 },
        Issue::RecoveredTogether { cycle: vec!["a".into(), "b".into(), "a".into()] },
        Issue::BootstrapCycle { step: "deploy/start@ansan".into(), missing: "service:registry".into() },
        Issue::UsesStranded { step: "mail/start@ansan".into(), missing: "service:deploy".into() },
        Issue::ChannelLost { step: "mail/tell@ansan".into(), missing: "service:chat-ops".into() },
        Issue::JumpLost { step: "mail/start@ansan".into(), jump: vec!["bastion@pangyo".into()] },
        Issue::NoSteps { service: service(), site: site() },
        Issue::RouteNotShifted { service: service(), route: "text".into() },
        Issue::NoFence { service: service(), site: "pangyo".into() },
        Issue::OrchestratorLost,
        Issue::SiteWithoutFence { site: "pangyo".into() },
        Issue::DefaultDurations { steps: 1 },
        Issue::DefaultDurations { steps: 12 },
        Issue::FaultsElsewhere { errors: 3 },
        Issue::OverLimitAfter { site: "ansan".to_owned(), resource: "cores".to_owned(), by: 60_000 },
        Issue::DeclaredOnly,
        Issue::Observed {
            runs: 2,
            last: "20261122-0312-pangyo".to_owned(),
            away: 31,
            quarantined: vec!["pangyo".to_owned()],
            owed: vec!["fence:message-store@pangyo".to_owned()],
        },
        Issue::Asked {
            at_unix_ms: 1_795_284_720_000,
            as_known: 9,
            elsewhere: Vec::new(),
            unclear: Vec::new(),
            unseen: Vec::new(),
            mute: 0,
        },
        Issue::Asked {
            at_unix_ms: 1_795_284_720_000,
            as_known: 1,
            elsewhere: vec!["message-store@ansan".to_owned()],
            unclear: vec!["pay-ledger@ansan+pangyo".to_owned()],
            unseen: vec!["billing".to_owned(), "gifts".to_owned()],
            mute: 1,
        },
        Issue::AssumedAway,
        Issue::LearntEdge { caller: "text-message".into(), callee: "spam-filter".into() },
    ]
}

#[test]
fn what_to_know_and_what_to_do() {
    let all = issues();
    expect![[r#"
        billing has nowhere to go; needed by gifts
           -> call its owner; why nowhere: `explain service:billing`
        billing has nowhere to go; nobody else needs it
           -> call its owner; why nowhere: `explain service:billing`
        text-message is back 1m45s later than promised (T+11:45 of 10m)
           -> why so late: `explain service:text-message`; more people may help
        text-message is back 1m45s later than promised (T+11:45 of 10m)
           -> no order is fast enough (at best T+10:40): tell users, then shorten its steps
        text-message at ansan may be 5s behind; 0s were promised
           -> decide who may accept lost data before its gate asks
        text-message at ansan is behind by nobody knows how much; 0s were promised
           -> decide who may accept lost data before its gate asks
        text-message can admit 67 % of users; the rest is turned away
           -> tell users now; what is short: `explain service:text-message`
        text-message leans on capacity that ansan must launch first (last proved 2026-09-12)
           -> call ansan's support now, and ask for the capacity by name
        text-message leans on capacity that ansan must launch first (never proved)
           -> call ansan's support now, and ask for the capacity by name
        text-message goes to ansan, which shares power:bundang with what is lost
           -> ask who runs power:bundang whether it holds at ansan; `--to` names another site
        ansan was over its limit before, by 400 cores
           -> nothing in this plan makes it worse; take load off it when this is over
        each needs the other, so they are started together: a > b > a
           -> watch them as one: if one stays down, look at all; then break the circle in `depends-on`
        deploy/start@ansan uses service:registry, and service:registry can't start before it
           -> have a person ready to do deploy/start@ansan without service:registry; a gate asks for it
        mail/start@ansan uses service:deploy, which nothing brings back
           -> find another way to do what service:deploy does; a gate asks for it
        mail/tell@ansan will not get through: it goes by service:chat-ops, which nothing brings back
           -> tell those people by telephone; the run goes on without it
        mail/start@ansan can't reach its hosts: every way leads through bastion@pangyo
           -> find a way in that does not pass there: a console, a VPN, a person on the floor
        text-message should come up at ansan, and no runbook says how
           -> call its owner and do it by hand; then write the runbook
        text-message is reached by route text, which none of its steps shifts
           -> shift text by hand after it is verified, and add a `route = true` step
        text-message gets a new writer, and nothing fences the old one at pangyo
           -> make sure that pangyo is cut off or powered down before you open its gate
        every declared copy of this tool is in what is lost
           -> keep this copy, its folder and its credentials alive: put a second one elsewhere now
        nothing fences pangyo as a whole, so every service there is fenced by itself
           -> if you can cut pangyo's network at the border, do so, and attest it once
        nobody said how long 1 step takes
           -> read the times as rough; write `expect` into the runbooks after a drill
        nobody said how long 12 steps take
           -> read the times as rough; write `expect` into the runbooks after a drill
        3 errors in files that this incident does not touch
           -> go on; `check` shows them afterwards
        the lifeline fills ansan beyond its limit, by 60 cores
           -> watch ansan closely, and take other load off it as soon as you can
        where services run now is declared, not observed
           -> compare it with what you see before you approve the start
        where services run now is what 2 runs left behind, the last being 20261122-0312-pangyo: 31 services not where declared; quarantined: pangyo; 1 fence owed
           -> compare it with what you see: what was done by hand since then stands in no journal
        who writes was asked on 2026-11-21 18:12:00 UTC: 9 writers where known
           -> compare all else with what you see: it is as declared, or as journals say
        who writes was asked on 2026-11-21 18:12:00 UTC: 1 writer where known; elsewhere: message-store@ansan; MORE THAN ONE, or a part of one: pay-ledger@ansan+pangyo; nobody says so: billing, gifts; 1 service without a probe for it
           -> find out who writes there, and stop the other one, before you approve the start
        where services are now was not observed: the loss is taken to have been answered as planned here
           -> compare with where they really are before running this
        text-message needs spam-filter: that was learnt while the plan before this one ran, and is declared nowhere
           -> add spam-filter to `depends-on` of text-message, or the next plan does not know it
    "#]]
    .assert_eq(&advised(all.iter().map(advice::issue)));
}

#[test]
fn what_to_know_of_routes() {
    let all = [
        Issue::RouteUneven {
            service: "text-message".into(),
            route: "text".into(),
            site: "ansan".into(),
            placed: Ppm(330_000),
            gets: Ppm(500_000),
        },
        Issue::ProviderLost { provider: "gslb".into(), routes: vec!["text".into(), "call".into()] },
    ];
    expect![[r#"
        ansan gets 50 % of text-message's users by turns, and 33 % were placed there: DNS has no weights
           -> watch ansan while text is shifted; give its other sites more addresses, or a balancer
        every server of gslb is in what is lost, so it can't shift text, call
           -> shift them by hand where they are kept, open its gate and mark the shift done; then give it a server elsewhere
    "#]]
    .assert_eq(&advised(all.iter().map(advice::issue)));
}

#[test]
fn why_no_plan_was_made() {
    let all = [
        Refusal::NothingLost,
        Refusal::MixedStates,
        Refusal::NoSuchHosts { hosts: "pg-msg-[900-910]".into() },
        Refusal::NoSuchReplica { service: "mail".into(), site: "ansan".into() },
        Refusal::Quarantined { site: "pangyo".to_owned() },
        Refusal::NothingLeft,
        Refusal::WouldDegrade { services: vec!["text-message".into()] },
        Refusal::EmptyEstate,
        Refusal::Overrun { site: "ansan".to_owned(), resource: "cores".to_owned(), by: 1_240_000 },
        Refusal::StepCycle { steps: vec!["a/x".into(), "a/y".into(), "a/x".into()] },
        Refusal::ClaimTooLarge { step: "a/x".into(), pool: "operators".into(), amount: 4, size: 3 },
        Refusal::Broken { violations: vec!["two writers of mail".into()] },
    ];
    expect![[r#"
        nothing is lost, impaired, leaving or returning
           -> say what happened: `--lost SITE`, `--leave SITE` or `--return SITE`
        what is lost and what leaves or returns can't be in one plan: their orders contradict each other
           -> plan for what is lost first; move or return the rest when that is done
        no replica has any of the hosts pg-msg-[900-910]
           -> compare with `hosts = …` in topology/: an empty set is never taken for all
        mail has no replica at ansan
           -> `explain service:mail` lists where it is
        pangyo is quarantined: nobody has said that it can be trusted again
           -> see that nothing there writes or serves, then `bonghwa release pangyo --reason …`
        no site is left that could take anything
           -> name less as lost, widen `--to`, or add a site to topology/
        this planned move would end below full for text-message
           -> add capacity or move less; `--accept-degraded` moves all the same
        the estate declares no service and site that could be planned
           -> `bonghwa init` in an empty folder writes an estate to begin with
        going home now would overfill ansan by 1,240 cores
           -> wait until the load falls, or plan for it with `--load`
        these steps wait for each other in a circle: a/x > a/y > a/x
           -> take one `needs` out of the runbook that holds the first of them
        a/x claims 4 of operators, and there are 3
           -> lower its `claims`, or raise the pool's `size` in bonghwa.toml
        the plan failed its own check: two writers of mail
           -> this is a fault of bonghwa: please report it with these lines; nothing was written
    "#]]
    .assert_eq(&advised(all.iter().map(advice::refusal)));
}
