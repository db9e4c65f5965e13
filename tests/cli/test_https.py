"""The gate over HTTPS: an own authority is trusted where it is named, and nothing is trusted that is not."""

from __future__ import annotations

import re
from pathlib import Path

from gating import COMMAND, run, write

from zeroweight.demo.pair import Pair, config, environment


def test_a_pair_behind_an_own_authority_is_attacked_over_https(tmp_path: Path) -> None:
    with Pair(flaws=frozenset({"hsts-gone"}), tls=True) as pair:
        text = config(pair)
        assert text.count("https://") == 2
        write(tmp_path, {"gate.toml": text})
        ran = run(tmp_path, (COMMAND, "run", "gate.toml"), env=environment())
        ran.said("FAIL", 1)
        assert {finding["rule"] for finding in ran.verdict["findings"]} == {"headers.hsts-lost"}


def test_a_certificate_of_an_unknown_authority_is_not_believed(tmp_path: Path) -> None:
    with Pair(tls=True) as pair:
        write(tmp_path, {"gate.toml": re.sub(r"tls = \{[^}]*\}", "", config(pair))})
        ran = run(tmp_path, (COMMAND, "run", "gate.toml"), env=environment())
        ran.said("INCONCLUSIVE", 10)
        assert "CERTIFICATE_VERIFY_FAILED" in ran.verdict["reasons"][0]["text"]
        assert ran.verdict["counts"]["pairs"] == 0
