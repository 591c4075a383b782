//! Bodies as the OpenAPI document describes them. Those of the protocol are described here and read there.

use serde::{Deserialize, Serialize};
use sumac_protocol::moment::Moment;
use sumac_protocol::octets::Octets;
use utoipa::ToSchema;

/// A signed document: a DSSE envelope.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes an envelope, whose fields are its own")]
pub(super) struct SignedDocument {
    /// What the payload is, as `application/vnd.sumac.consent.v1+json`.
    #[schema(rename = "payloadType", max_length = 256)]
    payload_type: String,
    /// The document's exact bytes, in base64.
    #[schema(format = "byte")]
    payload: String,
    /// Its signatures.
    #[schema(max_items = 64)]
    signatures: Vec<DocumentSignature>,
}

/// One signature of a document.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes a signature, whose fields are the envelope's own")]
pub(super) struct DocumentSignature {
    /// The signer's `did:key`.
    #[schema(max_length = 256)]
    keyid: String,
    /// The Ed25519 signature, in base64.
    #[schema(format = "byte")]
    sig: String,
}

/// A challenge.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChallengeForm {
    /// What an ask has to carry, as base64url.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]+$")]
    pub(super) challenge: Octets,
    /// When it expires, in milliseconds since 1970-01-01 UTC.
    #[schema(value_type = u64)]
    pub(super) expires_at: Moment,
}

/// A sealed answer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SealedForm {
    /// An encapsulated X25519 key and a ChaCha20-Poly1305 message (HPKE, RFC 9180), as base64url.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]+$")]
    pub(super) sealed: Octets,
}

/// The receipt of a statement: it is in the clinic's ledger, which the clinic signed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes a receipt, which is the protocol's")]
pub(super) struct ReceiptForm {
    /// The statement's digest, as base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    statement: String,
    /// Its position in the ledger, from 0.
    position: u64,
    /// The salt of its leaf, as base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    salt: String,
    /// The ledger's head, signed by the clinic.
    head: SignedDocument,
    /// The audit path of RFC 6962, digest after digest, as base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]*$")]
    proof: String,
}

/// A newer head of the ledger, which begins with the older one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes a growth, which is the protocol's")]
pub(super) struct GrowthForm {
    /// The newer head, signed by the clinic.
    head: SignedDocument,
    /// The consistency proof of RFC 6962, digest after digest, as base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]*$")]
    proof: String,
}

/// What stands behind the commitment of an upload.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes an opening, which is the protocol's")]
pub(super) struct OpeningForm {
    /// The commitment's salt, as base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    salt: String,
    /// The head under which the cohort was selected, signed by the clinic.
    head: SignedDocument,
}

/// Two heads of one clinic with the same size and different roots.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes evidence, which is the protocol's")]
pub(super) struct TwoTreesForm {
    /// One of them.
    first: SignedDocument,
    /// The other.
    second: SignedDocument,
}
