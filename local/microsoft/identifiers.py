"""Ids that stay the same from run to run, made from what they stand for."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from uuid import UUID, uuid5

_NAMESPACE = UUID("5c3d54e5-6f0e-4c0b-8f0f-3d4c7f1a9e21")


def stable_id(*parts: object) -> str:
    """A GUID for tenants, users and service principals."""
    return str(uuid5(_NAMESPACE, "/".join(map(str, parts))))


def stable_token(*parts: object) -> str:
    """Sixteen bytes as base64url, for what Exchange names."""
    value = uuid5(_NAMESPACE, "/".join(map(str, parts)))
    return urlsafe_b64encode(value.bytes).decode().rstrip("=")
