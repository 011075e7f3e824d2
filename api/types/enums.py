"""The enumerations of the domain, as the schema shows them."""

from __future__ import annotations

from enum import Enum, StrEnum

import strawberry

from graph import model
from graph.errors import ErrorCode as DomainErrorCode


def described(cls: type[Enum], description: str, values: dict[str, str]) -> None:
    """Shows a domain enumeration in the schema, each of its values described."""
    strawberry.enum(cls, description=description)
    definition = cls.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values.get(value.name)


HierarchyScope = model.HierarchyScope
PersonRelationship = model.PersonRelationship
Weighting = model.Weighting
LifecycleStatus = model.LifecycleStatus
StageOutcome = model.StageOutcome
SellingLevel = model.SellingLevel
AudienceKind = model.AudienceKind
Match = model.Match
PersonAttribute = model.PersonAttribute
FilterOperator = model.FilterOperator
AssignmentSource = model.AssignmentSource
MembershipAction = model.MembershipAction
AssignmentOutcome = model.AssignmentOutcome
JobKind = model.JobKind
JobStatus = model.JobStatus
WebhookStatus = model.WebhookStatus
BuyingGroupEventType = model.BuyingGroupEventType
Permission = model.Permission
ErrorCode = DomainErrorCode

described(
    HierarchyScope,
    "How far from an account to look. Each scope includes the account itself.",
    {
        "ACCOUNT": "The account alone.",
        "ANCESTORS": "The account and everything above it.",
        "DESCENDANTS": "The account and everything below it.",
        "HIERARCHY": "The account's whole tree: above, below, sisters and cousins.",
    },
)
described(
    PersonRelationship,
    "How a person relates to an account.",
    {
        "EMPLOYEE": "Works there.",
        "CONTRACTOR": "Works there for another firm, or for themselves.",
        "PARTNER": "Works with the account from a partner firm.",
    },
)
described(
    Weighting,
    "How much a role counts in its group's engagement.",
    {"TRIVIAL": "Weight 20.", "MINOR": "Weight 40.", "NORMAL": "Weight 60.", "IMPORTANT": "Weight 80.", "VITAL": "Weight 100."},
)
described(
    LifecycleStatus,
    "Where something that is published stands.",
    {"DRAFT": "Being written: editable, not yet usable.", "LIVE": "Published: usable.", "ARCHIVED": "Replaced by another."},
)
described(
    StageOutcome,
    "How it ended for the groups that stand in a stage.",
    {"SUCCESS": "Won. No stage follows.", "FAILURE": "Lost. Stages may follow, for those who come back."},
)
described(
    SellingLevel,
    "Where an interest's groups sit.",
    {
        "AS_LISTED": "At each account of the audience.",
        "TOP": "At the top of each account's hierarchy, one group per top, however many of its accounts are listed.",
    },
)
described(
    AudienceKind,
    "How an audience is given.",
    {"STATIC": "As a list of accounts.", "DYNAMIC": "As a filter that is evaluated whenever the audience is used."},
)
described(Match, "How the parts of a condition join.", {"ALL": "Every part must hold.", "ANY": "One part suffices."})
described(
    PersonAttribute,
    "What a filter compares.",
    {
        "JOB_TITLE": "The title in the relation at hand; without one, the person's job title.",
        "DEPARTMENT": "Text.",
        "FIRST_NAME": "Text.",
        "LAST_NAME": "Text.",
        "EMAIL": "Text.",
        "PHONE": "Text.",
        "MOBILE_PHONE": "Text.",
        "CITY": "Text.",
        "STATE": "Text.",
        "POSTAL_CODE": "Text.",
        "COUNTRY": "Text.",
        "EMAIL_INVALID": "`true` or `false`; takes IS and IS_NOT.",
        "EMAIL_SUSPENDED": "`true` or `false`; takes IS and IS_NOT.",
        "ENGAGEMENT_SCORE": "A number from 0 to 100.",
        "RELATIONSHIP": "EMPLOYEE, CONTRACTOR or PARTNER, in the relation at hand; takes IS and IS_NOT.",
        "PERSONA": "The name of a persona; takes IS and IS_NOT.",
    },
)
described(
    FilterOperator,
    "How a filter compares. Text compares without case and surrounding white space; several values mean any of them, and none "
    "of them for the negated operators. An absent or blank attribute equals nothing, so it satisfies the negated operators "
    "and IS_EMPTY.",
    {
        "IS": "Equals one of the values.",
        "IS_NOT": "Equals none of the values.",
        "STARTS_WITH": "Begins with one of the values.",
        "NOT_STARTS_WITH": "Begins with none of the values.",
        "CONTAINS": "Contains one of the values.",
        "NOT_CONTAINS": "Contains none of the values.",
        "ENDS_WITH": "Ends with one of the values.",
        "IS_EMPTY": "Is absent or blank. Takes no values.",
        "IS_NOT_EMPTY": "Is neither absent nor blank. Takes no values.",
        "GREATER_THAN": "Is above one of the values. Numbers only.",
        "LESS_THAN": "Is below one of the values. Numbers only.",
        "BETWEEN": "Lies between the two values, both included. Numbers only.",
    },
)
described(
    AssignmentSource,
    "Who decided about a membership, in order of precedence: a lower one never undoes what a higher one decided.",
    {"MANUAL": "A person.", "JOURNEY": "A journey.", "SYSTEM": "The rules, by a job."},
)
described(
    MembershipAction,
    "What was decided.",
    {"ASSIGN": "To be a member, in a role.", "REMOVE": "Not to be a member.", "CHANGE_ROLE": "To be a member in another role."},
)
described(
    AssignmentOutcome,
    "What became of a decision.",
    {
        "APPLIED": "It now stands.",
        "UNCHANGED": "It stood already.",
        "OVERRULED": "A decision of higher precedence stands; the attempt is on record.",
        "REJECTED": "It isn't allowed; `userErrors` tells why.",
    },
)
described(
    JobKind,
    "What a job does.",
    {
        "CREATE": "Makes buying groups.",
        "MAINTAIN": "Brings groups up to date with the rules.",
        "SCORE": "Calculates engagement.",
        "IMPORT": "Takes in the rows of a file that was sent to `POST /import`.",
        "EXPORT": "Writes what a query gives to a file, as `POST /export` asked.",
    },
)
described(
    JobStatus,
    "How a job stands.",
    {
        "QUEUED": "It waits for its turn.",
        "RUNNING": "An instance works on it.",
        "SUCCEEDED": "It has done everything.",
        "FAILED": "It gave up; `error` tells why. What it did stays.",
        "CANCELLED": "It was told to stop. What it did stays.",
    },
)
described(
    WebhookStatus,
    "Whether a webhook is on.",
    {"ENABLED": "Events are delivered.", "DISABLED": "Events wait until it is switched on."},
)
described(
    Permission,
    "What a caller may do. Each permission includes VIEW.",
    {
        "VIEW": "Read everything.",
        "MANAGE_BUYING_GROUPS": "Decide members by hand, run jobs, delete groups.",
        "MANAGE_SOLUTION_INTERESTS": "Set up solution interests and account audiences.",
        "MANAGE_ROLE_TEMPLATES": "Set up role templates, roles and personas.",
        "MANAGE_STAGES": "Set up stage models.",
        "RUN_JOURNEY_ACTIONS": "Decide members as a journey, move groups to stages, set their status.",
        "MANAGE_DATA": "Upsert accounts, people and products, record activities.",
        "ADMINISTER": "Set up engagement models, calculate engagement, set up webhooks.",
    },
)
described(
    BuyingGroupEventType,
    "What happened to a buying group.",
    {
        "MEMBER_ASSIGNED": "Somebody became a member, or holds another role than before.",
        "MEMBER_REMOVED": "A member is none any more.",
        "STAGE_CHANGED": "The group moved to a stage.",
        "STATUS_CHANGED": "The group's status was set.",
        "COMPLETENESS_CHANGED": "The group's completeness differs from before.",
        "ENGAGEMENT_CHANGED": "The group's engagement score differs from before.",
    },
)
described(
    ErrorCode,
    "Why the domain said no.",
    {
        "NOT_FOUND": "There is no such thing.",
        "INVALID": "The input can't be taken; the message says what is allowed.",
        "TAKEN": "The name is in use.",
        "IN_USE": "Something still depends on it.",
        "NOT_EDITABLE": "It can't be changed any more, or never could.",
        "NOT_LIVE": "Only what is LIVE can be used here.",
        "LIMIT_EXCEEDED": "More than the limit, which the message names.",
        "CYCLE": "An account would stand above itself.",
        "TRANSITION_NOT_ALLOWED": "The stage model doesn't allow this move.",
        "NOT_IN_ACCOUNT": "The person has no relation to any account of the group's hierarchy.",
        "CONFLICT": "Another request is in the way.",
        "FORBIDDEN": "The caller lacks the permission.",
    },
)


class OrderDirection(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


class AccountOrderField(StrEnum):
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    ANNUAL_REVENUE = "ANNUAL_REVENUE"
    EMPLOYEE_COUNT = "EMPLOYEE_COUNT"


class PersonOrderField(StrEnum):
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    ENGAGEMENT_SCORE = "ENGAGEMENT_SCORE"


class BuyingGroupOrderField(StrEnum):
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    COMPLETENESS = "COMPLETENESS"
    ENGAGEMENT_SCORE = "ENGAGEMENT_SCORE"


class MemberOrderField(StrEnum):
    NAME = "NAME"
    ROLE = "ROLE"
    ASSIGNED_AT = "ASSIGNED_AT"
    ENGAGEMENT_SCORE = "ENGAGEMENT_SCORE"


class ConfigurationOrderField(StrEnum):
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"


described(OrderDirection, "Which way to sort.", {"ASC": "From low to high.", "DESC": "From high to low."})
_SORTED_BY = {
    "NAME": "By name.",
    "CREATED_AT": "By when it was made.",
    "UPDATED_AT": "By when it last changed.",
    "ANNUAL_REVENUE": "By annual revenue; unknown ones last.",
    "EMPLOYEE_COUNT": "By the number of employees; unknown ones last.",
    "ENGAGEMENT_SCORE": "By engagement; those never calculated last.",
    "COMPLETENESS": "By completeness; groups without required roles last.",
    "ROLE": "By the role's name.",
    "ASSIGNED_AT": "By when they became a member.",
}
for _order, _what in (
    (AccountOrderField, "accounts"),
    (PersonOrderField, "people"),
    (BuyingGroupOrderField, "buying groups"),
    (MemberOrderField, "members"),
    (ConfigurationOrderField, "what is configured"),
):
    described(_order, f"What to sort {_what} by. The id breaks ties.", _SORTED_BY)
