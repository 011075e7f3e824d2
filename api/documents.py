"""Documents: read once, then known by their text, and those that clients may name by an id in place of the text.

`Documents` belongs to one application: its limits and what it lets clients know of the schema are the application's.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoFragmentCyclesRule,
    NoSchemaIntrospectionCustomRule,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.errors import Code, too_complex, which_operation
from api.limits import Asked, Limits, TooComplex, check_text, measure

MAX_KNOWN = 1_000  # documents kept
MAX_KNOWN_TOKENS = 250_000  # of all documents kept; a token of a parsed document takes about half a kilobyte
MAX_COMPARISONS = 50_000
"""How much work comparing a document's fields with each other may be; what clients write takes a tenth."""
MAX_ERRORS = 20
"""How many errors of a document are told."""
_RULES: tuple[type[ASTValidationRule], ...] = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
_ID = re.compile(r"sha256:[0-9a-f]{64}|[A-Za-z0-9._~-]{1,255}")


# graphql-core's own limit, meant to be set here, is ten times as high: that is half a second for a few kilobytes.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = MAX_COMPARISONS


class BadDocuments(Exception):
    """The folder of documents can't be used; each line of the message names a document and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What an application lets clients ask for."""

    limits: Limits = field(default_factory=Limits)
    introspection: bool = True
    suggestions: bool = True  # "Did you mean ...?"
    documents_only: bool = False  # nothing but registered documents


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that was read: its operations, or what is wrong with it."""

    text: str
    document: DocumentNode | None
    operations: tuple[Asked, ...] = ()
    errors: tuple[GraphQLError, ...] = ()

    def operation(self, name: str | None) -> Asked:
        """The operation that a request means, if nothing is wrong with the document. Raises GraphQLError."""
        found = [one for one in self.operations if name in (None, one.name)]
        if len(found) != 1:
            raise which_operation()
        return found[0]

    def kind(self, name: str | None) -> OperationType | None:
        """The kind of the operation that a request means, if that can be told."""
        try:
            return None if self.errors else self.operation(name).kind
        except GraphQLError:
            return None


@dataclass(frozen=True, slots=True)
class Registered:
    """Documents that clients may name: texts by id, and where each text stands."""

    texts: Mapping[str, str]
    places: Mapping[str, str]


class Documents:
    """The documents of one application. Raises BadDocuments if a registered one is not valid."""

    def __init__(self, schema: GraphQLSchema, policy: Policy = Policy(), registered: Registered = Registered({}, {})) -> None:
        self.policy = policy
        self._schema = schema
        self._known: OrderedDict[str, Prepared] = OrderedDict()
        self._tokens = 0
        self._texts = registered.texts
        self._registered = {text: self._read(text) for text in registered.places}
        wrong = [
            f"{place}: {self._registered[text].errors[0].message}"
            for text, place in registered.places.items()
            if self._registered[text].errors
        ]
        if wrong:
            raise BadDocuments("\n".join(wrong))

    def text(self, query: str | None, document_id: str | None) -> str:
        """The document that a request means by its text or its id. Raises GraphQLError."""
        if document_id is not None:
            found = self._texts.get(document_id)
            if found is None:
                raise GraphQLError(
                    "There is no document with this id. Ids look like sha256:<64 hexadecimal digits, lower case>.",
                    extensions={"code": Code.PERSISTED_DOCUMENT_NOT_FOUND},
                )
            return found
        if self.policy.documents_only:
            raise GraphQLError(
                "Only registered documents are answered here: send documentId in place of query.",
                extensions={"code": Code.PERSISTED_DOCUMENT_REQUIRED},
            )
        assert query is not None, "a request has one of both"
        return query

    def prepare(self, text: str) -> Prepared:
        """The document, read if it isn't known yet."""
        found = self._registered.get(text) or self._known.get(text)
        if found is None:
            found = self._read(text)
            self._keep(found)
        elif text in self._known:
            self._known.move_to_end(text)
        return found

    def _keep(self, prepared: Prepared) -> None:
        self._known[prepared.text] = prepared
        self._tokens += _weight(prepared)
        while len(self._known) > MAX_KNOWN or self._tokens > MAX_KNOWN_TOKENS:
            _, oldest = self._known.popitem(last=False)
            self._tokens -= _weight(oldest)

    def _read(self, text: str) -> Prepared:
        try:
            check_text(text, self.policy.limits)
            document = parse(text)
            operations = measure(self._schema, document, self.policy.limits)
        except TooComplex as error:
            return Prepared(text, None, errors=(too_complex(error),))
        except GraphQLError as error:
            return Prepared(text, None, errors=(error,))
        rules = _RULES if operations is not None else (NoFragmentCyclesRule,)
        if not self.policy.introspection:
            rules = (*rules, NoSchemaIntrospectionCustomRule)
        errors = validate(self._schema, document, rules, MAX_ERRORS)
        if errors and errors[-1].message == "Validation aborted.":
            words = f"The document takes more than {MAX_COMPARISONS:,} comparisons to validate: it repeats fields too often."
            errors = [too_complex(TooComplex("comparisons", MAX_COMPARISONS + 1, MAX_COMPARISONS, words))]
        return Prepared(text, document, operations or (), tuple(errors))


# --- a folder of documents ------------------------------------------------------------------------------------------


def read_folder(folder: Path) -> Registered:
    """The documents of a folder: files `*.graphql`, and manifests `*.json` that map ids to texts, as relay-compiler and
    graphql-codegen write them. Each goes by `sha256:<hash of its text>`, and by the manifest's id. Raises BadDocuments."""
    texts: dict[str, str] = {}
    places: dict[str, str] = {}
    wrong: list[str] = []
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix in (".graphql", ".json"))
    except OSError as error:
        raise BadDocuments(f"{folder}: {error.strerror}") from None
    for file in files:
        try:
            content = file.read_text("utf-8")
            found = _manifest(content) if file.suffix == ".json" else {None: content}
        except ValueError as error:
            wrong.append(f"{file.name}: {error}")
            continue
        for key, text in found.items():
            places.setdefault(text, file.name if key is None else f"{file.name}, {key}")
            own = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
            if key is not None and ":" in key and key != own:
                wrong.append(f"{file.name}, {key}: the hash of its text is {own}")
            texts |= {own: text} if key is None else {own: text, key: text}
    if not texts and not wrong:
        wrong.append(f"{folder}: there are no documents in it, neither *.graphql nor *.json")
    if wrong:
        raise BadDocuments("\n".join(wrong))
    return Registered(texts, places)


def _manifest(content: str) -> dict[str | None, str]:
    """A manifest's texts by id. Raises ValueError."""
    found: Any = orjson.loads(content)
    if not isinstance(found, dict):
        raise ValueError("a manifest is an object of texts by id")
    for key, text in found.items():
        if not isinstance(text, str):
            raise ValueError(f"{key}: a document must be a text")
        if not _ID.fullmatch(key):
            raise ValueError(f"{key}: an id is sha256:<64 hexadecimal digits, lower case>, or letters, digits and - . _ ~")
    return found


def _weight(prepared: Prepared) -> int:
    tokens = prepared.document.token_count if prepared.document else 0
    return (tokens or 0) + len(prepared.text) // 100 + 1
