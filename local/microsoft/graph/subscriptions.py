"""Subscriptions over HTTP: create with the validation handshake, list, read, renew, reauthorise, delete.

https://learn.microsoft.com/graph/api/resources/subscription
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid5

from local.microsoft.graph.access import mailbox_of
from local.microsoft.graph.calendar_view import natural, page_link
from local.microsoft.graph.delivery import delivery_of
from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.event_resource import IMMUTABLE_ID, collection
from local.microsoft.graph.messages import GraphRequest, GraphResponse
from local.microsoft.graph.routing import NO_PERMISSION, Routes
from local.microsoft.graph.watched import check_calendar, read_resource, watched_user
from local.microsoft.world import Json, Subscription, User, World

routes = Routes()
FLOOR = timedelta(minutes=45)
PER_MAILBOX = 1000
PAGE = 100
MAX_CLIENT_STATE = 128
CHANGE_TYPES = {"created", "updated", "deleted"}
QUIET = timedelta(minutes=10)
"""PATCH and reauthorize of one subscription must be this far apart."""
EMPTY = (
    "includeResourceData",
    "encryptionCertificate",
    "encryptionCertificateId",
    "notificationQueryOptions",
    "notificationUrlAppId",
)


@routes.add("POST", "/subscriptions", NO_PERMISSION)
async def create(world: World, request: GraphRequest) -> GraphResponse:
    """Check everything, shake hands with the listener's URLs, then begin to send."""
    body = request.json()
    user = watched_user(world, request, body)
    expires_at = _expiry(world, body)
    mailbox = mailbox_of(user)
    check_calendar(mailbox, body)
    _check(body)
    _check_duplicate(world, request, user, body)
    if len(active_on(world, mailbox.subscription_ids)) >= PER_MAILBOX:
        raise GraphError(403, "ExtensionError", "Number of subscriptions on the mailbox has reached its limit.")
    for url in (body["notificationUrl"], body.get("lifecycleNotificationUrl")):
        if url:
            await delivery_of(world).handshake(url)
    # Waiting for the listener, somebody else may have been first.
    _check_duplicate(world, request, user, body)
    subscription = _subscribe(world, request, user, body, expires_at)
    return GraphResponse(201, _entity(request, subscription))


@routes.add("GET", "/subscriptions", NO_PERMISSION)
async def list_subscriptions(world: World, request: GraphRequest) -> GraphResponse:
    """The calling app's subscriptions in the token's tenant, in pages."""
    everywhere = world.switches.subscription_list_scope == "app"
    own = [s for s in list(world.subscriptions.values()) if _is_own(world, s, request, everywhere)]
    skip = natural(request.query, "$skip", 0)
    following = page_link(request, skip + PAGE) if len(own) > skip + PAGE else None
    items = [_resource(s) for s in own[skip : skip + PAGE]]
    return GraphResponse(200, collection(items, f"{request.base_url}/$metadata#subscriptions", following))


@routes.add("GET", "/subscriptions/{subscription}", NO_PERMISSION)
async def get(world: World, request: GraphRequest) -> GraphResponse:
    """One subscription."""
    return GraphResponse(200, _entity(request, _find(world, request)))


@routes.add("PATCH", "/subscriptions/{subscription}", NO_PERMISSION)
async def renew(world: World, request: GraphRequest) -> GraphResponse:
    """Move the expiry, which also reauthorises."""
    subscription, body = _find(world, request), request.json()
    if set(body) - {"expirationDateTime", "notificationUrl", "encryptionCertificate", "encryptionCertificateId"}:
        raise GraphError(400, "InvalidRequest", "Only expirationDateTime and notificationUrl can be updated.")
    expires_at = _expiry(world, body)
    _note_renewal(world, subscription, "renewed")
    if "notificationUrl" in body:
        await delivery_of(world).handshake(body["notificationUrl"])
        subscription.fields["notificationUrl"] = body["notificationUrl"]
    subscription.expires_at = expires_at
    _reauthorize(world, request, subscription)
    return GraphResponse(200, _entity(request, subscription))


@routes.add("POST", "/subscriptions/{subscription}/reauthorize", NO_PERMISSION)
async def reauthorize(world: World, request: GraphRequest) -> GraphResponse:
    """Give the subscription this call's token; its expiry stays."""
    subscription = _find(world, request)
    _note_renewal(world, subscription, "reauthorized")
    _reauthorize(world, request, subscription)
    return GraphResponse(204)


@routes.add("DELETE", "/subscriptions/{subscription}", NO_PERMISSION)
async def delete(world: World, request: GraphRequest) -> GraphResponse:
    """End the subscription."""
    forget(world, _find(world, request))
    return GraphResponse(204)


def active_on(world: World, subscription_ids: set[str]) -> list[Subscription]:
    """Those subscriptions of a mailbox that live."""
    found = (world.subscriptions.get(identity) for identity in subscription_ids)
    return [s for s in found if s is not None and is_active(world, s)]


def is_active(world: World, subscription: Subscription) -> bool:
    """Whether the subscription still lives; an expired one is as good as unknown."""
    return not subscription.removed and subscription.expires_at > world.clock.now()


def forget(world: World, subscription: Subscription) -> None:
    """Take a subscription out of the world without telling anybody."""
    subscription.removed = True
    world.subscriptions.pop(subscription.id, None)
    user = world.tenants[subscription.tenant_id].users.get(subscription.user_id)
    if user is not None and user.mailbox is not None:
        user.mailbox.subscription_ids.discard(subscription.id)


def remove_subscription(world: World, subscription_id: str) -> None:
    """End a subscription as Exchange does it, with a `subscriptionRemoved` lifecycle notification."""
    subscription = world.subscriptions[subscription_id]
    delivery_of(world).lifecycle(subscription, "subscriptionRemoved")
    forget(world, subscription)


def _subscribe(world: World, request: GraphRequest, user: User, body: Json, expires_at: datetime) -> Subscription:
    mailbox = mailbox_of(user)
    mailbox.subscriptions_made += 1
    subscription = Subscription(
        # By mailbox, for the handshakes of a batch end in any order, and runs shall be repeatable.
        id=str(uuid5(UUID(user.id), f"{request.tenant.id}/{mailbox.subscriptions_made}")),
        client_id=request.token.client_id,
        tenant_id=request.tenant.id,
        user_id=user.id,
        fields={**body, "creatorId": request.token.user_id or _principal_id(request)},
        expires_at=expires_at,
        token_expires_at=request.token.expires_at,
        calendar_id=check_calendar(mailbox, body),
        by_user=request.token.user_id,
        immutable_ids=request.headers.preferences().get("idtype", "").lower() == IMMUTABLE_ID,
    )
    world.subscriptions[subscription.id] = subscription
    mailbox.subscription_ids.add(subscription.id)
    delivery_of(world).start()
    return subscription


def _principal_id(request: GraphRequest) -> str:
    principal = request.tenant.principals.get(request.token.client_id)
    return principal.object_id if principal else request.token.client_id


def _expiry(world: World, body: Json) -> datetime:
    """The expiry asked for: at least 45 minutes ahead, at most the resource's maximum."""
    now, maximum = world.clock.now(), timedelta(minutes=world.switches.subscription_max_minutes)
    try:
        wanted = datetime.fromisoformat(body["expirationDateTime"])
    except (KeyError, TypeError, ValueError):
        raise _invalid("Subscription expirationDateTime is missing or malformed.") from None
    wanted = wanted.astimezone(UTC) if wanted.tzinfo else wanted.replace(tzinfo=UTC)
    if wanted <= now:
        raise _invalid("Subscription expiration date must be in the future.")
    # A second of leeway: the caller reckoned with its own clock.
    if wanted > now + maximum + timedelta(seconds=1):
        minutes = world.switches.subscription_max_minutes
        raise _invalid(f"Subscription expiration can only be {minutes} minutes in the future.")
    return max(wanted, now + FLOOR)


def _check(body: Json) -> None:
    changes = {part.strip().lower() for part in str(body.get("changeType", "")).split(",")}
    if not changes <= CHANGE_TYPES:
        raise _invalid("The value of changeType is not supported.")
    if len(body.get("clientState") or "") > MAX_CLIENT_STATE:
        raise _invalid("The length of clientState exceeds 128 characters.")
    for url in (body.get("notificationUrl"), body.get("lifecycleNotificationUrl", "https://absent")):
        if urlsplit(str(url)).scheme not in ("https", "http"):
            raise _invalid("The notification URL is missing or not valid.")


def _check_duplicate(world: World, request: GraphRequest, user: User, body: Json) -> None:
    if world.switches.duplicate_subscription == "second":
        return
    wanted = _combination(body)
    for other in active_on(world, mailbox_of(user).subscription_ids):
        same_caller = (other.client_id, other.by_user) == (request.token.client_id, request.token.user_id)
        if same_caller and _combination(other.fields) == wanted:
            message = f"Subscription Id {other.id} already exists for the requested combination"
            raise GraphError(409, "ResourceConflict", message)


def _combination(body: Json) -> tuple[frozenset[str], str, str | None]:
    """What must be unique per app on a mailbox: change types and resource, however they are spelt."""
    changes = frozenset(part.strip().lower() for part in body["changeType"].split(","))
    resource = read_resource(body)
    return changes, resource.query, resource.calendar


def _is_own(world: World, subscription: Subscription, request: GraphRequest, everywhere: bool) -> bool:
    caller = request.token.user_id
    of_anybody = caller is None and world.switches.subscription_list_delegated
    if not of_anybody and subscription.by_user != caller:
        return False
    same_tenant = everywhere or subscription.tenant_id == request.tenant.id
    return same_tenant and subscription.client_id == request.token.client_id and is_active(world, subscription)


def _find(world: World, request: GraphRequest) -> Subscription:
    subscription = world.subscriptions.get(request.params["subscription"])
    if subscription is None or not _is_own(world, subscription, request, everywhere=False):
        raise GraphError(404, "ResourceNotFound", "The object was not found.")
    return subscription


def _reauthorize(world: World, request: GraphRequest, subscription: Subscription) -> None:
    subscription.token_expires_at = request.token.expires_at
    delivery_of(world).resume(subscription.id)


def _note_renewal(world: World, subscription: Subscription, how: str) -> None:
    """PATCH and reauthorize within ten minutes of each other are against the rules: counted, or refused."""
    now = world.clock.now()
    before = subscription.last_renewal
    subscription.last_renewal = (how, now)
    if before is None or before[0] == how or now - before[1] >= QUIET:
        return
    delivery_of(world).counters[subscription.id]["renewed_too_soon"] += 1
    if world.switches.renewal_conflict:
        raise GraphError(409, "Conflict", "The subscription was renewed or reauthorized less than ten minutes ago.")


def _resource(subscription: Subscription) -> Json:
    fields = {name: subscription.fields.get(name) for name in EMPTY}
    known = {"latestSupportedTlsVersion": "v1_2", "lifecycleNotificationUrl": None, **fields, **subscription.fields}
    expiry = f"{subscription.expires_at:%Y-%m-%dT%H:%M:%S}.{subscription.expires_at.microsecond:06}Z"
    identity = {"id": subscription.id, "applicationId": subscription.client_id}
    return {**known, **identity, "expirationDateTime": expiry}


def _entity(request: GraphRequest, subscription: Subscription) -> Json:
    context = f"{request.base_url}/$metadata#subscriptions/$entity"
    return {"@odata.context": quote(context, safe=":/$#"), **_resource(subscription)}


def _invalid(message: str) -> GraphError:
    return GraphError(400, "ValidationError", message)
