"""The client state proves the mailbox it was issued for, and nothing else does."""

from __future__ import annotations

import base64
import string
import uuid

import pytest
from hypothesis import strategies as st

from shared.client_state import ClientState
from shared.model import MailboxKey
from tests.properties import given

KEY, OLD_KEY, FOREIGN_KEY = b"k" * 32, b"o" * 32, b"f" * 32
MAILBOX = MailboxKey("7c5f0000-0000-4000-8000-00000000abcd", "aaaa0000-0000-4000-8000-00000000ffff")
STATE = ClientState([KEY])
GENUINE = STATE.issue(MAILBOX)


def flipped(text: str, place: int) -> str:
    """The text with the character there written in the other case, or replaced by a neighbour."""
    other = text[place].swapcase() if text[place].isalpha() else ("1" if text[place] != "1" else "2")
    return text[:place] + other + text[place + 1 :]


def test_a_client_state_names_its_mailbox() -> None:
    assert STATE.verify(GENUINE) == MAILBOX


@given(st.uuids(), st.uuids(), st.binary(min_size=32, max_size=64))
def test_every_mailbox_survives_the_round_trip_in_at_most_128_characters(
    tenant: uuid.UUID, user: uuid.UUID, key: bytes
) -> None:
    mailbox = MailboxKey(str(tenant), str(user))
    issued = ClientState([key]).issue(mailbox)
    assert len(issued) <= 128
    assert set(issued) <= set(string.ascii_letters + string.digits + "-_")
    assert ClientState([key]).verify(issued) == mailbox


@pytest.mark.parametrize("place", range(len(GENUINE)))
def test_a_changed_character_is_refused(place: int) -> None:
    assert STATE.verify(flipped(GENUINE, place)) is None


@pytest.mark.parametrize("length", range(len(GENUINE)))
def test_a_truncated_one_is_refused(length: int) -> None:
    assert STATE.verify(GENUINE[:length]) is None


def test_every_bit_of_the_last_character_counts() -> None:
    """86 characters hold four bits more than 64 bytes; a decoder that ignores them accepts sixteen spellings."""
    letters = string.ascii_letters + string.digits + "-_"
    accepted = [c for c in letters if STATE.verify(GENUINE[:-1] + c) is not None]
    assert accepted == [GENUINE[-1]]


RAW = base64.urlsafe_b64decode(GENUINE[1:] + "==")
REFUSED = {
    "nothing": "",
    "the version alone": "1",
    "another version": "2" + GENUINE[1:],
    "no version": GENUINE[1:],
    "padded": GENUINE + "==",
    "half padded": GENUINE + "=",
    "one character more": GENUINE + "A",
    "four characters more": GENUINE + "AAAA",
    "twice": GENUINE + GENUINE,
    "the standard alphabet": GENUINE.replace("_", "/").replace("-", "+"),
    "a line break at the end": GENUINE + "\n",
    "a blank in front": " " + GENUINE,
    "a blank inside": GENUINE[:40] + " " + GENUINE[40:],
    "a zero byte": GENUINE[:40] + "\0" + GENUINE[41:],
    "a letter that only looks alike": GENUINE[:40] + "а" + GENUINE[41:],  # noqa: RUF001 - Cyrillic
    "a lone surrogate": GENUINE[:40] + "\ud800" + GENUINE[41:],
    "fullwidth digit for the version": "１" + GENUINE[1:],  # noqa: RUF001
    "ids without a MAC": "1" + base64.urlsafe_b64encode(RAW[:32]).rstrip(b"=").decode(),
    "a MAC of zeroes": "1" + base64.urlsafe_b64encode(RAW[:32] + bytes(32)).rstrip(b"=").decode(),
    "tenant and user exchanged": "1"
    + base64.urlsafe_b64encode(RAW[16:32] + RAW[:16] + RAW[32:]).rstrip(b"=").decode(),
    "another mailbox's MAC": "1" + base64.urlsafe_b64encode(bytes(32) + RAW[32:]).rstrip(b"=").decode(),
    "a megabyte": "1" + "A" * 1_000_000,
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_refused(text: str) -> None:
    assert STATE.verify(text) is None


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    assert STATE.verify(text) is None
    assert STATE.verify("1" + text) is None


@pytest.mark.parametrize(
    ("issuing", "verifying", "genuine"),
    [
        pytest.param([KEY], [KEY], True, id="the same key"),
        pytest.param([OLD_KEY], [KEY, OLD_KEY], True, id="issued before a rotation"),
        pytest.param([KEY, OLD_KEY], [OLD_KEY, KEY], True, id="issued by the first of two"),
        pytest.param([KEY, OLD_KEY], [OLD_KEY], False, id="verified where the new key is not known yet"),
        pytest.param([OLD_KEY], [KEY], False, id="the old key was withdrawn"),
        pytest.param([FOREIGN_KEY], [KEY, OLD_KEY], False, id="a foreign key"),
        pytest.param([KEY + b"x"], [KEY], False, id="a key with one byte more"),
    ],
)
def test_keys_rotate(issuing: list[bytes], verifying: list[bytes], genuine: bool) -> None:
    issued = ClientState(issuing).issue(MAILBOX)
    assert ClientState(verifying).verify(issued) == (MAILBOX if genuine else None)


def test_ids_in_upper_case_are_the_same_mailbox() -> None:
    upper = MailboxKey(MAILBOX.tenant_id.upper(), MAILBOX.object_id.upper())
    assert STATE.issue(upper) == GENUINE


def test_two_mailboxes_have_nothing_in_common() -> None:
    other = STATE.issue(MailboxKey(MAILBOX.tenant_id, str(uuid.UUID(int=1))))
    assert STATE.verify(other) == MailboxKey(MAILBOX.tenant_id, str(uuid.UUID(int=1)))
    assert STATE.verify(GENUINE[:44] + other[44:]) is None


@pytest.mark.parametrize("wrong", ["", "adele@contoso.com", "me", MAILBOX.object_id[:-1]])
def test_only_guids_are_issued(wrong: str) -> None:
    with pytest.raises(ValueError, match="UUID"):
        STATE.issue(MailboxKey(MAILBOX.tenant_id, wrong))
