"""The gate.toml that the library's operator writes, and the variables that it reads."""

from __future__ import annotations

from typing import Final

from .people import PASSWORDS


def environment() -> dict[str, str]:
    """Give the variables that the gate.toml reads."""
    return {f"LIBRARY_{name.upper()}_PASSWORD": password for name, password in PASSWORDS.items()}


def gate(*, baseline_url: str, canary_url: str, baseline_build: str, canary_build: str) -> str:
    """Write the gate.toml of a pair."""
    return _GATE.format(baseline_url=baseline_url, canary_url=canary_url, baseline_build=baseline_build, canary_build=canary_build)


# The scripts' login: it sets the session's cookie and tells the token against forged requests, which writes must carry.
_GATE: Final = """\
service = "library"

[api]
schema = "/api-docs.json"

[identity]
header = "x-library-release"

[baseline]
url = "{baseline_url}"
expect = "{baseline_build}"
serves_users = false

[canary]
url = "{canary_url}"
expect = "{canary_build}"

[login.desk]
kind = "json"
request = "POST /api/session"
json = {{ email = "$email", password = "$password" }}
token = "/csrf_token"
header = "X-CSRF-Token"
prefix = ""

[roles.mia]
login = "desk"
email = "mia@readers.example"
password = "env:LIBRARY_MIA_PASSWORD"
group = "member"
check = "GET /api/me"

[roles.noah]
login = "desk"
email = "noah@readers.example"
password = "env:LIBRARY_NOAH_PASSWORD"
group = "member"
check = "GET /api/me"

[roles.lena]
login = "desk"
email = "lena@readers.example"
password = "env:LIBRARY_LENA_PASSWORD"
group = "staff"
check = "GET /api/me"

[resources.loan]
create = "POST /api/loans"
body = {{ isbn = "9780141439518", weeks = 2 }}
id = "/loan/number"
read = "GET /api/loans/{{number}}"
used = [
  "GET /api/loans/{{number}}",
  "PATCH /api/loans/{{number}}",
  "POST /api/loans/{{number}}/renewal",
  "DELETE /api/loans/{{number}}",
  "GET /loans/{{number}}",
]
remove = "DELETE /api/loans/{{number}}"
owners = ["mia", "noah"]

[resources.list]
create = "POST /api/lists"
body = {{ title = "Winter", description = "by the stove" }}
id = "/list/list_id"
read = "GET /api/lists/{{list_id}}"
used = ["GET /api/lists/{{list_id}}", "PUT /api/lists/{{list_id}}", "DELETE /api/lists/{{list_id}}"]
remove = "DELETE /api/lists/{{list_id}}"
owners = ["mia", "noah"]

[resources.copy]
create = "POST /api/staff/copies"
body = {{ isbn = "9780199232765", shelf = "C4" }}
id = "/copy/barcode"
used = ["DELETE /api/staff/copies/{{barcode}}"]
remove = "DELETE /api/staff/copies/{{barcode}}"
owners = ["lena"]

[safety]
level = "own-objects"
shared_store = false

[budget]
seconds = 600
requests = 20000
rate = 1000
"""
