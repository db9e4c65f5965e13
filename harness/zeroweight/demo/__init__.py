"""The demo: a small but real web shop, built whole or with flaws, for people to try the gate on and for us to measure it.

Its protections are guard sites (`guards.py`): the code asks one by name and does the safe thing when it holds. A flaw punches holes
into sites, everywhere or in narrow circumstances; the tables of `protections.py` (headers), `access.py`, `exposure.py`, `acceptance.py` and
`blind.py` tell all of them, `harmless.py` tells the changes that weaken nothing, and `catalogue.py` holds both by name. What a flawed
build says that it should not stands in `leaks.py`. No flaw blocks the event loop, so any number of builds can share a process.

A flaw comes with a sign in `tests/demo/` (what plain requests show of it) and with an expectation in `tests/proving/`; which rule finds
it is not known here.
"""
