//! Launches by somebody who can be made to say anything, under virtual time; and by real commands and requests.

#[cfg(feature = "aws")]
mod autoscaling;
mod outside;

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::driver::End;
use crate::driver::ScaleTask;
use crate::driver::Told;
use crate::driver::scale::capacity::Capacity;
use crate::driver::scale::launch::Launch;
use crate::driver::scale::launch::Pace;
use crate::driver::scale::launcher::Launcher;
use crate::driver::scale::launcher::Present;
use crate::driver::scale::launcher::Trouble;
use crate::driver::tests::provider;
use crate::model::ProviderKind;

/// What a cloud answers: the first list is what it says of itself, one after the other, the last again and again; the
/// second what it answers when it is asked for more.
struct Cloud {
    says: Mutex<Vec<Result<Present, Trouble>>>,
    answers: Mutex<Vec<Result<(), Trouble>>>,
    asked: Mutex<Vec<Capacity>>,
}

fn next<T: Clone>(all: &Mutex<Vec<T>>) -> T {
    let mut all = all.lock().unwrap();
    if all.len() > 1 { all.remove(0) } else { all[0].clone() }
}

impl Launcher for &Cloud {
    async fn read(&self) -> Result<Present, Trouble> {
        next(&self.says)
    }

    async fn ask(&self, total: &Capacity) -> Result<(), Trouble> {
        self.asked.lock().unwrap().push(total.clone());
        next(&self.answers)
    }
}

fn capacity(cores: u64) -> Capacity {
    Capacity::from([("cores".to_owned(), cores * 1_000)])
}

fn there(cores: u64) -> Result<Present, Trouble> {
    Ok(Present { in_service: capacity(cores), ..Present::default() })
}

fn silent<T>() -> Result<T, Trouble> {
    Err(Trouble::Silent("no route".to_owned()))
}

fn task(cores: u64) -> ScaleTask {
    let (service, site) = ("text".to_owned(), "tokyo".to_owned());
    ScaleTask {
        provider: provider("asg", ProviderKind::Command),
        service,
        site,
        to: capacity(cores).into_iter().collect(),
    }
}

/// What came of a launch.
struct Launched {
    end: End,
    said: String,
    took: Duration,
    asked: Vec<u64>,
}

const EIGHT_MINUTES: Duration = Duration::from_secs(480);

async fn launched_as(
    is_resumed: bool,
    stop_after: Option<Duration>,
    says: Vec<Result<Present, Trouble>>,
    answers: Vec<Result<(), Trouble>>,
) -> Launched {
    let cloud = Cloud { says: Mutex::new(says), answers: Mutex::new(answers), asked: Mutex::default() };
    let (stop, stopped) = watch::channel(false);
    let (task, told, begun) = (task(20_000), Told::nobody(), Instant::now());
    let launch = Launch {
        task: &task,
        launcher: &cloud,
        told: &told,
        stop: stopped,
        deadline: begun + EIGHT_MINUTES,
        is_resumed,
        pace: Pace::default(),
    };
    let stopper = async {
        sleep(stop_after.unwrap_or(EIGHT_MINUTES * 2)).await;
        stop.send_replace(true);
        std::future::pending::<()>().await;
    };
    let outcome = tokio::select! {
        outcome = launch.run() => outcome,
        () = stopper => unreachable!("it never ends"),
    };
    let asked = cloud.asked.lock().unwrap().iter().map(|asked| asked["cores"] / 1_000).collect();
    Launched { end: outcome.end, said: outcome.said.head, took: begun.elapsed(), asked }
}

async fn launched(says: Vec<Result<Present, Trouble>>, answers: Vec<Result<(), Trouble>>) -> Launched {
    launched_as(false, None, says, answers).await
}

#[tokio::test(start_paused = true)]
async fn a_total_is_asked_for_once_and_waited_for() {
    let found = launched(vec![there(4_000), there(4_000), there(14_000), there(20_000)], vec![Ok(())]).await;
    assert_eq!((found.end, found.asked), (End::Ok, vec![20_000]));
    assert_eq!(found.took, Duration::from_secs(15));
    let said = "in service: 4,000 of 20,000 cores\nasked asg for cores=20000\nin service: 14,000 of 20,000 cores\n\
                in service: 20,000 of 20,000 cores\n";
    assert_eq!(found.said, said);
}

#[tokio::test(start_paused = true)]
async fn what_is_there_or_coming_is_not_asked_for_and_never_lowered() {
    let found = launched(vec![there(25_000)], vec![]).await;
    assert_eq!((found.end, found.asked, found.took), (End::Ok, vec![], Duration::ZERO));
    let coming = |cores, asked| Ok(Present { asked: Some(capacity(asked)), ..there(cores).unwrap() });
    let found = launched(vec![coming(4_000, 30_000), coming(21_000, 30_000)], vec![]).await;
    assert_eq!((found.end, found.asked), (End::Ok, vec![]));
    let found = launched(vec![coming(4_000, 30_000), coming(4_000, 12_000)], vec![]).await;
    let End::Unexpected(why) = found.end else { panic!("{:?}", found.end) };
    let lowered = "somebody else lowered what asg is asked for: 12,000 of 20,000 cores now; 4,000 of 20,000 cores are in \
                   service; find out who, then repeat the step";
    assert_eq!(why, lowered);
}

#[tokio::test(start_paused = true)]
async fn less_than_was_wanted_is_told_when_its_time_is_over() {
    let found = launched(vec![there(0), there(14_000)], vec![Ok(())]).await;
    let partly = "14,000 of 20,000 cores are in service after 8m; more may still come: repeat the step to go on waiting, \
                  or plan again with what is there";
    assert_eq!((found.end, found.took), (End::Unexpected(partly.to_owned()), EIGHT_MINUTES));
    let noted = Present { note: Some("no instances of this type".to_owned()), ..there(14_000).unwrap() };
    let found = launched(vec![there(0), Ok(noted), silent()], vec![Ok(())]).await;
    let End::Unexpected(why) = found.end else { panic!("{:?}", found.end) };
    let parts = ["after 8m, as last seen: no route; asg says: no instances of this type; more may still come"];
    assert!(parts.iter().all(|part| why.contains(part)), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_quota_is_told_whenever_it_is_seen() {
    let no = || vec![Err(Trouble::Refused("vCPU limit of 16,000 exceeded".to_owned()))];
    let found = launched(vec![there(4_000)], no()).await;
    let refused = "asg refuses: vCPU limit of 16,000 exceeded; raise the quota or plan again with less";
    assert_eq!(found.end, End::CouldNotStart(format!("{refused}; nothing was changed")));
    assert_eq!(found.took, Duration::ZERO);
    // Whoever began it may have got something.
    let found = launched_as(true, None, vec![there(4_000)], no()).await;
    assert_eq!(found.end, End::Unexpected(format!("{refused}; 4,000 of 20,000 cores are in service")));
    let limited = Present { most: Some(capacity(16_000)), ..there(4_000).unwrap() };
    let found = launched(vec![Ok(limited)], vec![]).await;
    let never = "asg refuses: it gives at most 16,000 of 20,000 cores; raise the quota or plan again with less; nothing \
                 was changed";
    assert_eq!((found.end, found.asked), (End::CouldNotStart(never.to_owned()), vec![]));
    let late = Present { refused: Some("VcpuLimitExceeded".to_owned()), ..there(9_000).unwrap() };
    let found = launched(vec![there(4_000), there(9_000), Ok(late)], vec![Ok(())]).await;
    let End::Unexpected(why) = found.end else { panic!("{:?}", found.end) };
    assert_eq!(
        why,
        "asg refuses: VcpuLimitExceeded; raise the quota or plan again with less; 9,000 of 20,000 cores are in service"
    );
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_told_within_a_minute_and_a_short_one_is_sat_out() {
    let found = launched(vec![silent()], vec![]).await;
    let outage = "no route; nobody answered within 1m, and nothing was changed: repeat the step once asg answers, or plan \
                  again without it";
    assert_eq!((found.end, found.took.as_secs()), (End::Unreachable(outage.to_owned()), 60));
    let found = launched(vec![silent(), silent(), there(0), there(0), there(20_000)], vec![silent(), Ok(())]).await;
    assert_eq!((found.end, found.asked), (End::Ok, vec![20_000, 20_000]));
    let found = launched(vec![there(0)], vec![silent()]).await;
    assert!(found.end.changed_nothing() && found.took.as_secs() == 60, "{:?}", found.end);
    // Once it was asked for, capacity comes whether or not anybody tells us.
    let found = launched(vec![there(0), silent(), silent(), there(20_000)], vec![Ok(())]).await;
    assert_eq!(found.end, End::Ok);
    let open = || vec![Err(Trouble::Open("no answer".to_owned()))];
    let found = launched(vec![there(0)], open()).await;
    assert!(
        matches!(&found.end, End::Lost(why) if why.contains("repeat the step once asg answers")),
        "{:?}",
        found.end
    );
    let found = launched(vec![there(0), there(20_000)], [open(), vec![Ok(())]].concat()).await;
    assert_eq!((found.end, found.asked), (End::Ok, vec![20_000, 20_000]));
}

#[tokio::test(start_paused = true)]
async fn whoever_no_longer_waits_stops_at_once() {
    let found = launched_as(false, Some(Duration::from_secs(91)), vec![there(0)], vec![Ok(())]).await;
    assert_eq!((found.end, found.took.as_secs()), (End::Killed, 91));
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_of_what_is_wanted_is_asked_for_nothing() {
    let other = Present { in_service: Capacity::from([("gbps".to_owned(), 400_000)]), ..Present::default() };
    let found = launched(vec![Ok(other)], vec![]).await;
    let why = "asg does not say how much cores is in service, as `cores 0`; nothing was changed";
    assert_eq!(found.end, End::CouldNotStart(why.to_owned()));
}
