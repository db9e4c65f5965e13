"""Masks hide what differs between any two answers."""

from __future__ import annotations

import pytest

from zeroweight.checks.mask import masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("order 12 of 3.5", "order {number} of {number}"),
        ("id 123e4567-e89b-12d3-a456-426614174000.", "id {uuid}."),
        ("at 2026-11-24T10:00:00.123Z, 2026-11-24", "at {time}, {time}"),
        ("Date: Tue, 24 Nov 2026 10:00:00 GMT", "Date: {time}"),
        ("10:00:01", "{time}"),
        ("0x1f deadbeef99 facade", "{hex} {hex} facade"),
        ("nonce Zm9vYmFyYmF6cXV4MTIzNDU2", "nonce {token}"),
        ('<input name="csrf" value="wqZLkvTHMrbXJpdNGyQsUa">', '<input name="csrf" value="{token}">'),
        ('<input name="csrf" value="wqZLkvTHMr4XJpdNGyQsUa">', '<input name="csrf" value="{token}">'),
        ('<input value="internationalisation-of-words">', '<input value="internationalisation-of-words">'),
        ('"ArrayIndexOutOfBoundsException"', '"ArrayIndexOutOfBoundsException"'),
        ('{"isUserInMyOrgUnitList": 1}', '{"isUserInMyOrgUnitList": {number}}'),
        ("internationalisation-of-words", "internationalisation-of-words"),
        ("http://127.0.0.1:8002/x on 127.0.0.1", "http://{host}/x on {host}"),
        ("", ""),
    ],
)
def test_masks_hide_values_and_keep_words(text: str, expected: str) -> None:
    assert masked(text, own=("127.0.0.1", "127.0.0.1:8002", "")) == expected


def test_masking_twice_changes_nothing() -> None:
    text = "order 12 at 2026-11-24T10:00:00Z, 0x1f, 123e4567-e89b-12d3-a456-426614174000"
    assert masked(masked(text)) == masked(text)
