//! Looking at a host: whether it lets us in, and whether it could keep a record. Nothing is left there.

use std::time::Duration;

use tokio::time::timeout;

use crate::driver::HostAt;
use crate::driver::Stage;
use crate::driver::Unreached;
use crate::driver::kept::Kept;
use crate::driver::mask::Mask;
use crate::driver::ssh::Ssh;
use crate::driver::ssh::command::Order;
use crate::driver::ssh::command::RanEnd;
use crate::driver::ssh::error::ReachError;
use crate::driver::ssh::far;

/// What is asked: the wrapper needs these, and makes its folder only when something is begun.
const LOOK: &str = include_str!("look.sh");
/// It takes milliseconds; a host that needs longer can't begin a command in time either.
const LOOK_MAX: Duration = Duration::from_secs(10);
/// One line; what a login prints before it is cut.
const LOOK_BYTES: u64 = 16 * 1024;

impl Ssh {
    /// Connects and logs in; where commands are to be begun there, also whether that can be done.
    pub(in crate::driver) async fn reach(&self, host: &HostAt, holds_records: bool) -> Result<(), Unreached> {
        let link = self.pool.link(host).await.map_err(|error| unreached(&error))?;
        if !holds_records {
            return Ok(());
        }
        let no_record = |why: &str| {
            let why = why.to_owned();
            Err(Unreached { stage: Stage::Record, reason: why.clone(), detail: why })
        };
        let kept = Kept::new(LOOK_BYTES, &Mask::default());
        let order = Order { line: far::SHELL.to_owned(), input: LOOK.as_bytes().to_vec(), kept, urgent: false };
        let Ok(ran) = timeout(LOOK_MAX, link.run(order)).await else {
            return no_record("it lets us in, and its shell does not answer");
        };
        match ran.end {
            RanEnd::Exit(0) if ran.kept.has(b"bonghwa: ready") => Ok(()),
            RanEnd::Exit(_) if ran.kept.has(b"bonghwa: no setsid") => {
                no_record("it has no setsid, without which a command dies with its connection")
            }
            RanEnd::Exit(_) if ran.kept.has(b"bonghwa: no folder") => {
                no_record("it has no folder of ours for records, neither in /var/tmp nor at home")
            }
            RanEnd::Exit(_) | RanEnd::Signal(_) => no_record("it gives us no POSIX shell"),
            RanEnd::NotSent(why) | RanEnd::Lost(why) => no_record(&why),
        }
    }
}

fn unreached(error: &ReachError) -> Unreached {
    Unreached { stage: error.stage(), reason: error.reason(), detail: error.to_string() }
}
