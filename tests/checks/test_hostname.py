"""Names of internal hosts: every zone in every writing, and none of the words that are written alike."""

from __future__ import annotations

import pytest

from zeroweight.checks.hostname import host_names
from zeroweight.checks.passage import BODY, Passage


def found(text: str, name: str = "message", media_type: str = "application/json") -> list[str]:
    passage = Passage(where=f"/{name}" if name else BODY, name=name, text=text)
    return [seen.text for seen in host_names(passage, media_type)]


NAMES = [
    *("billing.shop.svc.cluster.local", "billing.shop.svc", "10-0-0-1.shop.pod.cluster.local", "kubernetes.default.svc", "redis.internal"),
    *("db01.corp", "app-2.lan", "printer.local", "node7.localdomain", "wiki.intranet", "nas.home.arpa", "consul.service.consul"),
    *("ip-10-0-0-1.ec2.internal", "ip-172-31-4-5.eu-west-1.compute.internal", "vm-1.c.project-7.internal", "host.docker.internal"),
    *("shop.abc123.eu-west-1.rds.amazonaws.com", "internal-shop-17.eu-west-1.elb.amazonaws.com", "ip-10-0-0-1"),
    *("billing-7d9f8b6c5-x2x4z", "my-billing-api-5b8c9d7f4d-kk2wn", "billing-bcdfghklmn-xzvtw", "DB.INTERNAL"),
]
WRITINGS = [
    *("{}", "http://{}/x", "could not connect to {}: timed out", '"{}"', "{}:8443", "getaddrinfo ENOTFOUND {}", "host={};db=x"),
    *("postgres://app:pw@{}/shop", "{}.", "1.1 {}", "next=http%3A%2F%2F{}%2F", r"http:\/\/{}\/x", "({})"),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("writing", WRITINGS)
def test_every_zone_is_found_in_every_writing(name: str, writing: str) -> None:
    assert found(writing.format(name)) == [name]


@pytest.mark.parametrize("text", ["http://localhost:3000/x", "http://localhost/x", "connect to localhost:5432"])
def test_the_host_itself_is_found_where_it_is_an_address(text: str) -> None:
    assert found(text) == ["localhost"]


@pytest.mark.parametrize(
    "text",
    [
        # public names
        *(
            "www.example.com",
            "internal.example.com",
            "local.example.org",
            "db.internal.example.com",
            "corp.example",
            "x.localhost",
            "cluster.local.io",
        ),
        *("s3.amazonaws.com", "my-bucket.s3.eu-west-1.amazonaws.com", "shop.corporate", "app.language", "shop.internals"),
        # files, code, people
        *(
            ".env.local",
            "/etc/hosts.local",
            "config/settings.local",
            "C:\\app\\settings.local",
            "docker-compose.local.yml",
            "this.local = 1",
            "run.local()",
        ),
        *(
            "ann@staff.local",
            "mail bob.smith@corp.internal now",
            "sun.misc.internal.Cleaner",
            "a.internal.b",
            "$.local",
            "Billing.svc",
            "/Billing.svc",
        ),
        # words
        *(
            "localhost",
            "run it on localhost please",
            "local",
            "internal",
            "the corp",
            "svc",
            "e.g. lan",
            "black-swans-flying",
            "x-hrhythms-abcde",
        ),
        *("123e4567-e89b-12d3-a456-426614174000", "feature-branch-login", "ip-10", "ip-8-8-8-8", "", "....", "-.local"),
    ],
)
def test_what_is_written_alike_is_none(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<script>e.local;t.internal&&window.lan</script>", []),
        ("<script>fetch('http://api.internal/x')</script>", ["api.internal"]),
        ("<!-- served by web.corp -->", ["web.corp"]),
        ("<!-- web01.corp -->", ["web01.corp"]),
        ("<p>upstream: api.internal</p>", ["api.internal"]),
        ("<a href='//cms.lan/x'>", ["cms.lan"]),
        ("<b>cms.prod.lan</b>", ["cms.prod.lan"]),
    ],
)
def test_pages_are_full_of_code(text: str, expected: list[str]) -> None:
    assert found(text, "", "text/html") == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("a=e.prod.local;", []), ("x='https://api.internal'", ["api.internal"]), ("u('db.lan:80')", ["db.lan"])]
)
def test_scripts_must_write_an_address(text: str, expected: list[str]) -> None:
    assert found(text, "", "text/javascript") == expected


@pytest.mark.parametrize(("name", "expected"), [("email", []), ("mail", []), ("hint", ["shop.internal"]), ("help", ["shop.internal"])])
def test_fields_for_mail_are_left_out(name: str, expected: list[str]) -> None:
    assert found("shop.internal", name) == expected
