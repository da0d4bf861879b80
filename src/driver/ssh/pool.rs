//! Sessions, opened once and kept warm: a second command costs a tenth of the first. Each host, user and way has one.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::driver::HostAt;
use crate::driver::Secrets;
use crate::driver::ssh::error::ReachError;
use crate::driver::ssh::keeper::Target;
use crate::driver::ssh::keys::Keys;
use crate::driver::ssh::known::KnownHosts;
use crate::driver::ssh::link::Link;
use crate::driver::ssh::link::Seat;
use crate::driver::ssh::reach::Login;
use crate::driver::ssh::reach::Means;
use crate::driver::ssh::settings::SshSettings;
use crate::driver::ssh::wire::Wire;

/// All sessions.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    means: Means,
    slots: Arc<Mutex<BTreeMap<Way, Arc<Slot>>>>,
}

/// Where a session leads, and through whom.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    login: Login,
    through: Vec<Way>,
}

#[derive(Debug, Default)]
struct Slot {
    /// Whoever opens one holds this, so that nobody opens a second one beside it.
    held: tokio::sync::Mutex<Held>,
    used: Mutex<Option<Instant>>,
}

#[derive(Debug, Default)]
struct Held {
    /// More than one only to a bastion that carries many connections. With what each of them goes through.
    links: Vec<(Link, Option<Seat>)>,
    /// The last failure of a bastion.
    failed: Option<(Instant, ReachError)>,
}

/// Hundreds of hosts stand behind one bastion, and must not wait for its death one after the other.
const DEAD_FOR: Duration = Duration::from_secs(20);

type Reaching<'a, T> = Pin<Box<dyn Future<Output = Result<T, ReachError>> + Send + 'a>>;

impl Pool {
    /// Reads keys and known hosts.
    pub(super) fn new(settings: SshSettings, secrets: &Secrets) -> std::io::Result<Self> {
        let known = Arc::new(KnownHosts::read(&settings.known_hosts)?);
        let keys = Keys::read(&settings, secrets);
        let permits = Arc::new(Semaphore::new(settings.handshakes.max(1)));
        let means = Means { settings: Arc::new(settings), keys, known, permits };
        Ok(Self { means, slots: Arc::default() })
    }

    /// A session to a host, opened if there is none.
    pub(super) async fn link(&self, host: &HostAt) -> Result<Link, ReachError> {
        let way = self.way(host);
        let slot = self.slot(&way);
        let mut held = slot.held.lock().await;
        held.links.retain(|(link, _)| !link.is_dead());
        if let Some((link, _)) = held.links.first() {
            return Ok(link.clone());
        }
        let (link, seat) = self.open(&way).await?;
        held.links.push((link.clone(), seat));
        drop(held);
        self.cool(&way);
        Ok(link)
    }

    /// A session to a host, if one is there and nobody is about to open it. None is opened.
    pub(super) fn warm(&self, host: &HostAt) -> Option<Link> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.get(&self.way(host))?;
        let held = slot.held.try_lock().ok()?;
        held.links.iter().find(|(link, _)| !link.is_dead()).map(|(link, _)| link.clone())
    }

    /// How long anything may take to be connected to.
    pub(super) fn connect_limit(&self) -> Duration {
        self.means.settings.connect
    }

    /// What parts our records on hosts from those of others.
    pub(super) fn mark(&self) -> &str {
        &self.means.settings.mark
    }

    fn way(&self, host: &HostAt) -> Way {
        let user = host.user.clone().unwrap_or_else(|| self.means.settings.user.clone());
        let login = Login { user, address: host.address.clone(), port: host.port };
        Way { login, through: host.jump.iter().map(|bastion| self.way(bastion)).collect() }
    }

    fn slot(&self, way: &Way) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = Arc::clone(slots.entry(way.clone()).or_default());
        drop(slots);
        *slot.used.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        slot
    }

    fn open<'a>(&'a self, way: &'a Way) -> Reaching<'a, (Link, Option<Seat>)> {
        Box::pin(async move {
            if way.through.is_empty() {
                let wire = self.means.connect(&way.login).await?;
                return Ok((self.means.login(&way.login, wire).await?, None));
            }
            let mut closed = Vec::new();
            for bastion in &way.through {
                match self.through(bastion, &way.login).await {
                    Ok((wire, seat)) => return Ok((self.means.login(&way.login, wire).await?, Some(seat))),
                    Err(error) => closed.push((bastion.login.at(), error)),
                }
            }
            Err(ReachError::NoWay(closed))
        })
    }

    async fn through(&self, bastion: &Way, login: &Login) -> Result<(Wire, Seat), ReachError> {
        let seat = self.seat(bastion).await?;
        let tunnel = seat.link().tunnel(Target::Tcp(login.address.clone(), login.port));
        let limit = self.means.settings.connect;
        let opened = tokio::time::timeout(limit, tunnel).await;
        let refused = |why| ReachError::Tunnel { bastion: bastion.login.at(), at: login.at(), why };
        let stream = match opened {
            Ok(opened) => opened.map_err(refused)?,
            Err(_) => return Err(refused(format!("no answer within {} s", limit.as_secs()))),
        };
        Ok((self.means.behind(login, stream).await?, seat))
    }

    /// A place in a session to a bastion; another session where all are taken.
    fn seat<'a>(&'a self, bastion: &'a Way) -> Reaching<'a, Seat> {
        Box::pin(async move {
            let most = self.means.settings.bastion_channels.max(1);
            let slot = self.slot(bastion);
            let mut held = slot.held.lock().await;
            held.links.retain(|(link, _)| !link.is_dead());
            if let Some(seat) = held.links.iter().find_map(|(link, _)| link.seat(most)) {
                return Ok(seat);
            }
            if let Some((since, error)) = &held.failed
                && since.elapsed() < DEAD_FOR
            {
                return Err(error.clone());
            }
            match self.open(bastion).await {
                Ok((link, through)) => {
                    held.failed = None;
                    held.links.push((link.clone(), through));
                    link.seat(most).ok_or_else(|| ReachError::Here("a new session has no room".to_owned()))
                }
                Err(error) => {
                    held.failed = Some((Instant::now(), error.clone()));
                    Err(error)
                }
            }
        })
    }

    /// Lets go of sessions that nobody uses, where there are too many; the oldest first. Never of `but`.
    fn cool(&self, but: &Way) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let most = self.means.settings.warm;
        // Seldom and many at once, so that it costs little for each.
        if slots.len() <= most + most / 8 {
            return;
        }
        let mut idle: Vec<(Option<Instant>, Way)> = slots
            .iter()
            .filter(|(way, slot)| *way != but && slot.is_idle())
            .map(|(way, slot)| (*slot.used.lock().unwrap_or_else(PoisonError::into_inner), way.clone()))
            .collect();
        idle.sort();
        let excess = slots.len() - most;
        for (_, way) in idle.into_iter().take(excess) {
            slots.remove(&way);
        }
    }
}

impl Slot {
    fn is_idle(self: &Arc<Self>) -> bool {
        let unused = Arc::strong_count(self) == 1;
        unused && self.held.try_lock().is_ok_and(|held| held.links.iter().all(|(link, _)| link.is_idle()))
    }
}
