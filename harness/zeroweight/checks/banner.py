"""Products and their versions as servers and their default pages name them (RFC 9110 sections 7.6.3 and 10.2.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Final

from zeroweight.checks.leak import compiled
from zeroweight.checks.passage import is_text
from zeroweight.model.http import Response

HEADERS: Final = frozenset(
    {
        *("server", "via", "x-powered-by", "x-powered-cms", "x-generator", "x-server", "x-server-software", "x-framework"),
        *("x-aspnet-version", "x-aspnetmvc-version", "x-php-version", "x-jenkins", "x-hudson", "x-mod-pagespeed", "x-page-speed"),
        *("x-owa-version", "liferay-portal", "microsoftsharepointteamservices", "x-kong-version", "x-runtime-version"),
    }
)
"""Fields that exist to name software. An API's version, a build and a service's own name are none of theirs."""

_PROTOCOLS = frozenset({"http", "https", "h2", "h2c", "h3", "tls", "tlsv", "ssl"})
_PRODUCT = r"([A-Za-z][\w.+-]*(?: [A-Z][\w.+()-]*){0,3})"
_VERSION = r"v?(\d+(?:\.\d+)+[\w.+~-]*|\d{1,3}(?:[-+~][\w.+~-]+)?)(?:$|[^\w.])"
_NAMED = (rf"{_PRODUCT}(?:/|\s|\s?\()\s?{_VERSION}",)
_SLASHED = (rf"{_PRODUCT}/{_VERSION}", rf"\({_PRODUCT} {_VERSION}")
_BARE = re.compile(r"\s*v?\d+(?:\.\d+)+[\w.-]*\s*$")

_GAP = r"(?:\s|:|/|\(|&nbsp;|\\/|<[^<>]{0,80}>|[Vv]ersion\b){1,8}"
_SERVERS = (
    r"nginx|openresty|tengine|Apache(?:[ -]Tomcat|-Coyote)?|Tomcat|Jetty|Werkzeug|gunicorn|hypercorn|uvicorn|aiohttp|lighttpd|LiteSpeed"
    r"|Caddy|Microsoft-IIS|IIS|Kestrel|Cowboy|Puma|Unicorn|WEBrick|Mongrel|TornadoServer|CherryPy|SimpleHTTP|BaseHTTP|WSGIServer"
    r"|Phusion Passenger|WildFly|JBoss(?: Web| EAP)?|Undertow|GlassFish(?: Server[A-Za-z ]*)?|Payara Server|WebLogic Server"
    r"|WebSphere Application Server|IBM_HTTP_Server|Oracle-HTTP-Server|Varnish|[Ss]quid|HAProxy|[Ee]nvoy|Traefik|[Kk]ong|mod_[a-z]+"
)
_FRAMEWORKS = (
    r"Django|Flask|Ruby on Rails|Rails|Laravel|Symfony|CodeIgniter|CakePHP|Yii Framework|Spring Boot|Quarkus|ASP\.NET"
    r"|Microsoft \.NET Framework|Express|Next\.js|Zope|Drupal|WordPress|Joomla!?|Elasticsearch|Solr|CouchDB|MinIO|Jenkins"
)
_RUNTIMES = r"PHP|Python|Perl|Ruby|Node\.js|Java|OpenSSL"
"""Named in prose with their versions, too ("needs Python 3.9"), so only a slash or the word `version` counts."""
_DOTTED = r"v?(\d+(?:\.\d+)+[\w.+~-]*)"
_PAGE = (
    rf"\b({_SERVERS}|{_FRAMEWORKS}){_GAP}{_DOTTED}",
    rf"\b({_RUNTIMES})(?:/| Version\b{_GAP}){_DOTTED}",
    rf"\b({_SERVERS}|{_FRAMEWORKS}|{_RUNTIMES})/v?(\d{{1,3}})(?:$|[^\w.])",
)
"""Default error pages sign so: the product, and a version with at least one dot."""
_GENERATOR = (r"(?i)<meta\s[^>]{0,200}?\bname=[\"']?(generator)[\"']?\s[^>]{0,200}?\bcontent=[\"']?([^\"'>]{1,100})",)
_PHPINFO = (r"<h1[^>]{0,40}>\s*(PHP) Version (\d[\w.~+-]*)",)
_LONGEST = 64 * 1024
"""Characters of a page that are looked through for its generator: it stands in the head."""
_MOST = 50
"""Products that one field or page names, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """A product with its version, and where it was named: a header, or the body (an empty `header`)."""

    product: str
    version: str
    header: str = ""

    @property
    def key(self) -> str:
        """What two versions of one product share."""
        return self.product.lower()


def banners(response: Response, *, body: bool = True) -> Iterator[Banner]:
    """Yield the products that an answer names together with a version; a name without a version is none.

    `body`: whether the body is looked at, too.
    """
    for key, value in response.headers.raw:
        name = key.decode("latin-1")
        if name.lower() in HEADERS:
            yield from _of_header(name, value.decode("latin-1"))
    if body and response.body and is_text(response):
        yield from _of_body(response)


def is_error(response: Response) -> bool:
    """Whether the answer is of a status whose pages servers sign."""
    return response.status >= HTTPStatus.BAD_REQUEST


def _of_header(name: str, value: str) -> Iterator[Banner]:
    """Yield what one field names. `Via` begins with the protocol's version; some fields are a version and nothing else."""
    if _BARE.match(value) and name.lower() != "via":
        yield Banner(product=name, version=value.strip(), header=name)
        return
    for product, version in _found(value, _SLASHED if name.lower() == "via" else _NAMED):
        yield Banner(product=product, version=version, header=name)


def _of_body(response: Response) -> Iterator[Banner]:
    """Yield what signs an error page, and what says that it made the page."""
    text = response.text
    if is_error(response):
        for product, version in _found(text, _PAGE):
            yield Banner(product=product, version=version)
    if "<" in text:
        head = text[:_LONGEST]
        made = (named for _, content in _found(head, _GENERATOR) for named in _found(content, _NAMED))
        for product, version in (*made, *_found(head, _PHPINFO)):
            yield Banner(product=product, version=version)


def _found(text: str, patterns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield (product, version) of all that the patterns find; each pattern has those two groups."""
    data = text.encode("utf-8", "replace")
    for match in islice(compiled(patterns).finditer(data), _MOST):
        product, version = (part.decode("utf-8", "replace") for part in match.groups() if part is not None)
        if product.lower() not in _PROTOCOLS:
            yield product, version


def by_product(response: Response, *, body: bool = True) -> Mapping[str, Banner]:
    """Return the first banner of each product that an answer names; `body`: in its body, too."""
    found: dict[str, Banner] = {}
    for banner in banners(response, body=body):
        found.setdefault(banner.key, banner)
    return found
