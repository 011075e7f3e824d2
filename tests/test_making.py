"""The functions that make objects of lists: what they write, and what they refuse."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest

from api.making import AS_IS, CALL, ENTRY, FLOAT, ID, INT, MAX_SHAPES, Always, At, OfRow, Place, Unmakeable, maker


def refuse(value: Any) -> Any:
    raise ValueError(value)


def test_an_object_has_its_fields_in_the_order_in_which_they_are_wanted() -> None:
    make = maker(
        3,
        {
            "last": At(2, Place(False, CALL, str.upper)),
            "__typename": Always("Person"),
            "id": At(0, Place(False, ID, "per_", str)),
            "cursor": OfRow(lambda row: row[1]),
            "again": At(2, Place(False, AS_IS, None, str)),
        },
    )
    values = ["1", "not wanted", "x"]
    made = make(values, [values, "the row's"])
    assert list(made.items()) == [
        ("last", "X"),
        ("__typename", "Person"),
        ("id", "per_1"),
        ("cursor", "the row's"),
        ("again", "x"),
    ]


def test_an_object_may_have_no_fields() -> None:
    assert maker(0, {})([]) == {}
    assert maker(0, {"__typename": Always("Person")})([]) == {"__typename": "Person"}


@pytest.mark.parametrize("how", [AS_IS, ID, FLOAT, INT, ENTRY, CALL])
def test_null_stands_where_it_may_and_nowhere_else(how: str) -> None:
    assert maker(1, {"a": At(0, Place(True, how, refuse, str))})([None]) == {"a": None}
    with pytest.raises(Unmakeable):
        maker(1, {"a": At(0, Place(False, how, refuse, str))})([None])


def test_a_value_of_another_type_is_refused_also_after_right_ones() -> None:
    make = maker(1, {"a": At(0, Place(True, AS_IS, None, bool))})
    assert make([True]) == {"a": True}
    for wrong in (1, "true", 1.0, []):
        with pytest.raises(Unmakeable):
            make([wrong])
    assert make([False]) == {"a": False}


@pytest.mark.parametrize(
    ("how", "right", "wrong"),
    [(FLOAT, [0.5, -1e308], [nan, inf, -inf, 1, True]), (INT, [2**31 - 1, -(2**31)], [2**31, -(2**31) - 1, True, 1.0])],
)
def test_numbers_that_are_not_plainly_right_are_left_to_the_type(how: str, right: list[Any], wrong: list[Any]) -> None:
    make = maker(1, {"a": At(0, Place(False, how, lambda value: [value]))})
    assert [make([value])["a"] for value in right] == right
    assert all(type(make([value])["a"]) is list for value in wrong)


def test_more_shapes_than_are_remembered_are_still_checked() -> None:
    make = maker(1, {"a": At(0, Place(False, CALL, lambda value: type(value).__name__))})
    kinds = [type(f"K{number}", (), {}) for number in range(MAX_SHAPES + 5)]
    assert [make([kind()])["a"] for kind in kinds] == [kind.__name__ for kind in kinds]
    with pytest.raises(Unmakeable):
        make([None])
