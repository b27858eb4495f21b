"""Text that is unreadable without the install's data key: AES-GCM, bound to table, row and column."""

import hashlib
import hmac
import os
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask, current_app

NONCE = 12
VERSION = 1
INDEX = 32


class Unsealable(Exception):
    """No key of this install opens the value, or it was moved from where it was sealed."""


class Sealer:
    """Seals with the first key, opens with any; a sealed value is version, key mark, nonce, text and tag."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._boxes = [(_mark(key), AESGCM(_derived(key, "fields"))) for key in keys]
        self._index_keys = [(_mark(key), _derived(key, "index")) for key in keys]
        self._signing = [_derived(key, "receipts") for key in keys]

    def seal(self, table: str, row: object, column: str, text: str) -> bytes:
        mark, box = self._boxes[0]
        nonce = os.urandom(NONCE)
        return bytes([VERSION]) + mark + nonce + box.encrypt(nonce, text.encode(), _place(table, row, column))

    def unseal(self, table: str, row: object, column: str, sealed: bytes) -> str:
        for mark, box in self._boxes:
            if sealed[:3] == bytes([VERSION]) + mark:
                try:
                    return box.decrypt(
                        sealed[3 : 3 + NONCE], sealed[3 + NONCE :], _place(table, row, column)
                    ).decode()
                except InvalidTag:
                    continue  # the mark has two bytes: another key may bear the same
        raise Unsealable(f"{table}.{column}")

    @property
    def marks(self) -> list[bytes]:
        """By what a value tells its key, the present key's first."""
        return [mark for mark, _ in self._boxes]

    def index(self, email: str) -> bytes:
        """A blind index: equal addresses give equal 32 bytes, which tell nothing without the key but which it was."""
        mark, key = self._index_keys[0]
        return mark + hmac.digest(key, _plain(email), "sha256")[: INDEX - len(mark)]

    def indexes(self, email: str) -> list[bytes]:
        """Every index under which an address may be stored: by the present key, by older ones, and without a mark."""
        made = [(mark, hmac.digest(key, _plain(email), "sha256")) for mark, key in self._index_keys]
        marked = [mark + found[: INDEX - len(mark)] for mark, found in made]
        return [*marked, *(found for _, found in made)]

    def signature(self, message: bytes) -> str:
        """Proof that this install said a message; 32 bytes in hex."""
        return hmac.digest(self._signing[0], message, "sha256").hex()

    def is_signed(self, message: bytes, signature: str) -> bool:
        """Whether this install said it, with its present key or an older one."""
        made = (hmac.digest(key, message, "sha256").hex() for key in self._signing)
        return any(hmac.compare_digest(one, signature) for one in made)


def _plain(text: str) -> bytes:
    return unicodedata.normalize("NFKC", text).strip().casefold().encode()


def _mark(key: str) -> bytes:
    return hashlib.sha256(b"mark" + key.encode()).digest()[:2]


def _derived(key: str, purpose: str) -> bytes:
    return hmac.digest(key.encode(), f"neap {purpose}".encode(), "sha256")


def _place(table: str, row: object, column: str) -> bytes:
    return f"{table}/{row}/{column}".encode()


def init_app(app: Flask, keys: Sequence[str]) -> None:
    app.extensions["sealer"] = Sealer(keys)


def _sealer() -> Sealer:
    return current_app.extensions["sealer"]


def seal(table: str, row: object, column: str, text: str) -> bytes:
    return _sealer().seal(table, row, column, text)


def unseal(table: str, row: object, column: str, sealed: bytes) -> str:
    return _sealer().unseal(table, row, column, sealed)


def unsealing(table: str, column: str) -> Callable[[object, bytes], str]:
    """Opens one column of many rows: (row, sealed) -> text."""
    open_it = _sealer().unseal
    return lambda row, blob: open_it(table, row, column, blob)


def marks() -> list[bytes]:
    """By what a value tells its key, the present key's first."""
    return _sealer().marks


def email_index(email: str) -> bytes:
    return _sealer().index(email)


def index(text: str) -> bytes:
    """32 bytes that are equal for equal texts, and tell nothing without the key; to be stored."""
    return _sealer().index(text)


def indexes(text: str) -> list[bytes]:
    """What `index` gave or gives for a text, by any key of this install; to be looked up."""
    return _sealer().indexes(text)


def signature(message: bytes) -> str:
    return _sealer().signature(message)


def is_signed(message: bytes, signature: str) -> bool:
    return signature.isascii() and _sealer().is_signed(message, signature)


class Sealed(property):
    """A property over a `<name>_sealed` column; `diary.lib.rekey` finds it on its table."""

    column: str


def sealed(name: str, row_of: Callable[[Any], object]) -> Any:
    """A property over a `<name>_sealed` column: reads and writes plain text, stores it sealed.

    `row_of` gives what tells the row from every other, known before the row is stored.
    """

    def read(thing: Any) -> str | None:
        blob = getattr(thing, f"{name}_sealed")
        return None if blob is None else unseal(thing.__tablename__, row_of(thing), name, blob)

    def write(thing: Any, text: str | None) -> None:
        blob = None if text is None else seal(thing.__tablename__, row_of(thing), name, text)
        setattr(thing, f"{name}_sealed", blob)

    made = Sealed(read, write)
    made.column = f"{name}_sealed"
    return made


class Indexed(property):
    """Says of what text a column is the index; `diary.lib.rekey` finds it on its table."""

    column: str
    text_of: Callable[[Any], str | None] | None
    until: str


def indexed(column: str, text_of: Callable[[Any], str | None] | None, until: str = "") -> Any:
    """What is not asked for by name, but looked for by `diary.lib.rekey`: a column that `index` made.

    `text_of` gives the text again from the row. Where nothing stored tells it, there is none: such a value stays
    with its key, and is of use as long as the column `until` holds nothing (or, a state, is not closed).
    """
    made = Indexed(lambda thing: getattr(thing, column))
    made.column, made.text_of, made.until = column, text_of, until
    return made
