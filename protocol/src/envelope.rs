//! Signed documents: JSON payloads in DSSE envelopes (Dead Simple Signing Envelope, protocol v1).
//!
//! The signature covers the pre-authentication encoding of payload type and exact payload bytes.
//! The bytes that were signed are the bytes that are kept and hashed; nothing is ever re-encoded
//! to be checked. A [`Claimed`] document cannot be read; only checking its signatures makes the
//! [`Verified`] one that can.

mod found;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::digest::Digest;
use crate::document::Kind;
use crate::limits::{DOCUMENT_BYTES_MAX, NAME_BYTES_MAX, SIGNATURE_BYTES_MAX, SIGNATURES_MAX};
use crate::principal::{Principal, Signer};
use crate::strict_json;
use found::Found;

/// A kind of document: one Rust struct, one payload type.
pub trait Document: Serialize + DeserializeOwned {
    /// Which kind this struct is the payload of.
    const KIND: Kind;
}

/// A DSSE envelope as it travels and is kept. Says nothing about whether its signatures hold.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    #[serde(rename = "payloadType", deserialize_with = "name")]
    payload_type: String,
    payload: Base64,
    signatures: Vec<EnvelopeSignature>,
    #[serde(skip)]
    found: Found,
}

/// One signature; `keyid` is the signer's `did:key` and only a hint.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeSignature {
    #[serde(deserialize_with = "name")]
    keyid: String,
    #[serde(deserialize_with = "signature")]
    sig: Base64,
}

/// Reads a name of at most [`NAME_BYTES_MAX`] bytes: what nobody checks must not be large either, for
/// it is kept with what was checked.
fn name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if text.len() <= NAME_BYTES_MAX {
        return Ok(text);
    }
    Err(serde::de::Error::custom(format!("a name of {} bytes, where {NAME_BYTES_MAX} is the most", text.len())))
}

/// Reads a signature of at most [`SIGNATURE_BYTES_MAX`] bytes, of whatever algorithm.
fn signature<'de, D: Deserializer<'de>>(from: D) -> Result<Base64, D::Error> {
    let sig = Base64::deserialize(from)?;
    if sig.0.len() <= SIGNATURE_BYTES_MAX {
        return Ok(sig);
    }
    let got = sig.0.len();
    Err(serde::de::Error::custom(format!("a signature of {got} bytes, where {SIGNATURE_BYTES_MAX} is the most")))
}

impl Envelope {
    /// Puts a document into an envelope without any signature yet.
    ///
    /// # Errors
    /// [`DocumentError::Malformed`] if the document breaks a rule of signed JSON, as one with a
    /// number past 2^53 or a payload past its kind's limit does.
    pub fn draft<T: Document>(document: &T) -> Result<Self, DocumentError> {
        let malformed = |why: String| DocumentError::Malformed { kind: T::KIND, why };
        let payload = serde_json::to_vec(document).map_err(|why| malformed(why.to_string()))?;
        let (got, most) = (payload.len(), T::KIND.payload_bytes_max());
        if got > most {
            return Err(malformed(format!("{got} bytes, where {most} is the most")));
        }
        strict_json::from_slice::<serde_json::Value>(&payload).map_err(malformed)?;
        let (payload_type, payload) = (T::KIND.payload_type(), Base64(payload.into()));
        Ok(Self { payload_type, payload, signatures: Vec::new(), found: Found::default() })
    }

    /// Puts a document into an envelope signed by one key.
    ///
    /// # Errors
    /// As [`Envelope::draft`].
    pub fn sign<T: Document>(document: &T, signer: &Signer) -> Result<Self, DocumentError> {
        let mut envelope = Self::draft(document)?;
        envelope.cosign(signer);
        Ok(envelope)
    }

    /// Adds a signature. A second one by the same key replaces the first.
    pub fn cosign(&mut self, signer: &Signer) {
        let keyid = signer.principal().to_string();
        self.signatures.retain(|have| have.keyid != keyid);
        let sig = Base64(signer.sign(&self.pre_authentication_encoding()).to_vec().into());
        self.signatures.push(EnvelopeSignature { keyid, sig });
        // Copies without this signature share what was found of them, and not this.
        self.found = Found::default();
    }

    /// Reads an envelope from its JSON text.
    ///
    /// # Errors
    /// [`DocumentError::NoEnvelope`].
    pub fn from_json(text: &[u8]) -> Result<Self, DocumentError> {
        if text.len() > DOCUMENT_BYTES_MAX * 2 {
            return Err(DocumentError::NoEnvelope {
                why: format!("{} bytes is more than any document has", text.len()),
            });
        }
        serde_json::from_slice(text).map_err(|why| DocumentError::NoEnvelope { why: why.to_string() })
    }

    /// The envelope as JSON text on one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings and byte strings only: serialising cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// SHA-256 of the pre-authentication encoding: the name by which other documents bind this one.
    /// Signatures do not change it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.found.digest(|| Digest::of_bytes(&self.pre_authentication_encoding()))
    }

    /// Which kind of document the envelope claims to hold, if it is one of ours.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        Kind::from_payload_type(&self.payload_type)
    }

    /// How many signatures the envelope carries, valid or not.
    #[must_use]
    pub const fn signature_count(&self) -> usize {
        self.signatures.len()
    }

    /// Takes the envelope as a claimed `T`: well-formed, of the right kind, not yet checked.
    ///
    /// # Errors
    /// [`DocumentError::WrongKind`], [`DocumentError::TooManySignatures`] or
    /// [`DocumentError::Malformed`].
    pub fn claim<T: Document>(&self) -> Result<Claimed<T>, DocumentError> {
        if self.payload_type != T::KIND.payload_type() {
            return Err(DocumentError::WrongKind { wanted: T::KIND, got: self.payload_type.clone() });
        }
        if self.signatures.len() > SIGNATURES_MAX {
            return Err(DocumentError::TooManySignatures { kind: T::KIND, got: self.signatures.len() });
        }
        let malformed = |why| DocumentError::Malformed { kind: T::KIND, why };
        let (got, most) = (self.payload.0.len(), T::KIND.payload_bytes_max());
        if got > most {
            return Err(malformed(format!("{got} bytes, where {most} is the most")));
        }
        let body = strict_json::from_slice(&self.payload.0).map_err(malformed)?;
        Ok(Claimed { body, envelope: self.clone() })
    }

    /// The keys out of `allowed` that signed this envelope. Distinct raw keys: one key signing
    /// twice counts once.
    #[must_use]
    pub fn signers(&self, allowed: &BTreeSet<Principal>) -> BTreeSet<Principal> {
        allowed.iter().copied().filter(|who| self.found.signed(who, || self.is_signed_by(who))).collect()
    }

    fn is_signed_by(&self, who: &Principal) -> bool {
        let (message, keyid) = (self.pre_authentication_encoding(), who.to_string());
        self.signatures.iter().take(SIGNATURES_MAX).any(|s| s.keyid == keyid && who.signed(&message, &s.sig.0))
    }

    /// The keys that the envelope says it is signed with. Whether they did is not looked at: a hint, as DSSE has it.
    pub fn claimed_signers(&self) -> impl Iterator<Item = Principal> + '_ {
        self.signatures.iter().take(SIGNATURES_MAX).filter_map(|signature| signature.keyid.parse().ok())
    }

    /// DSSE v1 PAE: "DSSEv1" SP len(type) SP type SP len(payload) SP payload, lengths in decimal.
    fn pre_authentication_encoding(&self) -> Vec<u8> {
        let head = format!("DSSEv1 {} {} {} ", self.payload_type.len(), self.payload_type, self.payload.0.len());
        [head.as_bytes(), &self.payload.0].concat()
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Envelope({}, {} bytes, {} signatures)",
            self.payload_type,
            self.payload.0.len(),
            self.signatures.len()
        )
    }
}

/// A well-formed document whose signatures nobody has checked: it cannot be read.
#[derive(Clone)]
pub struct Claimed<T> {
    body: T,
    envelope: Envelope,
}

impl<T> fmt::Debug for Claimed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claimed({:?})", self.envelope)
    }
}

impl<T: Document> Claimed<T> {
    /// Checks that `who` signed it.
    ///
    /// # Errors
    /// [`DocumentError::NotSignedBy`].
    pub fn verify(self, who: &Principal) -> Result<Verified<T>, DocumentError> {
        self.verify_named(|_| *who)
    }

    /// Checks that the key which the document itself names signed it, as a patient's statement
    /// names the patient's key. Whether that key may sign such a document is the caller's question.
    ///
    /// # Errors
    /// [`DocumentError::NotSignedBy`].
    pub fn verify_named(self, who: impl FnOnce(&T) -> Principal) -> Result<Verified<T>, DocumentError> {
        let who = who(&self.body);
        if self.envelope.signers(&BTreeSet::from([who])).is_empty() {
            return Err(DocumentError::NotSignedBy { kind: T::KIND, who });
        }
        Ok(self.verified(BTreeSet::from([who])))
    }

    /// Checks that one of `allowed` signed it.
    ///
    /// # Errors
    /// [`DocumentError::TooFewSignatures`].
    pub fn verify_any(self, allowed: &BTreeSet<Principal>) -> Result<Verified<T>, DocumentError> {
        self.verify_threshold(allowed, 1)
    }

    /// Checks that at least `threshold` different keys of `allowed` signed it.
    ///
    /// # Errors
    /// [`DocumentError::TooFewSignatures`].
    pub fn verify_threshold(
        self,
        allowed: &BTreeSet<Principal>,
        threshold: usize,
    ) -> Result<Verified<T>, DocumentError> {
        let signers = self.envelope.signers(allowed);
        if signers.len() < threshold.max(1) {
            return Err(DocumentError::TooFewSignatures { kind: T::KIND, have: signers.len(), need: threshold });
        }
        Ok(self.verified(signers))
    }

    /// The digest that this document will be known by if it proves genuine.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.envelope.digest()
    }

    /// Looks at the unverified body for what verification itself needs to know, as a charter names
    /// the stewards who must sign it. Within the crate only.
    pub(crate) const fn peek(&self) -> &T {
        &self.body
    }

    fn verified(self, signers: BTreeSet<Principal>) -> Verified<T> {
        let digest = self.envelope.digest();
        Verified { body: self.body, envelope: self.envelope, signers, digest }
    }
}

/// Proof that the body was signed by `signers`. Only [`Claimed`] makes one.
#[derive(Clone)]
pub struct Verified<T> {
    body: T,
    envelope: Envelope,
    signers: BTreeSet<Principal>,
    digest: Digest,
}

impl<T> Verified<T> {
    /// The envelope it came in, byte for byte.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The keys that were found to have signed it.
    #[must_use]
    pub const fn signers(&self) -> &BTreeSet<Principal> {
        &self.signers
    }

    /// SHA-256 of the pre-authentication encoding.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

impl<T> std::ops::Deref for Verified<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.body
    }
}

impl<T> fmt::Debug for Verified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verified({:?})", self.envelope)
    }
}

/// Why a document cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// No DSSE envelope at all.
    #[error("not a signed document: {why}")]
    NoEnvelope {
        /// What the reader stumbled over.
        why: String,
    },
    /// A document of another kind.
    #[error("the document is a `{got}`, where a {wanted} belongs")]
    WrongKind {
        /// The kind that belongs here.
        wanted: Kind,
        /// The payload type that it carries.
        got: String,
    },
    /// The payload breaks a rule of its kind.
    #[error("the {kind} is malformed: {why}")]
    Malformed {
        /// Its kind.
        kind: Kind,
        /// What the reader stumbled over.
        why: String,
    },
    /// More signatures than any document has.
    #[error("the {kind} carries {got} signatures; at most {SIGNATURES_MAX} are looked at")]
    TooManySignatures {
        /// Its kind.
        kind: Kind,
        /// How many.
        got: usize,
    },
    /// The key that had to sign did not.
    #[error("the {kind} is not signed by {who}")]
    NotSignedBy {
        /// Its kind.
        kind: Kind,
        /// The key that had to.
        who: Principal,
    },
    /// Not enough different keys signed.
    #[error("the {kind} carries {have} valid signatures of different keys, and needs {need}")]
    TooFewSignatures {
        /// Its kind.
        kind: Kind,
        /// Valid signatures by different allowed keys.
        have: usize,
        /// How many it takes.
        need: usize,
    },
}

impl DocumentError {
    /// A code that is never reworded.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoEnvelope { .. } => "no-envelope",
            Self::WrongKind { .. } => "wrong-kind",
            Self::Malformed { .. } => "malformed",
            Self::TooManySignatures { .. } => "too-many-signatures",
            Self::NotSignedBy { .. } => "not-signed-by",
            Self::TooFewSignatures { .. } => "too-few-signatures",
        }
    }

    /// What the person who holds the document can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoEnvelope { .. } | Self::Malformed { .. } => {
                "ask its issuer for the file again; a signed file must not be edited".into()
            }
            Self::WrongKind { wanted, .. } => format!("give the file that holds the {wanted}"),
            Self::TooManySignatures { .. } => "remove signatures of keys that the charter does not name".into(),
            Self::NotSignedBy { who, .. } => format!("have it signed with the key {who}"),
            Self::TooFewSignatures { need, have, .. } => {
                format!("collect {} more signature(s) from keys the charter names", need.saturating_sub(*have))
            }
        }
    }
}

/// DSSE's own fields are standard base64 with padding, so that other DSSE tools read them.
#[derive(Clone, PartialEq, Eq)]
struct Base64(Arc<[u8]>);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD
            .decode(text)
            .map(|bytes| Self(bytes.into()))
            .map_err(|why| serde::de::Error::custom(format!("not base64: {why}")))
    }
}
