//! What a piece of work costs: time of the processor, and memory.

use std::fs;
use std::thread;
use std::time::Duration;
use std::time::Instant;

/// What a function returns, and the milliseconds of processor that it took, which other load hardly touches; where the
/// system does not tell, those of the clock.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let before = processor();
    let (result, spent) = by_the_clock(work);
    match (before, processor()) {
        (Some(before), Some(after)) => (result, (after - before) as f64 / 1e6),
        _ => (result, spent.as_secs_f64() * 1e3),
    }
}

/// What a function returns, and how long one waits for it.
pub(crate) fn by_the_clock<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    #[expect(clippy::disallowed_methods, reason = "a bench is about time")]
    let began = Instant::now();
    let result = work();
    (result, began.elapsed())
}

/// The nanoseconds that this thread has had so far (Linux).
fn processor() -> Option<u64> {
    // The kernel writes them down when it may give the processor to another.
    thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// The most memory that this process ever held, in MB (Linux).
pub(crate) fn peak() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1_000)
}

/// The one in the middle.
pub(crate) fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
