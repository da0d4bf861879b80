//! Scripted hands: time, faults, and a world that tells the truth about them.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::host;
use super::job;
use super::probe;
use crate::driver::Answer;
use crate::driver::Driver;
use crate::driver::End;
use crate::driver::Fault;
use crate::driver::Found;
use crate::driver::Job;
use crate::driver::Killed;
use crate::driver::News;
use crate::driver::Pattern;
use crate::driver::Said;
use crate::driver::Script;
use crate::driver::Silence;
use crate::driver::Told;
use crate::driver::spread;
use crate::model::Millis;
use crate::model::Ppm;

const TEN_SECONDS: Millis = Millis(10_000);

fn script(faults: &[&str]) -> Arc<Script> {
    let faults = faults.iter().map(|text| Fault::parse(text).unwrap()).collect();
    Arc::new(Script::new(|_| TEN_SECONDS).with_faults(faults))
}

async fn act(hands: &Arc<Script>, job: &Job) -> End {
    hands.act(job.clone(), Told::nobody()).await.end
}

#[tokio::test(start_paused = true)]
async fn a_job_takes_its_time_and_takes_effect_once() {
    let (hands, job, start) = (script(&[]), job("a/start@s", "true"), Instant::now());
    assert_eq!(hands.inquire(job.clone()).await, Found::NeverBegun);
    assert!(!hands.ask(job.clone(), probe("is it so")).await.is_yes());
    assert_eq!(act(&hands, &job).await, End::Ok);
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    assert!(hands.ask(job.clone(), probe("is it so")).await.is_yes());
    // The same key again is the same job.
    assert_eq!(act(&hands, &job).await, End::Ok);
    assert_eq!(hands.world().times("a/start@s", ""), 1);
    let again = Job { key: crate::driver::Key { attempt: 2, ..job.key.clone() }, ..job };
    assert_eq!(act(&hands, &again).await, End::Ok);
    assert_eq!(hands.world().times("a/start@s", ""), 2);
    assert_eq!(hands.world().log().iter().map(|effect| effect.at).collect::<Vec<_>>(), [TEN_SECONDS, Millis(20_000)]);
}

/// What each fault makes of a job: what is heard, whether it took effect, and what is found afterwards.
#[tokio::test(start_paused = true)]
async fn each_fault_does_what_it_is_called() {
    let lost = || End::Lost("the line is dead".to_owned());
    let ended = |end| Found::Ended(crate::driver::Outcome::just(end));
    let dead = || End::Lost("nobody can confirm that it is dead".to_owned());
    for (faults, end, times, found) in [
        (&["*=hang"][..], End::TimedOut, 0, ended(End::TimedOut)),
        (&["*=hang", "*=kill-fails"], dead(), 0, Found::Alive),
        (&["*=late:3"], End::Ok, 1, ended(End::Ok)),
        (&["*=late:7"], End::TimedOut, 0, ended(End::TimedOut)),
        (&["*=refuse"], End::Exit(1), 0, ended(End::Exit(1))),
        (&["*=refuse", "*=die"], End::Exit(1), 0, ended(End::Exit(1))),
        (&["*=die"], lost(), 1, ended(End::Ok)),
        (&["*=die", "*=gone"], lost(), 1, Found::Gone),
        (&["*=die-before"], lost(), 0, Found::NeverBegun),
        (&["*=lie"], End::Ok, 0, ended(End::Ok)),
        (&["*=unreachable"], End::Unreachable("no answer".to_owned()), 0, Found::Unknown("no answer".to_owned())),
        (&["other=hang"], End::Ok, 1, ended(End::Ok)),
    ] {
        let (hands, job) = (script(faults), job("a/start@s", "true"));
        assert_eq!(act(&hands, &job).await, end, "{faults:?}");
        assert_eq!(hands.world().times("a/start@s", ""), times, "{faults:?}");
        assert_eq!(hands.inquire(job.clone()).await, found, "{faults:?}");
        let answer = hands.ask(job, probe("is it so")).await;
        let is_silent = matches!(answer, Answer::Unknown { .. });
        assert_eq!((answer.is_yes(), is_silent), (times > 0, faults == ["*=unreachable"]), "{faults:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_may_strike_the_first_attempts_only() {
    let (hands, first) = (script(&["*=refuse:1"]), job("a/start@s", "true"));
    let second = Job { key: crate::driver::Key { attempt: 2, ..first.key.clone() }, ..first.clone() };
    assert_eq!(act(&hands, &first).await, End::Exit(1));
    assert_eq!(act(&hands, &second).await, End::Ok);
}

#[tokio::test(start_paused = true)]
async fn a_job_goes_on_when_whoever_asked_is_dead() {
    let (hands, job) = (script(&[]), job("a/start@s", "true"));
    let task = tokio::spawn({
        let (hands, job) = (Arc::clone(&hands), job.clone());
        async move { act(&hands, &job).await }
    });
    tokio::time::sleep(Duration::from_secs(4)).await;
    task.abort();
    assert_eq!(hands.inquire(job.clone()).await, Found::Alive);
    let start = Instant::now();
    assert_eq!(hands.adopt(job.clone(), Told::nobody()).await.end, End::Ok);
    assert_eq!(start.elapsed(), Duration::from_secs(6));
    assert_eq!(hands.world().times("a/start@s", ""), 1);
    let never = super::job("b/start@s", "true");
    assert!(hands.adopt(never, Told::nobody()).await.end.changed_nothing());
}

#[tokio::test(start_paused = true)]
async fn what_is_killed_ends_at_once_and_has_no_effect() {
    for (faults, killed, end, times) in
        [(&["*=hang"][..], true, End::Killed, 0), (&[], true, End::Killed, 0), (&["*=kill-fails"], false, End::Ok, 1)]
    {
        let (hands, job) = (script(faults), job("a/start@s", "true"));
        let task = tokio::spawn({
            let (hands, job) = (Arc::clone(&hands), job.clone());
            async move { act(&hands, &job).await }
        });
        tokio::time::sleep(Duration::from_secs(4)).await;
        let answer = hands.kill(job.clone()).await;
        assert_eq!(answer == Killed::Dead, killed, "{faults:?}");
        assert_eq!(task.await.unwrap(), end, "{faults:?}");
        assert_eq!(hands.kill(job.clone()).await, Killed::Dead, "{faults:?}");
        assert_eq!(hands.world().times("a/start@s", ""), times, "{faults:?}");
    }
}

/// Silent from the fourth second to the thirtieth: what runs dies, nobody hears of it until then, and nothing begins.
#[tokio::test(start_paused = true)]
async fn what_a_silence_strikes_dies_and_is_asked_after_in_vain_until_it_is_over() {
    let silence = Silence { hosts: Pattern::new("h*"), from: Millis(4_000), until: Some(Millis(30_000)) };
    let hands = Arc::new(Script::new(|_| TEN_SECONDS).with_silences(vec![silence]));
    let job = Job { hosts: vec![host("h1")], ..job("a/start@s", "true") };
    drop(hands.world());
    assert!(matches!(act(&hands, &job).await, End::Lost(_)));
    assert!(matches!(hands.inquire(job.clone()).await, Found::Unknown(_)));
    assert!(matches!(hands.kill(job.clone()).await, Killed::NotConfirmed(_)));
    assert!(matches!(hands.ask(job.clone(), probe("is it so")).await, Answer::Unknown { .. }));
    let second = Job { key: crate::driver::Key { attempt: 2, ..job.key.clone() }, ..job.clone() };
    assert!(matches!(act(&hands, &second).await, End::Unreachable(_)));
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(hands.inquire(job.clone()).await, Found::Gone);
    assert_eq!(hands.kill(job.clone()).await, Killed::Dead);
    assert_eq!(hands.world().times("a/start@s", "h1"), 0);
    let third = Job { key: crate::driver::Key { attempt: 3, ..job.key.clone() }, ..job };
    assert_eq!(act(&hands, &third).await, End::Ok);
    assert_eq!(hands.world().times("a/start@s", "h1"), 1);
}

#[tokio::test(start_paused = true)]
async fn hosts_end_in_waves_and_enough_of_them_is_enough() {
    for (enough, end) in [(Ppm(750_000), End::Ok), (Ppm(750_001), End::Exit(1)), (Ppm::ONE, End::Exit(1))] {
        let hands = script(&["web/start@s#h-3=refuse"]);
        let hosts = ["h-1", "h-2", "h-3", "h-4"].map(host).to_vec();
        let job = Job { hosts, parallel: 2, enough, ..job("web/start@s", "true") };
        let (news, start) = (Arc::new(Mutex::new(Vec::new())), Instant::now());
        let told = Told::to({
            let news = Arc::clone(&news);
            move |heard| news.lock().unwrap().push((start.elapsed().as_secs(), heard))
        });
        let outcome = hands.act(job.clone(), told).await;
        assert_eq!(outcome.end, end);
        let heard: Vec<(u64, String, bool)> = std::mem::take(&mut *news.lock().unwrap())
            .into_iter()
            .filter_map(|(at, news)| match news {
                News::Host(host) => Some((at, host.host, host.end.is_ok())),
                News::Output { .. } => None,
            })
            .collect();
        let expected = [(5, "h-1", true), (5, "h-2", true), (10, "h-3", false), (10, "h-4", true)];
        assert_eq!(heard, expected.map(|(at, host, ok)| (at, host.to_owned(), ok)));
        let answer = hands.ask(job, probe("is it so")).await;
        assert!(
            matches!(answer, Answer::No { hosts, .. } if hosts.iter().filter(|host| host.is_so == Ok(true)).count() == 3)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_waits_until_it_is_so() {
    let (hands, job, start) = (script(&[]), job("a/start@s", "true"), Instant::now());
    let task = tokio::spawn({
        let (hands, job) = (Arc::clone(&hands), job.clone());
        async move { act(&hands, &job).await }
    });
    let patient = crate::driver::Probe { within: Some(Millis(30_000)), ..probe("is it so") };
    assert!(hands.ask(job.clone(), patient.clone()).await.is_yes());
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    let never = super::job("b/start@s", "true");
    assert!(!hands.ask(never, patient).await.is_yes());
    assert_eq!(start.elapsed(), Duration::from_secs(40));
    assert_eq!(task.await.unwrap(), End::Ok);
    hands.undo("a/start@s");
    assert!(!hands.ask(job, probe("is it so")).await.is_yes());
}

#[tokio::test(start_paused = true)]
async fn answers_can_be_given_beforehand() {
    let hands = Script::new(|_| TEN_SECONDS).with_answers(|_, asked| {
        let answer = || Answer::Yes { said: Said::just("0/16B3748 2s"), hosts: Vec::new() };
        (*asked == probe("position")).then(answer)
    });
    let job = job("a/promote@s", "true");
    let answer = hands.ask(job.clone(), probe("position")).await;
    assert!(matches!(answer, Answer::Yes { said, .. } if said.head.starts_with("0/16")));
    assert!(!hands.ask(job, probe("is it so")).await.is_yes());
}

/// 20,000 jobs at once in groups of 50, by drawn faults and durations.
#[test]
fn rehearsals_are_cheap() {
    let steps: Vec<String> = (0..50).map(|at| format!("service-{at:02}/start@ansan")).collect();
    let names: Vec<&str> = steps.iter().map(String::as_str).collect();
    let mut hung = 0;
    for seed in 0..400 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let faults = Fault::draw(seed, &names, Ppm(100_000));
            let hands = Script::new(move |job| spread(seed, job, TEN_SECONDS)).with_faults(faults);
            let hands = Arc::new(hands);
            let tasks: Vec<_> = steps
                .iter()
                .map(|step| {
                    let (hands, job) = (Arc::clone(&hands), job(step, "true"));
                    tokio::spawn(async move { act(&hands, &job).await })
                })
                .collect();
            for task in tasks {
                hung += u32::from(task.await.unwrap() == End::TimedOut);
            }
        });
    }
    assert!(hung > 100, "{hung}");
}
