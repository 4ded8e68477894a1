"""The validation handshake: Graph proves that a URL wants notifications before it sends any.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from __future__ import annotations

from uuid import uuid4

import aiohttp
from yarl import URL

from local.microsoft.graph.errors import GraphError

FAILED = "Subscription validation request failed."
MUST_BE_OK = "Notification endpoint must respond with 200 OK to validation request."


async def shake_hands(client: aiohttp.ClientSession, url: str, seconds: float) -> None:
    """POST a token to the URL; 400 ValidationError unless exactly that token comes back as text in time."""
    # The reserved characters make a listener that forgets to decode the token fail.
    token = f"Validation: Testing client application reachability for subscription Request-Id: {uuid4()}"
    try:
        status, kind, text = await _answer(client, url, token, seconds)
    except TimeoutError:
        raise _refused("Subscription validation request timed out.") from None
    except aiohttp.ClientError:
        raise _refused(f"{FAILED} {MUST_BE_OK}") from None
    if status != 200:
        raise _refused(f"{FAILED} HTTP status code is '{status}'. {MUST_BE_OK}")
    if kind != "text/plain" or text != token:
        raise _refused(f"{FAILED} Response must match validationToken query parameter.")


async def _answer(client: aiohttp.ClientSession, url: str, token: str, seconds: float) -> tuple[int, str, str]:
    target = URL(url).update_query(validationToken=token)
    timeout = aiohttp.ClientTimeout(total=seconds)
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    async with client.post(target, headers=headers, timeout=timeout, allow_redirects=False) as response:
        return response.status, response.content_type, await response.text()


def _refused(message: str) -> GraphError:
    return GraphError(400, "ValidationError", message)
