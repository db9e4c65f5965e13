"""What is proven: which gates are run, and under which names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import expectations
from gates import Job
from services import DEMO, Service, service, services

from zeroweight.demo.noise import Noise
from zeroweight.demo.pair import BASELINE_BUILD

BUSY: Final = "busy-release"
"""All harmless changes of a service at once."""
UNDER_BUSY: Final = (
    *("csp-gone", "hsts-gone", "malformed-json-traceback", "content-type-traceback", "order-read-foreign", "admin-users-open-to-customers"),
    *("orders-list-anonymous", "files-list-broken", "content-type-unchecked", "schema-security-lost"),
)
"""Flaws of the demo, of all its families that have checks, that must be found under all harmless changes, too."""
BUSY_EVERY: Final = 5
"""So many-th flaw of each stranger must be found under all its harmless changes, too."""
STANDARD_SEEDS: Final = tuple(range(101, 121))
HEAVY_SEEDS: Final = tuple(range(201, 205))
STRANGER_SEEDS: Final = (301, 302, 303)
"""One noisy A/A run for each; odd ones hold one build against itself, even ones two builds of one code."""
QUIET_RUNS: Final = {True: 12, False: 4}
"""Runs without noise, of the demo (True) and of each stranger."""
HEAVY: Final = Noise(shuffled_lists=0.5, unavailable=0.03, broken=0.01, latency=0.003, absent_chance=0.25)
"""Thrice the standard noise's failures: what a gate says of it is published; it must only never be FAIL."""
BY_COMMAND: Final = {
    "flaws": (
        "csp-gone",
        "malformed-json-traceback",
        "order-read-foreign",
        "orders-list-anonymous",
        "files-list-broken",
        "schema-security-lost",
    ),
    "benign": ("optional-field", "uuid-ids", BUSY),
    "aa": ("quiet-1", "quiet-2", "noise-101"),
}
"""What is run by the real command line, too; it must come to the same verdicts."""
BY_HTTPX: Final = {
    "flaws": (
        *("nosniff-gone-on-errors", "profile-ruby-trace", "order-replace-foreign"),
        *("clinic/patients-of-other-practices", "clinic/errors-as-text", "library/staff-page-without-login"),
    ),
    "benign": ("status-filter", "clinic/message-wording"),
}
"""What is sent by httpx, too, the reference driver; it must come to the same verdicts, by the same findings."""
EVERY: Final = 12
"""So many-th flaw of each service stands in the sample for narrower gates: all of them under each would take longer than the rest."""
SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "read-only": {"level": "read-only"},
    "1-role": {"roles": 1},
    "2-roles": {"roles": 2},
    "noise": {"noise": Noise(seed=401)},
}
"""How a gate may be narrowed, or its services be noisy; what is still caught then is published."""


def jobs(part: str, *, every: int = EVERY) -> Iterator[Job]:
    """Yield a part's gates; names are unique over all parts. Under narrower gates stands one flaw in so many, 1 for all of them."""
    if part == "settings":
        return _settings(every)
    return {"flaws": _flaws, "later": _later, "benign": _benign, "aa": _aa, "command": _by_command, "driver": _by_httpx, "faults": _none}[
        part
    ]()


def _flaws() -> Iterator[Job]:
    """Yield each flaw by itself, and some of the demo's among all harmless changes."""
    for each in services():
        yield from _alone(each)
    busy = tuple(service(DEMO).benign)
    known = expectations.expected(DEMO)
    yield from (Job(name=f"{name}+{BUSY}", flaws=(name,), benign=busy) for name in UNDER_BUSY if name in known)
    for each in services()[1:]:
        sample = list(_alone(each))[::BUSY_EVERY]
        yield from (replace(job, name=f"{job.name}+{BUSY}", benign=tuple(each.benign)) for job in sample)


def _later() -> Iterator[Job]:
    """Yield the flaws that no suite looks for yet: one that is found by now stands in the wrong list."""
    for each in services():
        yield from (Job(name=each.job(name), service=each.name, flaws=(name,)) for name in expectations.later(each.name))


def _alone(each: Service) -> Iterator[Job]:
    yield from (Job(name=each.job(name), service=each.name, flaws=(name,)) for name in expectations.expected(each.name))


def _settings(every: int) -> Iterator[Job]:
    """Yield the sample's flaws under each narrower gate."""
    sample = [job for each in services() for job in list(_alone(each))[::every]]
    for word, setting in SETTINGS.items():
        yield from (replace(job, name=f"{job.name}@{word}", **setting) for job in sample)


def _benign() -> Iterator[Job]:
    """Yield each harmless change by itself, and all of a service's at once."""
    for each in services():
        yield from (Job(name=each.job(name), service=each.name, benign=(name,)) for name in each.benign)
        yield Job(name=each.job(BUSY), service=each.name, benign=tuple(each.benign))


def _aa() -> Iterator[Job]:
    """Yield the runs of one code against itself."""
    yield from (_same(DEMO, f"noise-{seed}", seed, Noise(seed=seed)) for seed in STANDARD_SEEDS)
    yield from (_same(DEMO, f"heavy-{seed}", seed, replace(HEAVY, seed=seed)) for seed in HEAVY_SEEDS)
    for each in services():
        quiet = QUIET_RUNS[each.name == DEMO]
        yield from (_same(each.name, each.job(f"quiet-{number}"), number, None) for number in range(1, quiet + 1))
        if each.name != DEMO:
            yield from (_same(each.name, each.job(f"noise-{seed}"), seed, Noise(seed=seed)) for seed in STRANGER_SEEDS)


def _same(kind: str, name: str, number: int, noise: Noise | None) -> Job:
    if number % 2:
        return Job(name=name, service=kind, noise=noise, canary_build=BASELINE_BUILD, arguments=("--zeroweight-aa",))
    return Job(name=name, service=kind, noise=noise)


def _by_command() -> Iterator[Job]:
    """Yield the sample that the real command line runs, too."""
    yield from (replace(job, name=f"{job.name} by command", by_command=True) for job in _again(BY_COMMAND))


def _by_httpx() -> Iterator[Job]:
    """Yield the sample that httpx sends, too."""
    yield from (replace(job, name=f"{job.name} by httpx", driver="httpx") for job in _again(BY_HTTPX))


def by_wire() -> Iterator[tuple[str, Job]]:
    """Yield the parts and gates of the sample that httpx sends, too, as they are."""
    for part, names in BY_HTTPX.items():
        yield from ((part, job) for job in _again({part: names}))


def _again(sample: Mapping[str, tuple[str, ...]]) -> Iterator[Job]:
    """Yield the jobs of a sample, which names them by their part."""
    for part, names in sample.items():
        found = {job.name: job for job in jobs(part)}
        yield from (found[name] for name in names)


def _none() -> Iterator[Job]:
    """Yield nothing: faults are no gates of ours; they run the real command line."""
    yield from ()
