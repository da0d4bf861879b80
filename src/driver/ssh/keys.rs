//! Who we are: private keys, read and decrypted once, and the agent. No key ever leaves this process, or reaches an error.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ssh_key::LineEnding;
use ssh_key::PrivateKey;
use ssh2::Session;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::driver::Secrets;
use crate::driver::ssh::error::ReachError;
use crate::driver::ssh::settings::SshSettings;
use crate::driver::ssh::wire::Wire;
use crate::driver::ssh::wire::WireError;

/// Everything that can be shown to a host.
#[derive(Clone)]
pub(super) struct Keys {
    files: Arc<Vec<Identity>>,
    /// Files that hold no usable key, and why.
    unusable: Arc<Vec<String>>,
    /// The socket of the agent.
    agent: Option<PathBuf>,
    /// How long a login may take.
    limit: Duration,
}

struct Identity {
    path: PathBuf,
    /// A certificate, where one lies beside it.
    certificate: Option<String>,
    private: Private,
}

/// In a form that libssh2 reads without working for it: an encrypted key in the form of OpenSSH costs it 0.2 s of a
/// processor for each session.
struct Private {
    /// It is wiped when it is dropped.
    text: Zeroizing<String>,
    passphrase: Option<String>,
}

/// sshd closes a connection after six refusals.
const TRIES_MAX: usize = 5;

impl Keys {
    /// Reads what the settings name. What is missing or can't be used is told by whoever finds no other key.
    pub(super) fn read(settings: &SshSettings, secrets: &Secrets) -> Self {
        let (mut files, mut unusable) = (Vec::new(), Vec::new());
        let passphrase = settings.passphrase.as_deref().map(|reference| secrets.text(reference));
        for path in &settings.identities {
            let passphrase = match &passphrase {
                None => Ok(None),
                Some(Ok(text)) => Ok(Some(text.as_str())),
                Some(Err(error)) => Err(error.in_full()),
            };
            match read(path, passphrase) {
                Ok(private) => {
                    let mut beside = path.as_os_str().to_owned();
                    beside.push("-cert.pub");
                    let certificate = fs::read_to_string(Path::new(&beside)).ok();
                    files.push(Identity { path: path.clone(), certificate, private });
                }
                Err(why) => unusable.push(format!("{}: {why}", path.display())),
            }
        }
        Self {
            files: Arc::new(files),
            unusable: Arc::new(unusable),
            agent: settings.agent.clone(),
            limit: settings.login,
        }
    }

    /// Logs a session in.
    pub(super) fn login(&self, wire: &Wire, session: &Session, user: &str, until: Instant) -> Result<(), ReachError> {
        let mut login = Login { keys: self, wire, session, user, until, tried: Vec::new(), tries: 0 };
        if let Some(socket) = &self.agent {
            login.show_agent(socket)?;
        }
        for identity in self.files.iter() {
            login.show_file(identity)?;
        }
        login.end()
    }
}

/// One login, and what was tried for it.
struct Login<'a> {
    keys: &'a Keys,
    wire: &'a Wire,
    session: &'a Session,
    user: &'a str,
    until: Instant,
    tried: Vec<String>,
    tries: usize,
}

impl Login<'_> {
    fn show_agent(&mut self, socket: &Path) -> Result<(), ReachError> {
        let list = || -> Result<_, ssh2::Error> {
            let mut agent = self.session.agent()?;
            agent.set_identity_path(socket)?;
            agent.connect()?;
            agent.list_identities()?;
            let identities = agent.identities()?;
            Ok((agent, identities))
        };
        let Ok((agent, identities)) = list() else {
            self.tried.push("there is no agent that answers".to_owned());
            return Ok(());
        };
        if identities.is_empty() {
            self.tried.push("the agent holds no key".to_owned());
        }
        // Keys in files must have their turn, too.
        let most = TRIES_MAX - self.keys.files.len().min(2);
        for identity in identities.iter().take(most) {
            if self.session.authenticated() {
                return Ok(());
            }
            self.tries += 1;
            let shown = self.wire.drive(self.session, self.until, || agent.userauth(self.user, identity));
            self.note(shown, || format!("agent, {}", identity.comment()))?;
        }
        if identities.len() > most && !self.session.authenticated() {
            self.tried.push(format!("{} more keys of the agent were not tried", identities.len() - most));
        }
        Ok(())
    }

    /// With its certificate, where one lies beside it, and then without.
    fn show_file(&mut self, identity: &Identity) -> Result<(), ReachError> {
        let certificate = identity.certificate.as_deref().map(Some);
        for public in certificate.into_iter().chain([None]) {
            if self.session.authenticated() {
                return Ok(());
            }
            if self.tries == TRIES_MAX {
                self.tried.push(format!("{}: not tried, after {TRIES_MAX} others", identity.path.display()));
                return Ok(());
            }
            self.tries += 1;
            let Private { text, passphrase } = &identity.private;
            let shown = self.wire.drive(self.session, self.until, || {
                self.session.userauth_pubkey_memory(self.user, public, text, passphrase.as_deref())
            });
            self.note(shown, || identity.path.display().to_string())?;
        }
        Ok(())
    }

    fn note(&mut self, shown: Result<(), WireError>, name: impl Fn() -> String) -> Result<(), ReachError> {
        match shown {
            Ok(()) => Ok(()),
            Err(why) if why.is_timeout() => {
                Err(ReachError::LoginTimeout { user: self.user.to_owned(), limit: self.keys.limit })
            }
            Err(why) => {
                self.tried.push(format!("{}: {}", name(), why.of_key()));
                Ok(())
            }
        }
    }

    fn end(mut self) -> Result<(), ReachError> {
        if self.session.authenticated() {
            return Ok(());
        }
        self.tried.extend(self.keys.unusable.iter().cloned());
        let user = self.user.to_owned();
        if self.tries == 0 {
            return Err(ReachError::NoKeys { user, tried: self.tried });
        }
        let offered = || self.session.auth_methods(self.user).map(str::to_owned);
        let offered = self.wire.drive(self.session, self.until, offered);
        let offered = offered.unwrap_or_else(|_| "nothing more".to_owned());
        Err(ReachError::Refused { user, offered, tried: self.tried })
    }
}

fn read(path: &Path, passphrase: Result<Option<&str>, String>) -> Result<Private, String> {
    let bytes = fs::read(path).map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            "there is no such file".to_owned()
        } else {
            format!("it can't be read: {error}")
        }
    })?;
    let text = Zeroizing::new(String::from_utf8(bytes).map_err(|_| "it holds no key".to_owned())?);
    if !text.contains("-----BEGIN") {
        return Err("it holds no private key".to_owned());
    }
    if !text.contains("BEGIN OPENSSH PRIVATE KEY") {
        // The older form costs nothing to decrypt, so libssh2 may do it.
        let is_encrypted = text.contains("ENCRYPTED");
        return match passphrase {
            Ok(Some(phrase)) if is_encrypted => Ok(Private { text, passphrase: Some(phrase.to_owned()) }),
            Err(why) if is_encrypted => Err(why),
            Ok(None) if is_encrypted => Err(locked()),
            Ok(_) | Err(_) => Ok(Private { text, passphrase: None }),
        };
    }
    let body: String = text.lines().skip_while(|line| !line.contains("-----BEGIN")).skip(1).take(2).collect();
    if body.starts_with(NOT_ENCRYPTED) {
        return Ok(Private { text, passphrase: None });
    }
    let phrase = passphrase?.ok_or_else(locked)?.to_owned();
    let Ok(key) = PrivateKey::from_openssh(text.as_str()) else {
        // There are keys of NIST P-521 that only libssh2 can read. It takes its time for each session.
        return Ok(Private { text, passphrase: Some(phrase) });
    };
    let open = key.decrypt(&phrase).map_err(|_| "the passphrase does not open it".to_owned())?;
    match open.to_openssh(LineEnding::LF) {
        Ok(text) => Ok(Private { text, passphrase: None }),
        Err(_) => Ok(Private { text, passphrase: Some(phrase) }),
    }
}

/// How the body of a key begins whose cipher is `none`: `openssh-key-v1`, a zero, and the name of the cipher, in base64.
const NOT_ENCRYPTED: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";

fn locked() -> String {
    "it is encrypted: add it to the agent, or say where its passphrase is".to_owned()
}

/// Says nothing about them.
impl std::fmt::Debug for Keys {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Keys({} files)", self.files.len())
    }
}
