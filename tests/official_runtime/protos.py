"""Look-alikes of the worker protocol's messages, as far as the official runtime reads and builds them.

The runtime gets its protobuf module handed in, so that it can be run without gRPC and the .NET host.
https://github.com/Azure/azure-functions-language-worker-protobuf
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any


class Message(SimpleNamespace):
    """A message: fields by name. Fields that were not set are not there, so that reading an unknown one fails."""

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's name
        """Which of the alternatives is set: these messages have nothing but alternatives."""
        return next((name for name, value in vars(self).items() if value is not None and name != "name"), None)


class TypedData(Message): ...


class ParameterBinding(Message): ...


class RpcHttp(Message): ...


class NullableString(Message): ...


class NullableBool(Message): ...


class NullableDouble(Message): ...


class NullableTimestamp(Message): ...


class RpcHttpCookie(Message):
    SameSite = SimpleNamespace(**{"None": 0}, Lax=1, Strict=2, ExplicitNone=3)


class RpcException(Message): ...


class StatusResult(Message):
    Failure, Success = 0, 1


class WorkerMetadata(Message): ...


class WorkerInitResponse(Message): ...


class FunctionLoadResponse(Message): ...


class FunctionMetadataResponse(Message): ...


class InvocationResponse(Message): ...


class RpcFunctionMetadata(Message): ...


class BindingInfo(Message):
    out, inout = 1, 2
    undefined = 0


def request(kind: str, protos: Any, **fields: Any) -> Message:
    """A request of the host, in the envelope the runtime gets it in."""
    return Message(request=Message(**{kind: Message(**fields)}), properties={"protos": protos, "host": "127.0.0.1"})
