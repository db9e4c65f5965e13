"""Internal addresses: every block in every writing, and nothing that only looks like one."""

from __future__ import annotations

import pytest

from zeroweight.checks.address import addresses
from zeroweight.checks.passage import BODY, Passage
from zeroweight.finding import HeaderName


def found(text: str, name: str = "message", at: HeaderName | None = None) -> list[str]:
    return [seen.text for seen in addresses(Passage(where=f"/{name}" if name else BODY, name=name, text=text, at=at))]


BLOCKS = [
    *("10.0.0.5", "10.255.255.254", "172.16.0.1", "172.31.9.9", "192.168.1.44", "127.0.0.1", "127.8.8.8", "169.254.169.254"),
    *("100.64.0.1", "100.127.3.4", "fd12:3456:789a::1", "fc00:aa::17", "fe80::1ff:fe23:4567:890a", "FD00::BEEF", "::1"),
]
WRITINGS = [
    "{}",
    "http://{}/x",
    "connect to {}: refused",
    "({})",
    '"{}"',
    "a, {}, b",
    "host={};db=x",
    "postgres://app:pw@{}/shop",
    "<!-- served by {} -->",
    "{}.",
    "next=http%3A%2F%2F{}%2F",
    r"http:\/\/{}\/x",
]


@pytest.mark.parametrize("address", BLOCKS)
@pytest.mark.parametrize("writing", WRITINGS)
def test_every_block_is_found_in_every_writing(address: str, writing: str) -> None:
    assert found(writing.format(f"[{address}]" if ":" in address and "//" in writing else address)) == [address]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.5:5432", ["10.0.0.5"]),
        ("dial tcp 10.0.0.3:41234->10.0.0.7:5432: i/o timeout", ["10.0.0.3", "10.0.0.7"]),
        ("read 10.1.2.3,10.1.2.4", ["10.1.2.3", "10.1.2.4"]),
        ("10.0.0.1-10.0.0.9", ["10.0.0.1"]),
        ("Connection to db/10.0.0.5:5432 refused", ["10.0.0.5"]),
        ("/10.0.0.5:9042", ["10.0.0.5"]),
        ("[::ffff:10.0.0.5]:80", ["10.0.0.5"]),
        ("fe80::1%eth0", ["fe80::1"]),
        ("fe80::1: no route", ["fe80::1"]),
        ("10.42.0.0/16", ["10.42.0.0"]),
        ("1.1 10.0.0.9 (squid)", ["10.0.0.9"]),
        ("failed to connect to db/10.0.0.5 (port 5432) after 1000ms", ["10.0.0.5"]),
        ("http client 10.0.0.5:8080 refused", ["10.0.0.5"]),
        ("upstream peer address: 10.0.0.5:8080", ["10.0.0.5"]),
        ("cannot read data source: 10.0.0.5:5432", ["10.0.0.5"]),
        ("no answer from remote address 10.0.0.5:5432", ["10.0.0.5"]),
        ("remote address 10.0.0.5:54321", []),
        ("Client 10.0.0.5", ["10.0.0.5"]),
        ("DB01/10.0.0.5 is down", ["10.0.0.5"]),
        ("Mozilla/5.0 AppleWebKit/10.0.0.5 X-Http/v10.0.0.5", []),
        ("inet fd00::1/64", ["fd00::1"]),
    ],
)
def test_addresses_in_company_are_found(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        # public, unspecified or for manuals
        *(
            "8.8.8.8",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.1.1",
            "100.63.1.1",
            "100.128.0.1",
            "0.0.0.0",
            "192.0.2.7",
            "2001:db8::1",
            "11.0.0.1",
        ),
        # no addresses
        *(
            "10.0.0",
            "10.0.0.256",
            "10.01.2.3",
            "10.0.0.1.5",
            "110.0.0.1",
            "1.10.0.0.1",
            "x10.0.0.1",
            "10.0.0.1x",
            "10.0.0.1-rc1",
            "10.0.0.1+b2",
        ),
        *("fdab", "feed:me", "fd:ab:12:34:56:78", "std::1", "Foo::1", "face::1", "fade::ab", "12:30:45", "fe80", "::10", "a::1"),
        # versions
        *(
            "v10.2.0.1",
            "version 10.2.0.1",
            "Version: 10.2.0.1",
            "upgraded to 10.2.0.1",
            "release 10.0.0.7",
            "Chrome/10.0.0.1",
            "build=10.1.1.1",
        ),
        # whole blocks, as policies name them
        *("10.0.0.0/8 is not allowed", "192.168.0.0/16", "172.16.0.0/12", "fc00::/7", "169.254.0.0/16 is link-local"),
        # the caller
        *(
            "client IP 10.0.0.9",
            "client-ip: 10.0.0.9:41234",
            "remote_addr=10.0.0.9",
            "your IP is 10.0.0.9",
            "Remote Address 10.0.0.9",
            'for="10.0.0.9"',
        ),
        *("", "no address", "10.", "...."),
    ],
)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "name",
    [
        *("version", "app_version", "appversion", "build", "firmware", "x-app-version", "user-agent", "user_agent"),
        *("client_ip", "clientip", "remote_addr", "x-forwarded-for", "x-real-ip", "last_login_ip", "source_ip"),
        *("x-envoy-external-address", "forwarded", "peer-address"),
    ],
)
def test_fields_for_versions_and_callers_are_left_out(name: str) -> None:
    assert found("10.2.0.1", name) == []
    assert found("10.2.0.1:8080", name) == ["10.2.0.1"], "neither a version nor a caller has such a port"


OTHER_FIELDS = [
    *("upstream", "host", "url", "location", "via", "x-backend", "database", "node_ip", "address", "zip", "server", "build_host"),
    *("peers", "peer", "redis_client", "remote_host", "x-forwarded-server", "ip", "description", "release_server", "versions_url"),
]


@pytest.mark.parametrize("name", OTHER_FIELDS)
def test_other_fields_are_not(name: str) -> None:
    assert found("10.2.0.1", name) == ["10.2.0.1"]


@pytest.mark.parametrize("name", ["server", "x-powered-by"])
def test_a_header_that_names_software_holds_a_version_unless_there_is_a_port(name: str) -> None:
    assert found("10.2.0.1", name, HeaderName(name=name)) == []
    assert found("10.2.0.1:8080", name, HeaderName(name=name)) == ["10.2.0.1"]


def test_drawings_and_headings_in_pages_are_numbers() -> None:
    assert found("<h4>10.3.2.1. The root node</h4>", "") == []
    assert found("<b>10.3.2.1</b>. The root node", "") == ["10.3.2.1"]
    assert found('<svg><path d="m 3 10.25.3.7 l 4, 10.2.3.4z M10.1.2.3"/></svg>', "") == []
    assert found("<p>1. 10.2.3.4</p>", "") == ["10.2.3.4"]
