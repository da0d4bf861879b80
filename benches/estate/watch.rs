//! What a piece of work costs: time of the processor, and memory.

use std::fs;
use std::time::Duration;
use std::time::Instant;

use rustix::time::ClockId;
use rustix::time::clock_gettime;

/// What a piece of work took, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    /// By the clock: what people wait.
    pub(crate) waited: f64,
    /// Of all processors together.
    pub(crate) processor: f64,
}

/// What a function returns, and what it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Spent) {
    let before = processor();
    let (result, waited) = by_the_clock(work);
    (result, Spent { waited: waited.as_secs_f64() * 1e3, processor: processor() - before })
}

/// What a function returns, and how long one waits for it.
pub(crate) fn by_the_clock<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    #[expect(clippy::disallowed_methods, reason = "a bench is about time")]
    let began = Instant::now();
    let result = work();
    (result, began.elapsed())
}

/// The milliseconds of processor that all threads of this process have had so far.
fn processor() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
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
