"""Makes some of what schemathesis sends hold: real keys, real signatures, real challenges.

Random bodies seldom pass the first check. These hooks replace half of the bodies by documents that are signed, by the one
key that is enrolled at the clinic or by a stranger's, and whose contents are partly wrong.

A grant carries the digest of the words that the patient was shown. Those are the program's: the grants in the file that
SUMAC_GRANTS names were made by `sumac patient grant` and `sumac patient change`, and are signed here again as they are,
or with something changed, which must be refused. What became of the grants is counted in the file of SUMAC_COUNTED.
"""

import base64
import collections
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
with open(os.environ["SUMAC_GRANTS"], encoding="utf-8") as made:
    GRANTS = [json.loads(line) for line in made]
# What the next statement of the enrolled key has to carry, as the clinic's own receipts tell.
NEXT = {"sequence": 0, "previous": None}
COUNTED = collections.Counter()


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


def grant_of(dice, now):
    """A true grant or, one time in three, one that does not say what its words say, or that says what cannot be."""
    grant = dict(dice.choice(GRANTS))
    if dice.random() < 0.34:
        changed = {
            "purposes": [["HMB", "GRU"], ["DS"], ["FAME"], [], ["HMB", "HMB"]],
            "diseases": [["MONDO:0002009"], ["MONDO:1"]],
            "categories": [["outcomes"], []],
            "who": ["academic_only", {"studies": ["another"]}, {"studies": []}],
            "not_before": [now + DAY_MS],
            "not_after": [grant["not_before"] - 1, grant["not_after"] + DAY_MS],
            "rho_year": [0, 1, 10**12],
            "lay_text": [
                dict(grant["lay_text"], digest=octets(bytes(32))),
                dict(grant["lay_text"], version="1"),
                dict(grant["lay_text"], language="fr"),
            ],
        }
        name = dice.choice(sorted(changed))
        grant[name] = dice.choice(changed[name])
    return grant


def statement(dice, key):
    now = int(time.time() * 1000)
    grant = {"grant": grant_of(dice, now)}
    action = dice.choice([grant, grant, grant, {"revoke": {"purposes": None}}, {"revoke": {"purposes": ["HMB"]}}])
    wrong = dice.random() < 0.3
    return {
        "clinic": did(STRANGER) if wrong and dice.random() < 0.3 else CLINIC,
        "patient": did(key),
        "sequence": dice.choice([0, 1, 2**53]) if wrong else NEXT["sequence"],
        "previous": dice.choice([None, octets(bytes(32))]) if wrong else NEXT["previous"],
        "made_at": now + dice.choice([0, DAY_MS]) if wrong else now,
        "action": action,
        "witness": {"by": did(STRANGER), "form": "A 7"} if wrong and dice.random() < 0.3 else None,
    }


@schemathesis.hook
def after_call(context, case, response):
    """Follows the ledger of the enrolled key, and counts what becomes of grants."""
    try:
        said = json.loads(base64.b64decode(case.body["payload"]))
        grants, key, sequence = "grant" in said["action"], said["patient"], said["sequence"]
    except (KeyError, TypeError, ValueError):
        return
    if response.status_code == 201 and key == did(ENROLLED):
        NEXT["previous"] = response.json()["statement"]
        if grants:
            NEXT["sequence"] = sequence + 1
    if grants:
        code = "kept" if response.status_code == 201 else response.json().get("code", "?")
        COUNTED[f"{response.status_code} {code}"] += 1
        with open(os.environ["SUMAC_COUNTED"], "w", encoding="utf-8") as counted:
            counted.writelines(f"{number} {what}\n" for what, number in COUNTED.most_common())


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
        receipt = asked("/v1/statements", signed("consent", said, ENROLLED))
        NEXT["previous"] = receipt["statement"]
        HEADS.append(receipt["head"])
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
