//! Secrets: references become values at the last moment, and values become `***` in all that is kept or told.
//!
//! No error and no `Debug` in this file ever holds a value. The environment arrives as a snapshot; only secret files are
//! read here.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::ffi::OsStringExt;

use crate::driver::mask::Mask;

/// What the hands know of the environment, and how they turn a reference into a value.
#[derive(Clone)]
pub struct Secrets {
    environment: Vec<(OsString, OsString)>,
    hidden: Vec<String>,
}

/// Why a reference has no value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Neither `env:` nor `file:`.
    #[error("{0:?} is no reference to a secret: write env:NAME or file:PATH")]
    NotAReference(String),
    /// The variable is not set, or is empty.
    #[error("{0}: no such variable is set, or it is empty")]
    NotSet(String),
    /// The file can't be read.
    #[error("{reference}: the file can't be read")]
    File {
        /// Which reference.
        reference: String,
        /// Why.
        source: io::Error,
    },
    /// The file is empty, too long for what it is for, or holds a zero byte.
    #[error("{reference}: the file is empty, longer than {most_kb} KB, or no text")]
    NotASecret {
        /// Which reference.
        reference: String,
        /// How long it may be.
        most_kb: u64,
    },
}

/// The longest secret that is read: a private key is a fifth of it.
pub(super) const SECRET_MAX: u64 = 16 * 1024;

/// The variables of one job, with their values, and what masks them.
pub(super) struct Unsealed {
    /// For the environment of the child, and nothing else.
    pub(super) env: Vec<(String, OsString)>,
    /// Takes the values out of what the child prints.
    pub(super) mask: Mask,
}

impl Secrets {
    /// From a snapshot of the environment. It is what commands inherit.
    pub fn new(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self { environment: environment.into_iter().collect(), hidden: Vec::new() }
    }

    /// Keeps the variables behind these references (all that a plan names) from commands that do not ask for them.
    #[must_use]
    pub fn hiding<'r>(mut self, references: impl IntoIterator<Item = &'r str>) -> Self {
        self.hidden.extend(references.into_iter().filter_map(|text| text.strip_prefix("env:")).map(str::to_owned));
        self
    }

    /// What every command inherits.
    pub(super) fn inherited(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        let is_hidden = |name: &OsString| self.hidden.iter().any(|hidden| name == hidden.as_str());
        self.environment.iter().filter(move |(name, _)| !is_hidden(name)).map(|(name, value)| (name, value))
    }

    /// The values behind the references of one job.
    pub(super) fn unseal(&self, references: &[(String, String)]) -> Result<Unsealed, SecretError> {
        let mut env = Vec::with_capacity(references.len());
        for (name, reference) in references {
            env.push((name.clone(), OsString::from_vec(self.value(reference)?)));
        }
        let mask = Mask::of(env.iter().map(|(_, value)| value.as_bytes()));
        Ok(Unsealed { env, mask })
    }

    /// The text behind one reference.
    pub(super) fn text(&self, reference: &str) -> Result<String, SecretError> {
        let no_text = |_| SecretError::NotASecret { reference: reference.to_owned(), most_kb: SECRET_MAX / 1024 };
        String::from_utf8(self.value(reference)?).map_err(no_text)
    }

    /// The value behind one reference.
    pub(super) fn value(&self, reference: &str) -> Result<Vec<u8>, SecretError> {
        self.long_value(reference, SECRET_MAX)
    }

    /// The value behind one reference, which may be longer than a secret is.
    pub(super) fn long_value(&self, reference: &str, most: u64) -> Result<Vec<u8>, SecretError> {
        if let Some(name) = reference.strip_prefix("env:") {
            let found = self.environment.iter().find(|(known, value)| known == name && !value.is_empty());
            return found
                .map(|(_, value)| value.clone().into_vec())
                .ok_or_else(|| SecretError::NotSet(reference.to_owned()));
        }
        let Some(path) = reference.strip_prefix("file:") else {
            return Err(SecretError::NotAReference(reference.to_owned()));
        };
        let unreadable = |source| SecretError::File { reference: reference.to_owned(), source };
        let mut bytes = Vec::new();
        let file = fs::File::open(path).map_err(unreadable)?;
        file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        // An editor ends a file with a line end that is no part of the secret.
        while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            bytes.pop();
        }
        let is_too_long = u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most;
        if bytes.is_empty() || is_too_long || bytes.contains(&0) {
            return Err(SecretError::NotASecret { reference: reference.to_owned(), most_kb: most / 1024 });
        }
        Ok(bytes)
    }
}

impl SecretError {
    /// With its cause, for people.
    pub(super) fn in_full(&self) -> String {
        match self {
            Self::File { source, .. } => format!("{self}: {source}"),
            Self::NotAReference(_) | Self::NotSet(_) | Self::NotASecret { .. } => self.to_string(),
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Secrets({} variables)", self.environment.len())
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs;

    use super::Secrets;

    fn secrets() -> Secrets {
        let all = [("TSIG", "s3cr3t-value"), ("EMPTY", ""), ("LANG", "C")];
        Secrets::new(all.map(|(name, value)| (OsString::from(name), OsString::from(value))))
    }

    fn why_not(reference: &str) -> String {
        let unsealed = secrets().unseal(&[("KEY".to_owned(), reference.to_owned())]);
        unsealed.err().map(|error| error.in_full()).unwrap_or_default()
    }

    #[test]
    fn references_become_values() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs::write(&file, "from a file\n").unwrap();
        let references = [("A", "env:TSIG".to_owned()), ("B", format!("file:{}", file.display()))];
        let unsealed = secrets().unseal(&references.map(|(name, text)| (name.to_owned(), text))).unwrap();
        let expected = [("A", "s3cr3t-value"), ("B", "from a file")];
        assert_eq!(unsealed.env, expected.map(|(name, value)| (name.to_owned(), OsString::from(value))));
        assert_eq!(unsealed.mask.apply(b"a from a file s3cr3t-value!"), b"a *** ***!");
    }

    #[test]
    fn what_has_no_value_is_named_and_never_shown() {
        assert_eq!(why_not("env:NOBODY"), "env:NOBODY: no such variable is set, or it is empty");
        assert_eq!(why_not("env:EMPTY"), "env:EMPTY: no such variable is set, or it is empty");
        assert!(why_not("file:/nowhere/key").starts_with("file:/nowhere/key: the file can't be read: "));
        assert!(why_not("hunter2").starts_with("\"hunter2\" is no reference"));
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in
            [("empty", vec![]), ("line-end", vec![b'\n']), ("long", vec![b'a'; 17_000]), ("nul", vec![0])]
        {
            let file = folder.path().join(name);
            fs::write(&file, bytes).unwrap();
            assert!(why_not(&format!("file:{}", file.display())).ends_with("or no text"), "{name}");
        }
        assert_eq!(format!("{:?}", secrets()), "Secrets(3 variables)");
    }

    #[test]
    fn hidden_variables_are_not_inherited() {
        let hiding = secrets().hiding(["env:TSIG", "file:/etc/key"]);
        let names: Vec<_> = hiding.inherited().map(|(name, _)| name.clone()).collect();
        assert_eq!(names, ["EMPTY", "LANG"]);
        assert!(hiding.unseal(&[("A".to_owned(), "env:TSIG".to_owned())]).is_ok());
    }
}
