"""Personas: kinds of people that conditions ask for by name."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from api import ids
from api.computed import Ref
from api.errors import UserError
from api.mutations.base import ContextInfo, Id, errors, mutation, result
from api.mutations.configuration import DeletePayload
from api.types.enums import PersonAttribute
from api.types.templates import Persona
from graph import personas
from graph.model import AttributeFilter, FilterOperator, Permission
from graph.model import PersonAttribute as Attribute
from graph.personas import PersonaSpec


@strawberry.input(description="An attribute of a persona.")
class PersonaAttributeInput:
    attribute: PersonAttribute = strawberry.field(
        description="What to compare: any attribute but PERSONA, each once. All personas together use at most 10 different ones."
    )
    values: list[str] = strawberry.field(
        description="With what; one of them must be equal, without case and surrounding white space. At most 100."
    )


@strawberry.input(description="A persona.")
class PersonaInput:
    name: str = strawberry.field(
        description="Its name, unique without case. At most 255 characters. Conditions that ask for the persona follow it."
    )
    description: str | None = strawberry.field(default=None, description="At most 255 characters.")
    attributes: list[PersonaAttributeInput] = strawberry.field(description="From 1 to 5; all of them must hold.")


@strawberry.type(description="What became of a persona.")
class PersonaPayload:
    persona: Persona | None = result("The persona; null if it was refused.")
    user_errors: list[UserError] = errors()


PersonaArg = Annotated[PersonaInput, strawberry.argument(description="The persona.")]


@strawberry.type
class PersonaMutations:
    @mutation("Makes a persona; there are at most 20.", Permission.MANAGE_ROLE_TEMPLATES)
    async def create_persona(self, info: ContextInfo, input: PersonaArg) -> PersonaPayload:
        return PersonaPayload(persona=_ref(await personas.create(info.context.db, _spec(input), by=info.context.viewer)))

    @mutation(
        "Replaces what a persona says. Cards that ask for it go by the new attributes from the next job on, and by its new name "
        "at once.",
        Permission.MANAGE_ROLE_TEMPLATES,
    )
    async def update_persona(self, info: ContextInfo, id: Id, input: PersonaArg) -> PersonaPayload:
        own = ids.raw_or_unknown(id, "Persona")
        return PersonaPayload(persona=_ref(await personas.update(info.context.db, own, _spec(input), by=info.context.viewer)))

    @mutation(
        "Deletes a persona that no role card asks for, nor one of an older version that groups still follow.",
        Permission.MANAGE_ROLE_TEMPLATES,
    )
    async def delete_persona(self, info: ContextInfo, id: Id) -> DeletePayload:
        await personas.delete(info.context.db, ids.raw_or_unknown(id, "Persona"))
        return DeletePayload(deleted_id=id)


def _spec(input: PersonaInput) -> PersonaSpec:
    attributes = [
        AttributeFilter(Attribute(one.attribute.value), FilterOperator.IS, tuple(one.values)) for one in input.attributes
    ]
    return PersonaSpec(input.name, input.description, attributes)


def _ref(persona_id: str) -> Any:
    return Ref("Persona", persona_id)
