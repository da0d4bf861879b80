//! Looking at a host: whether it lets us in, and whether it could keep a record. Nothing is left there.

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
        let order =
            Order { line: far::SHELL.to_owned(), input: LOOK.as_bytes().to_vec(), more: &[], kept, urgent: false };
        // Without a limit of its own: a busy host that is slow is no host that can't, and whoever looks has a limit.
        let ran = link.run(order).await;
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
