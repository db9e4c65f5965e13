"""Care: patients, appointments and prescriptions, each of one practice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .house import Refusal, Resource, admits, known, who
from .people import NORTH
from .reading import Body, Field, identity, paged
from .records import PATIENT, new_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from falcon.asgi import Request, Response

    from .records import Row

_DATE: Final = "^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$"
PATIENT_BODY: Final = Body(
    fields=(
        Field(name="familyName", example="Moreau"),
        Field(name="givenName", example="Elise"),
        Field(name="birthDate", example="1984-11-20", pattern=_DATE, least=10, most=10),
        Field(name="phone", example="+33 1 99", required=False, most=30),
    )
)
PATIENT_CHANGE: Final = Body(
    fields=(Field(name="familyName", example="Moreau-Petit"), Field(name="phone", example="+33 2 88", required=False))
)
APPOINTMENT_BODY: Final = Body(
    fields=(
        Field(
            name="startsAt", example="2031-05-06T14:00:00Z", pattern="^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:00Z$", most=20
        ),
        Field(name="reason", example="cough", required=False),
    )
)
PRESCRIPTION_BODY: Final = Body(
    fields=(
        Field(name="drug_name", example="amoxicillin"),
        Field(name="dose_mg", example=500, type="integer", most=5000),
        Field(name="patient_id", example=PATIENT, required=False, least=32, most=36, form="uuid"),
    )
)


class Care(Resource):
    """What the resources of care have in common."""

    def visible(self, req: Request, rows: Iterable[Row]) -> list[Row]:
        """Give the rows of the caller's practice; administrators see all."""
        user = who(req)
        return [row for row in rows if user is None or user.role == "admin" or user.practice in row.values()]

    def made_id(self) -> str:
        """Give a new id."""
        return new_id(without_dashes=self.release.brings("plain-ids"))

    def patient(self, req: Request, identifier: str) -> Row:
        """Find a patient of the caller's practice."""
        row = self.records.patients.get(identity(req, self.house, identifier))
        return self.house.of_practice(req, row, "patient")

    def appointment(self, req: Request, identifier: str) -> Row:
        """Find an appointment of the caller's practice."""
        row = self.records.appointments.get(identity(req, self.house, identifier))
        return self.house.of_practice(req, row, "appointment")

    def prescription(self, req: Request, identifier: str) -> Row:
        """Find a prescription of the caller's practice."""
        row = self.records.prescriptions.get(identity(req, self.house, identifier))
        return self.house.of_practice(req, row, "prescription")


class Patients(Care):
    """`/v1/patients`."""

    @admits("clinician", "admin")
    async def on_get(self, req: Request, resp: Response) -> None:
        self.house.tell(resp, paged(req, self.house, self.visible(req, self.records.patients.values())))

    @admits("clinician", "admin", body=PATIENT_BODY)
    async def on_post(self, req: Request, resp: Response) -> None:
        user = known(req)
        row = {"patientId": self.made_id(), "practiceId": user.practice, "phone": None, **req.context.told}
        if self.release.brings("preferred-name"):
            row["preferredName"] = row["givenName"]
        self.records.patients[row["patientId"]] = row
        self.records.note(user.name, "patient added")
        self.house.tell(resp, row, 201)


class Patient(Care):
    """`/v1/patients/{patientId}`."""

    @admits("clinician", "admin")
    async def on_get(self, req: Request, resp: Response, patientId: str) -> None:  # noqa: N803 - the template's name
        self.house.tell(resp, self.patient(req, patientId))

    @admits("clinician", "admin", body=PATIENT_CHANGE)
    async def on_patch(self, req: Request, resp: Response, patientId: str) -> None:  # noqa: N803 - the template's name
        row = self.patient(req, patientId)
        row.update(req.context.told)
        self.house.tell(resp, row)

    @admits("clinician", "admin")
    async def on_delete(self, req: Request, resp: Response, patientId: str) -> None:  # noqa: N803 - the template's name
        row = self.patient(req, patientId)
        del self.records.patients[row["patientId"]]
        self.house.tell(resp, {"deleted": True})


class Appointments(Care):
    """`/v1/appointments`."""

    @admits("clinician", "admin")
    async def on_get(self, req: Request, resp: Response) -> None:
        self.house.tell(resp, paged(req, self.house, self.visible(req, self.records.appointments.values())))

    @admits("clinician", "admin", body=APPOINTMENT_BODY)
    async def on_post(self, req: Request, resp: Response) -> None:
        user, told = known(req), req.context.told
        reason = told.get("reason", "") if self.house.holds("default", req) else told["reason"]
        row = {
            "appointment_id": self.made_id(),
            "practice_id": user.practice,
            "patientId": None,
            "startsAt": told["startsAt"],
            "reason": reason,
            "status": "booked",
        }
        self.records.appointments[row["appointment_id"]] = row
        self.house.tell(resp, row, 201)


class Appointment(Care):
    """`/v1/appointments/{appointment_id}`."""

    @admits("clinician", "admin")
    async def on_get(self, req: Request, resp: Response, appointment_id: str) -> None:
        self.house.tell(resp, self.appointment(req, appointment_id))

    @admits("clinician", "admin", body=APPOINTMENT_BODY)
    async def on_put(self, req: Request, resp: Response, appointment_id: str) -> None:
        row = self.appointment(req, appointment_id)
        row.update(req.context.told)
        self.house.tell(resp, row)

    @admits("clinician", "admin")
    async def on_delete(self, req: Request, resp: Response, appointment_id: str) -> None:
        row = self.appointment(req, appointment_id)
        del self.records.appointments[row["appointment_id"]]
        self.house.tell(resp, {"deleted": True})


class Cancellation(Care):
    """`/v1/appointments/{appointment_id}/cancel`."""

    @admits("clinician", "admin")
    async def on_post(self, req: Request, resp: Response, appointment_id: str) -> None:
        row = self.appointment(req, appointment_id)
        if row["status"] == "cancelled":
            raise Refusal(200, "ALREADY_CANCELLED", "This appointment is cancelled already.")
        row["status"] = "cancelled"
        self.house.tell(resp, row)


class Prescriptions(Care):
    """`/v1/prescriptions`."""

    @admits("clinician", "admin")
    async def on_get(self, req: Request, resp: Response) -> None:
        self.house.tell(resp, paged(req, self.house, self.visible(req, self.records.prescriptions.values())))

    @admits("clinician", "admin", body=PRESCRIPTION_BODY)
    async def on_post(self, req: Request, resp: Response) -> None:
        user, told = known(req), req.context.told
        if told.get("patient_id"):
            self.patient(req, told["patient_id"])
        row = {"prescription_id": self.made_id(), "practice_id": user.practice, "patient_id": None, "renewals": 0, **told}
        self.records.prescriptions[row["prescription_id"]] = row
        self.records.note(user.name, "prescription written")
        self.house.tell(resp, row, 201)


class Prescription(Care):
    """`/v1/prescriptions/{prescription_id}`."""

    @admits("clinician", "admin")
    async def on_get(self, req: Request, resp: Response, prescription_id: str) -> None:
        self.house.tell(resp, self.prescription(req, prescription_id))

    @admits("clinician", "admin")
    async def on_delete(self, req: Request, resp: Response, prescription_id: str) -> None:
        row = self.prescription(req, prescription_id)
        del self.records.prescriptions[row["prescription_id"]]
        self.house.tell(resp, {"deleted": True})


class Renewal(Care):
    """`/v1/prescriptions/{prescription_id}/renew`."""

    @admits("clinician", "admin")
    async def on_post(self, req: Request, resp: Response, prescription_id: str) -> None:
        row = self.prescription(req, prescription_id)
        row["renewals"] += 1
        self.house.tell(resp, row)


class Reminders(Care):
    """`/v1/reminders`, which a harmless release brings."""

    @admits("clinician", "admin")
    async def on_get(self, req: Request, resp: Response) -> None:
        self.house.tell(resp, paged(req, self.house, []))


class Export(Care):
    """`/v1/patients-export`, which a careless release brings, for anybody."""

    async def on_get(self, _req: Request, resp: Response) -> None:
        self.house.tell(resp, {"practice": NORTH, "patients": list(self.records.patients.values())})
