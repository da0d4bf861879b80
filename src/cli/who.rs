//! Who runs this process, as the system says. It asks no directory of users: that may be among what was lost.

use std::fs;

use crate::cli::input;
use crate::run::Who;

/// Users of this machine; those of a directory are not in it.
const USERS: &str = "/etc/passwd";

/// Whoever runs this process.
#[must_use]
pub fn me() -> Who {
    let uid = rustix::process::getuid().as_raw();
    let users = fs::read(USERS).unwrap_or_default();
    let user = named(&String::from_utf8_lossy(&users), uid).or_else(input::user_name);
    Who {
        user: user.unwrap_or_else(|| format!("uid {uid}")),
        uid,
        pid: std::process::id(),
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
    }
}

/// The name of a user in the system's own list.
fn named(users: &str, uid: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::me;
    use super::named;

    #[test]
    fn a_name_is_found_by_its_number() {
        let users = "root:x:0:0::/:/bin/sh\nbroken\nmina:x:1000:1000:Mina, on call:/srv:/bin/sh\n";
        assert_eq!(named(users, 1000).as_deref(), Some("mina"));
        assert_eq!(named(users, 0).as_deref(), Some("root"));
        assert_eq!(named(users, 1), None);
    }

    #[test]
    fn somebody_runs_this() {
        let me = me();
        assert!(!me.user.is_empty() && !me.host.is_empty());
        assert_eq!(me.pid, std::process::id());
    }
}
