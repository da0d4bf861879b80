//! What the room promises, held against the checker and against brute force.

use proptest::collection::vec;
use proptest::prelude::Just;
use proptest::prelude::Strategy;
use proptest::prop_oneof;
use proptest::proptest;
use proptest::test_runner::Config;

use crate::model::Millis;
use crate::schedule::Claim;
use crate::schedule::Effort;
use crate::schedule::Pool;
use crate::schedule::Problem;
use crate::schedule::ScheduleError;
use crate::schedule::Task;
use crate::schedule::Why;
use crate::schedule::bound::Bounds;
use crate::schedule::checker;
use crate::schedule::critical_chain;
use crate::schedule::goal::Goal;
use crate::schedule::greedy;
use crate::schedule::improve;
use crate::schedule::net::Net;
use crate::schedule::order::latest_finishes;
use crate::schedule::order::noisy;
use crate::schedule::random::Random;
use crate::schedule::schedule;
use crate::schedule::serial::Desk;

/// A task for tests.
fn task(duration: u64, class: u8, after: &[u32], claims: &[(u32, u32)]) -> Task {
    let claims = claims.iter().map(|&(pool, amount)| Claim { pool, amount }).collect();
    Task { duration: Millis(duration), class, after: after.to_vec(), claims }
}

/// A pool for tests.
const fn pool(size: u32, kept_for_first: u32) -> Pool {
    Pool { size, kept_for_first }
}

/// Problems of up to `most` tasks, numbered in a random order, with short durations so that much clashes.
fn problems(most: usize) -> impl Strategy<Value = Problem> {
    problems_up_to(most, 6)
}

/// The same, with durations below `duration`.
fn problems_up_to(most: usize, duration: u64) -> impl Strategy<Value = Problem> {
    // Half of the pools keep something, some of them all that they have.
    let pools = vec((1_u32..6, 0_u32..8), 1..4);
    let pools = pools.prop_map(|pools| {
        pools.into_iter().map(|(size, kept)| pool(size, kept.saturating_sub(3).min(size))).collect::<Vec<_>>()
    });
    (pools, 1..=most)
        .prop_flat_map(move |(pools, count)| {
            // In the second half every task is in somebody's way, and hardly any waits for another.
            let one = prop_oneof![
                (0..duration, 0_u8..4, vec(0_u32..32, 0..3), vec((0_u32..64, 0_u32..5), 0..3)),
                (1..duration, 0_u8..2, vec(0_u32..99, 0..2), vec((0_u32..64, 1_u32..3), 1..3)),
            ];
            (Just(pools), vec(one, count), Just((0..count).collect::<Vec<_>>()).prop_shuffle())
        })
        .prop_map(|(pools, raw, number)| {
            let mut tasks = vec![Task::default(); raw.len()];
            for (index, (duration, class, after, claims)) in raw.into_iter().enumerate() {
                // An earlier task each, or none.
                let after = after.into_iter().filter(|&one| (one as usize) < index);
                let after: Vec<u32> = after.map(|one| u32::try_from(number[one as usize]).unwrap()).collect();
                let mut left: Vec<u32> = pools.iter().map(|pool| pool.size).collect();
                let mut fitting = Vec::new();
                for (pool, amount) in claims {
                    let pool = pool % u32::try_from(pools.len()).unwrap();
                    let amount = amount.min(left[pool as usize]);
                    left[pool as usize] -= amount;
                    fitting.push((pool, amount));
                }
                tasks[number[index]] = task(duration, class, &after, &fitting);
            }
            Problem { tasks, pools }
        })
}

/// The starts in the order of the problem.
fn named(net: &Net, starts: &[u64]) -> Vec<u64> {
    let mut named = vec![0; starts.len()];
    for (task, &start) in starts.iter().enumerate() {
        named[net.origin[task] as usize] = start;
    }
    named
}

proptest! {
    #![proptest_config(Config { cases: 400, ..Config::default() })]

    #[test]
    fn schedules_keep_all_rules_and_report_them_truly(problem in problems(14), effort in 0_u64..3_000) {
        let found = schedule(&problem, Effort(effort)).unwrap();
        let starts = checker::starts(&found);
        assert_eq!(checker::faults(&problem, &starts), Vec::<String>::new());
        let told: Vec<_> = found.finish_by_class.iter().map(|class| (class.class, class.finish.0)).collect();
        assert_eq!(told, checker::goal(&problem, &starts).0);
        assert!(found.finish_by_class.iter().all(|class| class.bound <= class.finish));
        assert!(found.placements <= effort.max(problem.tasks.len() as u64));
        assert_eq!(schedule(&problem, Effort(effort)).unwrap(), found);
        assert!(found.starts.iter().zip(&found.heads).all(|(start, head)| start >= head));
        assert_eq!(schedule(&problem, Effort(0)).unwrap().starts, greedy(&problem, |_| false).unwrap());
    }

    #[test]
    fn work_is_never_for_the_worse(problem in problems(14), effort in 0_u64..3_000) {
        // Between two efforts nothing is promised: the search is another one.
        let [first, more] = [0, effort].map(|effort| {
            let found = schedule(&problem, Effort(effort)).unwrap();
            checker::goal(&problem, &checker::starts(&found))
        });
        assert!(more <= first, "{more:?} {first:?}");
    }

    #[test]
    fn another_order_of_input_is_as_valid(problem in problems(14)) {
        let last = u32::try_from(problem.tasks.len()).unwrap() - 1;
        let mut turned = problem.clone();
        turned.tasks.reverse();
        for after in turned.tasks.iter_mut().flat_map(|task| &mut task.after) {
            *after = last - *after;
        }
        let found = schedule(&turned, Effort(1_000)).unwrap();
        assert_eq!(checker::faults(&turned, &checker::starts(&found)), Vec::<String>::new());
        let bounds = |problem| schedule(problem, Effort(5_000)).unwrap().finish_by_class[0].bound;
        assert_eq!(bounds(&turned), bounds(&problem));
    }

    #[test]
    fn chains_tell_the_truth(problem in problems(14), effort in 0_u64..2_000) {
        let found = schedule(&problem, Effort(effort)).unwrap();
        let starts = checker::starts(&found);
        for index in 0..problem.tasks.len() {
            let chain = critical_chain(&problem, &found, u32::try_from(index).unwrap());
            assert_eq!(chain.last().unwrap().task as usize, index);
            assert_eq!((chain[0].start, chain[0].why), (Millis::ZERO, Why::Nothing));
            for pair in chain.windows(2) {
                let (before, link) = (pair[0], pair[1]);
                assert_eq!(before.finish, link.start);
                match link.why {
                    Why::Nothing => panic!("a chain does not break"),
                    Why::After(one) => {
                        assert_eq!(one, before.task);
                        assert!(problem.tasks[link.task as usize].after.contains(&one));
                    }
                    Why::Pool { pool, behind } => {
                        assert_eq!(behind, before.task);
                        assert!(problem.tasks[behind as usize].claims.iter().any(|claim| claim.pool == pool));
                    }
                    Why::Kept { pool } => assert!(problem.pools[pool as usize].kept_for_first > 0),
                }
            }
        }
        assert_eq!(checker::loose(&problem, &starts), None);
    }
}

proptest! {
    #![proptest_config(Config { cases: 400, ..Config::default() })]

    #[test]
    fn to_justify_never_makes_any_class_worse(problem in problems(20), seed in 0_u64..1_000) {
        let net = Net::build(&problem).unwrap();
        let mut random = Random::new(seed);
        let latest = latest_finishes(&net, &vec![1_000; net.classes.len()]);
        let mut desk = Desk::new(&net);
        let mut starts = vec![0; net.len()];
        let list = noisy(&net, &latest, seed % 2 == 0, 1_000, &mut random);
        // A moment that was hoped for in vain, and one that comes late.
        desk.decode(&list, random.below(40) as u64, &mut starts);
        let mut goal = Goal::of(&net, &starts);
        for _ in 0..3 {
            desk.justify(&mut starts);
            let better = Goal::of(&net, &starts);
            assert!(better.finishes.iter().zip(&goal.finishes).all(|(after, before)| after <= before));
            assert_eq!(checker::faults(&problem, &named(&net, &starts)), Vec::<String>::new());
            goal = better;
        }
    }

    #[test]
    fn after_a_justification_nothing_can_start_sooner(problem in problems(20), seed in 0_u64..1_000) {
        let net = Net::build(&problem).unwrap();
        let latest = latest_finishes(&net, &vec![1_000; net.classes.len()]);
        // Any order, so that the first class has something to gain, and others then wait for an end that has moved.
        let list = noisy(&net, &latest, seed % 2 == 0, 1_000, &mut Random::new(seed));
        let mut search = improve::begin(&net, Bounds::new(&net), &list, 10_000, 0);
        let mut starts = search.starts.clone();
        let before = search.goal.clone();
        let after = search.justify(&mut starts).unwrap();
        assert!(after.finishes.iter().zip(&before.finishes).all(|(after, before)| after <= before));
        let starts = named(&net, &starts);
        assert_eq!(checker::faults(&problem, &starts), Vec::<String>::new());
        assert_eq!(checker::loose(&problem, &starts), None);
    }

    #[test]
    fn no_schedule_beats_a_bound_where_the_earlier_classes_finish_as_given(problem in problems_up_to(4, 4)) {
        // Greedy, so that the earlier classes finish when they need not.
        let found = schedule(&problem, Effort(0)).unwrap();
        let finishes: Vec<_> = found.finish_by_class.iter().map(|one| (one.class, one.finish.0)).collect();
        for (last, class) in found.finish_by_class.iter().enumerate() {
            let mut below = finishes[..=last].to_vec();
            below[last].1 = class.bound.0;
            assert!(!checker::beats(&problem, &below), "{class:?} of {found:?}");
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 120, ..Config::default() })]

    #[test]
    fn few_tasks_are_scheduled_as_well_as_brute_force_does(problem in problems(6)) {
        let found = schedule(&problem, Effort(20_000)).unwrap();
        let told: Vec<_> = found.finish_by_class.iter().map(|class| (class.class, class.finish.0)).collect();
        let best = checker::best(&problem);
        assert_eq!(told, best);
        // Every finish is the least possible here, so that no bound may exceed it.
        assert!(found.finish_by_class.iter().zip(&best).all(|(class, &(_, best))| class.bound.0 <= best));
    }
}

#[test]
fn wrong_problems_say_what_is_wrong() {
    let pools = vec![pool(2, 0)];
    for (tasks, error) in [
        (vec![task(1, 0, &[1], &[])], ScheduleError::UnknownPredecessor { task: 0, predecessor: 1 }),
        (vec![task(1, 0, &[], &[(1, 0)])], ScheduleError::UnknownPool { task: 0, pool: 1 }),
        (
            vec![task(1, 0, &[], &[(0, 2), (0, 1)])],
            ScheduleError::Impossible { task: 0, pool: 0, amount: 3, available: 2 },
        ),
        (vec![task(u64::MAX, 0, &[], &[]), task(1, 0, &[], &[])], ScheduleError::TooLong),
        (vec![task(1, 0, &[0], &[])], ScheduleError::Cycle(vec![0])),
        (
            // 4 waits for the circle 1 -> 3 -> 2 -> 1, and is not part of it.
            vec![
                task(1, 0, &[], &[]),
                task(1, 0, &[0, 2], &[]),
                task(1, 0, &[3], &[]),
                task(1, 0, &[1], &[]),
                task(1, 0, &[2], &[]),
            ],
            ScheduleError::Cycle(vec![1, 3, 2]),
        ),
    ] {
        let problem = Problem { tasks, pools: pools.clone() };
        assert_eq!(schedule(&problem, Effort::DEFAULT), Err(error.clone()));
        assert_eq!(greedy(&problem, |_| false), Err(error));
    }
}

#[test]
fn nothing_to_do_is_done_at_once() {
    let found = schedule(&Problem::default(), Effort::DEFAULT).unwrap();
    assert_eq!((found.starts.len(), found.finish_by_class.len(), found.placements), (0, 0, 0));
}

#[test]
fn what_the_first_class_waits_for_is_as_urgent() {
    // One at a time; the long task of class 1 would be first by its latest finish.
    let tasks = vec![task(9, 1, &[], &[(0, 1)]), task(2, 2, &[], &[(0, 1)]), task(2, 0, &[1], &[(0, 1)])];
    let found = schedule(&Problem { tasks, pools: vec![pool(1, 0)] }, Effort(0)).unwrap();
    assert_eq!(checker::starts(&found), [4, 0, 2]);
    let told: Vec<_> = found.finish_by_class.iter().map(|one| (one.class, one.finish.0, one.proven)).collect();
    assert_eq!(told, [(0, 4, true), (1, 13, true), (2, 13, true)]);
}

#[test]
fn what_is_kept_waits_for_the_first_class() {
    let tasks = vec![task(5, 0, &[], &[]), task(1, 1, &[], &[(0, 1)]), task(1, 1, &[], &[(0, 2)])];
    let problem = Problem { tasks, pools: vec![pool(2, 1)] };
    let found = schedule(&problem, Effort::DEFAULT).unwrap();
    assert_eq!(checker::starts(&found), [0, 0, 5]);
    assert!(found.finish_by_class.iter().all(|class| class.proven));
    let why: Vec<_> = critical_chain(&problem, &found, 2).into_iter().map(|link| (link.task, link.why)).collect();
    assert_eq!(why, [(0, Why::Nothing), (2, Why::Kept { pool: 0 })]);
    // Without a first class nothing is kept.
    let tasks = vec![task(5, 1, &[], &[]), task(1, 1, &[], &[(0, 2)])];
    let found = schedule(&Problem { tasks, pools: vec![pool(2, 1)] }, Effort::DEFAULT).unwrap();
    assert_eq!(checker::starts(&found), [0, 0]);
}

#[test]
fn what_is_kept_stays_kept_while_tasks_are_shifted_late() {
    let share = &[(0, 1)];
    let tasks = vec![
        task(10, 0, &[], &[]),
        // 4 cannot go later for its follower, 7 must wait for its predecessor. If 2 could run beside them for a while,
        // 4 would come first, and 2 would be in the way of 7 when both are shifted back.
        task(3, 1, &[], &[]),
        task(4, 1, &[], share),
        task(7, 1, &[], &[]),
        task(3, 1, &[1], share),
        task(5, 1, &[4], &[]),
        task(2, 1, &[], &[(0, 2)]),
        task(3, 1, &[3], share),
    ];
    let net = Net::build(&Problem { tasks, pools: vec![pool(2, 1)] }).unwrap();
    let numbers: Vec<u32> = net.tasks().collect();
    let number = |task: u32| numbers.iter().copied().find(|&one| net.origin[one as usize] == task).unwrap();
    let mut starts = vec![0; net.len()];
    let mut desk = Desk::new(&net);
    desk.decode(&[0, 1, 2, 3, 4, 5, 7, 6].map(number), 10, &mut starts);
    assert_eq!(named(&net, &starts), [0, 0, 0, 0, 4, 7, 10, 7]);
    desk.justify(&mut starts);
    assert_eq!(Goal::of(&net, &starts).finishes, [10, 12]);
}

#[test]
fn a_chain_of_a_hundred_thousand_needs_no_stack() {
    let links =
        (0_u32..100_000).map(|index| task(1, 0, &index.checked_sub(1).map_or(vec![], |one| vec![one]), &[(0, 1)]));
    let mut problem = Problem { tasks: links.collect(), pools: vec![pool(1, 0)] };
    let found = schedule(&problem, Effort::DEFAULT).unwrap();
    assert_eq!((found.starts[99_999], found.placements), (Millis(99_999), 100_000));
    assert!(found.finish_by_class[0].proven);
    assert_eq!(critical_chain(&problem, &found, 99_999).len(), 100_000);
    problem.tasks[0].after.push(99_999);
    let Err(ScheduleError::Cycle(path)) = schedule(&problem, Effort::DEFAULT) else { panic!("a circle is refused") };
    assert_eq!(path, (0..100_000).collect::<Vec<_>>());
}
