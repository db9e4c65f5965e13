"""The clinic's records, in memory."""

from __future__ import annotations

import uuid
from typing import Any, Final

from .people import NORTH, SOUTH, Desk

PATIENT: Final = "b1d0a6de-7c1f-4e5a-9a37-1f1d2c3b4a11"
APPOINTMENT: Final = "c2e1b7ef-8d20-4f6b-8b48-2a2e3d4c5b22"
PRESCRIPTION: Final = "d3f2c8f0-9e31-4a7c-9c59-3b3f4e5d6c33"
_SOUTHERN: Final = "e403d901-0f42-4b8d-8d6a-4c404f6e7d44"

Row = dict[str, Any]


class Records:
    """One deployment's patients, appointments, prescriptions and what was done; every row says whose practice it is."""

    def __init__(self) -> None:
        """Start with a patient in each practice."""
        self.desk = Desk()
        self.patients: dict[str, Row] = {}
        self.appointments: dict[str, Row] = {}
        self.prescriptions: dict[str, Row] = {}
        self.results: list[Row] = []
        self.done: list[Row] = []
        self.settings = {NORTH: {"opensAt": 8, "letterhead": ""}, SOUTH: {"opensAt": 9, "letterhead": ""}}
        self.contacts: dict[str, str] = {}
        for identity, practice, family, given in ((PATIENT, NORTH, "Berg", "Olga"), (_SOUTHERN, SOUTH, "Diallo", "Amadou")):
            self.patients[identity] = {
                "patientId": identity,
                "practiceId": practice,
                "familyName": family,
                "givenName": given,
                "birthDate": "1971-04-03",
                "phone": None,
            }
        self.appointments[APPOINTMENT] = {
            "appointment_id": APPOINTMENT,
            "practice_id": NORTH,
            "patientId": PATIENT,
            "startsAt": "2031-03-04T09:30:00Z",
            "reason": "check-up",
            "status": "booked",
        }
        self.prescriptions[PRESCRIPTION] = {
            "prescription_id": PRESCRIPTION,
            "practice_id": NORTH,
            "patient_id": PATIENT,
            "drug_name": "ibuprofen",
            "dose_mg": 200,
            "renewals": 0,
        }

    def note(self, who: str, what: str) -> None:
        """Write down what was done."""
        self.done.append({"who": who, "what": what})


def new_id(*, without_dashes: bool) -> str:
    """Give a new id: a UUID, as it is mostly written or as 32 digits."""
    made = uuid.uuid4()
    return made.hex if without_dashes else str(made)
