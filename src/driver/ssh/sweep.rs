//! Taking records away that nobody needs any more: of what ended well, over sessions that are there anyway. It opens no
//! session, waits for nobody in particular, and has nothing to say.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::driver::HostAt;
use crate::driver::Job;
use crate::driver::kept::Kept;
use crate::driver::mask::Mask;
use crate::driver::ssh::Ssh;
use crate::driver::ssh::command::Order;
use crate::driver::ssh::far;
use crate::driver::ssh::far::Script;
use crate::driver::ssh::far::Verb;
use crate::driver::ssh::far_host::nonce;

/// Hosts at once: it is the last thing that is done, and a burst of a thousand would help nobody.
const AT_ONCE: usize = 64;
/// It answers with a word.
const ANSWER_BYTES: u64 = 4 * 1024;

impl Ssh {
    /// Takes away what these jobs left on their hosts.
    pub(in crate::driver) async fn sweep(&self, jobs: &[Job]) {
        let mut by_host: BTreeMap<&HostAt, Vec<String>> = BTreeMap::new();
        for job in jobs {
            for host in &job.hosts {
                let key = job.key.file_name_on(&host.name, self.pool.mark());
                by_host.entry(host).or_default().push(key);
            }
        }
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        let mut tasks = JoinSet::new();
        for (host, keys) in by_host {
            let Some(link) = self.pool.warm(host) else { continue };
            let turns = Arc::clone(&turns);
            // No name of a record has a blank in it.
            let script = Script::new("", nonce(), &Verb::Forget { keys: &keys.join(" ") });
            tasks.spawn(async move {
                let turn = turns.acquire_owned().await;
                let kept = Kept::new(ANSWER_BYTES, &Mask::default());
                let (line, input) = (far::SHELL.to_owned(), script.text);
                let _ended = link.run(Order { line, input, more: Script::rest(), kept, urgent: false }).await;
                drop(turn);
            });
        }
        while tasks.join_next().await.is_some() {}
    }
}
