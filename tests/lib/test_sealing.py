"""Sealed text opens only with a key of this install and only where it was sealed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from diary import db
from diary.lib.sealing import Sealer, Unsealable

OLD, NEW = "an old key of many characters 0123", "a new key of many characters 01234"


@given(st.text(max_size=300))
def test_there_and_back(words):
    sealer = Sealer([OLD])
    assert (
        sealer.unseal("entry", "1/2026-03-15", "note", sealer.seal("entry", "1/2026-03-15", "note", words))
        == words
    )


def test_a_value_moved_to_another_row_does_not_open():
    sealer = Sealer([OLD])
    sealed = sealer.seal("entry", "1", "note", "mine")
    for place in (("entry", "2", "note"), ("person", "1", "note"), ("entry", "1", "name")):
        with pytest.raises(Unsealable):
            sealer.unseal(*place, sealed)


def test_a_flipped_bit_does_not_open():
    sealer = Sealer([OLD])
    sealed = bytearray(sealer.seal("entry", "1", "note", "mine"))
    sealed[-1] ^= 1
    with pytest.raises(Unsealable):
        sealer.unseal("entry", "1", "note", bytes(sealed))


def test_keys_rotate():
    sealed = Sealer([OLD]).seal("entry", "1", "note", "mine")
    both = Sealer([NEW, OLD])
    assert both.unseal("entry", "1", "note", sealed) == "mine"
    assert Sealer([OLD]).index("a@example.org") in both.indexes("a@example.org")
    assert (
        both.index("a@example.org")
        == Sealer([NEW]).index("a@example.org")
        != Sealer([OLD]).index("a@example.org")
    )
    with pytest.raises(Unsealable):
        Sealer([NEW]).unseal("entry", "1", "note", sealed)


def test_nothing_personal_lies_readable_in_the_database(app, cast):
    with db.read() as s:
        dump = b"".join(
            value if isinstance(value, bytes) else str(value).encode()
            for row in s.connection().execute(text("SELECT * FROM person"))
            for value in row
        )
    for word in (b"alice", b"Alice", b"Marlow", b"example.org", b"1972"):
        assert word not in dump
