"""Every mistake is told with file, key and fix, without a traceback and without a secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from zeroweight.config.model import Config
from zeroweight.errors import ConfigError

Load = Callable[..., Config]

WAIVER = '[[waiver]]\nfingerprint = "zw1:3f9a0123456789ab"\nowner = "o"\nreason = "r"\nexpires = 2027-01-01\n'
RULE = '[[policy.rule]]\nrule = "headers.*"\naction = "warn"\n'
JSON_LOGIN = '[login.shop]\nkind = "json"\nrequest = "POST /login"\njson = { user = "$user", password = "$password" }\ntoken = "/t"\n'
BOB = '[roles.bob]\nlogin = "shop"\nuser = "bob"\npassword = "env:BOB"\n'
ORDER = '[resources.order]\ncreate = "POST /orders"\n'

# Lines added to the six-line file; the key that the error names; words of what and fix.
ADDED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # Keys
    ("servce = 1", "servce", ("not a known key", "Did you mean service?")),
    ("loops = 'uvloop'", "loops", ("not a known key", "Did you mean loop?")),
    ("driver = 'wires'", "driver", ("not one of the words", "Did you mean wire? All: wire, httpx")),
    ("driver = 'h2'", "driver", ("not one of the words", "Known here: wire, httpx")),
    ("driver = true", "driver", ("must be one of wire, httpx, not a boolean",)),
    ("loop = 'trio'", "loop", ("not one of the words", "Known here: asyncio, uvloop")),
    ("profile = 'gate'", "profile", ("not a known key",)),
    ("zap.url = 'http://x'", "zap", ("not a known key",)),
    ("[policy]\nauthorization = 'a.yaml'", "policy.authorization", ("not a known key", "Known here: fail_on")),
    ("[budget]\nsecond = 1", "budget.second", ("Did you mean seconds?",)),
    ("[policy]\nfailon = 'high'", "policy.failon", ("Did you mean fail_on?",)),
    ("[policy.require]\nrole = 'all'", "policy.require.role", ("Did you mean roles?",)),
    (RULE + "palce = '*'", "[[policy.rule]] #1 palce", ("Did you mean place?",)),
    (RULE + RULE + "acton = 'warn'", "[[policy.rule]] #2 acton", ("Did you mean action?",)),
    (WAIVER + WAIVER.replace("owner", "onwer"), "[[waiver]] #2 onwer", ("Did you mean owner?",)),
    ("roles.bob = { baerer = 'env:BOB' }", "roles.bob.baerer", ("Did you mean bearer?",)),
    ("roles.bob = { basic = { user = 'b', pasword = 'env:BOB' } }", "roles.bob.basic.pasword", ("Did you mean password?",)),
    ('"a b" = 1', '"a b"', ("not a known key",)),
    # Types
    ("[budget]\nseconds = '120'", "budget.seconds", ("must be a number, not a text", "without quotes")),
    ("[budget]\nrequests = 1.5", "budget.requests", ("must be a whole number, not a number with a point",)),
    ("[budget]\nlanes = true", "budget.lanes", ("must be a whole number, not a boolean",)),
    ("[safety]\nshared_store = 'false'", "safety.shared_store", ("must be true or false, not a text", "without quotes")),
    ("[safety]\nshared_store = 0", "safety.shared_store", ("must be true or false, not a whole number",)),
    ("[safety]\nhosts = 'a.b'", "safety.hosts", ("must be a list, not a text",)),
    ("[safety]\nhosts = ['a.b', 1]", "safety.hosts #2", ("must be a text, not a whole number",)),
    ("safety = 1", "safety", ("must be a table, not a whole number",)),
    ("[waiver]\nowner = 'me'", "waiver", ("must be an array of tables, not a table",)),
    ("waiver = [1]", "waiver #1", ("must be a table, not a whole number",)),
    (WAIVER.replace("2027-01-01", "'2027-01-01'"), "[[waiver]] #1 expires", ("must be a date, not a text", "without quotes")),
    (WAIVER.replace("2027-01-01", "2027-01-01T00:00:00"), "[[waiver]] #1 expires", ("must be a date, not a time",)),
    ("[policy.require]\nroles = 1", "policy.require.roles", ("must be one of all or a list, not a whole number",)),
    (ORDER + "body = 'sku'", "resources.order.body", ("must be a table, not a text",)),
    ("roles = ['bob']", "roles", ("must be a table, not a list",)),
    # Numbers
    ("[budget]\nseconds = -1", "budget.seconds", ("out of range", "above 0 and up to 86400 seconds")),
    ("[budget]\nseconds = 0", "budget.seconds", ("out of range",)),
    ("[budget]\nseconds = nan", "budget.seconds", ("out of range",)),
    ("[budget]\nrate = inf", "budget.rate", ("out of range", "requests a second")),
    (f"[budget]\nseconds = 1{'0' * 400}", "budget.seconds", ("out of range",)),
    ("[budget]\nrequests = 0", "budget.requests", ("out of range", "from 1 to")),
    ("[budget]\ngrace = -0.5", "budget.grace", ("out of range",)),
    ("[budget]\nlanes = 100000", "budget.lanes", ("out of range", "from 1 to 1024")),
    ("[policy]\nunsteady = 40", "policy.unsteady", ("out of range", "from 0 to 1")),
    ("[policy.require]\noperations_answered = 1.1", "policy.require.operations_answered", ("out of range",)),
    (ORDER + "body = { price = nan }", "resources.order.body.price", ("JSON has no such number",)),
    # Words
    ("[policy]\nfail_on = 'meduim'", "policy.fail_on", ('"meduim" is not one of', "Did you mean medium?", "critical")),
    ("[policy]\nstop = 'always'", "policy.stop", ('"always"', "never, first-block")),
    ("[safety]\nlevel = 'readonly'", "safety.level", ("Did you mean read-only?",)),
    ("[output]\nformats = ['html', 'junits']", "output.formats #2", ('"junits"', "Did you mean junit?")),
    (RULE.replace("'warn'", "'wran'").replace('"warn"', '"wran"'), "[[policy.rule]] #1 action", ("Did you mean warn?",)),
    ("[login.shop]\nkind = 'oauth2-client-credentials'", "login.shop.kind", ("is not one of", "bearer, header, api-key, basic, json")),
    ("roles.bob = { api_key = { in = 'body', name = 'k', value = 'env:BOB' } }", "roles.bob.api_key.in", ("header, query, cookie",)),
    # Missing keys
    (WAIVER.replace("expires = 2027-01-01\n", ""), "[[waiver]] #1 expires", ("missing", "Add expires = 2027-01-31")),
    (RULE.replace('action = "warn"\n', ""), "[[policy.rule]] #1 action", ("missing", 'Add action = "block"')),
    ("[resources.order]\nid = '/id'", "resources.order.create", ("missing", "METHOD /template")),
    ("roles.bob = { header = { name = 'x' } }", "roles.bob.header.value", ("missing", 'value = "env:NAME"')),
    # Forms
    ("[safety]\nhosts = ['https://a.b']", "safety.hosts #1", ("not a host", "without a scheme")),
    (WAIVER.replace("zw1:3f9a0123456789ab", "3f9a0123456789ab"), "[[waiver]] #1 fingerprint", ("not a fingerprint", "zw1: and 16")),
    (WAIVER.replace("3f9a", "3F9A"), "[[waiver]] #1 fingerprint", ("not a fingerprint",)),
    (ORDER + "id = 'id'", "resources.order.id", ("not a JSON pointer", "Begin it with /")),
    (ORDER + "read = 'get /orders/{id}'", "resources.order.read", ("not an operation", "in capitals")),
    (ORDER + "used = ['GET orders']", "resources.order.used #1", ("not an operation",)),
    (ORDER + "read = 'GET /orders'", "resources.order.read", ("no place for the id", "{id}")),
    (ORDER + "used = ['GET /orders/{id}', 'GET /orders']", "resources.order.used #2", ("no place for the id",)),
    ("[suites]\nskip = ['suites/test_headers.py']", "suites.skip #1", ("not a suite's name", "not a path")),
    ("[suites]\npaths = ['nowhere']", "suites.paths #1", ('nothing at this path: "nowhere"', "relative to the folder")),
    ("[payloads]\npaths = ['']", "payloads.paths #1", ("empty",)),
    ("[output]\nfolder = ''", "output.folder", ("empty", "leave the key out")),
    (RULE.replace("headers.*", "no spaces"), "[[policy.rule]] #1 rule", ("not a rule's id",)),
    (RULE + "place = 'static'", "[[policy.rule]] #1 place", ("not a place", "GET /static/*")),
    ("[roles.'b b']\nbearer = 'env:BOB'", 'roles."b b"', ("not a name",)),
    ("roles.bob = { bearer = 'env:BOB', check = '/me' }", "roles.bob.check", ("not an operation",)),
    # Secrets
    ("roles.bob = { bearer = 'planted-value' }", "roles.bob.bearer", ("secret must not be written here", "env:NAME or file:PATH")),
    ("roles.bob = { basic = { user = 'b', password = 'planted-value' } }", "roles.bob.basic.password", ("env:NAME or file:PATH",)),
    (JSON_LOGIN + BOB.replace("env:BOB", "planted-value"), "roles.bob.password", ("secret must not be written here",)),
    (JSON_LOGIN.replace("$password", "planted-value"), "login.shop.json.password", ("secret must not be written here", "$password")),
    (JSON_LOGIN.replace('"$password"', "[4711]"), "login.shop.json.password #1", ("secret must not be written here",)),
    ("roles.bob = { bearer = 'env:NOBODY' }", "roles.bob.bearer", ("variable NOBODY is not set", "Set NOBODY")),
    ("roles.bob = { bearer = 'env:EMPTY' }", "roles.bob.bearer", ("variable EMPTY is empty",)),
    ("roles.bob = { bearer = 'env:NOT A NAME' }", "roles.bob.bearer", ("not followed by a variable's name",)),
    ("roles.bob = { bearer = 'env:STRAY' }", "roles.bob.bearer", ("STRAY is not UTF-8",)),
    ("roles.bob = { bearer = 'env:TWO_LINES' }", "roles.bob.bearer", ("cannot be a header's value", "one line")),
    ("roles.bob = { bearer = 'file:nowhere.txt' }", "roles.bob.bearer", ("file nowhere.txt cannot be read", "no such file")),
    ("roles.bob = { bearer = 'file:security' }", "roles.bob.bearer", ("cannot be read (is a directory)",)),
    ("roles.bob = { bearer = 'file:binary' }", "roles.bob.bearer", ("file binary is not UTF-8",)),
    ("roles.bob = { bearer = 'file:' }", "roles.bob.bearer", ("not followed by a path",)),
    ('roles.bob = { bearer = "file:a\\u0000b" }', "roles.bob.bearer", ("cannot be read",)),
    # Logins
    ("[login.shop]\nkind = 'json'", "login.shop.request", ("missing", "kind json")),
    ("[login.shop]\nkind = 'bearer'\nrequest = 'POST /l'", "login.shop.request", ("kind bearer has no such key",)),
    ("[login.shop]\nkind = 'api-key'\nname = 'k'", "login.shop.in", ("missing",)),
    ("[login.shop]\nkind = 'header'\nname = 'a:b'", "login.shop.name", ("not a header's name",)),
    ("[login.shop]\nkind = 'json'\ncsrf = 'x'", "login.shop.csrf", ("not a known key",)),
    (JSON_LOGIN.replace('token = "/t"', 'token = "t"'), "login.shop.token", ("not a JSON pointer",)),
    # Roles
    ("roles.anonymous = { bearer = 'env:BOB' }", "roles.anonymous", ("always there", "another name")),
    ("roles.bob = { group = 'a' }", "roles.bob", ("does not say how it logs in", "bearer")),
    ("roles.bob = { bearer = 'env:BOB', basic = { user = 'b', password = 'env:BOB' } }", "roles.bob.basic", ("logs in by bearer already",)),
    (JSON_LOGIN + BOB.replace("shop", "shp"), "roles.bob.login", ("no [login.shp]", "Did you mean shop?")),
    (BOB, "roles.bob.login", ("no [login.shop]", "None is known")),
    (JSON_LOGIN + BOB.replace('password = "env:BOB"\n', ""), "roles.bob.password", ("missing: login.shop asks for it", '"env:NAME"')),
    (JSON_LOGIN + BOB.replace("user =", "usr ="), "roles.bob.usr", ("does not ask for it", "Did you mean user?")),
    (JSON_LOGIN + BOB + "tokn = 'env:BOB'", "roles.bob.tokn", ("does not ask for it",)),
    ("[login.shop]\nkind = 'bearer'\n[roles.bob]\nlogin = 'shop'", "roles.bob.token", ("missing",)),
    (
        "[login.shop]\nkind = 'bearer'\n[roles.bob]\nlogin = 'shop'\ntoken = 'env:TWO_LINES'",
        "roles.bob.token",
        ("cannot be a header's value",),
    ),
    # Agreement
    (ORDER + "owners = ['env:ALICE_TOKEN']", "resources.order.owners #1", ("not a name",)),
    (ORDER + "owners = ['alcie']", "resources.order.owners #1", ("no role alcie", "Did you mean alice?")),
    (ORDER + "owners = ['anonymous']", "resources.order.owners #1", ("no role anonymous", "alice")),
    ("[policy.require]\nroles = ['bob']", "policy.require.roles #1", ("no role bob", "alice")),
    ("[policy.require]\nroles = 'some'", "policy.require.roles", ('"some"', "all")),
    ("[suites]\nskip = ['headers']\n[policy.require]\nsuites = ['headers']", "policy.require.suites #1", ("suites.skip", "one of the two")),
    (WAIVER + WAIVER, "[[waiver]] #2 fingerprint", ("waived already", "Keep one")),
)

# A piece of the six-line file and what stands there instead; then as above.
REPLACED: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ('service  = "orders"\n', "", "service", ("missing", 'service = "…"')),
    ('"orders"', '""', "service", ("empty",)),
    ('canary   = { url = "http://orders-canary:8080" }\n', "", "canary", ("missing", 'canary = { url = "a URL" }')),
    ('api      = { schema = "/openapi.json" }\n', "", "api", ("missing", "schema")),
    ('{ url = "http://orders-stable:8080" }', "{}", "baseline.url", ("missing", "Add url")),
    ('{ url = "http://orders-stable:8080" }', '"http://orders-stable:8080"', "baseline", ("must be a table, not a text",)),
    ("http://orders-stable:8080", "orders-stable:8080", "baseline.url", ("does not begin with http://", "https://shop.example:8443")),
    ("http://orders-stable:8080", "http:/orders", "baseline.url", ("does not begin with http://",)),
    ("http://orders-stable:8080", "http://me:planted-value@orders", "baseline.url", ("carries credentials", "env:NAME")),
    ("http://orders-stable:8080", "http://orders?x=1", "baseline.url", ("query",)),
    ("http://orders-stable:8080", "http://orders:99999", "baseline.url", ("not a URL",)),
    ("http://orders-stable:8080", "http://orders:0", "baseline.url", ("between 1 and 65535",)),
    ("http://orders-stable:8080", "http://", "baseline.url", ("no valid host",)),
    ("http://orders-stable:8080", "http://[::1", "baseline.url", ("not a URL",)),
    ("http://orders-stable:8080", "http://or ders", "baseline.url", ("percent-encoded",)),
    ("http://orders-stable:8080", "env:NOT_A_URL", "baseline.url", ("does not begin with http://",)),
    ("orders-stable", "orders-canary", "canary.url", ("baseline.url names too", "address")),
    ("orders-stable", "ORDERS-CANARY", "canary.url", ("baseline.url names too",)),
    ('canary:8080"', 'canary:8080", serves_users = true', "canary.serves_users", ("not a known key", "server_name")),
    ('canary:8080"', 'canary:8080", address = "10.0.0.1"', "canary.address", ("not an address", "host:port")),
    ('canary:8080"', 'canary:8080", address = "10.0.0.1:70000"', "canary.address", ("not an address",)),
    ('canary:8080"', 'canary:8080", server_name = "a:1"', "canary.server_name", ("not a host name",)),
    ('canary:8080"', 'canary:8080", headers = { "x y" = "1" }', 'canary.headers."x y"', ("not a header's name",)),
    ('canary:8080"', 'canary:8080", headers = { Host = "a" }', "canary.headers.Host", ("server_name",)),
    ('canary:8080"', 'canary:8080", headers = { x = 1 }', "canary.headers.x", ("must be a text",)),
    ('canary:8080"', 'canary:8080", headers = { x = "planted-value\\n" }', "canary.headers.x", ("one line",)),
    ('canary:8080"', 'canary:8080", headers = { x-a = "1", X-A = "2" }', "canary.headers.X-A", ("twice",)),
    ('canary:8080"', 'canary:8080", headers = { Cookie = "planted-value" }', "canary.headers.Cookie", ("secret", "env:NAME")),
    ('canary:8080"', 'canary:8080", tls = { ca = "file:ca.pem" }', "canary.tls", ("http, which speaks no TLS",)),
    ('canary:8080"', 'canary:8080", tls = { cert = "file:ca.pem" }', "canary.tls.cert", ("needs key",)),
    ('canary:8080"', 'canary:8080", tls = { ca = "/tls/ca.pem" }', "canary.tls.ca", ("not PEM text", "file:PATH")),
    ('canary:8080"', 'canary:8080", tls = { key = "file:ca.pem" }', "canary.tls.key", ("PRIVATE KEY",)),
    ('canary:8080"', 'canary:8080", tls = { key = "planted-value" }', "canary.tls.key", ("secret must not be written here",)),
    ('{ header = "x-build" }', "{}", "identity", ("neither", "x-build")),
    ('{ header = "x-build" }', '{ get = "/version" }', "identity.get", ("needs pointer",)),
    ('{ header = "x-build" }', '{ header = "x", get = "/v", pointer = "/b" }', "identity.header", ("beside get", "Keep either")),
    ('{ header = "x-build" }', '{ get = "version", pointer = "/b" }', "identity.get", ("not a path", "Begin it with /")),
    ('{ header = "x-build" }', '{ get = "/v", pointer = "b" }', "identity.pointer", ("not a JSON pointer",)),
    ("/openapi.json", "openapi.json", "api.schema", ("nothing at this path",)),
    ("/openapi.json", "ftp://a/b", "api.schema", ("does not begin with http://",)),
    ('"/openapi.json"', '"/openapi.json", exclude = ["/payments"]', "api.exclude #1", ("neither an operation nor a tag", "tag:NAME")),
    ('"/openapi.json"', '"/openapi.json", exclude = ["tag:x", "tag:"]', "api.exclude #2", ("neither an operation nor a tag",)),
    ('"/openapi.json"', '"/openapi.json", exclude = "tag:x"', "api.exclude", ("must be a list",)),
)


def _told(load: Load, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert caught.value.fix, "an error without a fix"
    return str(caught.value)


def _assert_told(told: str, folder: object, key: str, says: tuple[str, ...], environment: Mapping[str, str]) -> None:
    assert told.startswith(f"{folder}/gate.toml: {key}: "), told
    assert [part for part in says if part not in told] == [], told
    assert told.isprintable()
    assert "planted-value" not in told
    assert not [value for value in environment.values() if len(value) > 3 and value in told]


@pytest.mark.parametrize(("added", "key", "says"), ADDED)
def test_a_mistaken_line_is_told(
    loaded: Load, six_lines: str, folder: object, environment: Mapping[str, str], added: str, key: str, says: tuple[str, ...]
) -> None:
    base = six_lines if key != "roles" else six_lines[: six_lines.index("roles.alice")]
    _assert_told(_told(loaded, f"{base}{added}\n"), folder, key, says, environment)


@pytest.mark.parametrize(("old", "new", "key", "says"), REPLACED)
def test_a_mistaken_piece_is_told(  # a row of the table and three fixtures
    loaded: Load, six_lines: str, folder: object, environment: Mapping[str, str], old: str, new: str, key: str, says: tuple[str, ...]
) -> None:
    assert old in six_lines
    _assert_told(_told(loaded, six_lines.replace(old, new)), folder, key, says, environment)


@pytest.mark.parametrize("text", ['service = "orders', "service = orders", "[api]\n[api]", "x = 1\nx = 2", "= 1"])
def test_what_is_not_toml_is_told_with_its_line(loaded: Load, folder: object, text: str) -> None:
    told = _told(loaded, text)
    assert told.startswith(f"{folder}/gate.toml: this is not TOML: ")
    assert "line " in told or "end of document" in told
