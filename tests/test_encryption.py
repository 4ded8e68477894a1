"""What is encrypted opens with its keys and in its place, and nowhere else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import strategies as st

from shared.client_state import ClientState
from shared.encryption import Encryption
from shared.errors import Undecryptable
from tests.properties import given

OLD, NEW, LOST = b"o" * 32, b"n" * 48, b"l" * 32
KEYS = Encryption([OLD])
PLACE = ("token cache", "acme", "m-1", "personal", "3")


@given(st.text(), st.lists(st.text(), max_size=4))
def test_every_text_is_read_as_it_was_written(text: str, place: list[str]) -> None:
    assert KEYS.decrypt(KEYS.encrypt(text, *place), *place) == text


@given(st.text(min_size=4), st.lists(st.text()), st.lists(st.text()))
def test_a_text_opens_in_its_own_place_only(text: str, place: list[str], other: list[str]) -> None:
    encrypted = KEYS.encrypt(text, *place)
    if place != other:
        with pytest.raises(Undecryptable, match=r"^not_made_for_this$"):
            KEYS.decrypt(encrypted, *other)


def test_the_same_words_divided_otherwise_are_another_place() -> None:
    with pytest.raises(Undecryptable):
        KEYS.decrypt(KEYS.encrypt("secret", "ab", "c"), "a", "bc")


def test_it_holds_neither_text_nor_key_and_is_never_the_same_twice() -> None:
    first, second = (KEYS.encrypt("a secret of some length", *PLACE) for _ in range(2))
    assert first != second
    raw = base64.urlsafe_b64decode(first.rpartition(".")[2])
    assert b"secret" not in raw
    assert OLD not in raw


def test_the_first_key_encrypts_and_all_decrypt() -> None:
    before = KEYS.encrypt("secret", *PLACE)
    rotated = Encryption([NEW, OLD])
    assert rotated.decrypt(before, *PLACE) == "secret"
    again = rotated.encrypt("secret", *PLACE)
    assert Encryption([NEW]).decrypt(again, *PLACE) == "secret"
    with pytest.raises(Undecryptable, match=r"^key_lost$"):
        KEYS.decrypt(again, *PLACE)


def test_a_text_whose_key_is_lost_is_told_from_one_in_the_wrong_place() -> None:
    with pytest.raises(Undecryptable, match=r"^key_lost$"):
        Encryption([NEW, LOST]).decrypt(KEYS.encrypt("secret", *PLACE), *PLACE)


def test_a_key_under_the_name_of_another_opens_nothing() -> None:
    _, _, body = KEYS.encrypt("secret", *PLACE).split(".")
    _, name, _ = Encryption([NEW]).encrypt("secret", *PLACE).split(".")
    with pytest.raises(Undecryptable, match=r"^not_made_for_this$"):
        Encryption([NEW, OLD]).decrypt(f"1.{name}.{body}", *PLACE)


def test_a_key_that_also_signs_client_states_has_another_name_here() -> None:
    assert KEYS.encrypt("x").split(".")[1] != ClientState([OLD]).key_id


@pytest.mark.parametrize("position", range(0, 60, 7))
def test_a_changed_text_opens_nothing(position: int) -> None:
    start, _, body = KEYS.encrypt("a secret of some length", *PLACE).rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(body))
    raw[position % len(raw)] ^= 1
    with pytest.raises(Undecryptable):
        KEYS.decrypt(f"{start}.{base64.urlsafe_b64encode(raw).decode()}", *PLACE)


@given(st.text() | st.from_regex(rf"1\.{KEYS.encrypt('x').split('.')[1]}\..*", fullmatch=True))
def test_no_text_makes_it_raise_anything_else(text: str) -> None:
    with pytest.raises(Undecryptable):
        KEYS.decrypt(text, *PLACE)
