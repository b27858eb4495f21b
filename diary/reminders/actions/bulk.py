"""One change of many rows: a statement for all that become alike, and one by one only where each becomes another."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam


class Update:
    """An update by a table's key, built once. `names` are the columns that change, `still` those that must hold the
    value given or nothing happens, `where` what must be so of every row, `always` what all become."""

    def __init__(
        self, table: Table, key: str, names: Sequence[str], still: Sequence[str] = (),
        where: Sequence[ColumnElement[bool]] = (), **always: object,
    ) -> None:  # fmt: skip
        self._names = (*(f"to_{name}" for name in names), *(f"still_{name}" for name in still))
        values = {name: bindparam(f"to_{name}", type_=table.c[name].type) for name in names} | always
        held = [table.c[name] == bindparam(f"still_{name}") for name in still]
        changed = table.update().where(*where, *held).values(values)
        self._alike = changed.where(table.c[key].in_(bindparam("keys", expanding=True)))
        self._each = changed.where(table.c[key] == bindparam("key"))

    def __call__(self, connection: Any, rows: Iterable[tuple[int, tuple[object, ...]]]) -> None:
        """Each of `rows` is a key and its values, in the order of `names` and `still`."""
        alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for key, values in rows:
            alike[values].append(key)
        alone = []
        for values, keys in alike.items():
            given: dict[str, object] = dict(zip(self._names, values, strict=True))
            if len(keys) > 1:
                connection.execute(self._alike, given | {"keys": keys})
            else:
                alone.append(given | {"key": keys[0]})
        if alone:
            connection.execute(self._each, alone)
