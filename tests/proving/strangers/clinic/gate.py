"""The gate.toml that the clinic's operator writes, and the variables that it reads."""

from __future__ import annotations

from typing import Final

from .people import LAB_KEY, NORTH, PASSPHRASES, SOUTH


def environment() -> dict[str, str]:
    """Give the variables that the gate.toml reads."""
    return {**{f"CLINIC_{name.upper()}_PASSPHRASE": said for name, said in PASSPHRASES.items()}, "CLINIC_LAB_KEY": LAB_KEY}


def gate(*, baseline_url: str, canary_url: str, baseline_build: str, canary_build: str) -> str:
    """Write the gate.toml of a pair."""
    told = _GATE.replace("@north", NORTH).replace("@south", SOUTH)
    return told.format(baseline_url=baseline_url, canary_url=canary_url, baseline_build=baseline_build, canary_build=canary_build)


_GATE: Final = """\
service = "clinic"

[api]
schema = "/v1/openapi.json"

[identity]
header = "x-clinic-version"

[baseline]
url = "{baseline_url}"
expect = "{baseline_build}"
serves_users = false

[canary]
url = "{canary_url}"
expect = "{canary_build}"

[login.front]
kind = "json"
request = "POST /v1/auth/token"
json = {{ userName = "$user", passphrase = "$passphrase" }}
token = "/data/accessToken"

[roles.ada]
login = "front"
user = "ada"
passphrase = "env:CLINIC_ADA_PASSPHRASE"
group = "clinician"
tenant = "@north"
check = "GET /v1/me"

[roles.cleo]
login = "front"
user = "cleo"
passphrase = "env:CLINIC_CLEO_PASSPHRASE"
group = "clinician"
tenant = "@south"
check = "GET /v1/me"

[roles.ivy]
login = "front"
user = "ivy"
passphrase = "env:CLINIC_IVY_PASSPHRASE"
group = "admin"
tenant = "@north"
check = "GET /v1/me"

[roles.lab]
api_key = {{ in = "header", name = "X-Api-Key", value = "env:CLINIC_LAB_KEY" }}
group = "machine"
check = "GET /v1/lab/queue"

[resources.patient]
create = "POST /v1/patients"
body = {{ familyName = "Winter", givenName = "Sol", birthDate = "1990-01-02" }}
id = "/data/patientId"
read = "GET /v1/patients/{{patientId}}"
used = ["GET /v1/patients/{{patientId}}", "PATCH /v1/patients/{{patientId}}", "DELETE /v1/patients/{{patientId}}"]
remove = "DELETE /v1/patients/{{patientId}}"
owners = ["ada", "cleo"]

[resources.appointment]
create = "POST /v1/appointments"
body = {{ startsAt = "2031-07-08T10:00:00Z", reason = "follow-up" }}
id = "/data/appointment_id"
read = "GET /v1/appointments/{{appointment_id}}"
used = [
  "GET /v1/appointments/{{appointment_id}}",
  "PUT /v1/appointments/{{appointment_id}}",
  "POST /v1/appointments/{{appointment_id}}/cancel",
  "DELETE /v1/appointments/{{appointment_id}}",
]
remove = "DELETE /v1/appointments/{{appointment_id}}"
owners = ["ada", "cleo"]

[resources.prescription]
create = "POST /v1/prescriptions"
body = {{ drug_name = "paracetamol", dose_mg = 500 }}
id = "/data/prescription_id"
read = "GET /v1/prescriptions/{{prescription_id}}"
used = [
  "GET /v1/prescriptions/{{prescription_id}}",
  "POST /v1/prescriptions/{{prescription_id}}/renew",
  "DELETE /v1/prescriptions/{{prescription_id}}",
]
remove = "DELETE /v1/prescriptions/{{prescription_id}}"
owners = ["ada", "cleo"]

[safety]
level = "own-objects"
shared_store = false

[budget]
seconds = 600
requests = 20000
rate = 1000
"""
