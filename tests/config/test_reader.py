"""How places and nearest words are written; every mistake itself stands in the table of test_mistake.py."""

from __future__ import annotations

import pytest

from zeroweight.config.reader import Where, label, nearest


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (("service",), "service"),
        (("canary", "headers", "x y"), 'canary.headers."x y"'),
        (("safety", "hosts", 0), "safety.hosts #1"),
        (("waiver", 1, "expires"), "[[waiver]] #2 expires"),
        (("policy", "rule", 0, "place"), "[[policy.rule]] #1 place"),
        (("a\nb",), '"a\\nb"'),
    ],
)
def test_a_place_is_written_as_people_do(path: Where, written: str) -> None:
    assert label(path) == written


@pytest.mark.parametrize(
    ("word", "known", "fix"),
    [
        ("ulr", ["url", "tls"], "Did you mean url? All: url, tls"),
        ("driver", ["waiver", "safety"], "Known here: waiver, safety"),
        ("shp", ["shop"], "Did you mean shop?"),
        ("x", [], "None is known here; take it out"),
    ],
)
def test_the_nearest_word_is_offered_and_a_far_one_is_not(word: str, known: list[str], fix: str) -> None:
    assert nearest(word, known) == fix
