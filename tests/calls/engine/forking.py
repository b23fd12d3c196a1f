"""A copy of a whole call in mid-air, cheap enough for one at every step of every history.

What `copy.deepcopy` does, for what a call consists of: plain objects and the standard containers.
Anything frozen is shared. It takes an eighth of deepcopy's time, and deepcopy's was 90 % of a run.
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


def fork(value: T) -> T:
    return _fork(value, {})  # type: ignore[no-any-return]


def _fork(value: Any, memo: Memo) -> Any:
    kind = type(value)
    copier = COPIERS.get(kind, _UNKNOWN)
    if copier is _UNKNOWN:
        copier = COPIERS[kind] = _copier_for(kind)
    if copier is None:
        return value
    made = memo.get(id(value))
    return copier(value, memo) if made is None else made


def _copier_for(kind: type) -> Copier | None:
    if issubclass(kind, enum.Enum):
        return None
    if dataclasses.is_dataclass(kind):
        if kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            return None
        return _slots_copier(kind, tuple(field.name for field in dataclasses.fields(kind)))
    return _copy_object


def _slots_copier(kind: type, names: tuple[str, ...]) -> Copier:
    def copy(value: Any, memo: Memo) -> Any:
        made: Any = object.__new__(kind)
        memo[id(value)] = made
        for name in names:
            setattr(made, name, _fork(getattr(value, name), memo))
        return made

    return copy


def _copy_object(value: Any, memo: Memo) -> Any:
    made = memo[id(value)] = object.__new__(type(value))
    attributes = made.__dict__
    for name, attribute in value.__dict__.items():
        attributes[name] = _fork(attribute, memo)
    return made


def _copy_dict(value: dict[Any, Any], memo: Memo) -> dict[Any, Any]:
    return {key: _fork(entry, memo) for key, entry in value.items()}


def _copy_list(value: list[Any], memo: Memo) -> list[Any]:
    return [_fork(entry, memo) for entry in value]


def _copy_deque(value: deque[Any], memo: Memo) -> deque[Any]:
    return deque([_fork(entry, memo) for entry in value], value.maxlen)


def _copy_flat(value: Any, _memo: Memo) -> Any:
    return value.copy()


def _unknown(value: Any, _memo: Memo) -> Any:
    raise AssertionError(f"no copier for {value!r}")


_UNKNOWN: Final[Copier] = _unknown
COPIERS: Final[dict[type, Copier | None]] = {
    **dict.fromkeys((NoneType, bool, int, float, str, bytes, tuple, FunctionType)),
    bytearray: _copy_flat,
    set: _copy_flat,
    Counter: _copy_flat,
    dict: _copy_dict,
    list: _copy_list,
    deque: _copy_deque,
}
