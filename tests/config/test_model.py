"""What a Config tells of itself."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import date

import msgspec

from zeroweight.config.model import Config

Load = Callable[..., Config]


def test_the_level_follows_the_two_facts_unless_it_is_written(loaded: Load, six_lines: str) -> None:
    alone = six_lines.replace('stable:8080"', 'stable:8080", serves_users = false')
    assert loaded(six_lines).level == "read-only"
    assert loaded(alone).level == "read-only"
    assert loaded(alone + "safety.shared_store = false\n").level == "own-objects"
    assert loaded(six_lines + "safety.shared_store = false\n").level == "read-only"
    assert loaded(six_lines + 'safety.level = "destructive"\n').level == "destructive"


def test_probes_go_by_wire_on_asyncios_loop_unless_it_is_written(loaded: Load, six_lines: str) -> None:
    config, other = loaded(six_lines), loaded(six_lines + 'driver = "httpx"\nloop = "uvloop"\n')
    assert (config.driver, config.loop) == ("wire", "asyncio")
    assert (other.driver, other.loop) == ("httpx", "uvloop")
    assert loaded(six_lines, overrides={"driver": "httpx"}, ZEROWEIGHT_DRIVER="wire").driver == "httpx"


def test_a_waiver_counts_on_its_last_day_and_not_on_the_next(loaded: Load, everything: str) -> None:
    (waiver,) = loaded(everything).waivers
    assert not waiver.expired(date(2027, 1, 1))
    assert waiver.expired(date(2027, 1, 2))


def test_an_expired_waiver_is_kept_for_the_reports_to_tell(loaded: Load, everything: str) -> None:
    (waiver,) = loaded(everything.replace("expires = 2027-01-01", "expires = 2001-01-01")).waivers
    assert waiver.expired(date(2026, 1, 1))


def test_secrets_are_all_listed_and_basic_as_it_travels(loaded: Load, everything: str) -> None:
    values = {secret.reveal() for secret in loaded(everything).secrets()}
    assert {"route-to-canary", "password-of-alice", "secret-of-client", "number-of-card", "secret-of-edge", "key-of-admin"} <= values
    assert {"clerk:password-of-clerk", "gate:password-of-bob"} <= values
    assert "1.42.0" not in values


def test_no_secret_shows_in_the_repr(loaded: Load, everything: str) -> None:
    config = loaded(everything)
    shown = repr(config)
    assert not [secret for secret in config.secrets() if secret.reveal() in shown]


def test_a_config_travels_as_json_and_as_pickle(loaded: Load, six_lines: str) -> None:
    config = loaded(six_lines + 'policy.require.roles = ["alice"]\n')
    assert msgspec.json.decode(msgspec.json.encode(config), type=Config) == config
    assert pickle.loads(pickle.dumps(config)) == config
