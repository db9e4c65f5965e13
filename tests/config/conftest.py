"""Two gate.toml files that everybody knows, and their surroundings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from zeroweight.config.load import load
from zeroweight.config.model import Config

SIX_LINES = """\
service  = "orders"
baseline = { url = "http://orders-stable:8080" }
canary   = { url = "http://orders-canary:8080" }
identity = { header = "x-build" }
api      = { schema = "/openapi.json" }
roles.alice = { bearer = "env:ALICE_TOKEN" }
"""

EVERYTHING = """\
service = "orders"
driver = "httpx"
loop = "asyncio"

[api]
schema  = "/openapi.json"
exclude = ["POST /payments/{id}/capture", "tag:legacy"]

[identity]
get = "/version"
pointer = "/build"

[baseline]
url          = "https://orders-baseline.shop.svc:8443"
expect       = "1.41.3"
serves_users = false
tls          = { ca = "file:ca.pem", cert = "file:gate.pem", key = "file:gate.key" }

[canary]
url         = "https://orders.shop.example"
address     = "10.20.0.7:8443"
server_name = "orders.shop.example"
headers     = { x-canary = "env:CANARY_ROUTE" }
expect      = "env:CANARY_BUILD"
tls         = { ca = "file:ca.pem", cert = "file:gate.pem", key = "file:gate.key" }

[login.shop]
kind    = "json"
request = "POST /login"
json    = { user = "$user", password = "$password", shop = "$tenant", client = { secret = "env:CLIENT_SECRET" } }
token   = "/data/token"
header  = "x-auth"
prefix  = ""

[login.gateway]
kind = "api-key"
in   = "query"
name = "api_key"

[login.edge]
kind  = "header"
name  = "x-edge"
value = "env:EDGE"

[login.plain]
kind = "basic"
user = "gate"

[login.carried]
kind = "bearer"

[roles.alice]
login    = "shop"
user     = "alice"
password = "file:alice.txt"
group    = "customer"
tenant   = "acme"
check    = "GET /me"
[roles.bob]
login = "plain"
password = "env:BOB"
group = "customer"
[roles.admin]
api_key = { in = "cookie", name = "sid", value = "env:ADMIN" }
[roles.clerk]
basic = { user = "clerk", password = "env:CLERK" }
[roles.robot]
header = { name = "x-robot", value = "env:ROBOT" }
[roles.partner]
login = "gateway"
value = "env:PARTNER"
[roles.edge]
login = "edge"
[roles.carried]
login = "carried"
token = "env:CARRIED"

[resources.order]
create = "POST /orders"
body   = { sku = "A1", quantity = 1, day = 2027-01-31, card = "env:CARD", lines = [{ n = 1.5 }] }
id     = "/data/id"
used   = ["GET /orders/{id}", "PUT /orders/{id}", "POST /orders/{id}/cancel"]
read   = "GET /orders/{id}"
remove = "DELETE /orders/{id}"
owners = ["alice", "bob"]

[safety]
level        = "own-objects"
shared_store = false
hosts        = ["login.shop.example"]

[budget]
seconds = 60
requests = 500
rate = 12.5
lanes = 4
grace = 5

[policy]
fail_on = "high"
stop = "first-block"
unconfirmed = "critical"
unsteady = 0.25
require = { identity = true, roles = ["alice"], suites = ["headers"], operations_answered = 1, operations_allowed = 0.5 }
[[policy.rule]]
rule = "headers.*"
place = "GET /static/*"
action = "warn"
until = 2027-01-31
[[policy.rule]]
rule = "cors.wildcard"
action = "ignore"

[[waiver]]
fingerprint = "zw1:3f9a0123456789ab"
owner = "owner@shop.example"
reason = "known"
ticket = "SEC-12"
expires = 2027-01-01

[suites]
paths = ["security"]
skip  = ["errors"]
[payloads]
paths = ["security/own.yaml"]
[output]
formats = ["html", "markdown", "junit", "allure"]
folder = "out"
"""

ENVIRONMENT: Mapping[str, str] = {
    "ALICE_TOKEN": "token-of-alice",
    "CANARY_ROUTE": "route-to-canary",
    "CANARY_BUILD": "1.42.0",
    "CLIENT_SECRET": "secret-of-client",
    "EDGE": "secret-of-edge",
    "BOB": "password-of-bob",
    "ADMIN": "key-of-admin",
    "CLERK": "password-of-clerk",
    "ROBOT": "secret-of-robot",
    "PARTNER": "key-of-partner",
    "CARRIED": "token-of-carried",
    "CARD": "number-of-card",
    "EMPTY": "",
    "TWO_LINES": "one\ntwo",
    "STRAY": "caf\udce9",
    "NOT_A_URL": "planted-value-in-url",
}

Load = Callable[..., Config]


@pytest.fixture
def six_lines() -> str:
    """Give the file of the first use."""
    return SIX_LINES


@pytest.fixture
def everything() -> str:
    """Give a file that writes nearly every key."""
    return EVERYTHING


@pytest.fixture
def environment() -> Mapping[str, str]:
    """Give the variables that the files refer to."""
    return ENVIRONMENT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with the files that the examples refer to."""
    certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    (tmp_path / "ca.pem").write_text(certificate)
    (tmp_path / "gate.pem").write_text(certificate)
    (tmp_path / "gate.key").write_text("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n")
    (tmp_path / "alice.txt").write_text("password-of-alice\r\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "openapi.yaml").write_text("openapi: 3.1.0\n")
    (tmp_path / "security").mkdir()
    (tmp_path / "security" / "own.yaml").write_text("[]\n")
    return tmp_path


@pytest.fixture
def loaded(folder: Path) -> Load:
    """Load a text as gate.toml in that folder."""

    def load_text(text: str, *, overrides: Mapping[str, str] | None = None, **variables: str) -> Config:
        path = folder / "gate.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, environment={**ENVIRONMENT, **variables}, overrides=overrides or {})

    return load_text
