"""What environment and options set, and what they must not be mistaken for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from zeroweight.config.model import Config
from zeroweight.config.outside import RESERVED, scalars
from zeroweight.errors import ConfigError

Load = Callable[..., Config]


def test_an_option_beats_the_environment_and_the_environment_beats_the_file(loaded: Load, six_lines: str) -> None:
    assert loaded(six_lines).canary.url == "http://orders-canary:8080"
    assert loaded(six_lines, ZEROWEIGHT_CANARY_URL="http://e:1").canary.url == "http://e:1"
    assert loaded(six_lines, overrides={"canary.url": "http://o:1"}, ZEROWEIGHT_CANARY_URL="http://e:1").canary.url == "http://o:1"


@pytest.mark.parametrize(
    ("variable", "text", "path", "value"),
    [
        ("SERVICE", "shop", "service", "shop"),
        ("DRIVER", "httpx", "driver", "httpx"),
        ("LOOP", "uvloop", "loop", "uvloop"),
        ("API_SCHEMA", "/v2/openapi.json", "api.schema", "/v2/openapi.json"),
        ("BASELINE_EXPECT", "1.2", "baseline.expect", "1.2"),
        ("BASELINE_EXPECT", "env:CANARY_BUILD", "baseline.expect", "1.42.0"),
        ("BASELINE_SERVES_USERS", "false", "baseline.serves_users", False),
        ("SAFETY_LEVEL", "destructive", "safety.level", "destructive"),
        ("BUDGET_SECONDS", "7.5", "budget.seconds", 7.5),
        ("BUDGET_LANES", "3", "budget.lanes", 3),
        ("POLICY_FAIL_ON", "low", "policy.fail_on", "low"),
        ("POLICY_REQUIRE_IDENTITY", "FALSE", "policy.require.identity", False),
        ("POLICY_REQUIRE_OPERATIONS_ALLOWED", "0.1", "policy.require.operations_allowed", 0.1),
        ("OUTPUT_FOLDER", "there", "output.folder", "there"),
    ],
)
def test_a_variable_sets_its_key(loaded: Load, six_lines: str, variable: str, text: str, path: str, value: object) -> None:
    found: object = loaded(six_lines, **{f"ZEROWEIGHT_{variable}": text})
    for part in path.split("."):
        found = getattr(found, part)
    assert found == value
    assert type(found) is type(value)


def test_a_required_key_may_come_from_outside_alone(loaded: Load, six_lines: str) -> None:
    without = six_lines.replace('canary   = { url = "http://orders-canary:8080" }\n', "")
    assert loaded(without, ZEROWEIGHT_CANARY_URL="http://e:1").canary.url == "http://e:1"
    assert loaded(without, overrides={"canary.url": "http://e:1"}).canary.url == "http://e:1"


@pytest.mark.parametrize(
    ("variable", "text", "says"),
    [
        ("ZEROWEIGHT_CANARY_ULR", "x", "Did you mean ZEROWEIGHT_CANARY_URL?"),
        ("ZEROWEIGHT_CANRY_URL", "x", "Did you mean ZEROWEIGHT_CANARY_URL?"),
        ("ZEROWEIGHT_BUDGET_SECOND", "x", "Did you mean ZEROWEIGHT_BUDGET_SECONDS?"),
        ("ZEROWEIGHT_BUDGET_SECONDS", "soon", "this is not a number"),
        ("ZEROWEIGHT_BUDGET_SECONDS", "nan", "the number is out of range"),
        ("ZEROWEIGHT_BUDGET_SECONDS", "-1", "the number is out of range"),
        ("ZEROWEIGHT_BUDGET_LANES", "1.5", "this is not a whole number"),
        ("ZEROWEIGHT_BASELINE_SERVES_USERS", "no", "Write true or false"),
        ("ZEROWEIGHT_CANARY_URL", "orders", "the URL does not begin with http://"),
        ("ZEROWEIGHT_CANARY_ADDRESS", "", "it is set but empty"),
        ("ZEROWEIGHT_CANARY_EXPECT", "caf\udce9", "it is not UTF-8 text"),
        ("ZEROWEIGHT_POLICY_FAIL_ON", "hihg", "Did you mean high?"),
        ("ZEROWEIGHT_DRIVERS", "httpx", "Did you mean ZEROWEIGHT_DRIVER?"),
        ("ZEROWEIGHT_DRIVER", "httx", "Did you mean httpx?"),
        ("ZEROWEIGHT_LOOP", "uvlop", "Did you mean uvloop?"),
    ],
)
def test_a_mistake_names_the_variable(loaded: Load, six_lines: str, variable: str, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(six_lines, **{variable: text})
    assert str(caught.value).startswith(f"environment variable {variable}: ")
    assert says in str(caught.value)


def test_a_mistake_in_an_option_names_the_option(loaded: Load, six_lines: str) -> None:
    with pytest.raises(ConfigError, match=r"^option canary\.ulr: .* Did you mean canary\.url\?"):
        loaded(six_lines, overrides={"canary.ulr": "http://x"})
    with pytest.raises(ConfigError, match=r"^option canary\.url: the URL does not begin"):
        loaded(six_lines, overrides={"canary.url": "x"})


def test_other_peoples_variables_are_left_alone(loaded: Load, six_lines: str) -> None:
    kubernetes = {  # a Service called zeroweight-canary puts these into every pod of its namespace
        "ZEROWEIGHT_CANARY_SERVICE_HOST": "10.0.0.1",
        "ZEROWEIGHT_CANARY_SERVICE_PORT": "80",
        "ZEROWEIGHT_CANARY_PORT": "tcp://10.0.0.1:80",
        "ZEROWEIGHT_CANARY_PORT_80_TCP_ADDR": "10.0.0.1",
    }
    loaded(six_lines, **kubernetes, **dict.fromkeys(RESERVED, "x"), ZEROWEIGHT_DEMO="x", ZEROWEIGHT_CANARY_COLOUR="x")


def test_a_variable_that_the_file_refers_to_is_nobodys_misspelling(loaded: Load, six_lines: str) -> None:
    loaded(six_lines.replace("ALICE_TOKEN", "ZEROWEIGHT_CANARY_URLS"), ZEROWEIGHT_CANARY_URLS="token-of-alice")


def test_a_table_that_is_none_is_told_as_the_files_mistake(loaded: Load, six_lines: str) -> None:
    wrong = six_lines.replace('{ url = "http://orders-canary:8080" }', '"http://orders-canary:8080"')
    with pytest.raises(ConfigError, match=r"gate\.toml: canary: this must be a table"):
        loaded(wrong, ZEROWEIGHT_CANARY_URL="http://e:1")


def test_each_variable_means_one_key() -> None:
    names = ["_".join(path).upper() for path, _ in scalars()]
    assert len(names) == len(set(names))
    assert not {f"ZEROWEIGHT_{name}" for name in names} & RESERVED
