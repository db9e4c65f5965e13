"""The clinic's OpenAPI 3.1 document: no operation ids, envelopes throughout."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from .care import APPOINTMENT_BODY, PATIENT_BODY, PATIENT_CHANGE, PRESCRIPTION_BODY
from .house import Resource
from .office import LOGIN, NEW_USER, PROFILE, RESULT, SETTINGS
from .people import NORTH
from .records import APPOINTMENT, PATIENT, PRESCRIPTION

if TYPE_CHECKING:
    from falcon.asgi import Request, Response

    from strangers.variant import Release

    from .reading import Body

_TOLD: Final[tuple[tuple[str, str, str, int, Body | None], ...]] = (
    ("GET /v1/status", "Whether the clinic is up", "public", 200, None),
    ("POST /v1/auth/token", "Get a token", "public", 200, LOGIN),
    ("GET /v1/me", "Who you are", "any", 200, None),
    ("PATCH /v1/me", "Change your phone", "token", 200, PROFILE),
    ("GET /v1/practices", "All practices", "token", 200, None),
    ("GET /v1/practices/{practiceId}", "A practice", "token", 200, None),
    ("GET /v1/patients", "Patients of your practice", "token", 200, None),
    ("POST /v1/patients", "Add a patient", "token", 201, PATIENT_BODY),
    ("GET /v1/patients/{patientId}", "A patient", "token", 200, None),
    ("PATCH /v1/patients/{patientId}", "Change a patient", "token", 200, PATIENT_CHANGE),
    ("DELETE /v1/patients/{patientId}", "Remove a patient", "token", 200, None),
    ("GET /v1/appointments", "Appointments of your practice", "token", 200, None),
    ("POST /v1/appointments", "Book", "token", 201, APPOINTMENT_BODY),
    ("GET /v1/appointments/{appointment_id}", "An appointment", "token", 200, None),
    ("PUT /v1/appointments/{appointment_id}", "Move an appointment", "token", 200, APPOINTMENT_BODY),
    ("DELETE /v1/appointments/{appointment_id}", "Remove an appointment", "token", 200, None),
    ("POST /v1/appointments/{appointment_id}/cancel", "Cancel an appointment", "token", 200, None),
    ("GET /v1/prescriptions", "Prescriptions of your practice", "token", 200, None),
    ("POST /v1/prescriptions", "Prescribe", "token", 201, PRESCRIPTION_BODY),
    ("GET /v1/prescriptions/{prescription_id}", "A prescription", "token", 200, None),
    ("DELETE /v1/prescriptions/{prescription_id}", "Withdraw a prescription", "token", 200, None),
    ("POST /v1/prescriptions/{prescription_id}/renew", "Renew a prescription", "token", 200, None),
    ("GET /v1/admin/users", "All users", "token", 200, None),
    ("POST /v1/admin/users", "Add a clinician", "token", 201, NEW_USER),
    ("DELETE /v1/admin/users/{userName}", "Remove a user", "token", 200, None),
    ("GET /v1/admin/audit", "What was done", "token", 200, None),
    ("PUT /v1/admin/practices/{practiceId}/settings", "Change a practice", "token", 200, SETTINGS),
    ("GET /v1/lab/queue", "Samples to look at", "key", 200, None),
    ("POST /v1/lab/results", "Report a finding", "key", 201, RESULT),
)
_EXAMPLES: Final = {
    "practiceId": NORTH,
    "patientId": PATIENT,
    "appointment_id": APPOINTMENT,
    "prescription_id": PRESCRIPTION,
    "userName": "dora",
}
_DEMANDS: Final[dict[str, list[dict[str, list[str]]]]] = {
    "public": [],
    "token": [{"token": []}],
    "key": [{"key": []}],
    "any": [{"token": []}, {"key": []}],
}


class Spec(Resource):
    """`/v1/openapi.json`."""

    async def on_get(self, _req: Request, resp: Response) -> None:
        resp.media = document(self.release)


def document(running: Release) -> dict[str, Any]:
    """Give the document of a running release."""
    paths: dict[str, dict[str, Any]] = {}
    told = list(_TOLD)
    if running.brings("reminders"):
        told.append(("GET /v1/reminders", "Reminders of your practice", "token", 200, None))
    if not running.holds("export"):
        told.append(("GET /v1/patients-export", "Patients, for other systems", "public", 200, None))
    for operation, summary, access, status, body in told:
        method, _, path = operation.partition(" ")
        demands = _DEMANDS[access if running.holds("spec-security", operation=operation) else "public"]
        paths.setdefault(path, {})[method.lower()] = _described(operation, summary, status, body, demands)
    error = {"type": "object", "required": ["code", "message"], "properties": {"code": {"type": "string"}, "message": {"type": "string"}}}
    envelope = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}, "data": {}, "error": error}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Clinic records", "version": running.build},
        "paths": paths,
        "components": {
            "schemas": {"Envelope": envelope},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            },
        },
    }


def _described(operation: str, summary: str, status: int, body: Body | None, demands: list[dict[str, list[str]]]) -> dict[str, Any]:
    method, _, path = operation.partition(" ")
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Envelope"}}}
    statuses = [status, *((401, 403) if demands else ()), *((404,) if "{" in path else ()), *((400, 413, 415, 422) if body else ())]
    told: dict[str, Any] = {
        "summary": summary,
        "security": demands,
        "responses": {str(one): {"description": "See the envelope", "content": content} for one in sorted({*statuses})},
    }
    parameters = [_parameter(name) for name in re.findall(r"\{(\w+)\}", path)]
    if method == "GET" and path.rpartition("/")[2] in {
        "patients",
        "appointments",
        "prescriptions",
        "practices",
        "users",
        "audit",
        "reminders",
    }:
        parameters += _paging()
    if parameters:
        told["parameters"] = parameters
    if body is not None:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": body.schema()}}}
    return told


def _parameter(name: str) -> dict[str, Any]:
    schema = {"type": "string"} if name == "userName" else {"type": "string", "format": "uuid"}
    return {"name": name, "in": "path", "required": True, "schema": schema, "example": _EXAMPLES[name]}


def _paging() -> list[dict[str, Any]]:
    size = {"type": "integer", "minimum": 1, "maximum": 50}
    return [
        {"name": "page_size", "in": "query", "required": False, "schema": size, "example": 20},
        {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string"}, "example": "MA=="},
    ]
