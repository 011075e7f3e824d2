"""What comes from a CRM and from marketing systems: accounts, people, products, activities."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from api.computed import Ref
from api.errors import UserError
from api.mutations.base import ContextInfo, errors, given, mutation, plain
from api.types.accounts import Account, Product
from api.types.base import Date, DateTime
from api.types.enums import PersonRelationship
from api.types.people import Person
from graph import accounts, activities, people, products
from graph.model import Permission
from graph.rows import UpsertResult

_KEY = "The CRM's key, by which the row is found again. At most 255 characters."


@strawberry.input(description="A product that an account owns.")
class OwnedProductInput:
    product_external_id: str = strawberry.field(description="The product's key in the CRM.")
    revenue: float | None = given("The revenue from it.")
    since: Date | None = given("Owned since this day.")


@strawberry.input(description="An account. An absent field stays as it is, null clears it, a list replaces.")
class AccountInput:
    external_id: str = strawberry.field(description=_KEY)
    name: str = strawberry.field(description="Its name. At most 255 characters.")
    parent_external_id: str | None = given("The account right above it, which may stand in the same call.")
    type: str | None = given("Such as `Customer` or `Prospect`.")
    industry: str | None = given("Its industry.")
    city: str | None = given("City.")
    state: str | None = given("State or province.")
    country: str | None = given("Country.")
    region: str | None = given("Its sales region; without one, its country counts.")
    website: str | None = given("Its website.")
    annual_revenue: float | None = given("Its revenue of a year.")
    employee_count: int | None = given("How many work there.")
    owned_products: list[OwnedProductInput] | None = given("What it owns, each product once.")


@strawberry.input(description="Accounts to create or change.")
class UpsertAccountsInput:
    accounts: list[AccountInput] = strawberry.field(description="At most 1,000, in any order.")


@strawberry.type(description="What became of the accounts.")
class UpsertAccountsPayload:
    accounts: list[Account | None] = strawberry.field(
        default_factory=list, description="One per row, in the rows' order; null for a row that was refused."
    )
    created: int = strawberry.field(default=0, description="How many are new.")
    updated: int = strawberry.field(default=0, description="How many were there and changed.")
    user_errors: list[UserError] = errors()


@strawberry.input(description="A person's relation to an account.")
class PersonAccountInput:
    account_external_id: str = strawberry.field(description="The account's key in the CRM.")
    relationship: PersonRelationship = strawberry.field(
        default=PersonRelationship.EMPLOYEE, description="How the person relates to it."
    )
    title: str | None = given("The title in this relation, where it differs from the person's job title.")


@strawberry.input(description="A person. An absent field stays as it is, null clears it, a list replaces.")
class PersonInput:
    external_id: str = strawberry.field(description=_KEY)
    first_name: str | None = given("First name.")
    last_name: str | None = given("Last name.")
    email: str | None = given("E-mail address.")
    phone: str | None = given("Phone.")
    mobile_phone: str | None = given("Mobile phone.")
    job_title: str | None = given("Job title.")
    department: str | None = given("Department.")
    city: str | None = given("City.")
    state: str | None = given("State or province.")
    postal_code: str | None = given("Postal code.")
    country: str | None = given("Country.")
    email_invalid: bool | None = given("Whether mail to the address bounced.")
    email_suspended: bool | None = given("Whether the person opted out of mail.")
    accounts: list[PersonAccountInput] | None = given("The accounts the person relates to, each once.")


@strawberry.input(description="People to create or change.")
class UpsertPeopleInput:
    people: list[PersonInput] = strawberry.field(description="At most 1,000, in any order.")


@strawberry.type(description="What became of the people.")
class UpsertPeoplePayload:
    people: list[Person | None] = strawberry.field(
        default_factory=list, description="One per row, in the rows' order; null for a row that was refused."
    )
    created: int = strawberry.field(default=0, description="How many are new.")
    updated: int = strawberry.field(default=0, description="How many were there and changed.")
    user_errors: list[UserError] = errors()


@strawberry.input(description="A product. An absent field stays as it is, null clears it.")
class ProductInput:
    external_id: str = strawberry.field(description=_KEY)
    name: str = strawberry.field(description="Its name. At most 255 characters.")
    product_line: str | None = given("The line it belongs to.")


@strawberry.input(description="Products to create or change.")
class UpsertProductsInput:
    products: list[ProductInput] = strawberry.field(description="At most 1,000, in any order.")


@strawberry.type(description="What became of the products.")
class UpsertProductsPayload:
    products: list[Product | None] = strawberry.field(
        default_factory=list, description="One per row, in the rows' order; null for a row that was refused."
    )
    created: int = strawberry.field(default=0, description="How many are new.")
    updated: int = strawberry.field(default=0, description="How many were there and changed.")
    user_errors: list[UserError] = errors()


@strawberry.input(description="Something a person did.")
class ActivityInput:
    activity_id: str = strawberry.field(description="Its key in the system that tells it. A repeated one counts once.")
    person_external_id: str = strawberry.field(description="The person's key in the CRM.")
    type: str = strawberry.field(description="Such as `Page Views` or `Attend Event`. At most 255 characters.")
    occurred_at: DateTime = strawberry.field(description="When.")


@strawberry.input(description="What people did.")
class RecordActivitiesInput:
    activities: list[ActivityInput] = strawberry.field(description="At most 5,000, in any order.")


@strawberry.type(description="What became of the activities.")
class RecordActivitiesPayload:
    recorded: int = strawberry.field(default=0, description="How many are new.")
    duplicates: int = strawberry.field(default=0, description="How many were on record, or stood twice in the call.")
    user_errors: list[UserError] = errors()


AccountsArg = Annotated[UpsertAccountsInput, strawberry.argument(description="The accounts.")]
PeopleArg = Annotated[UpsertPeopleInput, strawberry.argument(description="The people.")]
ProductsArg = Annotated[UpsertProductsInput, strawberry.argument(description="The products.")]
ActivitiesArg = Annotated[RecordActivitiesInput, strawberry.argument(description="The activities.")]


def _refs(noun: str, done: UpsertResult) -> list[Any]:
    return [Ref(noun, own) if own else None for own in done.ids]


@strawberry.type
class DataMutations:
    @mutation(
        "Creates or changes accounts by external id. A bad row is refused alone; a circle of parents is refused whole.",
        Permission.MANAGE_DATA,
        in_part=True,
    )
    async def upsert_accounts(self, info: ContextInfo, input: AccountsArg) -> UpsertAccountsPayload:
        done = await accounts.upsert(info.context.db, plain(input)["accounts"], by=info.context.viewer)
        found = _refs("Account", done)
        return UpsertAccountsPayload(
            accounts=found, created=done.created, updated=done.updated, user_errors=UserError.all(done.problems)
        )

    @mutation("Creates or changes people by external id. A bad row is refused alone.", Permission.MANAGE_DATA, in_part=True)
    async def upsert_people(self, info: ContextInfo, input: PeopleArg) -> UpsertPeoplePayload:
        done = await people.upsert(info.context.db, plain(input)["people"], by=info.context.viewer)
        found = _refs("Person", done)
        return UpsertPeoplePayload(
            people=found, created=done.created, updated=done.updated, user_errors=UserError.all(done.problems)
        )

    @mutation("Creates or changes products by external id. A bad row is refused alone.", Permission.MANAGE_DATA)
    async def upsert_products(self, info: ContextInfo, input: ProductsArg) -> UpsertProductsPayload:
        done = await products.upsert(info.context.db, plain(input)["products"])
        found = _refs("Product", done)
        return UpsertProductsPayload(
            products=found, created=done.created, updated=done.updated, user_errors=UserError.all(done.problems)
        )

    @mutation("Records what people did, each activity once. A bad one is refused alone.", Permission.MANAGE_DATA, in_part=True)
    async def record_activities(self, info: ContextInfo, input: ActivitiesArg) -> RecordActivitiesPayload:
        done = await activities.record(info.context.db, plain(input)["activities"])
        return RecordActivitiesPayload(
            recorded=done.recorded, duplicates=done.duplicates, user_errors=UserError.all(done.problems)
        )
