"""The gate.toml of a fault: the demo pair's, on a few operations, with whatever part the fault is about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

KEPT: Final = ("GET /me", "PUT /me", "GET /orders", "POST /orders", "GET /orders/{id}", "GET /admin/users")
"""The operations of the demo that most faults are tried on: a run of seconds."""
LEFT_OUT: Final = (
    *("GET /health", "GET /version", "GET /announcements", "POST /login", "GET /tenants/{tenant}/report", "GET /search"),
    *("PUT /orders/{id}", "DELETE /orders/{id}", "POST /orders/{id}/cancel", "GET /files", "POST /files", "GET /files/{id}"),
    *("DELETE /files/{id}", "POST /admin/users", "DELETE /admin/users/{name}", "GET /admin/audit", "POST /admin/announcements"),
    *("GET /", "GET /help", "GET /account"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A gate.toml, whose parts a fault may change."""

    baseline: str
    canary: str
    identity: str = 'header = "x-build"'
    expect: str = ""
    exclude: tuple[str, ...] = LEFT_OUT
    seconds: float = 60
    requests: int = 6000
    grace: float = 5
    more: str = ""
    """Further tables."""

    def text(self) -> str:
        """Write the file."""
        identity = f"[identity]\n{self.identity}\n" if self.identity else ""
        expect = f'expect = "{self.expect}"\n' if self.expect else ""
        return (
            f'service = "orders"\n[api]\nschema = "/openapi.json"\nexclude = {json.dumps(self.exclude)}\n{identity}'
            f'[baseline]\nurl = "{self.baseline}"\nserves_users = false\n[canary]\nurl = "{self.canary}"\n{expect}'
            f"[budget]\nseconds = {self.seconds}\nrequests = {self.requests}\nrate = 2000\ngrace = {self.grace}\n{_ROLES}{self.more}"
        )


_ROLES: Final = """\
[safety]
level = "own-objects"
shared_store = false
[login.shop]
kind = "json"
request = "POST /login"
json = { user = "$user", password = "$password" }
token = "/token"
[roles.alice]
login = "shop"
user = "alice"
password = "env:DEMO_ALICE_PASSWORD"
group = "customer"
[roles.bob]
login = "shop"
user = "bob"
password = "env:DEMO_BOB_PASSWORD"
group = "customer"
[roles.admin]
login = "shop"
user = "admin"
password = "env:DEMO_ADMIN_PASSWORD"
group = "admin"
[resources.order]
create = "POST /orders"
body = { sku = "A1", quantity = 1 }
id = "/id"
used = ["GET /orders/{id}"]
remove = "DELETE /orders/{id}"
owners = ["alice", "bob"]
"""
