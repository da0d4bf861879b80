//! How long answers may be kept: changed, and nobody's way with it. Where somebody must follow sooner, the answers from
//! before are waited for.

use tokio::time::Instant;

use crate::driver::End;
use crate::driver::Outcome;
use crate::driver::Said;
use crate::driver::played::later;
use crate::driver::route::provider::Provider;
use crate::driver::route::pulse::Pulse;
use crate::driver::route::ramp::Ramp;
use crate::driver::route::ramp::Way;
use crate::driver::route::table::Table;
use crate::driver::shown::shown;
use crate::model::Millis;

impl<P: Provider, H: Pulse> Ramp<'_, P, H> {
    /// Writes the time of the task, with the places that are there, and waits. What was done stands in what is said.
    pub(super) async fn retime(self, wait: Millis) -> Outcome {
        let mut way = Way::new();
        let end = self.keep_for(&mut way, wait).await.err().unwrap_or(End::Ok);
        Outcome { end, hosts: Vec::new(), said: Said::just(&shown(way.said().as_bytes())) }
    }

    async fn keep_for(&self, way: &mut Way, wait: Millis) -> Result<(), End> {
        way.now = self.first().await?;
        self.is_ours(way)?;
        let record = &self.task.record;
        let Some(was) = way.now.ttl else {
            if way.now.leads_somewhere() {
                // Whoever it is an alias of says how long, and nobody here can tell them otherwise.
                self.say(
                    way,
                    &format!("{record} has no TTL of its own, as it is an alias: there is nothing to change"),
                );
                return Ok(());
            }
            return Err(
                self.stays(way, &format!("answers for {record} are kept by nobody, so there is nothing to change"))
            );
        };
        // Answers count whole seconds.
        let kept = Millis(self.task.ttl.0.div_ceil(1_000).saturating_mul(1_000));
        let (seconds, wanted) = (was.0 / 1_000, kept.0 / 1_000);
        if was == kept {
            // Since when, nobody can say: an answer from before may be as old as it can be.
            self.say(way, &format!("answers for {record} may be kept for {wanted}s already"));
        } else {
            self.change(way, Table { ttl: Some(kept), ..way.now.clone() }).await?;
            self.say(way, &format!("answers for {record} may be kept for {wanted}s, and no longer for {seconds}s"));
        }
        if wait == Millis::ZERO {
            return Ok(());
        }
        let until = way.old_answers.max(later(Instant::now(), wait));
        self.wait_for_old_answers(way, until).await
    }
}
