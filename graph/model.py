"""The words of the domain: enumerations and plain values. Imports nothing of ours, does no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MAX_TEXT = 255  # characters of a name, a title or any other short text
MAX_MEMBERS_PER_CALL = 50
MAX_ROWS_PER_CALL = 1000
MAX_ROLES = 20
MAX_STATUS = 50  # characters of a group's status
MAX_PERSONAS = 20
MAX_PERSONA_ATTRIBUTES = 5
MAX_ATTRIBUTES_OF_PERSONAS = 10  # different ones over all personas
LOCAL = "local"  # who acts when nobody had to sign in

Input = Mapping[str, Any]
"""A row as it comes in: property names to values. An absent key leaves the property, None clears it, a list replaces."""


class HierarchyScope(StrEnum):
    """Whose people are candidates, seen from a group's account. Each includes the account itself."""

    ACCOUNT = "ACCOUNT"
    ANCESTORS = "ANCESTORS"
    DESCENDANTS = "DESCENDANTS"
    HIERARCHY = "HIERARCHY"


class PersonRelationship(StrEnum):
    EMPLOYEE = "EMPLOYEE"
    CONTRACTOR = "CONTRACTOR"
    PARTNER = "PARTNER"


class Weighting(StrEnum):
    TRIVIAL = "TRIVIAL"
    MINOR = "MINOR"
    NORMAL = "NORMAL"
    IMPORTANT = "IMPORTANT"
    VITAL = "VITAL"


WEIGHTS: Mapping[Weighting, int] = {
    Weighting.TRIVIAL: 20,
    Weighting.MINOR: 40,
    Weighting.NORMAL: 60,
    Weighting.IMPORTANT: 80,
    Weighting.VITAL: 100,
}


class LifecycleStatus(StrEnum):
    DRAFT = "DRAFT"
    LIVE = "LIVE"
    ARCHIVED = "ARCHIVED"


class StageOutcome(StrEnum):
    """How it ended for a group that stands in such a stage. Success is final; a failure may lead on."""

    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"


class SellingLevel(StrEnum):
    """Where a group sits: at the audience's own account, or at the top of its hierarchy (each top once)."""

    AS_LISTED = "AS_LISTED"
    TOP = "TOP"


class AudienceKind(StrEnum):
    STATIC = "STATIC"
    DYNAMIC = "DYNAMIC"


class Match(StrEnum):
    ALL = "ALL"
    ANY = "ANY"


class PersonAttribute(StrEnum):
    JOB_TITLE = "JOB_TITLE"
    DEPARTMENT = "DEPARTMENT"
    FIRST_NAME = "FIRST_NAME"
    LAST_NAME = "LAST_NAME"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    MOBILE_PHONE = "MOBILE_PHONE"
    CITY = "CITY"
    STATE = "STATE"
    POSTAL_CODE = "POSTAL_CODE"
    COUNTRY = "COUNTRY"
    EMAIL_INVALID = "EMAIL_INVALID"
    EMAIL_SUSPENDED = "EMAIL_SUSPENDED"
    ENGAGEMENT_SCORE = "ENGAGEMENT_SCORE"
    RELATIONSHIP = "RELATIONSHIP"
    PERSONA = "PERSONA"


class FilterOperator(StrEnum):
    IS = "IS"
    IS_NOT = "IS_NOT"
    STARTS_WITH = "STARTS_WITH"
    NOT_STARTS_WITH = "NOT_STARTS_WITH"
    CONTAINS = "CONTAINS"
    NOT_CONTAINS = "NOT_CONTAINS"
    ENDS_WITH = "ENDS_WITH"
    IS_EMPTY = "IS_EMPTY"
    IS_NOT_EMPTY = "IS_NOT_EMPTY"
    GREATER_THAN = "GREATER_THAN"
    LESS_THAN = "LESS_THAN"
    BETWEEN = "BETWEEN"


class AssignmentSource(StrEnum):
    """Who decided, in order of precedence."""

    MANUAL = "MANUAL"
    JOURNEY = "JOURNEY"
    SYSTEM = "SYSTEM"


class MembershipAction(StrEnum):
    ASSIGN = "ASSIGN"
    REMOVE = "REMOVE"
    CHANGE_ROLE = "CHANGE_ROLE"


class AssignmentOutcome(StrEnum):
    """APPLIED: it now stands. UNCHANGED: it stood already. OVERRULED: a higher source's stands. REJECTED: not allowed."""

    APPLIED = "APPLIED"
    UNCHANGED = "UNCHANGED"
    OVERRULED = "OVERRULED"
    REJECTED = "REJECTED"


class JobKind(StrEnum):
    CREATE = "CREATE"
    MAINTAIN = "MAINTAIN"
    SCORE = "SCORE"
    IMPORT = "IMPORT"
    EXPORT = "EXPORT"


class JobStatus(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class WebhookStatus(StrEnum):
    ENABLED = "ENABLED"
    DISABLED = "DISABLED"


class Permission(StrEnum):
    """What a caller may do. Each includes VIEW."""

    VIEW = "VIEW"
    MANAGE_BUYING_GROUPS = "MANAGE_BUYING_GROUPS"
    MANAGE_SOLUTION_INTERESTS = "MANAGE_SOLUTION_INTERESTS"
    MANAGE_ROLE_TEMPLATES = "MANAGE_ROLE_TEMPLATES"
    MANAGE_STAGES = "MANAGE_STAGES"
    RUN_JOURNEY_ACTIONS = "RUN_JOURNEY_ACTIONS"
    MANAGE_DATA = "MANAGE_DATA"
    ADMINISTER = "ADMINISTER"


class BuyingGroupEventType(StrEnum):
    MEMBER_ASSIGNED = "MEMBER_ASSIGNED"
    MEMBER_REMOVED = "MEMBER_REMOVED"
    STAGE_CHANGED = "STAGE_CHANGED"
    STATUS_CHANGED = "STATUS_CHANGED"
    COMPLETENESS_CHANGED = "COMPLETENESS_CHANGED"
    ENGAGEMENT_CHANGED = "ENGAGEMENT_CHANGED"


class Change(StrEnum):
    """What a row did to what it names."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"


@dataclass(frozen=True, slots=True)
class AttributeFilter:
    """One comparison of a person's attribute. Several values mean any of them; the negated operators mean none."""

    attribute: PersonAttribute
    operator: FilterOperator
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """All or any of the filters, and of the nested groups."""

    match: Match
    filters: tuple[AttributeFilter, ...] = ()
    groups: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class CardSpec:
    """A role card as somebody wants it. Its position among its sisters is its priority."""

    role_id: str
    weighting: Weighting = Weighting.NORMAL
    auto_assign: bool = False
    required_for_completeness: bool = True
    members_required: int = 1
    scope: HierarchyScope = HierarchyScope.ACCOUNT
    max_distance: int | None = None
    condition: Condition | None = None
