from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from plans import plan_of
from servers import answer, free_port
from stage import Call, Service, Shop, Stage, account, mixed, ok, status, token_of

from zeroweight.model.resource import Resource
from zeroweight.model.role import Login, LoginKind, Role
from zeroweight.model.target import Identity, Side, Target
from zeroweight.plan import Plan
from zeroweight.redact import Secret
from zeroweight.session.close import EARLIER, Closing, close
from zeroweight.trial.objects import Journal

PATIENCE = 60.0
"""Seconds of grace that no test needs."""
MARK = {Side.BASELINE: b"x-build: 1.0", Side.CANARY: b"x-build: 1.1"}
LOGIN = Login(kind=LoginKind.JSON, request="POST /login", body={"password": Secret(name="p", value="pass")}, token="/token")


def saying(service: Service) -> Service:
    """Return the service with its side's build in every answer."""

    def named(call: Call) -> bytes | None:
        said = service(call)
        assert said is None or isinstance(said, bytes)
        return said and said.replace(b"\r\n", b"\r\n" + MARK[call.side] + b"\r\n", 1)

    return named


class House:
    """A pair that holds objects, and the journal of a run that made them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shops = {side: Shop() for side in Side}
        self.journals = folder / "journals"
        self.stage: Stage | None = None

    def make(self, side: Side, number: str, *, owner: str = "ann", worker: str = "gw0", kind: str = "thing") -> None:
        """Make an object that the journal knows."""
        self.shops[side].things[number] = owner
        self.note(side, number, owner=owner, worker=worker, kind=kind)

    def note(self, side: Side, number: Any = None, *, owner: str = "ann", worker: str = "gw0", kind: str = "thing") -> None:
        """Write into a worker's journal what was about to be made, and what was made where an id is given."""
        journal = Journal(self.journals / f"{worker}.jsonl")
        key = f"{side} {number} {kind}"
        journal.write(what="about", key=key, kind=kind, owner=owner, side=side)
        if number is not None:
            journal.write(what="made", key=key, id=number)
        journal.close()

    def close(
        self, *, grace: float = PATIENCE, rate: float = math.inf, services: Mapping[Side, Service] | None = None, **more: Any
    ) -> Closing:
        """Close the run."""
        both = {side: saying((services or {}).get(side, self.shops[side])) for side in Side}
        with Stage(baseline=both[Side.BASELINE], canary=both[Side.CANARY], folder=self.folder) as stage:
            self.stage = stage
            targets = {side: Target(side=side, url=stage.servers[side].url) for side in Side}
            return close(self.plan(**{"targets": targets, **more}), grace=grace, rate=rate)

    def plan(self, **more: Any) -> Plan:
        given: dict[str, Any] = {
            "journals": str(self.journals),
            "identity": Identity(header="x-build", get="/ping"),
            "accounts": {side: {role: account(role) for role in ("ann", "ben")} for side in Side},
            "roles": (Role(name="ann"), Role(name="ben")),
        }
        return plan_of(**{**given, **more})

    @property
    def left(self) -> dict[Side, list[str]]:
        return {side: list(shop.things) for side, shop in self.shops.items()}

    def removals(self, side: Side) -> list[str]:
        assert self.stage is not None
        return [call.path for call in self.stage.asked(side, method="DELETE")]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


NOTHING: dict[Side, list[str]] = {side: [] for side in Side}


def test_what_was_made_is_removed_on_both_sides_whoever_made_it(house: House) -> None:
    for side in Side:
        house.make(side, "1", worker="gw0")
        house.make(side, "2", owner="ben", worker="gw1")
    assert house.close() == Closing(removed=4)
    assert house.left == NOTHING


def test_the_end_goes_no_faster_than_the_governor_let_the_run(house: House) -> None:
    for number in range(6):
        house.make(Side.BASELINE, str(number))
    told = house.close(rate=1e-3)
    assert 0 < len(told.leftovers) < 6
    assert told.removed == 6 - len(told.leftovers)


def test_what_the_run_did_not_make_is_left_alone(house: House) -> None:
    house.make(Side.CANARY, "1")
    house.shops[Side.CANARY].things["7"] = "ann"
    house.close()
    assert house.left[Side.CANARY] == ["7"]


def test_the_newest_object_goes_first(house: House) -> None:
    for number in ("1", "2", "3"):
        house.make(Side.CANARY, number)
    house.close()
    assert house.removals(Side.CANARY) == ["/things/3", "/things/2", "/things/1"]


def test_what_is_removed_already_is_not_asked_for(house: House) -> None:
    house.make(Side.CANARY, "1")
    journal = Journal(house.journals / "gw0.jsonl")
    journal.write(what="removed", key="canary 1 thing")
    journal.close()
    assert house.close().removed == 0
    assert house.removals(Side.CANARY) == []


def test_an_object_that_is_gone_by_itself_is_no_leftover(house: House) -> None:
    house.note(Side.CANARY, "9")
    assert house.close() == Closing(removed=1)


def test_an_object_whose_id_was_never_seen_may_be_left(house: House) -> None:
    house.note(Side.CANARY)
    (left,) = house.close().leftovers
    assert left.startswith("thing (id unknown) of ann on the canary:")


@pytest.mark.parametrize("resources", [(), (Resource(kind="thing", create="POST /things"),)])
def test_a_resource_without_a_remove_leaves_its_objects(house: House, resources: tuple[Resource, ...]) -> None:
    house.make(Side.CANARY, "1")
    told = house.close(resources=resources)
    assert told.leftovers == ("thing 1 of ann on the canary: the resource has no remove",)
    assert told.removed == 0


@pytest.mark.parametrize("line", ["500 Oh", "409 Used", "403 No", "302 Away"])
def test_a_removal_that_is_not_done_leaves_the_object_with_the_answers_status(house: House, line: str) -> None:
    house.make(Side.CANARY, "1")
    refusing = mixed(house.shops[Side.CANARY], **{"1": lambda _: status(line)})
    (left,) = house.close(services={Side.CANARY: refusing}).leftovers
    assert left == f"thing 1 of ann on the canary: its removal answered {line[:3]}"


def test_one_removal_that_breaks_off_does_not_stop_the_others(house: House) -> None:
    for number in ("1", "2", "3"):
        house.make(Side.CANARY, number)
    told = house.close(services={Side.CANARY: mixed(house.shops[Side.CANARY], **{"2": lambda _: None})})
    assert (len(told.leftovers), told.removed) == (1, 2)
    assert told.leftovers[0].startswith("thing 2 of ann")
    assert told.untrue == ()
    assert house.left[Side.CANARY] == ["2"]


def expired(shop: Shop, refusal: bytes) -> Service:
    """Return a shop that has forgotten everybody, and lets in again who logs in."""
    known: set[str] = set()

    def service(call: Call) -> bytes | None:
        if call.path == "/login":
            known.add("fresh")
            return ok(b'{"token": "fresh"}')
        if call.token and call.token not in known:
            return refusal
        return shop(replace(call, fields={**call.fields, "authorization": f"Bearer {token_of('ann')}"}) if call.token else call)

    return service


@pytest.mark.parametrize("refusal", [status("401 No"), status("403 No"), status("302 Go", b"Location: /login?next=1")])
def test_an_owner_whose_token_has_expired_logs_in_again(house: House, refusal: bytes) -> None:
    for number in ("1", "2"):
        house.make(Side.CANARY, number)
    told = house.close(services={Side.CANARY: expired(house.shops[Side.CANARY], refusal)}, roles=(Role(name="ann", login=LOGIN),))
    assert told == Closing(removed=2)
    assert house.left == NOTHING
    assert house.stage is not None
    assert len(house.stage.asked(Side.CANARY, "/login")) == 1


def test_an_owner_who_cannot_log_in_again_leaves_his_objects(house: House) -> None:
    house.make(Side.CANARY, "1")
    told = house.close(
        services={Side.CANARY: lambda call: ok() if call.path == "/ping" else status("401 No")}, roles=(Role(name="ann", login=LOGIN),)
    )
    assert told.leftovers == ("thing 1 of ann on the canary: its removal answered 401",)


def test_an_owner_without_an_account_leaves_his_objects(house: House) -> None:
    house.make(Side.CANARY, "1", owner="eve")
    (left,) = house.close().leftovers
    assert "eve has no account on the canary" in left


def test_the_level_of_the_attack_does_not_keep_the_run_from_tidying_up(house: House) -> None:
    house.make(Side.CANARY, "1")
    assert house.close(level=plan_of().level) == Closing(removed=1)


def test_a_line_that_a_crash_cut_short_hides_nothing(house: House) -> None:
    house.make(Side.CANARY, "1")
    with (house.journals / "gw0.jsonl").open("ab") as file:
        file.write(b'{"what": "abo')
    assert house.close().removed == 1


def test_builds_that_still_answer_are_no_news(house: House) -> None:
    assert house.close() == Closing()


@pytest.mark.parametrize(
    ("headers", "code", "says"),
    [
        ((b"x-build: 1.2",), "identity-mixed", "was build 1.2, not 1.1"),
        ((MARK[Side.BASELINE],), "identity-mixed", "was build 1.0, not 1.1"),
        ((), "identity-unproven", "did not say its build any more"),
    ],
)
def test_another_build_or_none_at_the_end_makes_the_run_untrue(house: House, headers: tuple[bytes, ...], code: str, says: str) -> None:
    with Stage(baseline=lambda _: ok(b"{}", MARK[Side.BASELINE]), canary=lambda _: ok(b"{}", *headers), folder=house.folder) as stage:
        targets = {side: Target(side=side, url=stage.servers[side].url) for side in Side}
        (reason,) = close(house.plan(targets=targets), grace=PATIENCE).untrue
    assert reason.code == code
    assert f"at the end the canary {says}" in reason.text


def test_a_build_behind_a_pointer_is_read_again(house: House) -> None:
    with Stage(canary=lambda _: ok(b'{"build": "1.1"}'), baseline=lambda _: ok(b'{"build": "9"}'), folder=house.folder) as stage:
        targets = {side: Target(side=side, url=stage.servers[side].url) for side in Side}
        told = close(house.plan(targets=targets, identity=Identity(get="/version", pointer="/build")), grace=PATIENCE)
    assert [reason.code for reason in told.untrue] == ["identity-mixed"]


def test_where_no_build_was_proven_none_is_asked_for(house: House) -> None:
    assert house.close(builds={}) == Closing()
    assert house.stage is not None
    assert house.stage.calls == []


def test_a_blocked_run_that_made_nothing_sends_nothing(house: House) -> None:
    assert house.close(blocked="a side does not answer") == Closing()
    assert house.stage is not None
    assert house.stage.calls == []


def test_a_blocked_run_that_made_something_removes_it(house: House) -> None:
    house.make(Side.CANARY, "1")
    assert house.close(blocked="why ever").removed == 1


def test_a_run_without_journals_closes(house: House) -> None:
    assert house.close(builds={}).leftovers == ()


def test_what_was_removed_is_written_down_and_not_removed_twice(house: House) -> None:
    house.make(Side.CANARY, "1", worker="gw0")
    house.make(Side.CANARY, "2", worker="zz")
    assert house.close().removed == 2
    assert all(entry.removed for entry in Journal.read(house.journals))
    assert house.close() == Closing()
    assert house.removals(Side.CANARY) == []


def test_what_is_left_is_not_written_down_as_removed(house: House) -> None:
    for number in ("1", "2"):
        house.make(Side.CANARY, number)
    house.close(services={Side.CANARY: mixed(house.shops[Side.CANARY], **{"1": lambda _: status("500 Oh")})})
    assert {entry.id: entry.removed for entry in Journal.read(house.journals)} == {"1": False, "2": True}


@pytest.mark.parametrize(("closed", "fate"), [(False, "was killed"), (True, "could not remove it")])
@pytest.mark.parametrize("blocked", ["", "why ever"])
def test_what_an_earlier_run_left_is_told_and_never_removed(house: House, blocked: str, *, closed: bool, fate: str) -> None:
    house.make(Side.CANARY, "17", worker=f"{EARLIER}/r-0/gw0")
    if closed:
        (house.journals / EARLIER / "r-0" / "~close.jsonl").touch()
    told = house.close(blocked=blocked)
    assert told == Closing(leftovers=(f"left by run r-0, which {fate}: thing 17 of ann on the canary; remove it by hand",))
    assert house.left[Side.CANARY] == ["17"]
    assert house.removals(Side.CANARY) == []


def test_a_clean_up_that_takes_too_long_leaves_objects_and_says_nothing_about_the_build(house: House) -> None:
    for number in ("1", "2"):
        house.make(Side.CANARY, number)

    async def slow(call: Call) -> bytes:
        return await hang(call) if call.method == "DELETE" else ok(b"{}", MARK[call.side])

    with Stage(baseline=saying(house.shops[Side.BASELINE]), canary=slow, folder=house.folder) as stage:
        targets = {side: Target(side=side, url=stage.servers[side].url) for side in Side}
        told = close(house.plan(targets=targets), grace=1.0)
    assert told.untrue == ()
    assert len(told.leftovers) == 2
    assert told.removed == 0


async def hang(_: Call) -> bytes:
    """Never answer."""
    await asyncio.Event().wait()
    return b""


def test_a_side_that_hangs_costs_the_grace_and_takes_nothing_from_the_other(house: House) -> None:
    for side in Side:
        for number in ("1", "2"):
            house.make(side, number)
    with Stage(baseline=saying(house.shops[Side.BASELINE]), canary=hang, folder=house.folder) as stage:
        targets = {side: Target(side=side, url=stage.servers[side].url) for side in Side}
        told = close(house.plan(targets=targets), grace=1.5)
    assert told.removed == 2
    assert len(told.leftovers) == 2
    assert all("on the canary: the canary did not answer within the grace" in left for left in told.leftovers), told.leftovers
    assert [reason.code for reason in told.untrue] == ["identity-unproven"]
    assert house.left[Side.BASELINE] == []


def test_a_side_that_is_gone_leaves_all_its_objects_and_its_build_unproven(house: House) -> None:
    for number in ("1", "2"):
        house.make(Side.CANARY, number)
    with Stage(baseline=saying(house.shops[Side.BASELINE]), folder=house.folder) as stage:
        urls = {Side.BASELINE: stage.servers[Side.BASELINE].url, Side.CANARY: f"http://127.0.0.1:{free_port()}"}
        told = close(house.plan(targets={side: Target(side=side, url=url) for side, url in urls.items()}), grace=PATIENCE)
    assert len(told.leftovers) == 2
    assert [reason.code for reason in told.untrue] == ["identity-unproven"]


def test_an_answer_of_a_gateways_that_names_no_build_is_asked_again(house: House) -> None:
    def gateway(call: Call) -> bytes:
        return answer(b"{}", status=b"502 Oh") if call.nth == 1 else ok(b"{}", MARK[call.side])

    with Stage(baseline=gateway, canary=gateway, folder=house.folder) as stage:
        targets = {side: Target(side=side, url=stage.servers[side].url) for side in Side}
        assert close(house.plan(targets=targets), grace=PATIENCE) == Closing()
        assert [len(stage.asked(side, "/ping")) for side in Side] == [2, 2]
