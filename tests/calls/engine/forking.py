"""A copy of a whole call in mid-air, cheap enough for one at every step of every history.

What `copy.deepcopy` does, for what a call consists of: plain objects and the standard containers.
Anything frozen is shared. deepcopy takes eight times as long, and would be most of every run.
"""

from __future__ import annotations

import dataclasses
import enum
from collections import Counter, deque
from collections.abc import Callable
from types import FunctionType, NoneType
from typing import Any, Final, TypeVar

T = TypeVar("T")

Memo = dict[int, Any]
Copier = Callable[[Any, Memo], Any]

SHARED: Final[set[type]] = {NoneType, bool, int, float, str, bytes, tuple, FunctionType}


def fork(value: T) -> T:
    return _fork(value, {})  # type: ignore[no-any-return]


def _fork(value: Any, memo: Memo) -> Any:
    made = memo.get(id(value))
    if made is not None:
        return made
    copier = COPIERS.get(type(value))
    if copier is None:
        copier = COPIERS[type(value)] = _copier_for(type(value))
    return copier(value, memo)


def _copier_for(kind: type) -> Copier:
    frozen = dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    if frozen or issubclass(kind, enum.Enum):
        SHARED.add(kind)
        return _share
    if dataclasses.is_dataclass(kind):
        return _slots_copier(kind, tuple(field.name for field in dataclasses.fields(kind)))
    return _copy_object


def _share(value: Any, _memo: Memo) -> Any:
    return value


def _slots_copier(kind: type, names: tuple[str, ...]) -> Copier:
    def copy(value: Any, memo: Memo) -> Any:
        made: Any = object.__new__(kind)
        memo[id(value)] = made
        for name in names:
            entry = getattr(value, name)
            setattr(made, name, entry if type(entry) in SHARED else _fork(entry, memo))
        return made

    return copy


def _copy_object(value: Any, memo: Memo) -> Any:
    made = memo[id(value)] = object.__new__(type(value))
    attributes = made.__dict__
    for name, entry in value.__dict__.items():
        attributes[name] = entry if type(entry) in SHARED else _fork(entry, memo)
    return made


def _copy_dict(value: dict[Any, Any], memo: Memo) -> dict[Any, Any]:
    made = value.copy()
    for key, entry in value.items():
        if type(entry) not in SHARED:
            made[key] = _fork(entry, memo)
    return made


def _copy_list(value: list[Any], memo: Memo) -> list[Any]:
    return [entry if type(entry) in SHARED else _fork(entry, memo) for entry in value]


def _copy_deque(value: deque[Any], memo: Memo) -> deque[Any]:
    return deque(_copy_list(value, memo), value.maxlen)  # type: ignore[arg-type]


def _copy_flat(value: Any, _memo: Memo) -> Any:
    return value.copy()


COPIERS: Final[dict[type, Copier]] = {
    bytearray: _copy_flat,
    set: _copy_flat,
    Counter: _copy_flat,
    dict: _copy_dict,
    list: _copy_list,
    deque: _copy_deque,
}
