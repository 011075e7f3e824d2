"""GraphQL over WebSockets, in the protocol graphql-transport-ws, within the same limits as over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, cast

import orjson
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import ConnectionInitMessage, Message, SubscribeMessage

from api.auth import Entrance, NotLetIn, sent_on_socket
from api.context import Context
from api.errors import shown, too_complex
from api.http import Refusal, read_call, write_text
from api.limits import TooComplex
from api.schema import schema

MAX_OPERATIONS = 100
"""How many operations run at the same time on one socket."""
_TOO_LARGE, _TRY_LATER = 1009, 1013
_UNAUTHORIZED, _FORBIDDEN = 4401, 4403
_REASON = 120  # bytes; what a close frame has room for
_TYPES = ("connection_init", "ping", "pong", "subscribe", "complete")


class _Adapter(ASGIWebSocketAdapter):
    """Messages of one socket: texts of bounded size that hold JSON."""

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object]:
        most = cast("Sockets", self.view).most
        try:
            while self.ws.application_state != WebSocketState.DISCONNECTED:
                text = await self.ws.receive_text()
                if len(text) > most:
                    await self.close(_TOO_LARGE, f"A message may have at most {most:,} bytes")
                    return
                yield orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise NonJsonMessageReceived from error
        except KeyError as error:
            raise NonTextMessageReceived from error
        except WebSocketDisconnect:
            return

    async def close(self, code: int, reason: str) -> None:
        await super().close(code, reason.encode()[:_REASON].decode(errors="ignore"))


class _Handler(BaseGraphQLTransportWSHandler[Context, None]):
    """Looks at each message before the protocol does, and at who is there."""

    _shown: str | None = None
    _watch: asyncio.Task[None] | None = None

    async def handle_message(self, message: Message) -> None:
        given: Any = message
        if not isinstance(given, dict) or given.get("type") not in _TYPES:
            await self.handle_invalid_message("A message is a JSON object with one of the protocol's types")
        elif given["type"] in ("subscribe", "complete") and not isinstance(given.get("id"), str):
            await self.handle_invalid_message("The id of an operation is a string")
        else:
            await super().handle_message(message)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        payload: Any = message.get("payload") or {}
        if self.connection_init_received or not isinstance(payload, dict):
            await super().handle_connection_init(message)  # closes the socket
            return
        entrance, scope = cast("Sockets", self.view).entrance, cast("ASGIWebSocketAdapter", self.websocket).ws.scope
        self._shown = sent_on_socket(scope, payload)
        try:
            self.context.caller = await entrance.caller(scope, self._shown)
        except NotLetIn as refusal:
            await self._close(refusal)
            return
        await super().handle_connection_init(message)
        self._watch = asyncio.create_task(self._watched(), name="socket's credential")

    async def _watched(self) -> None:
        """Ends the socket, and all that runs on it, when its credential doesn't hold any more."""
        entrance, scope = cast("Sockets", self.view).entrance, cast("ASGIWebSocketAdapter", self.websocket).ws.scope
        await entrance.revoked(scope, self._shown)
        self.connection_acknowledged = False
        for operation in list(self.operations):
            await self.cleanup_operation(operation)
        await self.websocket.close(_UNAUTHORIZED, "The credential doesn't hold any more")

    async def _close(self, refusal: NotLetIn) -> None:
        refusal.note(self.context.request_id)
        code = {401: _UNAUTHORIZED, 403: _FORBIDDEN}.get(refusal.status, _TRY_LATER)
        await self.websocket.close(code, str(refusal))

    async def shutdown(self) -> None:
        if self._watch:
            self._watch.cancel()
        await super().shutdown()

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        if not self.connection_acknowledged or message["id"] in self.operations:
            await super().handle_subscribe(message)  # closes the socket
            return
        try:
            if len(self.operations) >= MAX_OPERATIONS:
                words = f"This socket runs {MAX_OPERATIONS} operations already, and no more at the same time."
                raise too_complex(TooComplex("operations", MAX_OPERATIONS + 1, MAX_OPERATIONS, words))
            call = read_call(message.get("payload"))
            text = self.context.documents.text(call.query, call.document_id)
        except Refusal as refusal:
            await self._refuse(message["id"], GraphQLError(str(refusal), extensions={"code": refusal.code}))
        except GraphQLError as error:
            await self._refuse(message["id"], error)
        else:
            payload: Any = {"query": text, "variables": call.variables, "operationName": call.operation_name}
            await super().handle_subscribe({"id": message["id"], "type": "subscribe", "payload": payload})

    async def _refuse(self, operation: str, error: GraphQLError) -> None:
        payload: Any = [shown(error, self.context.request_id).formatted]
        await self.send_message({"id": operation, "type": "error", "payload": payload})


class Sockets(GraphQL[Context, None]):
    """The endpoint. A message has at most as many bytes as a body."""

    websocket_adapter_class = _Adapter
    graphql_transport_ws_handler_class = _Handler

    def __init__(self, entrance: Entrance, most: int) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            max_subscriptions_per_connection=None,
        )
        self.entrance = entrance
        self.most = most

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        return self.entrance.stranger()

    def is_websocket_origin_allowed(self, request: WebSocket, origin: str) -> bool:
        """Pages of any server may come: a browser sends no credential of its own accord, and without credentials the entrance
        looks at the origin."""
        return True

    def encode_json(self, data: object) -> str:
        return write_text(data)
