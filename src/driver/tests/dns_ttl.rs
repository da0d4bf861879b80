//! How long answers may be kept, changed on real name servers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::driver::Driver;
use crate::driver::End;
use crate::driver::Hands;
use crate::driver::Job;
use crate::driver::Outcome;
use crate::driver::RouteTask;
use crate::driver::Task;
use crate::driver::Told;
use crate::driver::TtlTask;
use crate::driver::can_do;
use crate::driver::tests::dns::addresses;
use crate::driver::tests::dns::ledger;
use crate::driver::tests::dns::secrets;
use crate::driver::tests::dns::task;
use crate::driver::tests::dns::ttl;
use crate::driver::tests::job;
use crate::driver::tests::named::Named;
use crate::model::Millis;
use crate::model::ProviderKind;

const RECORD: &str = "msg.talk.example.";

async fn retime(route: RouteTask, (kept, wait): (u64, u64), timeout: u64, told: Told) -> Outcome {
    let (kept, wait) = (Millis(kept * 1_000), Millis(wait * 1_000));
    let task = Task::Ttl(Box::new(TtlTask { route: RouteTask { ttl: kept, stages: Vec::new(), ..route }, wait }));
    let job = Job { task, timeout: Millis(timeout * 1_000), ..job("lower-ttl", "true") };
    Hands::new(PathBuf::new(), PathBuf::new(), secrets()).act(job, told).await
}

#[tokio::test]
async fn answers_are_kept_for_less_then_as_long_as_ever_and_lead_where_they_led() {
    let named = Named::primary("");
    let second = Named::secondary(&named);
    let mut task = task(&[named.server()]);
    task.provider.also = vec![second.server()];
    let (told, shifts) = ledger(|| {});
    let before = addresses(&named.server(), RECORD);
    let outcome = retime(task.clone(), (7, 0), 60, told).await;
    assert_eq!((outcome.end, ttl(&named.server(), RECORD)), (End::Ok, 7), "{:?}", outcome.said);
    assert!(outcome.said.head.contains("may be kept for 7s, and no longer for 1s"), "{:?}", outcome.said);
    // It is not over before those who follow answer so, too; and what was there before is written down.
    assert_eq!(ttl(&second.server(), RECORD), 7);
    let shift = shifts.lock().unwrap().pop().unwrap();
    assert_eq!((shift.from.clone(), shift.fact.ends_with("TTL 1s")), (shift.to, true), "{}", shift.fact);

    // Now for less: those from before are waited for, and nothing else is changed.
    let begun = Instant::now();
    let outcome = retime(task.clone(), (2, 3), 60, Told::nobody()).await;
    assert_eq!((outcome.end, ttl(&named.server(), RECORD)), (End::Ok, 2));
    assert!(begun.elapsed() >= Duration::from_secs(7), "{:?}", begun.elapsed());
    assert_eq!(addresses(&named.server(), RECORD), before);

    // It is so already. Since when, nobody knows.
    let begun = Instant::now();
    let outcome = retime(task.clone(), (2, 3), 60, Told::nobody()).await;
    assert!(outcome.said.head.contains("may be kept for 2s already"), "{:?}", outcome.said);
    assert!(outcome.end == End::Ok && begun.elapsed() >= Duration::from_secs(3), "{:?}", begun.elapsed());

    // Longer than the step may take: it says so, and what to do.
    let (told, _) = ledger(|| {});
    let outcome = retime(task, (1, 60), 20, told).await;
    let End::Unexpected(why) = outcome.end else { panic!("{:?}", outcome.end) };
    assert!(why.contains("answers from before may be kept for another") && why.contains("mark it done"), "{why}");
}

#[tokio::test]
async fn what_another_hand_changed_in_between_is_not_overwritten() {
    let named = Arc::new(Named::primary(""));
    let other = Arc::clone(&named);
    let (told, _) = ledger(move || other.nsupdate(RECORD, &["198.18.10.2"]));
    let outcome = retime(task(&[named.server()]), (9, 0), 60, told).await;
    let End::CouldNotStart(why) = outcome.end else { panic!("{:?}", outcome.end) };
    assert!(why.contains("NXRRSET") && why.ends_with("nothing was changed"), "{why}");
    assert_eq!(addresses(&named.server(), RECORD), ["198.18.10.2"]);
}

#[test]
fn who_keeps_no_answers_is_refused_before_anything_is_begun() {
    let mut route = task(&[]);
    route.provider.kind = ProviderKind::Haproxy;
    let why = can_do(&Task::Ttl(Box::new(TtlTask { route, wait: Millis::ZERO }))).unwrap_err();
    assert_eq!(why, "nobody keeps answers of such a provider");
}
