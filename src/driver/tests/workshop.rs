//! A folder with real hands in it, and eyes for what they leave behind in the machine.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::driver::Driver;
use crate::driver::Hands;
use crate::driver::Job;
use crate::driver::Outcome;
use crate::driver::Secrets;
use crate::driver::Told;
use crate::model::Millis;

/// Nothing here takes a hundredth of it, unless the machine is very busy.
const PATIENCE: Duration = Duration::from_secs(60);

pub(in crate::driver) struct Workshop {
    pub(in crate::driver) hands: Hands,
    folder: TempDir,
}

impl Workshop {
    pub(in crate::driver) fn new() -> Self {
        Self::with(&[])
    }

    /// With these variables besides the path.
    pub(in crate::driver) fn with(environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hands = hands(folder.path(), environment);
        Self { hands, folder }
    }

    pub(in crate::driver) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(in crate::driver) fn record(&self, job: &Job) -> PathBuf {
        self.path().join("records").join(job.key.file_name())
    }

    pub(in crate::driver) async fn act(&self, job: &Job) -> Outcome {
        self.hands.act(job.clone(), Told::nobody()).await
    }

    /// Whatever still lives of a job, by the variable that all of it inherits.
    pub(in crate::driver) fn survivors(&self, job: &Job) -> Vec<String> {
        let mark = format!("BONGHWA_RECORD={}", self.record(job).display());
        let mut alive = Vec::new();
        for process in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
            let read = |name: &str| fs::read(process.path().join(name)).unwrap_or_default();
            let is_ours = read("environ").split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes());
            let stat = String::from_utf8_lossy(&read("stat")).into_owned();
            let is_dead = stat.rsplit(") ").next().is_none_or(|rest| rest.starts_with(['Z', 'X']));
            if is_ours && !is_dead {
                alive.push(String::from_utf8_lossy(&read("cmdline")).replace('\0', " "));
            }
        }
        alive
    }

    /// How many bytes the record of a job takes.
    pub(in crate::driver) fn size(&self, job: &Job) -> u64 {
        let files = fs::read_dir(self.record(job)).unwrap().filter_map(Result::ok);
        files.filter_map(|file| file.metadata().ok()).map(|data| data.len()).sum()
    }
}

pub(super) fn hands(folder: &Path, environment: &[(&str, &str)]) -> Hands {
    let path = ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    let all = environment.iter().chain([&path]).map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Hands::new(folder.to_owned(), folder.join("records"), Secrets::new(all)).with_grace(Millis(1_000))
}

/// Waits until it is so, and complains when it never is.
#[track_caller]
pub(in crate::driver) fn until(what: &str, is_so: impl Fn() -> bool) -> impl Future<Output = ()> {
    let what = what.to_owned();
    async move {
        let limit = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < limit, "never: {what}");
            sleep(Duration::from_millis(5)).await;
        }
    }
}
