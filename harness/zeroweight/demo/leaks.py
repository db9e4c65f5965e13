"""Leaks: the words that only a flawed build says. Stack traces, a database's errors, banners, and addresses and names of the inside.

All are made up; they look as the frameworks, databases and servers write them whose names they bear.
"""

from __future__ import annotations

import html
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

TRACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "content-type": """\
Traceback (most recent call last):
  File "/srv/shop/pipeline.py", line 141, in content
    raise DeclinedError(415, "content-type", "The body must be application/json.")
shop.answers.DeclinedError: The body must be application/json.""",
        "missing": """\
shop.orders.OrderNotFoundException: no row for this id
\tat shop.orders.OrderRepository.byId(OrderRepository.java:88)
\tat shop.orders.OrderController.read(OrderController.java:41)
\tat java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:103)
\tat java.base/java.lang.reflect.Method.invoke(Method.java:580)
Caused by: java.util.NoSuchElementException: No value present
\t... 24 more""",
        "invalid": """\
System.ComponentModel.DataAnnotations.ValidationException: The value is not acceptable.
   at Shop.Files.FileValidator.Check(NewFile file) in /src/Shop/Files/FileValidator.cs:line 57
   at Shop.Files.FilesController.<Create>d__7.MoveNext() in /src/Shop/Files/FilesController.cs:line 33
--- End of stack trace from previous location ---""",
        "unauthenticated": """\
/srv/shop/app/auth.rb:22:in `decode': Nil JSON web token (JWT::DecodeError)
\tfrom /srv/shop/app/auth.rb:41:in `caller_of'
\tfrom /usr/lib/ruby/gems/3.2.0/gems/rack-2.2.8/lib/rack/builder.rb:244:in `call'""",
        "forbidden": """\
panic: policy says no

goroutine 73 [running]:
main.(*guard).admit(0xc0001a2000, {0x7f1e40, 0x5})
\t/srv/shop/guard.go:64 +0x1d2
net/http.HandlerFunc.ServeHTTP(0xc00009c180, {0x7f8a60, 0xc0000f2000}, 0xc0000ce000)
\t/usr/local/go/src/net/http/server.go:2136 +0x29""",
        "method": """\
PHP Fatal error:  Uncaught MethodNotAllowedException: No route found in /srv/shop/vendor/router/src/Router.php:212
Stack trace:
#0 /srv/shop/src/Kernel.php(58): Router->match(Object(Request))
#1 /srv/shop/public/index.php(14): Kernel->handle(Object(Request))
#2 {main}
  thrown in /srv/shop/vendor/router/src/Router.php on line 212""",
    }
)
"""For each cause of an error, the trace that stands beside its message: another language each time."""

SYNTAX: Final = (
    "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version "
    "for the right syntax to use near 'AND active = 1' at line 1"
)
"""What MySQL says of a query that was put together wrongly."""

UNCLOSED: Final = "Unclosed quotation mark after the character string ''. Incorrect syntax near ''."
"""What SQL Server says of a quote in a text that was pasted into a query."""

NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unauthenticated": "The directory at ldap://192.168.40.12:389 says: invalid credentials.",
        "forbidden": "The policy service at [fd12:3456:789a::17]:8181 says no.",
        "missing": "Looked for it on db-3.prod.svc.cluster.local.",
        "invalid": "Checked by http://validator.internal:9000/check.",
    }
)
"""For each cause of an error, what of the inside stands behind its message."""

UPSTREAM: Final = "http://orders-2.shop.internal:8080"
BACKEND: Final = "10.42.7.19:8080"
POD: Final = "orders-7d9f8b6c5-x2x4z"
RENDERER: Final = "<!-- rendered by web-2.shop.lan -->"
STORE: Final = "http://172.16.31.5:9000/files"

BANNERS: Final[Mapping[str, tuple[bytes, bytes]]] = MappingProxyType(
    {
        "server": (b"server", b"nginx/1.25.3"),
        "powered-by": (b"x-powered-by", b"PHP/8.1.27"),
        "via": (b"via", b"1.1 edge (squid/5.7)"),
    }
)
"""Headers that tell which software answers, and which version of it."""

_STACK: Final = """
    at renderHelp (/srv/shop/dist/pages/help.js:41:11)
    at Layer.handle [as handle_request] (/srv/shop/node_modules/express/lib/router/layer.js:95:5)
    at next (/srv/shop/node_modules/express/lib/router/route.js:144:13)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"""


def stack_page(status: int, message: str) -> Response:
    """Answer as a web framework does that was left in its development mode: a page with the stack."""
    text = html.escape(f"ValidationError: {message}{_STACK}").replace("\n", "<br>").replace("  ", " &nbsp;")
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Error</title></head><body><pre>{text}</pre></body></html>',
        status,
    )


def server_page(status: int, reason: str) -> Response:
    """Answer as a web server does that was left to make its own error pages."""
    return HTMLResponse(
        f"<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\r\n"
        "<hr><center>nginx/1.25.3</center>\r\n</body>\r\n</html>\r\n",
        status,
    )


def constraint(name: str) -> str:
    """Say in PostgreSQL's words that a name is taken."""
    return f'duplicate key value violates unique constraint "users_pkey"\nDETAIL:  Key (name)=({name}) already exists.'


def proxy_page() -> Response:
    """Answer as a proxy does that declines a large body by itself, before the service behind it is asked."""
    return HTMLResponse(
        '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>413 Request Entity Too Large</title>\n</head><body>\n'
        "<h1>Request Entity Too Large</h1>\nThe requested resource does not allow request data with POST requests, or the amount of data "
        "provided in\nthe request exceeds the capacity limit.\n<hr>\n"
        "<address>Apache/2.4.57 (Debian) Server at shop.example Port 80</address>\n"
        "</body></html>\n",
        413,
    )


def charset(text: str) -> str | None:
    """Say in MySQL's words that a column of three-byte UTF-8 cannot keep a text; None where it can."""
    for place, character in enumerate(text):
        if character > "\uffff":
            shown = "".join(f"\\x{byte:02X}" for byte in text[place : place + 1].encode())
            return f"SQLSTATE[HY000]: General error: 1366 Incorrect string value: '{shown}' for column 'name' at row 1"
    return None
