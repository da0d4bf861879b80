//! The key that signs updates (TSIG, RFC 8945), and what a signed answer says. No error here ever holds the secret.

use std::fmt;

use data_encoding::BASE64;
use hickory_proto::op::Message;
use hickory_proto::rr::Name;
use hickory_proto::rr::TSigVerifier;
use hickory_proto::rr::TSigner;
use hickory_proto::rr::rdata::TSIG;
use hickory_proto::rr::rdata::tsig::TsigAlgorithm;
use hickory_proto::rr::rdata::tsig::TsigError;

use crate::driver::Secrets;
use crate::driver::TsigTask;

/// How far the clocks of both ends may be apart, in seconds: what RFC 8945 recommends.
const FUDGE_S: u16 = 300;

/// A key with its secret.
pub(super) struct Key {
    signer: TSigner,
    /// As it was declared.
    name: String,
    algorithm: String,
    reference: String,
}

/// What the signature of an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signed {
    /// The server has the key, and says this.
    Well,
    /// There is none.
    Not,
    /// It is of another key, or the answer was changed on its way.
    Badly,
    /// The server does not accept ours.
    Refused(Objection),
}

/// What a server has against a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Objection {
    /// BADSIG.
    Signature,
    /// BADKEY.
    Key,
    /// BADTIME: so many seconds its clock is ahead of ours, where it says that.
    Time(Option<i64>),
    /// Anything else, by its number.
    Other(u16),
}

impl Key {
    /// # Errors
    ///
    /// The secret is not there, or no base64; or the name is no name, or nobody knows the algorithm.
    pub(super) fn new(task: &TsigTask, secrets: &Secrets) -> Result<Self, String> {
        let TsigTask { name, algorithm, secret: reference } = task;
        let kind = match algorithm.as_str() {
            "hmac-sha256" => TsigAlgorithm::HmacSha256,
            "hmac-sha512" => TsigAlgorithm::HmacSha512,
            _ => return Err(format!("the key {name} can't be used: {algorithm:?} is not hmac-sha256 or hmac-sha512")),
        };
        let in_dns = Name::from_ascii(name).map_err(|error| format!("{name:?} is no name of a key: {error}"))?;
        let text = secrets.text(reference).map_err(|error| error.in_full())?;
        let no_secret = || format!("{reference} is no secret of a key: it must be base64, as in the server's own file");
        let secret = BASE64.decode(text.trim().as_bytes()).map_err(|_| no_secret())?;
        if secret.is_empty() {
            return Err(no_secret());
        }
        let signer = TSigner::new(secret, kind, in_dns, FUDGE_S).map_err(|_| no_secret())?;
        Ok(Self { signer, name: name.clone(), algorithm: algorithm.clone(), reference: reference.clone() })
    }

    /// Signs it; what comes back proves the answer. `now` in seconds since 1970.
    pub(super) fn sign(&self, message: &mut Message, now: u64) -> Result<Proof, String> {
        let failed = || format!("the update can't be signed with the key {}", self.name);
        let verifier = message.finalize(&self.signer, now).map_err(|_| failed())?.ok_or_else(failed)?;
        Ok(Proof { verifier, now })
    }

    /// What to do about an objection.
    pub(super) fn advice(&self, objection: Objection) -> String {
        let Self { name, algorithm, reference, .. } = self;
        match objection {
            Objection::Signature => format!(
                "says that the signature is wrong (BADSIG): it has another secret for the key {name} than {reference} \
                 holds, so give both the same"
            ),
            Objection::Key => format!(
                "does not know the key {name} with {algorithm} (BADKEY): compare name and algorithm of the tsig with \
                 the server's"
            ),
            Objection::Time(Some(ahead)) => format!(
                "says that the time is wrong (BADTIME): its clock is {}s {} ours, and {FUDGE_S}s are allowed, so set \
                 the clocks right",
                ahead.unsigned_abs(),
                if ahead < 0 { "behind" } else { "ahead of" }
            ),
            Objection::Time(None) => "says that the time is wrong (BADTIME): compare its clock with ours".to_owned(),
            Objection::Other(code) => format!("does not accept the signature of the key {name} (error {code})"),
        }
    }

    /// As it was declared.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Key({})", self.name)
    }
}

/// Knows what the answer to one signed message must be signed with.
pub(super) struct Proof {
    verifier: TSigVerifier,
    now: u64,
}

impl Proof {
    /// What the signature of the answer says; and how many seconds the server's clock is ahead of ours, where it says
    /// that and is to be believed.
    pub(super) fn read(mut self, answer: &Message, bytes: &[u8]) -> (Signed, Option<i64>) {
        let Some(tsig) = answer.signature().map(|record| &record.data) else { return (Signed::Not, None) };
        if let Some(error) = tsig.error {
            let ahead = server_time(tsig).map(|time| self.ahead(time));
            let objection = match error {
                TsigError::BadSig => Objection::Signature,
                TsigError::BadKey => Objection::Key,
                TsigError::BadTime => Objection::Time(ahead),
                TsigError::BadTrunc | TsigError::Unknown(_) => Objection::Other(error.into()),
            };
            return (Signed::Refused(objection), ahead);
        }
        match self.verifier.verify(bytes) {
            Ok(_) => (Signed::Well, Some(self.ahead(tsig.time))),
            Err(_) => (Signed::Badly, None),
        }
    }

    fn ahead(&self, time: u64) -> i64 {
        let seconds = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
        seconds(time).saturating_sub(seconds(self.now))
    }
}

/// The clock of a server that answers BADTIME: 48 bits of seconds.
fn server_time(tsig: &TSIG) -> Option<u64> {
    let bytes: [u8; 6] = tsig.other.as_slice().try_into().ok()?;
    let [a, b, c, d, e, f] = bytes;
    Some(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use hickory_proto::op::Message;
    use hickory_proto::op::ResponseCode;
    use hickory_proto::rr::Name;
    use hickory_proto::rr::TSigResponseContext;
    use proptest::prop_assert_eq;
    use proptest::prop_assert_ne;
    use proptest::proptest;

    use super::Key;
    use super::Signed;
    use crate::driver::Secrets;
    use crate::driver::TsigTask;
    use crate::driver::route::rfc2136::message;

    #[test]
    fn a_key_that_is_none_is_told_without_its_secret() {
        let all = [("GOOD", "c2VjcmV0LXNlY3JldA=="), ("BAD", "not base64!")];
        let secrets = Secrets::new(all.map(|(name, value)| (OsString::from(name), OsString::from(value))));
        let why = |name: &str, algorithm: &str, secret: &str| {
            let task = TsigTask { name: name.into(), algorithm: algorithm.into(), secret: secret.into() };
            Key::new(&task, &secrets).map(|key| format!("{key:?}")).unwrap_or_else(|why| why)
        };
        assert_eq!(why("bonghwa.", "hmac-sha256", "env:GOOD"), "Key(bonghwa.)");
        assert_eq!(why("bonghwa.", "hmac-sha512", "env:GOOD"), "Key(bonghwa.)");
        let bad = "env:BAD is no secret of a key: it must be base64, as in the server's own file";
        assert_eq!(why("bonghwa.", "hmac-sha256", "env:BAD"), bad);
        assert_eq!(why("bonghwa.", "hmac-sha256", "env:NO"), "env:NO: no such variable is set, or it is empty");
        assert!(why("bonghwa.", "hmac-md5", "env:GOOD").contains("\"hmac-md5\" is not hmac-sha256 or hmac-sha512"));
        assert!(why("bong..hwa.", "hmac-sha256", "env:GOOD").starts_with("\"bong..hwa.\" is no name of a key: "));
    }

    const NOW: u64 = 1_800_000_000;

    fn key() -> Key {
        let secrets = Secrets::new([(OsString::from("GOOD"), OsString::from("c2VjcmV0LXNlY3JldA=="))]);
        let task = TsigTask { name: "k.".into(), algorithm: "hmac-sha256".into(), secret: "env:GOOD".into() };
        Key::new(&task, &secrets).unwrap()
    }

    fn sent() -> Message {
        let name = |text| Name::from_ascii(text).unwrap();
        let mut sent = message::swap(&name("talk.example."), &name("msg.talk.example."), &[], &[], 1);
        // The same each time, or no answer would be one to the next.
        sent.metadata.id = 4711;
        sent
    }

    /// The answer of a server that has the key, signed at this time.
    fn reply(time: u64) -> Vec<u8> {
        let mut asked = sent();
        key().sign(&mut asked, NOW).unwrap();
        let mac = asked.signature().unwrap().data.mac.clone();
        let mut answer = Message::response(4711, asked.metadata.op_code);
        answer.metadata.response_code = ResponseCode::NXDomain;
        let context = TSigResponseContext::new(4711, time, key().signer, mac, None);
        let signature = context.sign(&answer.to_vec().unwrap()).unwrap();
        answer.set_signature(signature);
        answer.to_vec().unwrap()
    }

    /// What is made of it; none where it is no answer at all.
    fn read(bytes: &[u8]) -> Option<(Signed, Option<i64>)> {
        let mut asked = sent();
        let proof = key().sign(&mut asked, NOW).unwrap();
        message::answer(&asked, bytes).map(|answer| proof.read(&answer, bytes))
    }

    #[test]
    fn a_signed_answer_is_believed_while_it_is_fresh() {
        assert_eq!(read(&reply(NOW + 7)), Some((Signed::Well, Some(7))));
        assert_eq!(read(&reply(NOW - 290)), Some((Signed::Well, Some(-290))));
        assert_eq!(read(&reply(NOW + 301)), Some((Signed::Badly, None)));
        assert_eq!(read(&reply(NOW - 301)), Some((Signed::Badly, None)));
    }

    proptest! {
        #[test]
        fn no_changed_answer_is_believed(at in 0..reply(NOW).len(), flip in 1..=255_u8) {
            let mut bytes = reply(NOW);
            bytes[at] ^= flip;
            let (before, after) = (Message::from_vec(&reply(NOW)).unwrap(), Message::from_vec(&bytes));
            // What stands around the signature, such as its class, says nothing; all else is signed.
            let says = |message: &Message| (message.metadata, message.queries.clone(), message.answers.clone());
            let is_same = after.is_ok_and(|after| says(&after) == says(&before));
            if let Some((Signed::Well, ahead)) = read(&bytes) {
                prop_assert_eq!((is_same, ahead), (true, Some(0)));
            }
        }

        #[test]
        fn no_rubbish_is_believed(mut bytes in proptest::collection::vec(0..=255_u8, 0..200), keep in 0..80_usize) {
            let good = reply(NOW);
            let keep = keep.min(bytes.len());
            bytes[..keep].copy_from_slice(&good[..keep]);
            prop_assert_ne!(read(&bytes).map(|(signed, _)| signed), Some(Signed::Well));
        }
    }
}
