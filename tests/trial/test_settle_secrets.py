"""Evidence is redacted, and cut only then: half a secret is not known as one."""

from __future__ import annotations

import pytest
from worlds import CANARY, World, only, steady

from zeroweight.checks.disclosure import database_error
from zeroweight.redact import Redactor, Secret

TOKENS = {
    "a kilobyte": "".join(f"{number:03x}" for number in range(340)),
    "240 characters": "tok_" + "Zq7" * 79,
    "short, where the cut was": "s3cr3t.w0rd.0f.b0b",
    "with the digits that a mask hides": "a1b2c3-d4e5+f6",
}


@pytest.mark.parametrize("before", [0, 40, 80, 150, 210])
@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_no_part_of_a_secret_is_in_what_a_database_error_leaves(token: str, before: int) -> None:
    said = f'invalid input syntax for type integer: "{"x " * (before // 2)}{token}" at character 7'
    world = World(
        says=lambda side, _: steady(guarded=True, status=500, body=said.encode() if side is CANARY else b""),
        checks=(database_error,),
        redactor=Redactor([Secret(name="bob", value=token)], key=b"k" * 16),
    )
    delta = only(world)
    left = f"{delta.evidence} {delta.cause} {delta.request}"
    assert "invalid input syntax" in left
    assert len(delta.evidence[0]) <= 240
    parts = [token[at : at + 6] for at in range(len(token) - 5)]
    assert not [part for part in parts if part in left]
    assert token[2:5] not in delta.cause
    assert delta.cause.startswith(("PostgreSQL: ", "the answer"))
