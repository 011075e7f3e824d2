"""Webhooks: to whom events are delivered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, cast

import strawberry

from api import ids
from api.computed import Ref
from api.errors import UserError
from api.mutations.base import ContextInfo, Id, errors, given, mutation, plain, result
from api.mutations.configuration import DeletePayload
from api.types.base import DateTime
from api.types.enums import BuyingGroupEventType
from api.types.webhooks import Webhook
from graph import webhooks
from graph.model import BuyingGroupEventType as EventType
from graph.model import Permission
from graph.webhooks import NewSecret, WebhookSpec

_URL = (
    "Where to deliver: https://, without credentials and fragment. Hosts whose addresses aren't public are refused, when "
    "something is delivered at the latest, unless BUYING_GROUPS_WEBHOOK_NETWORKS allows them."
)
_TYPES = "Only events of these types; null or absent for all."
_INTEREST = "Only of this interest's groups."
_ACCOUNT = "Only of this account's own groups."


@strawberry.input(description="A webhook.")
class CreateWebhookInput:
    name: str = strawberry.field(description="What to call it. At most 255 characters.")
    url: str = strawberry.field(description=_URL)
    types: list[BuyingGroupEventType] | None = strawberry.field(default=None, description=_TYPES)
    solution_interest_id: strawberry.ID | None = strawberry.field(default=None, description=_INTEREST)
    account_id: strawberry.ID | None = strawberry.field(default=None, description=_ACCOUNT)


@strawberry.input(description="What to change of a webhook. What is absent stays; null clears, where that can be.")
class UpdateWebhookInput:
    name: str | None = given("What to call it. At most 255 characters.")
    url: str | None = given(_URL)
    types: list[BuyingGroupEventType] | None = given(_TYPES)
    solution_interest_id: strawberry.ID | None = given(_INTEREST)
    account_id: strawberry.ID | None = given(_ACCOUNT)


@strawberry.type(description="What became of a webhook.")
class WebhookPayload:
    webhook: Webhook | None = result("The webhook; null if it was refused.")
    user_errors: list[UserError] = errors()


@strawberry.type(description="A webhook with a secret that was just made.")
class WebhookSecretPayload:
    webhook: Webhook | None = result("The webhook; null if it was refused.")
    secret: str | None = result(
        "What the webhook's deliveries are signed with, `whsec_...`. It is shown this once: keep it well. (A repetition with the "
        "same idempotencyKey is answered alike.)"
    )
    user_errors: list[UserError] = errors()


CreateArg = Annotated[CreateWebhookInput, strawberry.argument(description="The webhook.")]
UpdateArg = Annotated[UpdateWebhookInput, strawberry.argument(description="What to change.")]
AfterTime = Annotated[DateTime, strawberry.argument(description="What happened after this time is delivered again.")]


@strawberry.type
class WebhookMutations:
    @mutation(
        "Makes a webhook for what happens from now on, with a secret of its own. There are at most 50.", Permission.ADMINISTER
    )
    async def create_webhook(self, info: ContextInfo, input: CreateArg) -> WebhookSecretPayload:
        here, wanted = info.context, _changes(input)
        types = wanted["types"]
        spec = WebhookSpec(
            wanted["name"],
            wanted["url"],
            None if types is None else [EventType(one) for one in types],
            wanted["interestId"],
            wanted["accountId"],
        )
        return _shown(await webhooks.create(here.db, spec, here.hooks.targets, here.hooks.vault, by=here.viewer))

    @mutation("Changes a webhook. What is not delivered yet goes by the new settings.", Permission.ADMINISTER)
    async def update_webhook(self, info: ContextInfo, id: Id, input: UpdateArg) -> WebhookPayload:
        here = info.context
        return _done(await webhooks.update(here.db, _own(id), _changes(input), here.hooks.targets, by=here.viewer))

    @mutation("Deletes a webhook with its log.", Permission.ADMINISTER)
    async def delete_webhook(self, info: ContextInfo, id: Id) -> DeletePayload:
        await webhooks.delete(info.context.db, _own(id))
        return DeletePayload(deleted_id=id)

    @mutation("Switches a webhook on. It goes on where it stopped: nothing is left out.", Permission.ADMINISTER)
    async def enable_webhook(self, info: ContextInfo, id: Id) -> WebhookPayload:
        return _done(await webhooks.enable(info.context.db, _own(id), by=info.context.viewer))

    @mutation("Switches a webhook off. What happens meanwhile waits for it.", Permission.ADMINISTER)
    async def disable_webhook(self, info: ContextInfo, id: Id) -> WebhookPayload:
        return _done(await webhooks.disable(info.context.db, _own(id), by=info.context.viewer))

    @mutation("Gives a webhook another secret. For 24 hours the former one signs, too.", Permission.ADMINISTER)
    async def rotate_webhook_secret(self, info: ContextInfo, id: Id) -> WebhookSecretPayload:
        here = info.context
        return _shown(await webhooks.rotate(here.db, _own(id), here.hooks.vault, by=here.viewer))

    @mutation(
        "Delivers again what happened after a time, and all that followed, under the same `webhook-id`s.", Permission.ADMINISTER
    )
    async def replay_webhook(self, info: ContextInfo, id: Id, after: AfterTime) -> WebhookPayload:
        moment = cast("datetime", after)  # which the scalar made of it
        return _done(await webhooks.replay(info.context.db, _own(id), moment, by=info.context.viewer))


def _changes(input: CreateWebhookInput | UpdateWebhookInput) -> dict[str, Any]:
    found = plain(input)
    if "solutionInterestId" in found:
        found["interestId"] = found.pop("solutionInterestId")
    return found


def _own(global_id: str) -> str:
    return ids.raw_or_unknown(global_id, "Webhook")


def _done(webhook_id: str) -> WebhookPayload:
    return WebhookPayload(webhook=_ref(webhook_id))


def _shown(made: NewSecret) -> WebhookSecretPayload:
    return WebhookSecretPayload(webhook=_ref(made.webhook_id), secret=made.secret)


def _ref(webhook_id: str) -> Any:
    return Ref("Webhook", webhook_id)
