//! Every broken law in words, one line each.

use expect_test::Expect;
use expect_test::expect;

use crate::model::Millis;
use crate::model::Ppm;
use crate::plan::Level;
use crate::plan::Limit;
use crate::plan::Noun;
use crate::plan::OfApproval;
use crate::plan::OfLimits;
use crate::plan::OfNeeds;
use crate::plan::OfPlaces;
use crate::plan::OfRoom;
use crate::plan::OfShape;
use crate::plan::OfSummary;
use crate::plan::OfWriters;
use crate::plan::Violation;
use crate::report::violation::violation;

fn check<T>(all: impl IntoIterator<Item = T>, group: impl Fn(T) -> Violation, expected: &Expect) {
    let lines: String = all.into_iter().map(|one| violation(&group(one)) + "\n").collect();
    expected.assert_eq(&lines);
}

const SHARE: (Level, Ppm) = (Level::Full, Ppm(670_000));
const NONE: (Level, Ppm) = (Level::Shed, Ppm::ZERO);
const AT: Millis = Millis(90_250);
const LATER: Millis = Millis::from_secs(120);

fn s(text: &str) -> String {
    text.to_owned()
}

#[test]
fn of_shape() {
    let all = [
        OfShape::UnknownFormat { format: 9 },
        OfShape::TwiceNamed { name: s("a/x@b") },
        OfShape::NoSuchPredecessor { item: s("a/x@b"), after: s("a/y@b") },
        OfShape::Circle { items: vec![s("a/x@b"), s("a/y@b"), s("a/x@b")] },
        OfShape::StartsEarly { item: s("a/x@b"), start: AT, after: s("a/y@b"), end: LATER },
        OfShape::Overflow { item: s("a/x@b") },
        OfShape::NoSuchName { item: s("a/x@b"), noun: Noun::Supply, name: s("c") },
        OfShape::BadScope { scope: s("rack:1"), state: s("lost") },
        OfShape::SiteStateDiffers { site: s("b"), stated: s("up"), is: s("lost") },
        OfShape::BeforeDiffers { service: s("a"), site: s("b"), stated: Ppm::ONE, declared: Ppm(500_000) },
        OfShape::GateOpensEarly { gate: s("fence:a@b"), end: AT, opened_by: vec![s("a/fence@b")] },
    ];
    check(
        all,
        Violation::Shape,
        &expect![[r#"
        format 9 is none that this version can judge
        a/x@b is the name of two things
        a/x@b comes after a/y@b, which is not in the plan
        these wait for each other: a/x@b → a/y@b → a/x@b
        a/x@b starts at T+01:30.250, before a/y@b ends at T+02:00
        the times of a/x@b are beyond any calendar
        a/x@b names c, and there is no such service or kit to use
        the scope rack:1 (lost) can't be read against the estate
        b is said to be up, and is lost by the incident
        a is said to have carried 100 % at b; 50 % is declared, and nothing was observed
        fence:a@b opens at T+01:30.250, before its proof is there: a/fence@b
    "#]],
    );
}

#[test]
fn of_limits() {
    let all = [
        OfLimits::PoolDiffers { pool: s("operators"), size: 4, kept: 0, declared_size: 3, declared_kept: 1 },
        OfLimits::PoolOverrun { pool: s("operators"), at: AT, taken: 4, size: 3 },
        OfLimits::KeptOverrun { pool: s("operators"), at: AT, taken: 3, left: 2 },
        OfLimits::SlotNotClaimed { step: s("a/x@b"), pool: s("site:b") },
        OfLimits::NoLimit { item: s("a/x@b"), limit: Limit::Timeout },
    ];
    check(
        all,
        Violation::Limits,
        &expect![[r#"
        the pool operators is 4 with 0 kept for the first tier; declared are 3 and 1
        4 of operators are claimed at T+01:30.250, and there are 3
        later tiers claim 3 of operators at T+01:30.250; 2 are left beside what is kept for the first
        a/x@b runs on hosts, and claims no slot of site:b
        a/x@b has no limit on the time of an attempt
    "#]],
    );
}

#[test]
fn of_needs() {
    let all = [
        OfNeeds::BeforeDependency { step: s("a/x@b"), needs: s("c") },
        OfNeeds::BeforeStranded { step: s("a/x@b"), needs: s("c") },
        OfNeeds::FullBeforeDependency { step: s("a/x@b"), needs: s("c") },
        OfNeeds::StartBeforeDependency { step: s("a/x@b"), needs: s("c") },
        OfNeeds::UsesUnavailable { step: s("a/x@b"), uses: s("service:c@b") },
        OfNeeds::KitNotFetched { step: s("a/x@b"), kit: s("sealed") },
        OfNeeds::NeedUnfilled { step: s("a/x@b"), any_of: vec![s("service:c"), s("kit:sealed")] },
        OfNeeds::NameUnfilled { step: s("a/x@b"), name: s("address") },
        OfNeeds::JumpLost { step: s("a/x@b"), jump: vec![s("bastion@b")] },
        OfNeeds::KeeperLost { step: s("a/x@b"), provider: s("p") },
        OfNeeds::SilencedEarly { step: s("a/x@b"), needs: s("kit:sealed/fetch") },
    ];
    check(
        all,
        Violation::Needs,
        &expect![[r#"
            a/x@b does not wait until c is ready
            a/x@b needs c, which nothing brings back, and no person stands between
            a/x@b goes to the full level, and does not wait until c is ready
            a/x@b needs c to start, and does not wait until it is ready
            a/x@b uses service:c@b, which is not sure to be there by then
            a/x@b needs the kit sealed from where it still is
            a/x@b needs one of these, and uses none: service:c, kit:sealed
            a/x@b would be sent with {{ address }} in it, which has no value
            every way to the hosts of a/x@b leads through what is lost: bastion@b
            a/x@b needs a server of p, all of which are lost, and asks nobody
            a/x@b silences a writer whose successor may still wait for kit:sealed/fetch
        "#]],
    );
}

#[test]
fn of_places() {
    let all = [
        OfPlaces::ActsOnLost { step: s("a/x@b"), site: s("b"), state: s("lost") },
        OfPlaces::FenceTooLong { step: s("a/x@b"), timeout: LATER, limit: Millis::from_secs(60) },
        OfPlaces::HostsLost { step: s("a/x@b"), hosts: s("b-[1-9]") },
        OfPlaces::TargetUntrusted { service: s("a"), site: s("b"), state: s("impaired") },
        OfPlaces::NoHosts { step: s("a/x@b") },
        OfPlaces::HostsDiffer { step: s("a/x@b"), hosts: s("b-[1-9]") },
        OfPlaces::RouteEmpty { step: s("a/x@b"), route: s("r") },
        OfPlaces::RouteOverfull { step: s("a/x@b"), route: s("r"), sum: 1_500_000 },
        OfPlaces::RouteToLost { step: s("a/x@b"), route: s("r"), site: s("b"), state: s("lost") },
        OfPlaces::RouteStaysAtLeaving { step: s("a/x@b"), route: s("r"), site: s("b"), share: Ppm(10_000) },
        OfPlaces::RouteWithoutAddress { step: s("a/x@b"), route: s("r"), site: s("b") },
        OfPlaces::RouteDiffers { step: s("a/x@b"), route: s("r"), provider: s("p") },
        OfPlaces::RouteByClock { route: s("r"), first: s("a/shift@b"), second: s("a/shift@c") },
        OfPlaces::RampFalls { step: s("a/x@b"), route: s("r") },
        OfPlaces::ShiftBeforeLowering { step: s("a/x@b"), route: s("r") },
        OfPlaces::TtlRestoredEarly { step: s("a/restore-ttl"), route: s("r") },
        OfPlaces::TtlStaysLow { step: s("a/lower-ttl"), route: s("r") },
        OfPlaces::LoweredInLoss { step: s("a/lower-ttl"), route: s("r") },
    ];
    check(
        all,
        Violation::Places,
        &expect![[r#"
            a/x@b acts at b, which is lost
            a/x@b may try for 2m at what is lost, and 1m is the limit
            a/x@b acts on hosts that are lost, in b-[1-9]
            a is to come up at b, which is impaired
            a/x@b acts on hosts, and names none
            b-[1-9] of a/x@b are not hosts of its replica, or are miscounted
            a/x@b leaves the route r without any site
            a/x@b sends 150 % of all users over r
            a/x@b sends r to b, which is lost
            after a/x@b, the last shift of r, 1 % of its users are still sent to b
            a/x@b sends r to b, where it has no address
            a/x@b shifts r by p, which is not its provider
            a/shift@c does not wait for a/shift@b, and both shift r
            the stages of r in a/x@b do not rise to where it goes
            a/x@b counts on a low TTL of r, and does not wait until answers from before it are gone
            a/restore-ttl restores the TTL of r while its users may still be moved
            a/lower-ttl lowers the TTL of r, and nothing restores it
            a/lower-ttl lowers the TTL of r first, while its users are served by nobody
        "#]],
    );
}

#[test]
fn of_writers() {
    let all = [
        OfWriters::NoFenceBefore { step: s("a/promote@b"), site: s("c") },
        OfWriters::FenceOpenedWrongly { gate: s("fence:a@c"), by: Some(s("a/x@b")) },
        OfWriters::FenceOpenedWrongly { gate: s("fence:a@c"), by: None },
        OfWriters::FenceMissing { service: s("a"), site: s("c") },
        OfWriters::OwedUnknown { gate: s("fence:a@c") },
        OfWriters::OwedNotFenced { service: s("a"), site: s("c") },
        OfWriters::OwedReliedOn { step: s("a/promote@b"), gate: s("fence:a@c") },
        OfWriters::TwoWriters { service: s("a"), first: s("a/promote@b"), second: s("a/promote@d") },
        OfWriters::NoDataLossGate { step: s("a/promote@b"), lag: Some(AT), objective: Some(Millis::ZERO) },
        OfWriters::NoDataLossGate { step: s("a/promote@b"), lag: None, objective: None },
        OfWriters::DataLossBeforeFence { gate: s("data-loss:a@b"), site: s("c") },
        OfWriters::NoVerify { step: s("a/shift@b") },
        OfWriters::ShiftBeforeVerify { step: s("a/shift@b"), verify: s("a/verify@b") },
        OfWriters::VerifyBeforeUp { step: s("a/verify@b"), before: s("a/promote@b") },
        OfWriters::DrainBeforeReady { step: s("a/drain@c"), target: s("b") },
    ];
    check(
        all,
        Violation::Writers,
        &expect![[r#"
            a/promote@b does not wait until the old writer at c is fenced
            fence:a@c is opened by a/x@b, which fences nothing there
            fence:a@c is opened by nothing and nobody
            nothing fences a at c, which answers and is not trusted
            fence:a@c is owed, and is about nothing that the estate or the plan knows
            the fence of a at c stands on a person's word, and nothing tries to prove it
            a/promote@b waits for fence:a@c, which opens on what somebody said in an earlier run
            a has two writers: a/promote@d does not wait for a fence of what a/promote@b made
            a/promote@b may lose up to 1m30s250ms of data (0s promised), and nobody is asked
            a/promote@b may lose an unknown span of data, and nobody is asked
            data-loss:a@b is judged before the old writer at c is fenced
            a/shift@b brings users to what no step verifies, though its runbook could
            a/shift@b does not wait for a/verify@b
            a/verify@b does not wait for a/promote@b
            a/drain@c lets go of users before b is ready for them
        "#]],
    );
}

#[test]
fn of_room() {
    let (site, resource, taken, limit) = (s("b"), s("cores"), 1_180_500, 900_000);
    let all = [
        OfRoom::SiteOverfull { site: site.clone(), resource: resource.clone(), at: AT, taken, limit },
        OfRoom::ReplicaOverfull {
            service: s("a"),
            site: site.clone(),
            resource: resource.clone(),
            at: AT,
            taken,
            limit,
        },
        OfRoom::RoomByClock { site, resource: resource.clone(), taken, limit },
        OfRoom::ScaleNotAwaited { step: s("a/start@b"), scale: s("a/launch@b") },
        OfRoom::ScaleBeyond { step: s("a/launch@b"), resource, amount: taken, limit },
        OfRoom::GroupTooSmall { step: s("a/launch@b"), instances: 12, needed: 106 },
    ];
    check(
        all,
        Violation::Room,
        &expect![[r#"
        b carries 1,180.5 of at most 900 cores at T+01:30.250
        a at b carries 1,180.5 of at most 900 cores at T+01:30.250
        what waits for none of those who give up room at b takes 1,180.5 of at most 900 cores
        a/start@b takes what a/launch@b launches, and does not wait for it
        a/launch@b launches 1,180.5 of at most 900 cores
        a/launch@b asks its group for 12 instances in all, and 106 are needed
    "#]],
    );
}

#[test]
fn of_approval() {
    let all = [
        OfApproval::StartApprovals { count: 0 },
        OfApproval::StartApprovals { count: 2 },
        OfApproval::BeforeStartApproval { step: s("a/x@b") },
        OfApproval::IrreversibleUnapproved { step: s("a/x@b") },
        OfApproval::VictimUnapproved { step: s("a/degrade@b"), service: s("a") },
    ];
    check(
        all,
        Violation::Approval,
        &expect![[r#"
        nobody is asked whether the plan may start
        2 gates ask whether the plan may start; one should
        a/x@b changes something before the plan is approved
        a/x@b has no way back, and no gate guards it
        a/degrade@b makes a give up room, and nobody approves it
    "#]],
    );
}

#[test]
fn of_summary() {
    let all = [
        OfSummary::TierDiffers { service: s("a"), stated: s("core"), is: s("lifeline") },
        OfSummary::ObjectiveDiffers { service: s("a"), stated: None, declared: Some(LATER) },
        OfSummary::TargetDiffers { service: s("a"), site: s("b"), stated: SHARE, steps: NONE },
        OfSummary::AdmitsDiffers { service: s("a"), stated: Ppm::ONE, targets: Ppm(670_000) },
        OfSummary::BackDiffers { service: s("a"), stated: Some(AT), steps: Some(LATER) },
        OfSummary::FullDiffers { service: s("a"), stated: Some(AT), steps: None },
        OfSummary::MilestonesDisorder { service: s("a"), at: AT },
        OfSummary::MilestoneTooGood { service: s("a"), at: AT, stated: SHARE, steps: NONE },
        OfSummary::ServedByClock { first: s("a/shift@b"), second: s("a/raise@b") },
        OfSummary::PathDiffers { service: s("a"), link: s("a/x@b") },
        OfSummary::ClassEndsEarly { tier: s("core"), stated: AT, step: s("a/x@b"), end: LATER },
    ];
    check(
        all,
        Violation::Summary,
        &expect![[r#"
            the tier of a is said to be core; it is lifeline
            a is said to be promised nothing; declared is 2m
            a is said to end full for 67 % at b; its steps leave it shed for 0 %
            a is said to admit 100 %, and its targets serve 67 %
            a is said to be back at T+01:30.250; its steps say at T+02:00
            a is said to be full at T+01:30.250; its steps say never
            the milestones of a do not go forward from T=0, at T+01:30.250
            a is said to be full for 67 % at T+01:30.250; it is shed for 0 %
            a/raise@b does not wait for a/shift@b, and both decide what is served there
            the critical path of a leads over a/x@b, which is not in the plan at that time
            core is said to be done at T+01:30.250, and a/x@b ends at T+02:00
        "#]],
    );
}
