//! Wrong statements, as they come to Harbour in February: forged, replayed, misplaced, misdated, misspelled.

use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::consent::{
    Action, Grant, History, Statement, StatementError, admit_statement, admit_witnessed,
};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::limits::CLOCK_DOUBT;
use sumac_protocol::moment::Millis;

use crate::cast::{
    Harbour, Mill, NOW, Otto, Paul, Person, Pia, Stella, days_after_new_year, erasure, grant, on_paper, revocation,
    second, signed, statement,
};
use crate::dsse::{Sealed, seal};
use crate::refused::{Row, WEAK, row, sealed};

/// A statement whose JSON text was changed before Pia signed it.
fn worded(from: &str, to: &str) -> Sealed {
    let right = serde_json::to_string(&statement()).unwrap();
    let wrong = right.replacen(from, to, 1);
    assert_ne!(right, wrong, "`{from}` stands in a statement");
    seal("consent", &wrong, &[Pia])
}

/// The next grant of Pia, after the one that stands.
fn next() -> Statement {
    Statement { sequence: 1, previous: Some(signed(&statement(), &[]).digest()), made_at: NOW, ..statement() }
}

/// A `did:key` that nobody's reader lets in: raw bytes without a look at the point.
fn did_key(raw: [u8; 32]) -> String {
    let bytes = [[0xed, 0x01].as_slice(), &raw].concat();
    format!("did:key:z{}", bs58::encode(bytes).into_string())
}

pub(crate) fn rows() -> Vec<Row> {
    [forged_and_misplaced(), misspelled()].concat()
}

fn forged_and_misplaced() -> Vec<Row> {
    let of_pia = |name, why, code, statement: &Statement| row(name, "consent", why, code, sealed(statement, &[Pia]));
    let future = Statement { made_at: NOW + CLOCK_DOUBT + Millis(1), ..next() };
    let second_zero = Statement { sequence: 0, ..next() };
    let unlinked = Statement { previous: Some(signed(&revocation(None), &[]).digest()), ..next() };
    let otto_for_pia = Statement { patient: Pia.key(), ..next() };
    let of_paul = Statement { patient: Paul.key(), made_at: NOW, ..statement() };
    let many = Grant { diseases: (0..65).map(|n| format!("MONDO:{n:07}")).collect(), ..grant() };
    let many = Statement { action: Action::Grant(many), ..next() };
    let over = Grant { not_after: days_after_new_year(0), ..grant() };
    let over = Statement { action: Action::Grant(over), ..next() };
    let other_words = Grant { rho_year: RhoMicro(1_000_000_000), ..grant() };
    let other_words = Statement { action: Action::Grant(other_words), ..next() };
    let elsewhere = Statement { clinic: Mill.key(), ..revocation(None) };
    vec![
        row("consent-forged", "consent", "Otto signed for Pia", "not-signed-by", sealed(&otto_for_pia, &[Otto])),
        row("consent-unsigned", "consent", "nobody signed", "not-signed-by", sealed(&next(), &[])),
        of_pia("consent-replayed", "number 0 signed anew", "statement-out-of-line", &second_zero),
        of_pia("consent-out-of-order", "names one that is not before it", "statement-out-of-line", &unlinked),
        of_pia("consent-withdrawn-elsewhere", "withdrawn at Mill, sent here", "statement-other-clinic", &elsewhere),
        of_pia("consent-future", "signed ten minutes ahead, and a bit", "statement-future", &future),
        of_pia("consent-65-diseases", "one disease too many", "statement-count", &many),
        of_pia("consent-other-words", "the text that was shown named another cap", "statement-lay-text", &other_words),
        of_pia("consent-over", "over before it begins", "statement-never-in-force", &over),
        row(
            "consent-erased-key",
            "consent",
            "a grant of a key that was erased",
            "statement-out-of-line",
            sealed(&of_paul, &[Paul]),
        ),
        row(
            "consent-erased-on-paper",
            "consent",
            "staff ask to destroy records",
            "statement-witnessed-erasure",
            sealed(&on_paper(erasure()), &[Stella]),
        ),
        row(
            "consent-witness-no-staff",
            "consent",
            "another than the witness signed",
            "not-signed-by",
            sealed(&on_paper(next()), &[Otto]),
        ),
    ]
}

fn misspelled() -> Vec<Row> {
    let pia = Pia.key().to_string();
    let malformed = |name, why, sealed| row(name, "consent", why, "malformed", sealed);
    let order_4 = did_key([0; 32]);
    let beyond = {
        let mut raw = [0xff; 32];
        (raw[0], raw[31]) = (0xee, 0x7f);
        did_key(raw)
    };
    vec![
        malformed("consent-weak-key", "a key of order 1", worded(&pia, WEAK)),
        malformed("consent-small-order-key", "a key of order 4", worded(&pia, &order_4)),
        malformed("consent-key-spelled-twice", "y = 1 written as 1 + p", worded(&pia, &beyond)),
        malformed("consent-repeated-name", "two actions", worded("\"action\"", "\"action\":\"erase\",\"action\"")),
        malformed(
            "consent-repeated-inside",
            "two disclosures",
            worded("\"disclosure\"", "\"disclosure\":\"dp_only\",\"disclosure\""),
        ),
        malformed("consent-number-as-fraction", "number 0.0", worded("\"sequence\":0", "\"sequence\":0.0")),
        malformed("consent-number-as-text", "number \"0\"", worded("\"sequence\":0", "\"sequence\":\"0\"")),
        malformed("consent-unknown-field", "a field of no statement", worded("{\"clinic\"", "{\"more\":1,\"clinic\"")),
        malformed("consent-unknown-action", "an action of no version", worded("\"grant\"", "\"grand\"")),
        malformed("consent-erase-with-more", "an erasure of a part", {
            let all = serde_json::to_string(&erasure()).unwrap();
            seal("consent", &all.replacen("\"erase\"", "{\"erase\":{\"but\":\"outcomes\"}}", 1), &[Pia])
        }),
        malformed(
            "consent-trailing-text",
            "a second statement behind it",
            worded("\"witness\":null}", "\"witness\":null}{}"),
        ),
    ]
}

/// What Harbour's door makes of a statement. Pia's first grant is in the ledger; Paul granted once and was erased.
pub(crate) fn code(envelope: &Envelope) -> Option<&'static str> {
    judge(envelope).err().map(|why| why.code())
}

fn judge(envelope: &Envelope) -> Result<(), StatementError> {
    let harbour = Harbour.key();
    let of = |who: Person, said: &[Statement]| -> Vec<_> {
        let mine = said.iter().map(|said| Statement { patient: who.key(), ..said.clone() });
        mine.map(|said| admit_statement(&signed(&said, &[who]), &harbour, &who.key()).unwrap()).collect()
    };
    let (pia, paul) = (of(Pia, &[statement()]), of(Paul, &[statement(), erasure()]));
    let of_paul = envelope.signers(&[Paul.key()].into()).len() == 1;
    let (who, said) = if of_paul { (Paul.key(), &paul) } else { (Pia.key(), &pia) };
    let admitted = admit_statement(envelope, &harbour, &who);
    let statement = match admitted {
        Err(why) if envelope.signers(&[Stella.key()].into()).len() == 1 || why.code() == "statement-witnessed" => {
            admit_witnessed(envelope, &second(), &harbour, &who).map_err(|paper| {
                // What names no witness was never meant as paper.
                if paper.code() == "statement-no-witness" { why } else { paper }
            })?
        }
        admitted => admitted?,
    };
    statement.not_ahead(NOW)?;
    let mut history = History::new();
    said.iter().for_each(|said| history.append(said));
    history.accepts(&statement)
}

#[test]
fn a_statement_of_more_than_its_limit_is_not_read_whoever_signed_it() {
    let padded = |bytes: usize| {
        let text = serde_json::to_string(&revocation(None)).unwrap();
        let padding = " ".repeat(bytes - text.len());
        admit_statement(&seal("consent", &(text + &padding), &[Pia]).envelope(), &Harbour.key(), &Pia.key())
    };
    assert!(padded(256 << 10).is_ok());
    assert_eq!(padded((256 << 10) + 1).map_err(|why| why.code()).err(), Some("malformed"));
}

#[test]
fn a_clock_that_is_wrong_holds_up_a_grant_and_never_a_withdrawal() {
    let ahead = NOW + CLOCK_DOUBT + Millis(1);
    for (why, statement, code) in [
        ("a grant at the limit", Statement { made_at: NOW + CLOCK_DOUBT, ..statement() }, None),
        ("a grant past it", Statement { made_at: ahead, ..statement() }, Some("statement-future")),
        ("a withdrawal", Statement { made_at: ahead, ..revocation(None) }, None),
        ("an erasure", Statement { made_at: ahead, ..erasure() }, None),
    ] {
        assert_eq!(statement.not_ahead(NOW).map_err(|why| why.code()).err(), code, "{why}");
    }
}
