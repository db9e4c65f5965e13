"""Products and versions: in the fields and pages that name them, and in no other."""

from __future__ import annotations

import pytest
from builders import exchange

from zeroweight.checks.banner import banners, by_product
from zeroweight.model.http import Response


def response(fields: dict[str, str], body: str = "", status: int = 200) -> Response:
    seen = exchange(status, fields, body).response
    assert seen is not None
    return seen


def named(fields: dict[str, str], body: str = "", status: int = 200) -> list[tuple[str, str]]:
    return [(each.product, each.version) for each in banners(response(fields, body, status))]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Server", "nginx/1.25.3", [("nginx", "1.25.3")]),
        ("server", "nginx/1.18.0 (Ubuntu)", [("nginx", "1.18.0")]),
        (
            "Server",
            "Apache/2.4.57 (Debian) mod_ssl/2.4.57 OpenSSL/3.0.11",
            [("Apache", "2.4.57"), ("mod_ssl", "2.4.57"), ("OpenSSL", "3.0.11")],
        ),
        ("Server", "Werkzeug/3.0.1 Python/3.11.4", [("Werkzeug", "3.0.1"), ("Python", "3.11.4")]),
        ("Server", "Microsoft-IIS/10.0", [("Microsoft-IIS", "10.0")]),
        ("Server", "Jetty(9.4.51.v20230217)", [("Jetty", "9.4.51.v20230217")]),
        ("Server", "Apache Tomcat/9", [("Apache Tomcat", "9")]),
        ("Server", "gunicorn/20.1.0", [("gunicorn", "20.1.0")]),
        ("Server", "Phusion Passenger(R) 6.0.17", [("Phusion Passenger(R)", "6.0.17")]),
        ("X-Powered-By", "PHP/8.2.1-dev", [("PHP", "8.2.1-dev")]),
        ("X-Powered-By", "Next.js 13.4", [("Next.js", "13.4")]),
        (
            "X-Powered-By",
            "Servlet/3.1 JSP/2.3 (Apache Tomcat/9.0.1 Java/17)",
            [("Servlet", "3.1"), ("JSP", "2.3"), ("Apache Tomcat", "9.0.1"), ("Java", "17")],
        ),
        ("X-AspNet-Version", "4.0.30319", [("X-AspNet-Version", "4.0.30319")]),
        ("X-AspNetMvc-Version", "5.2", [("X-AspNetMvc-Version", "5.2")]),
        ("X-Generator", "Drupal 10 (https://www.drupal.org)", [("Drupal", "10")]),
        ("X-Generator", "WordPress 6.4.2", [("WordPress", "6.4.2")]),
        ("X-Jenkins", "2.426.1", [("X-Jenkins", "2.426.1")]),
        ("Via", "1.1 varnish (Varnish/6.0)", [("Varnish", "6.0")]),
        ("Via", "1.1 proxy-3 (squid/5.7), 1.1 kong/3.4.0", [("squid", "5.7"), ("kong", "3.4.0")]),
        ("Via", "1.1 fra-02 (Apache 2.4)", [("Apache", "2.4")]),
        # names alone, protocols, words
        *(
            ("Server", value, [])
            for value in ("nginx", "Apache", "cloudflare", "uvicorn", "ECS (dcb/7F3C)", "Google Frontend", "", "Kestrel", "HTTP/1.1")
        ),
        *(
            ("Via", value, [])
            for value in ("1.1 varnish", "1.1 google", "HTTP/1.1 forward.proxy:3128", "2 edge, 1.1 origin-4", "1.1 vegur")
        ),
        *(("X-Powered-By", value, []) for value in ("Express", "ASP.NET", "Next.js", "coffee", "Servlet")),
        # what versions an API, names a build or is somebody else's
        *((name, "1.4.2", []) for name in ("api-version", "X-API-Version", "X-Version", "X-App-Version", "X-Build", "X-Release", "ETag")),
        ("X-Service", "billing/1.4.2", []),
        ("X-Runtime", "0.015", []),
        ("User-Agent", "curl/8.1", []),
        ("MIME-Version", "1.0", []),
    ],
)
def test_a_field_names_a_product_only_with_its_version(name: str, value: str, expected: list[tuple[str, str]]) -> None:
    assert named({name: value}) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<hr><center>nginx/1.25.3</center>", [("nginx", "1.25.3")]),
        ("<address>Apache/2.4.57 (Debian) Server at shop Port 80</address>", [("Apache", "2.4.57")]),
        ("<h3>Apache Tomcat/9.0.71</h3>", [("Apache Tomcat", "9.0.71")]),
        ("<hr>Powered by Jetty:// 9.4.11.v2018", [("Jetty", "9.4.11.v2018")]),
        ("<th>Django Version:</th>\n<td>4.2.7</td> <th>Python Version:</th><td>3.11.2</td>", [("Django", "4.2.7"), ("Python", "3.11.2")]),
        ("IIS 10.0 Detailed Error - 404.0", [("IIS", "10.0")]),
        (
            "Microsoft .NET Framework Version:4.0.30319; ASP.NET Version:4.7.4108.0",
            [("Microsoft .NET Framework", "4.0.30319"), ("ASP.NET", "4.7.4108.0")],
        ),
        ('{"error": "bad gateway", "server": "openresty\\/1.21.4"}', [("openresty", "1.21.4")]),
        ('{"error": "Werkzeug/3.0 crashed"}', [("Werkzeug", "3.0")]),
        ("Tomcat/9 is unhappy", [("Tomcat", "9")]),
        ("<p>nginx</p>", []),
        ("<p>Express delivery 24.12.</p>", []),
        ("Our Python course, chapter 3", []),
        ("order 1.2.3 was not found", []),
        ("needs Python 3.9 or later", []),
        ("<b>PHP Version 8.1.2</b>", [("PHP", "8.1.2")]),
    ],
)
def test_error_pages_sign_with_product_and_version(body: str, expected: list[tuple[str, str]]) -> None:
    assert named({}, body, 404) == expected
    assert named({}, body, 500) == expected
    assert named({}, body, 200) == [], "what a page that was asked for says of products is its subject"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<meta name="generator" content="WordPress 6.4.2">', [("WordPress", "6.4.2")]),
        ("<META NAME=generator CONTENT='Drupal 10 (https://www.drupal.org)'>", [("Drupal", "10")]),
        ('<meta name="generator" content="Hugo">', []),
        ('<meta name="author" content="WordPress 6.4.2">', []),
        ('<h1 class="p">PHP Version 8.1.2</h1>', [("PHP", "8.1.2")]),
    ],
)
def test_some_pages_say_what_made_them(body: str, expected: list[tuple[str, str]]) -> None:
    assert named({}, body) == expected


def test_so_many_products_are_counted_and_no_more() -> None:
    assert len(named({"Server": " ".join(f"a{number}/1.{number}" for number in range(500))})) == 50


def test_pictures_name_nothing() -> None:
    assert named({"content-type": "image/png"}, "nginx/1.25.3", 404) == []


def test_a_product_is_one_whatever_its_version_and_case() -> None:
    assert by_product(response({"server": "Nginx/1.1"})).keys() == by_product(response({"server": "nginx/1.2"})).keys()
