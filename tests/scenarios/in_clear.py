"""What must be readable nowhere: what Microsoft hands out, and what proves that a sign-in is one's own.

Of verifiers and nonces only hashes are known outside the service, so every word that is kept is hashed and compared.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from azure.core.exceptions import ResourceNotFoundError

from local.demo.tables import contents
from local.microsoft.entra.keys import base64url
from local.microsoft.world import World
from local.stack import Stack
from shared.messages import QUEUES
from shared.settings import Settings
from shared.storage.queue import queue_service

WORD = re.compile(r"[A-Za-z0-9._~-]{20,}")


def found_in_clear(stack: Stack, log_file: Path) -> set[str]:
    """Which kinds of secrets lie where: in any table, any queue or the log. Not the secrets themselves."""
    world = stack.microsoft.world
    return {f"{kind} in {place}" for place, text in everything(stack, log_file) for kind in secrets_in(text, world)}


def everything(stack: Stack, log_file: Path) -> Iterator[tuple[str, str]]:
    """All that is kept and said, with where."""
    yield from contents(stack.azurite.connection_string)
    yield from (("a queue", text) for text in queued(stack))
    yield "the log", log_file.read_text()


def secrets_in(text: str, world: World) -> set[str]:
    """Which kinds of secrets can be read in a text."""
    grants, words = world.grants, {word.strip(".") for word in WORD.findall(text)}
    hashes = {sha256(word.encode()) for word in words}
    asked = [code.sign_in.nonce for code in grants.codes.values()]
    kinds = {
        "code": words & grants.codes.keys(),
        "refresh token": words & grants.refresh_tokens.keys(),
        "access token": words & (grants.opaque_tokens.keys() | world.keys.verified.keys()),
        "signed token": {word for word in words if word.startswith("eyJ") and word.count(".") == 2},
        "verifier": {base64url(one.digest()) for one in hashes} & {code.challenge for code in grants.codes.values()},
        "nonce": ({one.hexdigest() for one in hashes} | words).intersection(filter(None, asked)),
    }
    return {kind for kind, found in kinds.items() if found}


def queued(stack: Stack) -> Iterator[str]:
    """Every message that a host could take now."""
    with queue_service(Settings.from_env(stack.settings).storage) as service:
        for name in (*QUEUES, *(f"{queue}-poison" for queue in QUEUES)):
            try:
                for message in service.get_queue_client(name).peek_messages(max_messages=32):
                    yield base64.b64decode(message.content).decode(errors="replace")
            except ResourceNotFoundError:
                continue
