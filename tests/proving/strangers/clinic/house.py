"""The house style: envelopes, refusals, who is let in, and what the running release holds."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any, Final

import falcon

if TYPE_CHECKING:
    from collections.abc import Callable

    from falcon.asgi import Request, Response

    from strangers.variant import Release

    from .people import Role, User
    from .reading import Body
    from .records import Records, Row

NO_ACCESS: Final = "NO_ACCESS"


class Refusal(Exception):
    """The caller does not get what he asked for; `status` may well be 200: the envelope says that it went wrong."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        """Take the HTTP status, the clinic's own code, a sentence, and further members of the error."""
        super().__init__(message)
        self.status, self.code, self.message, self.more = status, code, message, more


class House:
    """What all resources of one deployment share."""

    def __init__(self, release: Release, records: Records) -> None:
        """Take the running release and its records."""
        self.release = release
        self.records = records

    def holds(self, site: str, req: Request, **context: str) -> bool:
        """Ask whether a protection is in force for this request."""
        if self.release.whole(site):
            return True
        user = who(req)
        operation = f"{req.method} {req.uri_template or '*'}"
        return self.release.holds(
            site, operation=operation, caller=user.name if user else "anonymous", role=user.role if user else "anonymous", **context
        )

    def words(self, message: str) -> str:
        """Say a refusal in the words of this release."""
        return f"{message} Please ask your practice manager." if self.release.brings("message-wording") else message

    def tell(self, resp: Response, data: Any, status: int = 200) -> None:
        """Answer with data."""
        resp.status = falcon.code_to_http_status(status)
        resp.media = {"ok": True, "data": data, **self._inner()}

    def refuse(self, req: Request, resp: Response, refusal: Refusal) -> None:
        """Answer with an error."""
        error: Any = {"code": refusal.code, "message": self.words(refusal.message), **refusal.more}
        if not self.holds("trace", req, code=refusal.code, status=str(refusal.status)):
            error["trace"] = traceback.format_exception(refusal)
        if not self.holds("error-object", req, status=str(refusal.status)):
            error = error["message"]
        resp.status = falcon.code_to_http_status(refusal.status)
        resp.media = {"ok": False, "error": error, **self._inner()}
        if not self.holds("error-envelope", req, status=str(refusal.status)):
            resp.media = {"detail": [{"type": refusal.code.lower(), "msg": refusal.message}]}

    def _inner(self) -> dict[str, Any]:
        return (
            {} if self.release.holds("inner") else {"served_by": {"node": "clinic-api-2.clinic.svc.cluster.local", "database": "10.3.0.12"}}
        )

    def of_practice(self, req: Request, row: Row | None, what: str) -> Row:
        """Give a row to the people of its practice, and to administrators."""
        if row is None:
            where = "" if self.holds("inner-names", req) else " Asked http://records.clinic.svc.cluster.local:9090/v3 (10.3.0.44)."
            raise Refusal(404, "NOT_FOUND", f"There is no such {what}.{where}")
        user = who(req)
        practice = row.get("practiceId", row.get("practice_id"))
        if (user is None or (user.role != "admin" and user.practice != practice)) and self.holds("practice", req):
            # The older records answer 200 and say in the envelope that it is not allowed; prescriptions came later, and use the status.
            newer = what in {"prescription", "practice"} or self.release.brings("status-for-no-access")
            raise Refusal(403 if newer else 200, NO_ACCESS, f"This {what} belongs to another practice.")
        return row


def who(req: Request) -> User | None:
    """Say who calls; None before anybody looked, and for anonymous callers."""
    user: User | None = getattr(req.context, "user", None)
    return user


def known(req: Request) -> User:
    """Say who calls, where nobody else gets."""
    user = who(req)
    if user is None:
        raise Refusal(401, "AUTH_REQUIRED", "A token or key is needed.")
    return user


class Resource:
    """What every resource of the clinic is made of."""

    def __init__(self, house: House) -> None:
        """Move in."""
        self.house = house
        self.records = house.records

    @property
    def release(self) -> Release:
        """The running release."""
        return self.house.release


def admits(*roles: Role, body: Body | None = None) -> Callable[[Any], Any]:
    """Let only these roles in to a responder (all, when none is named), and read the body for it afterwards."""

    async def door(req: Request, _resp: Response, resource: object, _params: dict[str, Any]) -> None:
        assert isinstance(resource, Resource)  # Falcon hands over the responder's own
        house = resource.house
        if body is not None and not house.holds("guard-first", req):
            await body.read(req, house)
        req.context.user = house.records.desk.caller(req.get_header("Authorization"), req.get_header("X-Api-Key"))
        user = who(req)
        if user is None:
            if house.holds("login", req):
                raise Refusal(401, "AUTH_REQUIRED", "A token or key is needed.")
        elif roles and user.role not in roles and house.holds("function", req):
            raise Refusal(403, "ROLE_REQUIRED", "Your role may not do this.")
        if not house.holds("welcome", req):
            raise Refusal(403, "ROLE_REQUIRED", "Your role may not do this.")
        if not house.holds("welcome-in-envelope", req):
            raise Refusal(200, NO_ACCESS, "This belongs to another practice.")
        if body is not None:
            req.context.told = await body.read(req, house)

    return falcon.before(door)
