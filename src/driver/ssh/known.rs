//! Which hosts we trust: known_hosts, read once. Strict: who is not in it is refused, and who is in it with another key too.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use hmac::Hmac;
use hmac::Mac;
use sha1::Sha1;
use ssh_key::HashAlg;
use ssh_key::PublicKey;
use ssh_key::known_hosts::Entry;
use ssh_key::known_hosts::HostPatterns;
use ssh_key::known_hosts::Marker;

use crate::driver::ssh::error::ReachError;

/// The keys of all hosts that somebody vouched for.
#[derive(Debug, Default)]
pub(super) struct KnownHosts {
    entries: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    names: HostPatterns,
    revoked: bool,
    /// What it is called in a handshake: `ssh-ed25519`.
    kind: String,
    key: Vec<u8>,
    /// File and line, for people.
    place: String,
}

impl KnownHosts {
    /// From these files. One that does not exist is passed over, a line that can't be read vouches for nobody.
    pub(super) fn read(files: &[PathBuf]) -> io::Result<Self> {
        let mut known = Self::default();
        for file in files {
            match fs::read(file) {
                Ok(bytes) => known.add(&String::from_utf8_lossy(&bytes), file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(io::Error::new(error.kind(), format!("{}: {error}", file.display()))),
            }
        }
        Ok(known)
    }

    fn add(&mut self, text: &str, file: &Path) {
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Ok(entry) = line.parse::<Entry>() else { continue };
            // libssh2 can't check a certificate of a host, so whoever signs them vouches for nobody here.
            if entry.marker() == Some(&Marker::CertAuthority) {
                continue;
            }
            let Ok(key) = entry.public_key().to_bytes() else { continue };
            self.entries.push(Known {
                names: entry.host_patterns().clone(),
                revoked: entry.marker() == Some(&Marker::Revoked),
                kind: entry.public_key().algorithm().to_string(),
                key,
                place: format!("{}, line {}", file.display(), at + 1),
            });
        }
    }

    /// The algorithms to ask a host for, so that it shows the key that we know. None where we know none of it.
    pub(super) fn algorithms(&self, host: &str, port: u16) -> Option<String> {
        let name = lookup(host, port);
        let mut algorithms: Vec<&str> = Vec::new();
        for known in self.entries.iter().filter(|known| !known.revoked && known.is(&name)) {
            let of_kind: &[&str] = match known.kind.as_str() {
                "ssh-rsa" => &["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
                other => &[other],
            };
            for algorithm in of_kind {
                if !algorithms.contains(algorithm) {
                    algorithms.push(algorithm);
                }
            }
        }
        (!algorithms.is_empty()).then(|| algorithms.join(","))
    }

    /// Whether this is the key of this host.
    ///
    /// # Errors
    ///
    /// It is revoked, another one, or not known.
    pub(super) fn check(&self, host: &str, port: u16, key: &[u8]) -> Result<(), ReachError> {
        let shown = PublicKey::from_bytes(key);
        let kind =
            shown.as_ref().map_or_else(|_| "a key of no known kind".to_owned(), |key| key.algorithm().to_string());
        let fingerprint = shown.map_or_else(|_| String::new(), |key| key.fingerprint(HashAlg::Sha256).to_string());
        let name = lookup(host, port);
        // A revoked key is worth nothing, whoever shows it.
        if let Some(known) = self.entries.iter().find(|known| known.revoked && known.key == key && known.is(&name)) {
            return Err(ReachError::RevokedKey { kind, fingerprint, place: known.place.clone() });
        }
        let mut of_host = self.entries.iter().filter(|known| !known.revoked && known.is(&name)).peekable();
        let first = of_host.peek().map(|known| known.place.clone());
        if of_host.any(|known| known.key == key) {
            return Ok(());
        }
        Err(match first {
            Some(place) => ReachError::ChangedKey { kind, fingerprint, place },
            None => ReachError::UnknownHost { kind, fingerprint },
        })
    }
}

/// As ssh writes it: the port only where it is not 22.
fn lookup(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == 22 { host } else { format!("[{host}]:{port}") }
}

impl Known {
    fn is(&self, name: &str) -> bool {
        match &self.names {
            HostPatterns::HashedName { salt, hash } => {
                let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(salt) else { return false };
                mac.update(name.as_bytes());
                mac.verify_slice(hash).is_ok()
            }
            HostPatterns::Patterns(patterns) => {
                let fits = |pattern: &str| glob(pattern.to_ascii_lowercase().as_bytes(), name.as_bytes());
                let is_excluded = patterns.iter().filter_map(|pattern| pattern.strip_prefix('!')).any(fits);
                !is_excluded && patterns.iter().filter(|pattern| !pattern.starts_with('!')).any(|text| fits(text))
            }
        }
    }
}

/// `*` and `?`, as in sshd(8).
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=text.len()).any(|at| glob(rest, &text[at..])),
        (Some((b'?', rest)), Some((_, text))) => glob(rest, text),
        (Some((one, rest)), Some((other, text))) => one == other && glob(rest, text),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ssh_key::PublicKey;

    use super::KnownHosts;
    use super::ReachError;

    const ONE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN76zuqnjypL54/w4763l7q1Sn3IBYHptJ5wcYfEWkzu";
    const TWO: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

    fn known(text: &str) -> KnownHosts {
        let mut known = KnownHosts::default();
        known.add(text, Path::new("known_hosts"));
        known
    }

    fn key(text: &str) -> Vec<u8> {
        text.parse::<PublicKey>().unwrap().to_bytes().unwrap()
    }

    #[test]
    fn who_is_known_by_name_pattern_port_or_hash_is_let_in() {
        // The hashed line is what `ssh-keygen -H` makes of `[db-1.ansan]:2222`.
        let text = format!(
            "# comment\n\nnonsense\nweb-?.ansan,!web-9.ansan {ONE}\n[db-1.ansan]:2222 {ONE}\n*.tokyo {TWO} comment\n"
        );
        let known = known(&text);
        assert_eq!(known.check("web-1.ansan", 22, &key(ONE)), Ok(()));
        assert_eq!(known.check("WEB-1.ansan", 22, &key(ONE)), Ok(()));
        assert_eq!(known.check("db-1.ansan", 2222, &key(ONE)), Ok(()));
        assert_eq!(known.check("a.b.tokyo", 22, &key(TWO)), Ok(()));
        for (host, port) in [("web-9.ansan", 22), ("web-10.ansan", 22), ("web-1.ansan", 2222), ("db-1.ansan", 22)] {
            let refused = known.check(host, port, &key(ONE));
            assert!(matches!(refused, Err(ReachError::UnknownHost { .. })), "{host}: {refused:?}");
        }
        assert_eq!(known.algorithms("web-1.ansan", 22).as_deref(), Some("ssh-ed25519"));
        assert_eq!(known.algorithms("nobody", 22), None);
    }

    #[test]
    fn another_key_and_a_revoked_one_are_told_apart_with_the_place() {
        let known = known(&format!("web {ONE}\n@revoked * {TWO}\n@cert-authority *.tokyo {ONE}\n"));
        let revoked = known.check("web", 22, &key(TWO)).unwrap_err();
        assert!(
            matches!(&revoked, ReachError::RevokedKey { place, .. } if place == "known_hosts, line 2"),
            "{revoked}"
        );
        let other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
        let changed = known.check("web", 22, &key(other)).unwrap_err();
        assert!(
            matches!(&changed, ReachError::ChangedKey { place, .. } if place == "known_hosts, line 1"),
            "{changed}"
        );
        assert!(changed.to_string().contains("SHA256:"), "{changed}");
        let signed = known.check("a.tokyo", 22, &key(ONE)).unwrap_err();
        assert!(matches!(signed, ReachError::UnknownHost { .. }), "{signed}");
    }
}
