//! One host, and what is done on it: a session is found or opened, the wrapper is asked, and its answer is weighed. What
//! was never sent changed nothing; what was sent and not answered is in doubt.

use std::ffi::OsString;
use std::hash::BuildHasher;
use std::hash::Hasher;
use std::hash::RandomState;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio::time::timeout;
use tokio::time::timeout_at;

use crate::driver::Answer;
use crate::driver::End;
use crate::driver::HostAt;
use crate::driver::Job;
use crate::driver::Probe;
use crate::driver::Said;
use crate::driver::kept::Kept;
use crate::driver::mask::Mask;
use crate::driver::played::later;
use crate::driver::question::Rounds;
use crate::driver::question::Try;
use crate::driver::record::How;
use crate::driver::record::State;
use crate::driver::ssh::command::Order;
use crate::driver::ssh::command::Ran;
use crate::driver::ssh::command::RanEnd;
use crate::driver::ssh::far;
use crate::driver::ssh::far::Script;
use crate::driver::ssh::far::Verb;
use crate::driver::ssh::far::Word;
use crate::driver::ssh::fill;
use crate::driver::ssh::pool::Pool;
use crate::model::Millis;

/// One host of a job.
pub(super) struct FarHost {
    pub(super) pool: Pool,
    pub(super) host: HostAt,
    pub(super) job: Arc<Job>,
    /// Between asking a command to end and making it.
    pub(super) grace: Duration,
}

/// What is done on each host.
pub(super) enum Errand {
    /// Begin it, unless it was begun.
    Begin {
        /// May still name the host.
        line: String,
        /// With values.
        env: Arc<Vec<(String, OsString)>>,
        mask: Mask,
    },
    /// Go on with what was begun.
    Follow,
}

/// What the wrapper answers at once, it answers within this; beyond it the host itself is in trouble.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// What stands between the bytes of an output, and around them.
const WORDS: u64 = 16 * 1024;

impl FarHost {
    /// Does it, or goes on with it, at most until then.
    pub(super) async fn carry_out(&self, errand: &Errand, until: Instant) -> (End, Said) {
        let job = &self.job;
        let output_bytes = job.output_bytes;
        let (script, until) = match errand {
            Errand::Begin { line, env, mask } => {
                let line = fill(line, &self.host);
                let mask = mask.in_octal();
                let verb = Verb::Begin { line: &line, env: env.as_slice(), mask, output_bytes };
                (self.script(&verb), until)
            }
            Errand::Follow => match self.ask_wrapper(&Verb::Inquire { output_bytes }).await {
                Err(why) => return (End::Lost(why), Said::default()),
                Ok(answer) => match answer.word {
                    Word::State(State::Alive) => {
                        let age = answer.age.unwrap_or_default();
                        let left = later(Instant::now(), job.timeout.saturating_sub(age));
                        (self.script(&Verb::Follow { output_bytes }), left)
                    }
                    Word::State(state) => return (far::end_of_state(state), answer.said),
                    Word::Silent | Word::Broken | Word::Refused(_) | Word::Dead(_) => {
                        return (End::Lost("its record can't be read".to_owned()), Said::default());
                    }
                },
            },
        };
        let Ok(ran) = timeout_at(until, self.send(&script, false)).await else {
            return self.time_is_over(matches!(errand, Errand::Begin { .. })).await;
        };
        match ran {
            Err(why) if matches!(errand, Errand::Follow) => (End::Lost(why), Said::default()),
            Err(why) => (End::Unreachable(why), Said::default()),
            Ok(ran) => weigh(&script, &ran, output_bytes),
        }
    }

    /// It is killed, unless it was never begun; and it may have ended just before.
    async fn time_is_over(&self, began_here: bool) -> (End, Said) {
        let output_bytes = self.job.output_bytes;
        let said = |why: String| (End::Lost(why), Said::default());
        if let Err(why) = self.kill("timed-out").await {
            return said(format!("its time was over, and it can't be made sure that it is dead: {why}"));
        }
        match self.ask_wrapper(&Verb::Inquire { output_bytes }).await {
            Ok(far::Answer { word: Word::State(State::Ended(how)), said, .. }) => {
                (far::end_of_state(State::Ended(how)), said)
            }
            Ok(far::Answer { word: Word::State(State::Never), .. }) if began_here => {
                (End::Unreachable("its time was over before it was begun".to_owned()), Said::default())
            }
            Ok(far::Answer { said, .. }) => (far::end_of_state(State::Ended(How::TimedOut)), said),
            Err(why) => said(format!("its time was over, it is dead, and nobody can say how it ended: {why}")),
        }
    }

    /// What became of it.
    pub(super) async fn inquire(&self) -> Result<(State, Said), String> {
        let answer = self.ask_wrapper(&Verb::Inquire { output_bytes: self.job.output_bytes }).await?;
        match answer.word {
            Word::State(state) => Ok((state, answer.said)),
            Word::Refused(why) => Err(why),
            Word::Silent | Word::Broken | Word::Dead(_) => Err("its record can't be read".to_owned()),
        }
    }

    /// Kills all of it. The reason why it may not be dead.
    pub(super) async fn kill(&self, how: &str) -> Result<(), String> {
        let way = self.job.kill.as_deref().map(|way| fill(way, &self.host)).unwrap_or_default();
        let verb = Verb::Kill { grace: self.grace.as_secs(), how, way: &way };
        let answer = self.ask_wrapper(&verb).await?;
        match answer.word.is_dead() {
            Some(true) => Ok(()),
            Some(false) => Err("processes of its group are still there".to_owned()),
            None => Err("the host did not say whether it is dead".to_owned()),
        }
    }

    /// A question that leaves no record.
    pub(super) async fn ask(
        &self,
        probe: &Probe,
        line: &str,
        env: &[(String, OsString)],
        mask: &Mask,
    ) -> (Result<bool, String>, Said) {
        let (line, input) = far::question(&fill(line, &self.host), env);
        let mut rounds = Rounds::begin(&self.job, probe);
        loop {
            let most = rounds.most();
            let kept = Kept::new(self.job.output_bytes, mask);
            let order =
                || Order { line: line.clone(), input: input.clone(), more: &[], kept: kept.as_new(), urgent: false };
            let tried = match timeout(most, self.run(order)).await {
                Err(_) => {
                    silent(format!("no answer within {}", Millis(u64::try_from(most.as_millis()).unwrap_or(u64::MAX))))
                }
                Ok(Err(why)) => silent(why),
                Ok(Ok(Ran { end, kept })) => {
                    let expected = probe.expect_output.as_deref().is_none_or(|text| kept.has(text.as_bytes()));
                    let passed = match end {
                        RanEnd::Exit(code) => Ok(code == 0 && expected),
                        RanEnd::Signal(_) => Ok(false),
                        RanEnd::NotSent(why) | RanEnd::Lost(why) => Err(why),
                    };
                    Try { passed, said: kept.said(mask) }
                }
            };
            if let Some(answer) = rounds.after(tried).await {
                return match answer {
                    Answer::Yes { said, .. } => (Ok(true), said),
                    Answer::No { said, .. } => (Ok(false), said),
                    Answer::Unknown { reason, .. } => (Err(reason), Said::default()),
                };
            }
        }
    }

    /// What the wrapper answers at once.
    async fn ask_wrapper(&self, verb: &Verb<'_>) -> Result<far::Answer, String> {
        let script = self.script(verb);
        let urgent = matches!(verb, Verb::Kill { .. });
        let sent = timeout(ANSWER_MAX + self.grace, self.send(&script, urgent)).await;
        let ran = sent.map_err(|_| format!("no answer within {} s", (ANSWER_MAX + self.grace).as_secs()))??;
        let answer = script.read(ran.kept.raw(), self.job.output_bytes);
        match (&answer.word, ran.end) {
            (Word::Silent | Word::Broken, RanEnd::Lost(why) | RanEnd::NotSent(why)) => Err(why),
            (Word::Silent, RanEnd::Exit(_) | RanEnd::Signal(_)) => Err(no_shell(&ran.kept)),
            _ => Ok(answer),
        }
    }

    fn script(&self, verb: &Verb<'_>) -> Script {
        Script::new(&self.job.key.file_name_on(&self.host.name, self.pool.mark()), nonce(), verb)
    }

    async fn send(&self, script: &Script, urgent: bool) -> Result<Ran, String> {
        let room = self.job.output_bytes.saturating_mul(2).saturating_add(WORDS);
        let kept = Kept::new(room, &Mask::default());
        let line = far::SHELL.to_owned();
        let order = || Order {
            line: line.clone(),
            input: script.text.clone(),
            more: Script::rest(),
            kept: kept.as_new(),
            urgent,
        };
        self.run(order).await
    }

    /// Runs something on a session to the host. The reason why it could not be sent.
    async fn run(&self, order: impl Fn() -> Order) -> Result<Ran, String> {
        for _ in 0..2 {
            let link = self.pool.link(&self.host).await.map_err(|error| error.to_string())?;
            let ran = link.run(order()).await;
            match &ran.end {
                // A session that was warm may have died since; what was not sent may be sent on another one.
                RanEnd::NotSent(_) if link.is_dead() => {}
                RanEnd::NotSent(why) => return Err(why.clone()),
                RanEnd::Exit(_) | RanEnd::Signal(_) | RanEnd::Lost(_) => return Ok(ran),
            }
        }
        Err("its sessions break before anything can be sent".to_owned())
    }
}

/// What it means that the wrapper said this, and ended so.
fn weigh(script: &Script, ran: &Ran, output_bytes: u64) -> (End, Said) {
    let answer = script.read(ran.kept.raw(), output_bytes);
    let end = match (answer.word, &ran.end) {
        (Word::State(state), _) => far::end_of_state(state),
        (Word::Refused(why), _) => End::CouldNotStart(why),
        (Word::Silent, RanEnd::Exit(_) | RanEnd::Signal(_)) => End::CouldNotStart(no_shell(&ran.kept)),
        (_, RanEnd::Lost(why) | RanEnd::NotSent(why)) => End::Lost(why.clone()),
        (Word::Broken | Word::Dead(_), RanEnd::Exit(_) | RanEnd::Signal(_)) => {
            End::Lost("the shell that ran it ended before it could say what became of it".to_owned())
        }
    };
    (end, answer.said)
}

fn no_shell(kept: &Kept) -> String {
    let said = kept.said(&Mask::default());
    let first = said.head.trim().lines().next().unwrap_or("nothing").to_owned();
    format!("it gives us no POSIX shell; it says: {first}")
}

fn silent(why: String) -> Try {
    Try { passed: Err(why), said: Said::default() }
}

/// What nobody can have put into an output.
pub(super) fn nonce() -> String {
    // The state of a hasher is random, and different each time.
    let random = || RandomState::new().build_hasher().finish();
    format!("bonghwa-{:016x}{:016x}", random(), random())
}
