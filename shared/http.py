"""The one kind of HTTP session the product uses: time-outs, pooled connections, a few retries of safe reads."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NamedTuple

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

logging.getLogger("urllib3").setLevel(logging.ERROR)  # its warnings name addresses with their queries

CONNECT_SECONDS, READ_SECONDS = 5, 30
POOL = 32
"""As many connections as the app has threads."""

_SAFE_RETRIES = Retry(total=2, status=0, backoff_factor=0.2, allowed_methods=["GET"], raise_on_status=False)
"""Only lost connections on reads: what an answer's status means is decided by the caller."""


LARGEST_ANSWER = 65_536
"""Bytes of an answer to a post that are read, so that its connection can be used again."""


class Answer(NamedTuple):
    """What came of a post whose answer has nothing to say but its status."""

    status: int | None
    """None where nobody answered."""
    headers: Mapping[str, str]


class _TimedAdapter(HTTPAdapter):
    """Gives every request a time-out, which `requests` does not do by itself."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = kwargs.get("timeout") or (CONNECT_SECONDS, READ_SECONDS)
        return super().send(request, *args, **kwargs)


def new_session(ca_file: str | None = None) -> requests.Session:
    """A session that keeps no cookies and looks at no proxy variables (reading them costs more than the rest)."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.verify = ca_file or True
    for scheme in ("https://", "http://"):
        session.mount(scheme, _TimedAdapter(pool_maxsize=POOL, max_retries=_SAFE_RETRIES))
    return session


def post(session: requests.Session, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Post once. Follows no redirect."""
    try:
        with session.post(url, data=body, headers=headers, allow_redirects=False, stream=True) as answer:
            next(answer.iter_content(LARGEST_ANSWER), b"")
            return Answer(answer.status_code, answer.headers)
    except requests.RequestException:
        return Answer(None, {})
