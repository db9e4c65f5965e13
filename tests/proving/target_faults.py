"""What may be wrong with the pair: each fault a deployment that misleads, and a canary with a real flaw wherever that might be hidden."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Final

import scripts
from gate_file import LEFT_OUT
from workshop import FAIL, INCONCLUSIVE, USAGE, Result, Workshop, fault, faults_of

FOREIGN: Final = "order-read-foreign"
"""The flaw of most canaries: it shows on one operation, and only to a customer whose session lives."""
ANONYMOUS: Final = "orders-list-anonymous"
MIDWAY: Final = 90
"""Requests to one side after which a run is in the midst of its attacks."""


def _nobody() -> str:
    """Return a URL at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return f"http://127.0.0.1:{bound.getsockname()[1]}"


@fault("the baseline is down")
def baseline_down(shop: Workshop) -> Result:
    return shop.run(replace(shop.gate(), baseline=_nobody()), expected=INCONCLUSIVE, code="unreachable")


@fault("the canary is down")
def canary_down(shop: Workshop) -> Result:
    return shop.run(replace(shop.gate(), canary=_nobody()), expected=INCONCLUSIVE, code="unreachable")


@fault("the canary dies midway", waits=True)
def canary_dies_midway(shop: Workshop) -> Result:
    return shop.run(shop.gate(canary=scripts.after(MIDWAY, scripts.dying)))


@fault("the baseline dies midway, before a flaw is met", waits=True)
def baseline_dies_midway(shop: Workshop) -> Result:
    return shop.run(shop.gate(baseline=scripts.after(MIDWAY, scripts.dying)), expected=INCONCLUSIVE)


@fault("the canary's URL is another name of the baseline")
def same_deployment(shop: Workshop) -> Result:
    gate = shop.gate()
    other = shop.proxy(gate.baseline).url
    return shop.run(replace(gate, canary=other), expected=INCONCLUSIVE, code="same-build")


@fault("one URL for both sides")
def same_url(shop: Workshop) -> Result:
    gate = shop.gate()
    return shop.run(replace(gate, canary=gate.baseline), expected=USAGE)


@fault("the arms are swapped midway, both at once")
def arms_swapped_midway(shop: Workshop) -> Result:
    pair = shop.pair(FOREIGN)
    old = scripts.after(MIDWAY, scripts.other_pods(pair.canary.url))
    new = scripts.after(MIDWAY, scripts.other_pods(pair.baseline.url))
    return shop.run(shop.gate(FOREIGN, baseline=old, canary=new), expected=INCONCLUSIVE, code="identity-mixed")


@fault("the arms are swapped midway, and only an endpoint tells the build")
def arms_swapped_unseen(shop: Workshop) -> Result:
    pair = shop.pair(FOREIGN)
    old = scripts.after(MIDWAY, scripts.other_pods(pair.canary.url))
    new = scripts.after(MIDWAY, scripts.other_pods(pair.baseline.url))
    gate = replace(shop.gate(FOREIGN, baseline=old, canary=new), identity='get = "/version"\npointer = "/build"')
    return shop.run(gate, expected=INCONCLUSIVE, code="identity-mixed")


@fault("stable pods answer every third request to the canary")
def stable_pods(shop: Workshop) -> Result:
    others = scripts.other_pods(shop.pair(FOREIGN).baseline.url, every=3)
    return shop.run(shop.gate(FOREIGN, canary=others), expected=INCONCLUSIVE, code="identity-mixed")


@fault("stable pods answer on all connections to the canary but the run's own, and only an endpoint tells the build")
def stable_pods_by_connection(shop: Workshop) -> Result:
    others = scripts.other_pods_by_connection(shop.pair(FOREIGN).baseline.url)
    gate = replace(shop.gate(FOREIGN, canary=others), identity='get = "/version"\npointer = "/build"')
    return shop.run(gate, expected=INCONCLUSIVE, code="identity-mixed")


@fault("only the schema comes from the canary; whatever answers the rest does not say its build")
def identity_only_on_schema(shop: Workshop) -> Result:
    others = scripts.schema_only(shop.pair(FOREIGN).baseline.url)
    return shop.run(shop.gate(FOREIGN, canary=others), expected=INCONCLUSIVE, code="identity-unproven")


@fault("a role's token means nothing, and its check is open to anybody")
def public_check_with_dead_token(shop: Workshop) -> Result:
    exclude = tuple(line for line in LEFT_OUT if line != "GET /announcements")
    ghost = '[roles.ghost]\nbearer = "env:DEMO_GHOST_TOKEN"\ncheck = "GET /announcements"\n'
    gate = replace(shop.gate(), exclude=exclude, more=ghost)
    return shop.run(gate, env={"DEMO_GHOST_TOKEN": "means-nothing-at-all"}, expected=INCONCLUSIVE, code="role")


@fault("a login page with 200 where 401 should be, and a canary that shows anybody what is behind it")
def login_page_with_200(shop: Workshop) -> Result:
    return shop.run(shop.gate(ANONYMOUS, baseline=scripts.login_page, canary=scripts.login_page), expected=FAIL)


@fault("a slip of the pen in api.exclude: what must never be called would be")
def exclude_misspelt(shop: Workshop) -> Result:
    return shop.run(replace(shop.gate(), exclude=(*LEFT_OUT, "GET /admin/user")), expected=USAGE)


@fault("no schema on either side")
def schema_missing(shop: Workshop) -> Result:
    gone = scripts.at(scripts.SCHEMA, scripts.saying(404))
    return shop.run(shop.gate(baseline=gone, canary=gone), expected=INCONCLUSIVE, code="schema")


@fault("no schema on the canary")
def schema_missing_on_canary(shop: Workshop) -> Result:
    return shop.run(shop.gate(canary=scripts.at(scripts.SCHEMA, scripts.saying(404))), expected=INCONCLUSIVE, code="schema")


@fault("the schema is not JSON")
def schema_invalid(shop: Workshop) -> Result:
    broken = scripts.at(scripts.SCHEMA, scripts.saying(200, b'{"openapi": "3.1.0", "paths": {'))
    return shop.run(shop.gate(baseline=broken, canary=broken), expected=INCONCLUSIVE, code="schema")


@fault("the schema has no operations")
def schema_empty(shop: Workshop) -> Result:
    empty = b'{"openapi": "3.1.0", "info": {"title": "shop", "version": "1"}, "paths": {}}'
    bare = scripts.at(scripts.SCHEMA, scripts.saying(200, empty))
    return shop.run(shop.gate(baseline=bare, canary=bare), expected=INCONCLUSIVE, code="schema")


@fault("a role's password is wrong")
def login_refused(shop: Workshop) -> Result:
    return shop.run(shop.gate(), env={"DEMO_BOB_PASSWORD": "not-the-password"}, expected=INCONCLUSIVE, code="login")


@fault("a login that fails with 200")
def login_fails_with_200(shop: Workshop) -> Result:
    failing = scripts.at(scripts.LOGIN, scripts.saying(200, b'{"ok": false}'))
    return shop.run(shop.gate(baseline=failing, canary=failing), expected=INCONCLUSIVE, code="login")


@fault("every token expires midway on both sides, with a flaw behind it")
def tokens_expire_midway(shop: Workshop) -> Result:
    return shop.run(shop.gate(FOREIGN, baseline=scripts.expiring(MIDWAY), canary=scripts.expiring(MIDWAY)))


@fault("an attack kills its own session on both sides, with a flaw behind it")
def attack_kills_its_session(shop: Workshop) -> Result:
    old, new = scripts.killing_sessions("PUT", "/me"), scripts.killing_sessions("PUT", "/me")
    return shop.run(shop.gate(FOREIGN, baseline=old, canary=new))


@fault("a cookie beside the token would make anonymous somebody, and hide that he is let in")
def cookie_leaks_into_anonymous(shop: Workshop) -> Result:
    return shop.run(shop.gate(ANONYMOUS, baseline=scripts.cookie_beside_token, canary=scripts.cookie_beside_token), expected=FAIL)


@fault("both sides close the connection after each 500, with a flaw")
def closed_after_500(shop: Workshop) -> Result:
    return shop.run(shop.gate(FOREIGN, baseline=scripts.closing_after_500, canary=scripts.closing_after_500))


@fault("the canary hangs for good midway", waits=True)
def canary_hangs_midway(shop: Workshop) -> Result:
    return shop.run(replace(shop.gate(canary=scripts.after(MIDWAY, scripts.hanging)), seconds=30))


@fault("the baseline hangs for good midway", waits=True)
def baseline_hangs_midway(shop: Workshop) -> Result:
    return shop.run(replace(shop.gate(baseline=scripts.after(MIDWAY, scripts.hanging)), seconds=30), expected=INCONCLUSIVE)


@fault("401 to everything, on both sides")
def all_401(shop: Workshop) -> Result:
    no = scripts.beyond(scripts.saying(401))
    return shop.run(shop.gate(FOREIGN, baseline=no, canary=no), expected=INCONCLUSIVE)


@fault("429 to everything, on both sides", waits=True)
def all_429(shop: Workshop) -> Result:
    no = scripts.beyond(scripts.saying(429, wait=b"0"))
    return shop.run(shop.gate(FOREIGN, baseline=no, canary=no), expected=INCONCLUSIVE)


@fault("500 to everything, on both sides")
def all_500(shop: Workshop) -> Result:
    no = scripts.beyond(scripts.saying(500))
    return shop.run(shop.gate(FOREIGN, baseline=no, canary=no), expected=INCONCLUSIVE)


@fault("503 to everything, on both sides", waits=True)
def all_503(shop: Workshop) -> Result:
    no = scripts.beyond(scripts.saying(503, wait=b"0"))
    return shop.run(shop.gate(FOREIGN, baseline=no, canary=no), expected=INCONCLUSIVE)


@fault("429 to everything from midway on, on both sides, with a flaw", waits=True)
def all_429_midway(shop: Workshop) -> Result:
    no = scripts.after(MIDWAY, scripts.saying(429, wait=b"0"))
    return shop.run(shop.gate(FOREIGN, baseline=no, canary=no))


@fault("answers without end from midway on, on both sides, with a flaw", waits=True)
def endless_bodies(shop: Workshop) -> Result:
    endless = scripts.after(MIDWAY, scripts.endless_body)
    return shop.run(replace(shop.gate(FOREIGN, baseline=endless, canary=endless), seconds=30))


@fault("heads without end from midway on, on both sides, with a flaw", waits=True)
def endless_heads(shop: Workshop) -> Result:
    endless = scripts.after(MIDWAY, scripts.endless_headers)
    return shop.run(replace(shop.gate(FOREIGN, baseline=endless, canary=endless), seconds=30))


@fault("bodies drip letter by letter from midway on, on both sides, with a flaw", waits=True)
def dripping_bodies(shop: Workshop) -> Result:
    slow = scripts.after(MIDWAY, scripts.dripping)
    return shop.run(replace(shop.gate(FOREIGN, baseline=slow, canary=slow), seconds=30))


@fault("both sides answer by chance")
def noise_above_bound(shop: Workshop) -> Result:
    old, new = scripts.random_answers(1), scripts.random_answers(2)
    return shop.run(shop.gate(baseline=old, canary=new), expected=INCONCLUSIVE, code="noise")


@fault("identity is not configured and nowhere to be found")
def identity_nowhere(shop: Workshop) -> Result:
    gate = replace(shop.gate(FOREIGN, baseline=scripts.nameless, canary=scripts.nameless), identity="")
    return shop.run(gate, expected=INCONCLUSIVE, code="identity-unproven")


@fault("the canary is another build than expected")
def identity_unexpected(shop: Workshop) -> Result:
    return shop.run(replace(shop.gate(), expect="9.9.9"), expected=INCONCLUSIVE, code="identity-mismatch")


FAULTS: Final = faults_of(globals())
