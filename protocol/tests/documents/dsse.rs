//! DSSE envelopes made by hand, from its specification: a second opinion on the library's, and a way
//! to sign what the library would never write.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde::Serialize;
use sumac_protocol::envelope::Envelope;

use crate::cast::Person;

/// An envelope in the order of its fields.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sealed {
    #[serde(rename = "payloadType")]
    pub(crate) payload_type: String,
    pub(crate) payload: String,
    pub(crate) signatures: Vec<Signature>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Signature {
    pub(crate) keyid: String,
    pub(crate) sig: String,
}

/// Signs any bytes as a document of any kind.
pub(crate) fn seal(kind: &str, payload: &str, signers: &[Person]) -> Sealed {
    let payload_type = format!("application/vnd.sumac.{kind}.v1+json");
    let encoding = format!("DSSEv1 {} {payload_type} {} {payload}", payload_type.len(), payload.len());
    let signatures = signers
        .iter()
        .map(|who| Signature {
            keyid: who.key().to_string(),
            sig: STANDARD.encode(SigningKey::from_bytes(&who.seed()).sign(encoding.as_bytes()).to_bytes()),
        })
        .collect();
    Sealed { payload_type, payload: STANDARD.encode(payload), signatures }
}

impl Sealed {
    /// As the library reads it.
    pub(crate) fn envelope(&self) -> Envelope {
        Envelope::from_json(serde_json::to_string(self).unwrap().as_bytes()).unwrap()
    }

    /// The same signatures under another payload.
    pub(crate) fn with_payload(mut self, change: impl FnOnce(String) -> String) -> Self {
        let before = String::from_utf8(STANDARD.decode(&self.payload).unwrap()).unwrap();
        let after = change(before.clone());
        assert_ne!(before, after, "the change changes something");
        self.payload = STANDARD.encode(after);
        self
    }
}
