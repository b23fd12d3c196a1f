"""Whatever can come in on a socket, for hypothesis: any text, any JSON, and our own examples with
one value or key of theirs replaced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# A shared machine is slow at times, and that is no finding.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

HUGE = st.sampled_from([10**18, -(10**18), 2**63, 10**300, 1e308, -0.0, 10**4000])
NASTY = st.sampled_from(
    ["\0", "a\0b", "\u202e", "x" * 5000, "%s{}", '","event":"stop', "\u2028", "𝄞", "AAAA====", ""]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | HUGE
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | NASTY
)
ANY_VALUE: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8) | NASTY, inner, max_size=4)
    ),
    max_leaves=12,
)
DEPTHS = st.integers(min_value=1, max_value=3000)
NESTED: st.SearchStrategy[str] = st.builds(
    lambda depth, brackets: brackets[0] * depth + brackets[1] * depth,
    DEPTHS,
    st.sampled_from(["[]", ('{"type":', "}"), ('{"event":', "}")]),
)


def written(value: object) -> str:
    """JSON as others may write it: whole numbers of any size."""
    if type(value) is int and not -(2**63) <= value < 2**64:
        return "9" * min(4000, value.bit_length() // 3)
    if isinstance(value, dict):
        pairs = (f"{orjson.dumps(key).decode()}:{written(each)}" for key, each in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return orjson.dumps(value).decode()


def mutated(examples: list[dict[str, Any]]) -> st.SearchStrategy[str]:
    """One of the examples, with values of its own put out of place a few times."""

    @st.composite
    def one(draw: st.DrawFn) -> str:
        message = orjson.loads(orjson.dumps(draw(st.sampled_from(examples))))
        for _ in range(draw(st.integers(min_value=1, max_value=3))):
            places = list(places_in(message))
            holder, key = draw(st.sampled_from(places))
            if isinstance(holder, dict) and draw(st.booleans()):
                holder.pop(key, None)
            else:
                holder[key] = draw(ANY_VALUE)
        return written(message)

    return one()


def places_in(value: object) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) inside; the outermost container always has one."""
    if isinstance(value, dict):
        yield value, "surplus"
        for key, each in value.items():
            yield value, key
            yield from places_in(each)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield value, index
            yield from places_in(each)


def anything(examples: list[dict[str, Any]]) -> st.SearchStrategy[str]:
    text = st.text(st.characters(codec=None), max_size=200)  # halves of characters included
    return text | NESTED | ANY_VALUE.map(written) | mutated(examples)
