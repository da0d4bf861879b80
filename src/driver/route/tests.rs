//! Shifts against a keeper that can be made to do anything, under virtual time.

mod keeper;
mod looked;
mod outside;
#[cfg(feature = "aws")]
mod route53;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::driver::End;
use crate::driver::HealthTask;
use crate::driver::Outcome;
use crate::driver::RouteTask;
use crate::driver::Shift;
use crate::driver::Told;
use crate::driver::route::pulse::Beat;
use crate::driver::route::ramp::Pace;
use crate::driver::route::ramp::Ramp;
use crate::driver::route::table::Table;
use crate::driver::route::tests::keeper::Act;
use crate::driver::route::tests::keeper::Heart;
use crate::driver::route::tests::keeper::Keeper;
use crate::driver::route::tests::keeper::table;
use crate::driver::route::tests::keeper::task;
use crate::model::Millis;
use crate::model::Ppm;

/// Ten percent, half, all.
const WAY: &[&[(&str, u64)]] = &[&[("tokyo", 10)], &[("tokyo", 50)], &[("tokyo", 100)]];
const HOLD: Duration = Duration::from_secs(20);
const LONG: Duration = Duration::from_secs(3_600);

/// One shift, and all that can be told of it afterwards.
struct Shifted {
    end: End,
    said: String,
    took: Duration,
    keeper: Arc<Keeper>,
    ledger: Vec<Shift>,
}

impl Shifted {
    #[track_caller]
    fn held(&self) -> &str {
        let End::Unexpected(why) = &self.end else { panic!("{:?}: {}", self.end, self.said) };
        why
    }

    #[track_caller]
    fn never_began(&self) -> &str {
        let End::CouldNotStart(why) = &self.end else { panic!("{:?}: {}", self.end, self.said) };
        assert!(why.ends_with("; nothing was changed") && self.keeper.written().is_empty(), "{why}");
        why
    }
}

/// How a shift is begun, where that is not as usual.
#[derive(Default)]
struct Begun {
    heart: Option<Heart>,
    most: Option<Duration>,
    /// The ledger takes so many lines.
    room: Option<usize>,
    /// When it is asked to end.
    stop: Option<Duration>,
    is_resumed: bool,
}

async fn shifted(task: RouteTask, keeper: Keeper, begun: Begun) -> Shifted {
    let keeper = Arc::new(keeper);
    let lines = Arc::new(Mutex::new(Vec::new()));
    let (kept, count) = (Arc::clone(&lines), AtomicUsize::new(0));
    let room = begun.room.unwrap_or(usize::MAX);
    let told = Told::nobody().with_ledger(move |shift| {
        let (yes, answer) = oneshot::channel();
        if count.fetch_add(1, Ordering::Relaxed) < room {
            kept.lock().unwrap().push(shift);
            yes.send(()).unwrap();
        }
        answer
    });
    let health = HealthTask { url: String::new(), expect_status: 200, max_error_rate: Ppm(10_000) };
    let task = RouteTask { health: begun.heart.is_some().then_some(health), ..task };
    let (stop, stopped) = watch::channel(false);
    let from = Instant::now();
    let ramp = Ramp {
        task: &task,
        provider: Arc::clone(&keeper),
        pulse: begun.heart.map(|heart| (heart, Arc::clone(&keeper))),
        told: &told,
        stop: stopped,
        deadline: from + begun.most.unwrap_or(LONG),
        is_resumed: begun.is_resumed,
        pace: Pace::default(),
    };
    let stopper = async {
        match begun.stop {
            Some(after) => {
                sleep(after).await;
                stop.send_replace(true);
            }
            None => sleep(LONG * 2).await,
        }
        std::future::pending::<()>().await;
    };
    let Outcome { end, said, .. } = tokio::select! {
        outcome = ramp.run() => outcome,
        () = stopper => unreachable!("it never ends"),
    };
    let ledger = lines.lock().unwrap().clone();
    Shifted { end, said: said.head, took: from.elapsed(), keeper, ledger }
}

fn half() -> Table {
    table(&[("ansan", 50), ("pangyo", 50)], None)
}

fn well() -> Begun {
    Begun { heart: Some(|_| Beat::Well), ..Begun::default() }
}

#[tokio::test(start_paused = true)]
async fn each_stage_is_written_down_done_and_held() {
    let found = shifted(task(WAY), Keeper::at(half()), well()).await;
    assert_eq!(found.end, End::Ok);
    let ten = table(&[("ansan", 45), ("pangyo", 45), ("tokyo", 10)], None);
    let fifty = table(&[("ansan", 25), ("pangyo", 25), ("tokyo", 50)], None);
    assert_eq!(found.keeper.written(), [ten, fifty, table(&[("tokyo", 100)], None)]);
    assert_eq!(found.ledger.len(), 3);
    assert_eq!(found.ledger[1].fact, "ansan 450000 (ansan), pangyo 450000 (pangyo), tokyo 100000 (tokyo)");
    for shift in &found.ledger {
        assert_eq!(shift.to.iter().map(|(_, share)| share.0).sum::<u64>(), Ppm::ONE.0);
    }
    assert!(found.took >= 3 * HOLD && found.took < 3 * HOLD + Duration::from_secs(10), "{:?}", found.took);
}

#[tokio::test(start_paused = true)]
async fn whoever_takes_over_in_the_middle_does_not_go_back() {
    let middle = table(&[("ansan", 35), ("pangyo", 35), ("tokyo", 30)], None);
    let found = shifted(task(WAY), Keeper::at(middle), Begun { is_resumed: true, ..well() }).await;
    assert_eq!((found.end, found.keeper.written().len()), (End::Ok, 2));
    let there = table(&[("tokyo", 100)], None);
    let found = shifted(task(WAY), Keeper::at(there), well()).await;
    assert_eq!((found.end, found.keeper.written().len(), found.ledger.len()), (End::Ok, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stage_that_names_one_target_may_take_from_another() {
    let way: &[&[(&str, u64)]] = &[&[("tokyo", 10)], &[("ansan", 70), ("tokyo", 30)]];
    let found = shifted(task(way), Keeper::at(half()), well()).await;
    assert_eq!((found.end, found.keeper.written().len()), (End::Ok, 2));
}

#[tokio::test(start_paused = true)]
async fn who_is_not_trusted_never_gains() {
    let barred = RouteTask { barred: vec!["pangyo".to_owned()], leaves: Vec::new(), ..task(&[&[("pangyo", 60)]]) };
    let found = shifted(barred.clone(), Keeper::at(half()), Begun::default()).await;
    assert!(found.never_began().contains("would send users to pangyo, which is not trusted"), "{:?}", found.end);
    assert!(found.ledger.is_empty());
    let way = RouteTask { stages: task(&[&[("ansan", 90), ("pangyo", 10)]]).stages, ..barred };
    let found = shifted(way, Keeper::at(half()), Begun::default()).await;
    assert_eq!(found.keeper.now(), table(&[("ansan", 90), ("pangyo", 10)], None));
}

#[tokio::test(start_paused = true)]
async fn it_never_leads_nowhere() {
    let nowhere = RouteTask { leaves: vec!["ansan".to_owned(), "pangyo".to_owned()], ..task(&[&[("tokyo", 0)]]) };
    let found = shifted(nowhere, Keeper::at(half()), Begun::default()).await;
    assert!(found.never_began().contains("would lead nowhere"), "{:?}", found.end);
    let none = RouteTask { stages: Vec::new(), ..task(WAY) };
    assert!(shifted(none, Keeper::at(half()), Begun::default()).await.never_began().contains("no stage was planned"));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_down_is_not_done() {
    let found = shifted(task(WAY), Keeper::at(half()), Begun { room: Some(0), ..well() }).await;
    assert!(found.never_began().contains("can't be written down any more"), "{:?}", found.end);
    let found = shifted(task(WAY), Keeper::at(half()), Begun { room: Some(1), ..well() }).await;
    assert!(
        found.held().contains("; r. stays as we last knew it: ansan 45 %, pangyo 45 %, tokyo 10 %"),
        "{:?}",
        found.end
    );
    assert_eq!((found.keeper.written().len(), found.ledger.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn it_stops_where_it_is() {
    let stop = Some(Duration::from_secs(30));
    let found = shifted(task(WAY), Keeper::at(half()), Begun { stop, ..well() }).await;
    assert_eq!((&found.end, found.keeper.written().len()), (&End::Killed, 2));
    assert!(found.took < Duration::from_secs(31), "{:?}", found.took);
}

#[tokio::test(start_paused = true)]
async fn old_answers_are_waited_for() {
    let minute = Some(Millis(60_000));
    let from = table(&[("ansan", 50), ("pangyo", 50)], minute);
    let at_once: &[&[(&str, u64)]] = &[&[("tokyo", 100)]];
    let found = shifted(task(at_once), Keeper::at(from.clone()), well()).await;
    assert_eq!(found.end, End::Ok);
    assert!(found.took >= Duration::from_secs(60), "{:?}", found.took);
    // Nobody knows when the one who is gone changed it.
    let there = table(&[("tokyo", 100)], minute);
    let found = shifted(task(at_once), Keeper::at(there.clone()), Begun { is_resumed: true, ..well() }).await;
    assert!(found.end == End::Ok && found.took >= Duration::from_secs(60), "{:?}", found.took);
    let found = shifted(task(at_once), Keeper::at(there), well()).await;
    assert!(found.end == End::Ok && found.took < Duration::from_secs(5), "{:?}", found.took);
    let most = Some(Duration::from_secs(40));
    let found = shifted(task(at_once), Keeper::at(from), Begun { most, ..well() }).await;
    assert!(found.held().contains("answers from before may be kept for another "), "{:?}", found.end);
}

#[tokio::test(start_paused = true)]
async fn a_read_back_that_says_otherwise_holds_it() {
    let keeper = Keeper { lie: Some(half()), ..Keeper::at(half()) };
    let found = shifted(task(WAY), keeper, well()).await;
    assert!(found.held().contains("which is not what was written"), "{:?}", found.end);
    assert_eq!(found.keeper.written().len(), 1);
    assert!(found.took >= Duration::from_secs(29), "it was given no time: {:?}", found.took);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_does_badly_gives_back_what_it_got() {
    let sick =
        |keeper: &Keeper| if keeper.share("tokyo") >= 50 { Beat::Bad("status 503".to_owned()) } else { Beat::Well };
    let begun = || Begun { heart: Some(sick), ..Begun::default() };
    let found = shifted(task(WAY), Keeper::at(half()), begun()).await;
    let why = found.held();
    assert!(why.contains("the last: status 503, and at most 1 % may be bad; it was taken back to ansan 45 %"), "{why}");
    let ten = table(&[("ansan", 45), ("pangyo", 45), ("tokyo", 10)], None);
    assert_eq!(found.keeper.now(), ten);
    assert_eq!(found.ledger.last().map(|shift| shift.to.len()), Some(3));
    // A way back that is barred is told as well.
    let keeper = Keeper::at(half()).doing(&[Act::Done, Act::Done, Act::No]);
    let found = shifted(task(WAY), keeper, begun()).await;
    let why = found.held();
    assert!(
        why.contains("; and it could not be taken back: the keeper says no; r. stays as we last knew it: ansan 25 %"),
        "{why}"
    );
    // Who is ill from the beginning gets nobody.
    let ill = Begun { heart: Some(|_| Beat::Bad("status 500".to_owned())), ..Begun::default() };
    let found = shifted(task(WAY), Keeper::at(half()), ill).await;
    assert!(found.never_began().starts_with("tokyo: 0 of 3 answers well, 100 % bad"), "{:?}", found.end);
}

#[tokio::test(start_paused = true)]
async fn without_news_of_the_target_it_waits_as_long_as_it_may() {
    let silent = |keeper: &Keeper| if keeper.share("tokyo") > 0 { Beat::Silent("no".to_owned()) } else { Beat::Well };
    let most = Some(Duration::from_secs(300));
    let found = shifted(task(WAY), Keeper::at(half()), Begun { heart: Some(silent), most, ..Begun::default() }).await;
    assert!(found.held().starts_with("nobody can say how the target does: none of "), "{:?}", found.end);
    assert_eq!((found.keeper.written().len(), found.took.as_secs()), (1, 300));
}

#[tokio::test(start_paused = true)]
async fn silence_is_asked_about_and_nothing_is_done_twice() {
    for (acts, writes) in
        [(vec![Act::DoneInSilence], 3), (vec![Act::LostInSilence], 4), (vec![Act::Gone, Act::Gone], 5)]
    {
        let found = shifted(task(WAY), Keeper::at(half()).doing(&acts), well()).await;
        assert_eq!((&found.end, found.keeper.now()), (&End::Ok, table(&[("tokyo", 100)], None)), "{acts:?}");
        // What was not done is written down once, however often it is tried.
        assert_eq!((found.keeper.tries(), found.ledger.len()), (writes, 3), "{acts:?}");
    }
    let most = Some(Duration::from_secs(60));
    let gone = [Act::Gone; 100];
    let found = shifted(task(WAY), Keeper::at(half()).doing(&gone), Begun { most, ..well() }).await;
    assert!(matches!(&found.end, End::Unreachable(why) if why.ends_with("; nothing was changed")), "{:?}", found.end);
    let lost = [Act::LostInSilence; 100];
    let found = shifted(task(WAY), Keeper::at(half()).doing(&lost), Begun { most, ..well() }).await;
    assert!(matches!(&found.end, End::Lost(_)), "{:?}", found.end);
    // A no to a later try says nothing of the first.
    let found = shifted(task(WAY), Keeper::at(half()).doing(&[Act::LostInSilence, Act::No]), well()).await;
    assert!(matches!(&found.end, End::Lost(why) if why.contains("may have counted or may yet")), "{:?}", found.end);
}

#[tokio::test(start_paused = true)]
async fn another_hand_is_seen_and_left_alone() {
    let keeper = Keeper::at(half()).doing(&[Act::Done, Act::OtherHand]);
    let found = shifted(task(WAY), keeper, well()).await;
    assert!(found.held().contains("somebody else was here"), "{:?}", found.end);
    assert_eq!(found.keeper.now(), table(&[("ansan", 100)], None));
    // Between two stages it is seen before anything is written down.
    let keeper = Keeper { other_hand_at: Some(Instant::now() + Duration::from_secs(10)), ..Keeper::at(half()) };
    let found = shifted(task(WAY), keeper, well()).await;
    assert!(found.held().contains("somebody else changed r.: it leads to ansan 1000000 (ansan)"), "{:?}", found.end);
    assert_eq!(found.ledger.len(), 1);
    let foreign = table(&[("ansan", 50), ("elsewhere", 50)], None);
    let found = shifted(task(WAY), Keeper::at(foreign), well()).await;
    assert!(
        matches!(&found.end, End::CouldNotStart(why) if why.contains("elsewhere, which no site of the route r has"))
    );
}

#[tokio::test(start_paused = true)]
async fn who_is_down_is_waited_for_a_little() {
    let up_at = |seconds| Keeper { up_at: Some(Instant::now() + Duration::from_secs(seconds)), ..Keeper::at(half()) };
    assert_eq!(shifted(task(WAY), up_at(10), well()).await.end, End::Ok);
    let found = shifted(task(WAY), up_at(1_000), well()).await;
    assert!(found.never_began().starts_with("all of tokyo is down"), "{:?}", found.end);
    assert!(found.took < Duration::from_secs(60), "{:?}", found.took);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_broke_off_between_balancers_is_gone_on_with() {
    let keeper = Keeper { balancers: &["lb1", "lb2"], ..Keeper::at(half()) };
    let keeper = keeper.spread().doing(&[Act::HalfInSilence]);
    let found = shifted(task(WAY), keeper, well()).await;
    assert_eq!((&found.end, found.keeper.share("tokyo")), (&End::Ok, 100), "{}", found.said);
    // In one table half a change is somebody else's.
    let found = shifted(task(WAY), Keeper::at(half()).doing(&[Act::HalfInSilence]), well()).await;
    assert!(found.held().contains("somebody else changed r."), "{:?}", found.end);
}
