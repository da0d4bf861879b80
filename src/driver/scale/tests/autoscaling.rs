//! Auto-scaling groups: against moto, which speaks their API, and against a server of ours that does what moto never would.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::driver::Driver;
use crate::driver::End;
use crate::driver::INSTANCES;
use crate::driver::Job;
use crate::driver::Key;
use crate::driver::Outcome;
use crate::driver::ScaleTask;
use crate::driver::Scout;
use crate::driver::Secrets;
use crate::driver::Task;
use crate::driver::Told;
use crate::driver::scale::autoscaling::Autoscaling;
use crate::driver::scale::autoscaling::Turns;
use crate::driver::scale::launch::Launch;
use crate::driver::scale::launch::Pace;
use crate::driver::scale::tests::task;
use crate::driver::tests::job;
use crate::driver::tests::moto::Moto;
use crate::driver::tests::moto::REGION;
use crate::driver::tests::moto::between;
use crate::driver::tests::moto::desired;
use crate::driver::tests::moto::group;
use crate::driver::tests::served::Answer;
use crate::driver::tests::served::serve;
use crate::driver::tests::workshop::Workshop;
use crate::model::ProviderKind;

const ENVIRONMENT: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIATEST"), ("AWS_SECRET_ACCESS_KEY", "t0ps3cret-of-the-account")];

fn by(server: &str, group: &str, instances: u64) -> ScaleTask {
    let mut task = task(0);
    task.provider.kind = ProviderKind::AwsAutoscaling;
    task.provider.servers = vec![server.to_owned()];
    task.provider.group = Some(group.to_owned());
    task.provider.region = Some(REGION.to_owned());
    task.to = vec![(INSTANCES.to_owned(), instances * 1_000)];
    task
}

fn secrets() -> Secrets {
    Secrets::new(ENVIRONMENT.map(|(name, value)| (name.into(), value.into())))
}

/// Launches, and looks often.
async fn go(task: &ScaleTask, most: Duration) -> Outcome {
    let (_stop, stopped) = watch::channel(false);
    let launch = Launch {
        task,
        launcher: Autoscaling::new(task, &secrets(), &Turns::default()).expect("a launcher"),
        told: &Told::nobody(),
        stop: stopped,
        deadline: Instant::now() + most,
        is_resumed: false,
        // The client tries four times, which takes seconds.
        pace: Pace { pause: Duration::from_millis(50), silence: Duration::from_secs(15) },
    };
    launch.run().await
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_raised_to_a_number_and_never_lowered() {
    let moto = Moto::start();
    group(&moto, "talk", 2, 8);
    let shop = Workshop::with(&ENVIRONMENT);
    let raised = |step: &str, instances| Job {
        task: Task::Scale(Box::new(by(&moto.at(), "talk", instances))),
        key: Key { step: step.to_owned(), ..job("", "").key },
        ..job("", "")
    };
    // Two services ask one group at once; each is told all that was launched before it.
    let (one, other) = (raised("text/launch@tokyo", 4), raised("pay/launch@tokyo", 6));
    let (first, second) = tokio::join!(shop.act(&one), shop.act(&other));
    assert_eq!((&first.end, &second.end), (&End::Ok, &End::Ok), "{first:?} {second:?}");
    assert_eq!(desired(&moto), 6);
    assert!(second.said.head.contains("in service: 6 of 6 instances"), "{second:?}");
    // Whoever takes over finds it there, and what is there is never given back.
    assert_eq!(shop.hands.adopt(raised("later/launch@tokyo", 3), Told::nobody()).await.end, End::Ok);
    assert_eq!(desired(&moto), 6);
    let Task::Scale(task) = raised("", 6).task else { unreachable!() };
    let seen = shop.hands.capacity(*task).await;
    assert_eq!((seen.in_service, seen.troubles), (Ok(vec![(INSTANCES.to_owned(), 6_000)]), vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_group_can_not_give_is_told_before_anything_is_asked() {
    let moto = Moto::start();
    group(&moto, "talk", 2, 8);
    let above = by(&moto.at(), "talk", 9);
    let why = "asg refuses: the MaxSize of its group allows 8 of 9 instances; raise the quota or plan again with less";
    assert_eq!(go(&above, LONG).await.end, End::CouldNotStart(format!("{why}; nothing was changed")));
    assert_eq!(desired(&moto), 2);
    let shop = Workshop::with(&ENVIRONMENT);
    let seen = shop.hands.capacity(above.clone()).await;
    assert_eq!(seen.in_service, Ok(vec![(INSTANCES.to_owned(), 2_000)]));
    assert_eq!(seen.troubles.len(), 1);
    assert!(seen.troubles[0].starts_with("the MaxSize of its group allows 8 of 9"), "{:?}", seen.troubles);
    let End::CouldNotStart(why) = go(&by(&moto.at(), "tlak", 3), LONG).await.end else { panic!("there is none") };
    assert!(why.starts_with("asg: there is no group tlak in us-east-1: compare `group` and `region`"), "{why}");
    let unsigned = Workshop::with(&ENVIRONMENT[..1]).hands.capacity(above.clone()).await;
    assert!(unsigned.in_service.is_err_and(|why| why.contains("env:AWS_SECRET_ACCESS_KEY")));
    let unsaid = ScaleTask { to: vec![("cores".to_owned(), 1_000)], ..above };
    let why = Autoscaling::new(&unsaid, &secrets(), &Turns::default()).err().expect("no number");
    assert!(why.contains("does not say how many instances"), "{why}");
}

/// What the server of ours does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nothing; instances take three looks to be in service, and are unwell on the way.
    None,
    /// So many requests are throttled, then all are taken.
    Throttled(usize),
    /// Every request fails.
    Down,
    /// What raises it fails without a word, and counts.
    Mute,
    /// What raises it is refused.
    Limited,
    /// Instances stay pending for ever.
    Pending,
    /// All but two come, and the group says why.
    Failing(&'static str),
    /// Nothing is launched in it.
    Suspended,
    /// Somebody else lowers it again.
    Lowered,
    /// An answer begins and never ends.
    Slow,
}

#[derive(Debug, Default)]
struct Kept {
    requests: usize,
    desired: u32,
    looks: u32,
    asked: Vec<u32>,
}

const XMLNS: &str = "xmlns=\"http://autoscaling.amazonaws.com/doc/2011-01-01/\"";
const NO_ROOM: &str =
    "We currently do not have sufficient c6i.8xlarge capacity in the Availability Zone you requested.";
const NO_QUOTA: &str = "You have requested more vCPU capacity than your current vCPU limit of 256 allows.";

/// Serves a group of two with this fault; keeps what it was asked for.
fn faulty(fault: Fault) -> (String, Arc<Mutex<Kept>>) {
    let kept = Arc::new(Mutex::new(Kept { desired: 2, ..Kept::default() }));
    let state = Arc::clone(&kept);
    let at = serve(move |request| {
        let (status, body) = answered(fault, request, &mut state.lock().unwrap());
        Answer { is_torn: fault == Fault::Slow, ..Answer::new(status, body) }
    });
    (at, kept)
}

fn error(code: &str) -> String {
    format!(
        "<ErrorResponse {XMLNS}><Error><Type>Sender</Type><Code>{code}</Code><Message>{code} it is.</Message></Error>\
         <RequestId>1</RequestId></ErrorResponse>"
    )
}

fn answered(fault: Fault, request: &str, kept: &mut Kept) -> (&'static str, String) {
    kept.requests += 1;
    if matches!(fault, Fault::Throttled(most) if kept.requests <= most) {
        return ("400 Bad Request", error("Throttling"));
    }
    if fault == Fault::Down {
        return ("503 Service Unavailable", "<html>down</html>".to_owned());
    }
    if request.contains("Action=SetDesiredCapacity") {
        let wanted = between(request, "DesiredCapacity=", "&").parse().unwrap();
        kept.asked.push(wanted);
        if fault == Fault::Limited {
            return ("400 Bad Request", error("LimitExceeded"));
        }
        kept.desired = wanted;
        if fault == Fault::Mute {
            return ("500 Internal Server Error", String::new());
        }
        return ("200 OK", format!("<SetDesiredCapacityResponse {XMLNS}></SetDesiredCapacityResponse>"));
    }
    if request.contains("Action=DescribeScalingActivities") {
        return ("200 OK", activities(fault, kept));
    }
    if !kept.asked.is_empty() {
        kept.looks += 1;
    }
    if fault == Fault::Lowered && kept.looks > 2 {
        kept.desired = 2;
    }
    ("200 OK", described(fault, kept))
}

fn activities(fault: Fault, kept: &Kept) -> String {
    let one = |id: &str, status: &str, says: &str| {
        format!(
            "<member><ActivityId>{id}</ActivityId><StatusCode>{status}</StatusCode><StatusMessage>{says}</StatusMessage>\
             </member>"
        )
    };
    // An old failure says nothing of what is asked for now.
    let mut all = one("old", "Failed", NO_QUOTA);
    if let (Fault::Failing(why), true) = (fault, kept.looks > 2) {
        all = one("new", "Failed", why) + &all;
    }
    format!(
        "<DescribeScalingActivitiesResponse {XMLNS}><DescribeScalingActivitiesResult><Activities>{all}</Activities>\
         </DescribeScalingActivitiesResult></DescribeScalingActivitiesResponse>"
    )
}

fn described(fault: Fault, kept: &Kept) -> String {
    let missing = match fault {
        Fault::Pending | Fault::Lowered => kept.desired,
        Fault::Failing(_) => 2,
        Fault::None | Fault::Throttled(_) | Fault::Down | Fault::Mute => 0,
        Fault::Limited | Fault::Suspended | Fault::Slow => 0,
    };
    let there = kept.desired.saturating_sub(missing).max(2);
    let one = |at: u32| {
        let (state, health) = match at {
            ..2 => ("InService", "Healthy"),
            _ if at >= there || kept.looks < 2 => ("Pending", "Healthy"),
            _ if kept.looks == 2 => ("InService", "Unhealthy"),
            _ => ("InService", "Healthy"),
        };
        format!(
            "<member><InstanceId>i-{at}</InstanceId><LifecycleState>{state}</LifecycleState><HealthStatus>{health}\
             </HealthStatus></member>"
        )
    };
    let instances: String = (0..kept.desired).map(one).collect();
    let suspended = "<member><ProcessName>Launch</ProcessName></member>";
    let suspended = if fault == Fault::Suspended { suspended } else { "" };
    format!(
        "<DescribeAutoScalingGroupsResponse {XMLNS}><DescribeAutoScalingGroupsResult><AutoScalingGroups><member>\
         <AutoScalingGroupName>talk</AutoScalingGroupName><MinSize>0</MinSize><MaxSize>20</MaxSize><DesiredCapacity>{}\
         </DesiredCapacity><Instances>{instances}</Instances><SuspendedProcesses>{suspended}</SuspendedProcesses></member>\
         </AutoScalingGroups></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>",
        kept.desired
    )
}

async fn launched(fault: Fault, most: Duration) -> (Outcome, Vec<u32>) {
    let (at, kept) = faulty(fault);
    let outcome = go(&by(&at, "talk", 6), most).await;
    let asked = kept.lock().unwrap().asked.clone();
    (outcome, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_in_service_and_well_counts() {
    let (outcome, asked) = launched(Fault::None, LONG).await;
    assert_eq!((&outcome.end, asked), (&End::Ok, vec![6]), "{outcome:?}");
    let said = "in service: 2 of 6 instances\nasked asg for instances=6\nin service: 6 of 6 instances\n";
    assert_eq!(outcome.said.head, said);
    // Throttled for a while, it is tried again; refused for now is no refusal.
    let (outcome, asked) = launched(Fault::Throttled(6), LONG).await;
    assert_eq!((&outcome.end, asked), (&End::Ok, vec![6]), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn less_than_was_wanted_is_told_with_what_the_group_says() {
    let short = Duration::from_secs(3);
    let (outcome, asked) = launched(Fault::Pending, short).await;
    let End::Unexpected(why) = outcome.end else { panic!("{outcome:?}") };
    assert!(why.starts_with("2 of 6 instances are in service after 3s; more may still come: repeat the step"), "{why}");
    assert_eq!(asked, [6]);
    let (outcome, _) = launched(Fault::Failing(NO_ROOM), short).await;
    let End::Unexpected(why) = outcome.end else { panic!("{outcome:?}") };
    let parts = ["4 of 6 instances are in service after 3s; asg says: ", NO_ROOM, "plan again with what is there"];
    assert!(parts.iter().all(|part| why.contains(part)), "{why}");
    let (outcome, _) = launched(Fault::Lowered, short).await;
    assert!(
        matches!(&outcome.end, End::Unexpected(why) if why.contains("somebody else lowered what asg is asked for")),
        "{outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_is_told_at_once_whenever_it_comes() {
    let (outcome, asked) = launched(Fault::Limited, LONG).await;
    let why = "asg refuses: LimitExceeded (400): LimitExceeded it is; raise the quota or \
               plan again with less; nothing was changed";
    assert_eq!((outcome.end, asked), (End::CouldNotStart(why.to_owned()), vec![6]));
    let (outcome, asked) = launched(Fault::Failing(NO_QUOTA), LONG).await;
    let End::Unexpected(why) = outcome.end else { panic!("{outcome:?}") };
    assert!(why.starts_with("asg refuses: You have requested more vCPU capacity"), "{why}");
    assert!(
        why.ends_with("256 allows; raise the quota or plan again with less; 4 of 6 instances are in service"),
        "{why}"
    );
    assert_eq!(asked, [6]);
    let (outcome, asked) = launched(Fault::Suspended, LONG).await;
    let End::CouldNotStart(why) = outcome.end else { panic!("{outcome:?}") };
    assert!(why.contains("launching is suspended in talk") && asked.is_empty(), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_told_and_nothing_is_believed_to_have_counted() {
    let (down, slow) = tokio::join!(launched(Fault::Down, LONG), launched(Fault::Slow, LONG));
    for ((outcome, asked), words) in [(down, "503"), (slow, "no answer in time")] {
        let End::Unreachable(why) = &outcome.end else { panic!("{outcome:?}") };
        assert!(why.contains(words) && why.contains("nothing was changed: repeat the step once asg answers"), "{why}");
        assert!(asked.is_empty(), "{asked:?}");
        assert!(!why.contains("t0ps3cret"), "{why}");
    }
    // It was answered by nothing, and it counted: the next look says so, and nobody asks twice for more.
    let (outcome, asked) = launched(Fault::Mute, LONG).await;
    assert_eq!(outcome.end, End::Ok, "{outcome:?}");
    assert!(asked.iter().all(|asked| *asked == 6), "{asked:?}");
}
