"""One running clinic: a Falcon application on ASGI."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any, Final

import falcon
import falcon.asgi

from strangers.variant import Release

from . import care, office
from .house import House, Refusal
from .records import Records
from .releases import BENIGN, FLAWS
from .spec import Spec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from falcon.asgi import Request, Response

SECURITY: Final = {
    "strict-transport-security": "max-age=63072000",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_CODES: Final = {400: "MALFORMED", 404: "NOT_FOUND", 405: "METHOD_UNKNOWN", 413: "TOO_LARGE", 415: "UNSUPPORTED_TYPE"}


def build(*, build: str, flaws: Iterable[str] = (), benign: Iterable[str] = ()) -> falcon.asgi.App[Any, Any]:
    """Make one clinic, with records of its own; ValueError for a flaw or change that is not in the catalogue."""
    running = Release(build=build, flaws=flaws, benign=benign, flaw_catalogue=FLAWS, benign_catalogue=BENIGN)
    house = House(running, Records())
    app: falcon.asgi.App[Any, Any] = falcon.asgi.App(middleware=[Seal(house)])
    for template, resource in _ROUTES.items():
        app.add_route(template, resource(house))
    if running.brings("reminders"):
        app.add_route("/v1/reminders", care.Reminders(house))
    if not running.holds("export"):
        app.add_route("/v1/patients-export", care.Export(house))
    if not running.holds("surface"):
        app.add_route("/v1/debug/sessions", office.Sessions(house))
    answers = Answers(house)
    app.add_error_handler(Exception, answers.broken)
    app.add_error_handler(falcon.HTTPError, answers.declined)
    app.add_error_handler(Refusal, answers.refused)
    return app


_ROUTES: Final = {
    "/v1/status": office.Status,
    "/v1/openapi.json": Spec,
    "/v1/auth/token": office.Token,
    "/v1/me": office.Me,
    "/v1/practices": office.Practices,
    "/v1/practices/{practiceId}": office.Practice,
    "/v1/patients": care.Patients,
    "/v1/patients/{patientId}": care.Patient,
    "/v1/appointments": care.Appointments,
    "/v1/appointments/{appointment_id}": care.Appointment,
    "/v1/appointments/{appointment_id}/cancel": care.Cancellation,
    "/v1/prescriptions": care.Prescriptions,
    "/v1/prescriptions/{prescription_id}": care.Prescription,
    "/v1/prescriptions/{prescription_id}/renew": care.Renewal,
    "/v1/admin/users": office.Users,
    "/v1/admin/users/{userName}": office.UserOfClinic,
    "/v1/admin/audit": office.Audit,
    "/v1/admin/practices/{practiceId}/settings": office.Settings,
    "/v1/lab/queue": office.LabQueue,
    "/v1/lab/results": office.LabResults,
}


class Seal:
    """What every answer carries, whoever made it."""

    def __init__(self, house: House) -> None:
        """Take the house whose answers these are."""
        self.house = house

    async def process_response(self, req: Request, resp: Response, _resource: object, _succeeded: bool) -> None:  # noqa: FBT001 - Falcon's
        """Put the headers on."""
        release = self.house.release
        resp.set_header("x-clinic-version", release.build)
        for name, value in SECURITY.items():
            if self.house.holds(f"header:{name}", req, status=f"{resp.status_code // 100}xx"):
                resp.set_header(name, _STRICTER.get(name, value) if release.brings("stricter-headers") else value)
        if not self.house.holds("transport-age", req):
            resp.set_header("strict-transport-security", "max-age=0")
        if not self.house.holds("banner", req):
            resp.set_header("x-powered-by", "falcon/4.4.0 (CPython 3.11.7; Linux 6.1)")
        if resp.status_code == 401:
            resp.set_header("www-authenticate", 'Bearer realm="clinic"')


_STRICTER: Final = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}


class Answers:
    """What becomes of exceptions."""

    def __init__(self, house: House) -> None:
        """Take the house whose style the answers have."""
        self.house = house

    async def refused(self, req: Request, resp: Response, error: Refusal, _params: dict[str, Any]) -> None:
        """Answer a refusal."""
        self.house.refuse(req, resp, error)

    async def declined(self, req: Request, resp: Response, error: falcon.HTTPError, _params: dict[str, Any]) -> None:
        """Answer what the framework itself does not take: an unknown path, a wrong method."""
        self.house.refuse(req, resp, Refusal(error.status_code, _CODES.get(error.status_code, "DECLINED"), error.title or "Declined"))
        for name, value in dict(error.headers or {}).items():
            resp.set_header(name, value)

    async def broken(self, req: Request, resp: Response, error: Exception, _params: dict[str, Any]) -> None:
        """Answer that something broke, and nothing of what broke."""
        more = {} if self.house.holds("stack", req) else {"exception": "".join(traceback.format_exception(error))}
        self.house.refuse(req, resp, Refusal(500, "INTERNAL", "Something went wrong.", **more))
