"""Text on one side of a cursor, by code points.

Neo4j sorts stored text by code points, in an index and out of it. Compared with a parameter outside of an index it goes by
UTF-16, in which an emoji (two surrogates, from U+D800) stands before a half-width letter (U+FF61). Whether there is an index
is the planner's choice, so a cursor whose text holds such characters compares by a regular expression, too.
"""

from __future__ import annotations

from graph.params import Params

_ALIKE = 0xD800  # below it both orders agree, whatever the other text holds
_LAST = 0x10FFFF


def is_plain(text: str) -> bool:
    """Whether both orders agree on where the text stands."""
    return all(ord(char) < _ALIKE for char in text)


def beyond(key: str, sign: str, text: str, params: Params) -> str:
    """The predicate that keeps the rows whose `key` is `text` or on its `sign` side, by code points; an index may serve it."""
    if is_plain(text):
        return f"{key} {sign}= {params.add(text)}"
    wide = _wide(key, sign, text, params)
    return f"{wide} AND {key} =~ {params.add(_expression(sign, text))}"


def _wide(key: str, sign: str, text: str, params: Params) -> str:
    """A bound that lets nothing on the right side out, and on which both orders agree."""
    safe = text[: next(place for place, char in enumerate(text) if ord(char) >= _ALIKE)].rstrip(chr(_ALIKE - 1))
    if not safe:
        return f"{key} IS NOT NULL"
    if sign == ">":
        return f"{key} >= {params.add(safe)}"
    return f"{key} < {params.add(safe[:-1] + chr(ord(safe[-1]) + 1))}"


def _expression(sign: str, text: str) -> str:
    """A regular expression for `text` and all that stands on its `sign` side."""
    if sign == ">":
        found = ".*"
        for code in map(ord, reversed(text)):
            more = f"|[\\x{{{code + 1:x}}}-\\x{{{_LAST:x}}}].*" if code < _LAST else ""
            found = f"(?:\\x{{{code:x}}}{found}{more})"
        return f"(?s){found}"
    found = ""
    for code in map(ord, reversed(text)):
        less = f"|[\\x{{0}}-\\x{{{code - 1:x}}}].*" if code else ""
        found = f"(?:|\\x{{{code:x}}}{found}{less})"
    return f"(?s){found}"
