//! How good the schedules are, against textbook instances whose optima are known, and how fast at scale.
//!
//! The instances are those of PSPLIB j30 (Kolisch and Sprecher 1997), which state no licence and are therefore not part
//! of this repository: the environment variable `BONGHWA_PSPLIB` names the folder that holds them. Numbers after `--`
//! replace the budgets, which are in schedules of 32 tasks: `cargo bench --bench psplib -- 1000 5000`.

#[path = "psplib/estate.rs"]
mod estate;
#[path = "psplib/instances.rs"]
mod instances;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Instant;

use bonghwa::schedule::Effort;
use bonghwa::schedule::Schedule;
use bonghwa::schedule::schedule;

use instances::Instance;
use instances::MILLIS;

/// The budgets of the literature (Kolisch and Hartmann 2006), and a single pass.
const BUDGETS: [u64; 4] = [1, 1_000, 5_000, 50_000];

#[expect(clippy::print_stdout, reason = "a bench is read on the screen")]
fn main() {
    let asked: Vec<u64> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let budgets = if asked.is_empty() { BUDGETS.to_vec() } else { asked };
    #[expect(clippy::disallowed_methods, reason = "a bench has no door: it is its own")]
    let folder = std::env::var("BONGHWA_PSPLIB");
    match folder
        .map_err(|_| "BONGHWA_PSPLIB does not name a folder".to_owned())
        .and_then(|folder| instances::read(Path::new(&folder)))
    {
        Ok((plain, classes)) => {
            println!("j30: {} instances, deviation of the last finish from the optimum", plain.len());
            println!(
                "{:>9}  {:>9}  {:>8}  {:>8}  {:>22}",
                "schedules", "deviation", "optimal", "proven", "CPU ms median/max/sum"
            );
            for &budget in &budgets {
                println!("{}", row(&plain, budget));
            }
            println!("\nj30 with four classes: {} instances, deviation of F0, F1, F2, F3", classes.len());
            println!(
                "{:>9}  {:>35}  {:>8}  {:>8}  {:>8}  {:>22}",
                "schedules", "deviation", "F0", "all four", "proven", "CPU ms median/max/sum"
            );
            for &budget in &budgets {
                println!("{}", row(&classes, budget));
            }
        }
        Err(missing) => println!(
            "Left out: {missing}.\nThe comparison needs j30.sm.tar.xz (or the .sm files), j30-bounds.csv and \
             j30-tiers.csv.xz (or .csv) in that folder."
        ),
    }
    println!("\ngenerated estates: passes that the effort buys, and the gaps of F0 to F3 to their bounds");
    println!("{:>7}  {:>9}  {:>6}  {:>31}  {:>9}", "tasks", "effort", "passes", "gap", "CPU ms");
    for (tasks, effort) in [
        (800, 1),
        (800, 100_000),
        (800, 1_000_000),
        (800, 10_000_000),
        (1_000, 1),
        (1_000, 100_000),
        (3_000, 1),
        (3_000, 100_000),
        (5_000, 1),
        (5_000, 100_000),
        (10_000, 1),
        (10_000, 100_000),
        (50_000, 1),
        (50_000, 100_000),
        (100_000, 1),
        (100_000, 1_000_000),
    ] {
        println!("{}", scale(tasks, effort));
    }
}

/// One line of the table for one budget.
fn row(instances: &[Instance], budget: u64) -> String {
    let mut deviations = vec![(0.0, 0_u32); instances[0].best.len()];
    let (mut first, mut all, mut proven, mut times) = (0_u32, 0_u32, 0_u32, Vec::new());
    for instance in instances {
        // Every pass places each task once, whether it makes a list a schedule or justifies one.
        let (found, spent) =
            timed(|| schedule(&instance.problem, Effort(budget * instance.problem.tasks.len() as u64)));
        let found = found.expect("textbook instances can be scheduled");
        let finishes = finishes(&found);
        assert!(
            instance.best <= finishes,
            "{}: {finishes:?} beats the proven optimum {:?}",
            instance.name,
            instance.best
        );
        first += u32::from(finishes[0] == instance.best[0]);
        all += u32::from(finishes == instance.best);
        if found.finish_by_class.iter().all(|class| class.proven) {
            assert_eq!(finishes, instance.best, "{}: a false proof", instance.name);
            proven += 1;
        }
        for ((sum, count), (&finish, &best)) in
            deviations.iter_mut().zip(finishes.iter().zip(&instance.best)).filter(|(_, (_, best))| **best > 0)
        {
            *sum += finish as f64 / best as f64 - 1.0;
            *count += 1;
        }
        times.push(spent);
    }
    let share = |count: u32| format!("{:.1} %", f64::from(count) * 100.0 / instances.len() as f64);
    let deviations: Vec<String> =
        deviations.iter().map(|&(sum, count)| format!("{:.3} %", sum * 100.0 / f64::from(count))).collect();
    times.sort_by(f64::total_cmp);
    let times = format!("{:.2}/{:.1}/{:.0}", times[times.len() / 2], times[times.len() - 1], times.iter().sum::<f64>());
    if deviations.len() == 1 {
        format!("{budget:>9}  {:>9}  {:>8}  {:>8}  {times:>22}", deviations[0], share(all), share(proven))
    } else {
        let deviations = deviations.join(" ");
        format!(
            "{budget:>9}  {deviations:>35}  {:>8}  {:>8}  {:>8}  {times:>22}",
            share(first),
            share(all),
            share(proven)
        )
    }
}

/// The finishes in the units of the instance.
fn finishes(found: &Schedule) -> Vec<u64> {
    found.finish_by_class.iter().map(|class| class.finish.0 / MILLIS).collect()
}

/// One line for one generated estate.
fn scale(tasks: u32, effort: u64) -> String {
    let problem = estate::generate(tasks);
    let (found, spent) = timed(|| schedule(&problem, Effort(effort)));
    let found = found.expect("generated estates can be scheduled");
    let gaps: Vec<String> = found
        .finish_by_class
        .iter()
        .map(|class| format!("{:.2} %", (class.finish.0 as f64 / class.bound.0 as f64 - 1.0) * 100.0))
        .collect();
    let passes = found.placements as f64 / f64::from(tasks);
    format!("{tasks:>7}  {effort:>9}  {passes:>6.1}  {:>31}  {spent:>9.2}", gaps.join(" "))
}

/// What a function returns, and the milliseconds of processor that it took, which other load hardly touches; where the
/// system does not tell, those of the clock.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    #[expect(clippy::disallowed_methods, reason = "a bench is about time")]
    let began = Instant::now();
    let before = processor();
    let result = work();
    let spent = match (before, processor()) {
        (Some(before), Some(after)) => (after - before) as f64 / 1e6,
        _ => began.elapsed().as_secs_f64() * 1e3,
    };
    (result, spent)
}

/// The nanoseconds that this thread has had so far (Linux).
fn processor() -> Option<u64> {
    // The kernel writes them down when it may give the processor to another.
    thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}
