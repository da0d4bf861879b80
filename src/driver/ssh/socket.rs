//! A socket of another host, spoken to over the session to that host. The far side needs nothing but an sshd that carries
//! connections on to sockets, as it does unless it was told otherwise.

use std::os::unix::net::UnixStream;

use tokio::time::timeout;

use crate::driver::HostAt;
use crate::driver::kept::Kept;
use crate::driver::mask::Mask;
use crate::driver::ssh::Ssh;
use crate::driver::ssh::command::Order;
use crate::driver::ssh::command::RanEnd;
use crate::driver::ssh::far;
use crate::driver::ssh::keeper::Target;
use crate::driver::ssh::link::Link;

/// A connection to a socket of another host.
pub(in crate::driver) struct FarSocket {
    /// Our end of it. It does not block.
    pub(in crate::driver) stream: UnixStream,
    /// As long as this is held, the session stays.
    pub(in crate::driver) held: Held,
}

/// Keeps a session open.
#[derive(Debug)]
pub(in crate::driver) struct Held(#[expect(dead_code, reason = "that it is held is all")] Link);

/// What is asked where the host does not carry us on: why, as far as its shell can see it. It knows `path`.
const WHY: &str = include_str!("socket.sh");
/// One line; what a login prints before it is cut.
const WHY_BYTES: u64 = 16 * 1024;

impl Ssh {
    /// Connects to a socket of a host.
    ///
    /// # Errors
    ///
    /// Why not, for people. Nothing was sent to the socket.
    pub(in crate::driver) async fn socket(&self, host: &HostAt, path: &str) -> Result<FarSocket, String> {
        match self.connected(host, path).await {
            // The session had broken while nobody used it: another one is opened.
            Err((_, Some(link))) if link.is_dead() => self.connected(host, path).await.map_err(|(why, _)| why),
            done => done.map_err(|(why, _)| why),
        }
    }

    async fn connected(&self, host: &HostAt, path: &str) -> Result<FarSocket, (String, Option<Link>)> {
        let name = &host.name;
        let unreached = |error| (format!("{name} can't be reached: {error}"), None);
        let link = self.pool.link(host).await.map_err(unreached)?;
        let limit = self.pool.connect_limit();
        let why = match timeout(limit, link.tunnel(Target::Socket(path.to_owned()))).await {
            Ok(Ok(stream)) => return Ok(FarSocket { stream, held: Held(link) }),
            Ok(Err(why)) if link.is_dead() => format!("{name} can't be reached: {why}"),
            Ok(Err(why)) => self.why_not(&link, name, path, &why).await,
            Err(_) => format!("{name} did not connect us to {path} within {} s", limit.as_secs()),
        };
        Err((why, Some(link)))
    }

    /// A host says no in one word, whatever the reason is.
    async fn why_not(&self, link: &Link, name: &str, path: &str, said: &str) -> String {
        let kept = Kept::new(WHY_BYTES, &Mask::default());
        let input = [b"path=".as_slice(), &far::quoted(path.as_bytes()), b"\n"].concat();
        let order = Order { line: far::SHELL.to_owned(), input, more: WHY.as_bytes(), kept, urgent: false };
        let ran = match timeout(self.pool.connect_limit(), link.run(order)).await {
            Ok(ran) if ran.end == RanEnd::Exit(0) => ran.kept,
            Ok(_) | Err(_) => return format!("{name} does not connect us to {path}: {said}"),
        };
        if ran.has(b"bonghwa: none") {
            return format!("there is no {path} on {name}");
        }
        if ran.has(b"bonghwa: other") {
            return format!("{path} on {name} is no socket");
        }
        if ran.has(b"bonghwa: closed") {
            return format!(
                "{path} on {name} is not for the user who is logged in there: look at `mode`, `user` and `group` of its \
                 line in haproxy.cfg, or at `user` of the rule for this host"
            );
        }
        format!(
            "{name} does not connect us to {path} ({said}): nothing listens there, or its sshd carries nobody on to \
             sockets (AllowStreamLocalForwarding)"
        )
    }
}
