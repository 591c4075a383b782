"""Makes some of what schemathesis sends hold: real keys, real signatures, real challenges.

Random bodies seldom pass the first check. These hooks replace half of the bodies by documents that are signed, by the one
key that is enrolled at the clinic or by a stranger's, and whose contents are partly wrong.
"""

import base64
import json
import os
import random
import time
import urllib.request

import schemathesis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

URL = os.environ.get("SUMAC_DOOR", "")
CLINIC = os.environ.get("SUMAC_CLINIC", "")
ENROLLED = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
DAY_MS = 86_400_000


def raw(key):
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def did(key):
    """The did:key of an Ed25519 key: multicodec 0xed01, base58btc."""
    number, text = int.from_bytes(b"\xed\x01" + raw(key), "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "did:key:z" + text


def octets(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(kind, body, key):
    """A DSSE envelope."""
    payload_type = f"application/vnd.sumac.{kind}.v1+json"
    payload = json.dumps(body, separators=(",", ":")).encode()
    head = f"DSSEv1 {len(payload_type)} {payload_type} {len(payload)} ".encode()
    sig = base64.b64encode(key.sign(head + payload)).decode()
    return {
        "payloadType": payload_type,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": did(key), "sig": sig}],
    }


def asked(path, body):
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def statement(dice, key):
    now = int(time.time() * 1000)
    purposes = dice.choice([["HMB"], ["GRU", "HMB"], ["DS"], ["FAME"], [], ["HMB", "HMB"]])
    grant = {
        "purposes": purposes,
        "modifiers": [],
        "diseases": dice.choice([[], ["MONDO:0002009"]]),
        "categories": dice.choice([["outcomes"], ["outcomes", "treatment"], []]),
        "who": dice.choice(["any_study", "academic_only", {"studies": ["one"]}]),
        "disclosure": dice.choice(["dp_only", "exact_also"]),
        "not_before": now,
        "not_after": now + dice.choice([-1, 1, 730]) * DAY_MS,
        "rho_year": dice.choice([0, 1, 2_000_000, 10**12]),
        "lay_text": {"version": "2", "language": "en", "digest": octets(bytes(32))},
    }
    action = dice.choice([{"grant": grant}, {"grant": grant}, {"revoke": {"purposes": None}}, {"revoke": {"purposes": ["HMB"]}}])
    return {
        "clinic": dice.choice([CLINIC, CLINIC, CLINIC, did(STRANGER)]),
        "patient": did(key),
        "sequence": dice.choice([0, 0, 1, 2**53]),
        "previous": dice.choice([None, None, octets(bytes(32))]),
        "made_at": now + dice.choice([0, 0, 0, DAY_MS]),
        "action": action,
        "witness": dice.choice([None, None, None, {"by": did(STRANGER), "form": "A 7"}]),
    }


def ask(dice, key):
    challenge = asked("/v1/challenges", {"key": did(key)})["challenge"]
    point = bytes([9] + [0] * 31)
    return {
        "clinic": dice.choice([CLINIC, CLINIC, CLINIC, did(STRANGER)]),
        "patient": did(key),
        "challenge": dice.choice([challenge, challenge, challenge, octets(bytes(48))]),
        "what": dice.choice(["status", "next", "receipts", "uses", "record", "everything"]),
        "reply_to": octets(dice.choice([point, point, bytes(32), bytes(31)])),
    }


HEADS = []


def head():
    """A head that the clinic signed: that of a withdrawal's receipt, fetched once."""
    if not HEADS:
        now = int(time.time() * 1000)
        said = {"clinic": CLINIC, "patient": did(ENROLLED), "sequence": 0, "previous": None, "made_at": now}
        said.update(action={"revoke": {"purposes": None}}, witness=None)
        HEADS.append(asked("/v1/statements", signed("consent", said, ENROLLED))["head"])
    return HEADS[0]


def about_ledgers(dice, path):
    size, clinic = dice.choice([0, 1, 30, 31, 10**9]), dice.choice([CLINIC, did(STRANGER)])
    return {
        "/v1/ledger/growth": {"head": head()},
        "/v1/ledger/head-at": {"head": head(), "size": size},
        "/v1/ledger/openings": {"head": head(), "commitment": octets(bytes(32))},
        "/v1/members/last-seen": {"clinic": clinic},
        "/v1/members/arrivals": {"clinic": clinic, "sealed": octets(dice.randbytes(dice.choice([1, 900, 70_000])))},
        "/v1/members/evidence": {"first": head(), "second": head()},
    }.get(path)


@schemathesis.hook
def map_body(context, body):
    dice = random.Random(repr(body))
    if dice.random() < 0.5:
        return body
    path, key = context.operation.path, dice.choice([ENROLLED, STRANGER])
    signer = dice.choice([key, key, key, STRANGER])
    if path == "/v1/challenges":
        return {"key": did(key)}
    if path == "/v1/statements":
        return signed("consent", statement(dice, key), signer)
    if path == "/v1/asks":
        return signed("ask", ask(dice, key), signer)
    return about_ledgers(dice, path) or body


if __name__ == "__main__":
    print(did(ENROLLED))
