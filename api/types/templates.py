"""Roles, and the templates that say who gets them."""

from __future__ import annotations

import strawberry

from api.types.base import Auditable, DateTime, Node, field
from api.types.enums import FilterOperator, HierarchyScope, LifecycleStatus, Match, PersonAttribute, Weighting


@strawberry.type(description="A part that people play in a purchase.")
class Role(Node, Auditable):
    name: str = field("Its name, unique without case.")
    description: str | None = field("What it means.")
    is_default: bool = field("Whether it is one of the six that every market has and nobody can change.")


@strawberry.type(description="One comparison of a person's attribute.")
class AttributeFilter:
    attribute: PersonAttribute = field("What is compared.")
    operator: FilterOperator = field("How.")
    values: list[str] = field("With what; several mean any of them.")


@strawberry.type(description="An attribute of a persona: who has it equals one of the values.")
class PersonaAttribute:
    attribute: PersonAttribute = field("What is compared: any attribute but PERSONA.")
    values: list[str] = field("With what; one of them must be equal, without case and surrounding white space.")


@strawberry.type(
    description="A kind of person, for conditions: `PERSONA IS <its name>`. Who equals a value of every attribute has it."
)
class Persona(Node, Auditable):
    name: str = field("Its name, unique without case.")
    description: str | None = field("Whom it describes.")
    attributes: list[PersonaAttribute] = field("What must hold, all of it.")


@strawberry.type(description="All or any of the filters, and of the nested groups.")
class Condition:
    match: Match = field("Whether all parts must hold, or one suffices.")
    filters: list[AttributeFilter] = field("Comparisons.")
    groups: list[Condition] = field("Conditions within this one.")


@strawberry.type(description="How a template fills one role.")
class RoleCard:
    id: strawberry.ID = field("The card's id.")
    role: Role = field("The role.")
    weighting: Weighting = field("How much the role counts in its group's engagement.")
    priority: int = field("Its place, from 1: whoever matches several cards gets the first.")
    auto_assign: bool = field("Whether the rules fill it; otherwise only people and journeys do.")
    required_for_completeness: bool = field("Whether it counts in completeness.")
    members_required: int = field("How many members fill it.")
    scope: HierarchyScope = field("Whose people are candidates, seen from the group's account.")
    max_distance: int | None = field("How many levels away candidates may be, at most: a parent is 1, a sister 2.")
    condition: Condition | None = field("Whom it fits; null unless the rules fill it.")


@strawberry.type(description="Which roles a buying group has, and by which rules they are filled.")
class RoleTemplate(Node, Auditable):
    name: str = field("Its name.")
    description: str | None = field("What it is for.")
    status: LifecycleStatus = field("DRAFT while being written, LIVE once published.")
    version: int = field("Counts the changes since it was published.")
    cards: list[RoleCard] = field("Its roles, in order of priority.")
    published_at: DateTime | None = field("When it was published.")
    published_by: str | None = field("Who published it.")
