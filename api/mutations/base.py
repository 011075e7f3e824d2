"""What every mutation is made of: plain input, a rule's refusal as userErrors, and one read for what the payload names."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Annotated, Any

import strawberry
from strawberry import UNSET, Info
from strawberry.utils.str_converters import to_camel_case

from api import ids
from api.computed import hydrate
from api.context import Context
from api.errors import UserError
from api.permissions import declared, told
from graph.errors import ErrorCode, Refused
from graph.model import Permission
from graph.once import key_of, once
from graph.part import unseen

Id = Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]
ContextInfo = Info[Context, None]


def mutation(description: str, *any_of: Permission, in_part: bool = False) -> Callable[[Callable[..., Awaitable[object]]], Any]:
    """A mutation for callers who have one of these permissions. Its function returns the payload, in which a Ref stands for
    each node, or raises Refused.

    It gets an argument more, `idempotencyKey`: with one, what the function does through `info.context.db` is done once. What
    a payload has as `known` is not read again.
    `in_part`: a caller bound to a part of the market may call it. Ids that such a caller doesn't see are nobody's then.
    """

    def declare(work: Callable[..., Awaitable[object]]) -> Any:
        @functools.wraps(work)
        async def answer(self: Any, info: ContextInfo, idempotency_key: str | None = None, **given: Any) -> Any:
            try:
                with await _within(info, in_part, given), _once(info, idempotency_key, given):
                    payload = await work(self, info, **given)
            except Refused as error:
                payload = typing.get_type_hints(work)["return"](user_errors=UserError.all(error.problems))
            return await hydrate(info, payload, getattr(payload, "known", None))

        signature = inspect.signature(work)
        answer.__signature__ = signature.replace(parameters=[*signature.parameters.values(), _KEY])  # type: ignore[attr-defined]
        answer.__annotations__ = {**work.__annotations__, _KEY.name: _KEY.annotation}
        return strawberry.mutation(answer, description=told(description, *any_of), metadata=declared(*any_of))

    return declare


_KEY = inspect.Parameter(
    "idempotency_key",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[
        str | None,
        strawberry.argument(
            description="Any text that names this call, such as a UUID. Within 24 hours, the same key and input are done once "
            "and answered alike; another input is a CONFLICT. At most 255 characters."
        ),
    ],
)


_SEEN_BY_SOME = ("Account", "Person", "BuyingGroup", "Job")


async def _within(info: ContextInfo, in_part: bool, given: Any) -> AbstractContextManager[None]:
    """Lets what happens inside take the ids for nobody's that the caller doesn't see. Raises Refused: FORBIDDEN."""
    here = info.context
    if here.sight is None:
        return nullcontext()
    if not in_part:
        words = "This changes the whole market, and these credentials are bound to a part of it. Nothing was done."
        raise Refused.of("", ErrorCode.FORBIDDEN, words)
    return _taking_for_nobodys(await unseen(here.db, set(_ids_in(_told(given)))))


@contextmanager
def _taking_for_nobodys(own_ids: frozenset[str]) -> Generator[None]:
    token = ids.unseen.set(own_ids)
    try:
        yield
    finally:
        ids.unseen.reset(token)


def _ids_in(value: Any) -> Generator[str]:
    """The own ids, in an input, of what a caller may not see."""
    if isinstance(value, dict | list):
        for one in typing.cast("dict[str, Any]", value).values() if isinstance(value, dict) else typing.cast("list[Any]", value):
            yield from _ids_in(one)
    elif isinstance(value, str):
        with suppress(ids.BadId):
            typename, own = ids.decode(value)
            if typename in _SEEN_BY_SOME:
                yield own


@contextmanager
def _once(info: ContextInfo, key: str | None, given: Any) -> Generator[None]:
    """Lets what happens inside be done once under the key, if there is one."""
    here = info.context
    db = here.db
    if key is not None:
        credential = here.caller.credential or here.caller.subject
        here.db = once(db, key_of(credential, info.field_name, key, {name: _told(value) for name, value in given.items()}))
    try:
        yield
    finally:
        here.db = db


def _told(value: Any) -> Any:
    """An input as it came, for telling whether another is the same."""
    if isinstance(value, dict):
        return {name: _told(inner) for name, inner in typing.cast("dict[str, Any]", value).items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _told(inner) for one in fields(value) if (inner := getattr(value, one.name)) is not UNSET}
    return [_told(one) for one in typing.cast("list[Any]", value)] if isinstance(value, list) else value


def given(description: str) -> Any:
    """An input field that may be absent: what it names stays then, where null clears it."""
    return strawberry.field(default=UNSET, description=description)


def errors() -> Any:
    """The field of a payload that tells what was refused."""
    return strawberry.field(default_factory=list, description="What was refused, and why. Empty when all was done.")


def result(description: str) -> Any:
    """A payload's field that is null when nothing was done."""
    return strawberry.field(default=None, description=description)


def plain(value: Any) -> Any:
    """An input as plain values under the contract's names, without what is absent, with raw ids in place of global ones.

    An id that is none, or is another type's, becomes a text that names nothing: the domain says NOT_FOUND to both.
    """
    if isinstance(value, list):
        return [plain(one) for one in typing.cast("list[Any]", value)]
    if isinstance(value, Enum):
        return value.value
    if not is_dataclass(value) or isinstance(value, type):
        return value
    found: dict[str, Any] = {}
    for field in fields(value):
        inner = getattr(value, field.name)
        if inner is not UNSET:
            name = getattr(field, "graphql_name", None) or to_camel_case(field.name)  # `not` has another name in Python
            found[name] = _raw(name, inner) if name.endswith(("Id", "Ids")) else plain(inner)
    return found


def _raw(name: str, value: Any) -> Any:
    typename = ids.type_of_argument(name)
    if typename is None or value is None:
        return value
    if isinstance(value, list):
        return [ids.raw_or_unknown(one, typename) for one in typing.cast("list[str]", value)]
    return ids.raw_or_unknown(value, typename)
