"""The runs of the plugin that several tests look at, or that can be made while others are looked at."""

from __future__ import annotations

from typing import Final

from gating import PYTEST, WITH_ALLURE, Case

JUNIT: Final = "--junitxml=junit.xml"
REPORTS: Final = (JUNIT, "--alluredir=allure")
ALLURE: Final = (*WITH_ALLURE, "-p", "no:cacheprovider", "--zeroweight", "gate.toml")
NOBODY: Final = ("identity = { header", "identity = { header = 'x-nobody' }\n# {")
FLAW: Final = ("open-admin",)
PROJECT: Final = "[tool.pytest.ini_options]\naddopts = ['-q', '-ra', '--strict-markers', '--strict-config', '--durations=2']\n"

CASES: Final = {
    "pass": Case(line=ALLURE, more="", args=(*REPORTS, "-W", "error")),
    "fail": Case(line=ALLURE, more="", flaws=FLAW, args=(*REPORTS, "-W", "error")),
    "unproven": Case(line=ALLURE, replaced=NOBODY, args=REPORTS),
    "pass, two workers": Case(more="", args=("-n", "2")),
    "fail, two workers": Case(more="", flaws=FLAW, args=("-n", "2", JUNIT)),
    "unproven, two workers": Case(replaced=NOBODY, args=("-n", "2")),
    "quiet": Case(args=("-q",)),
    "very quiet": Case(args=("-qq", "--no-header", "--no-summary")),
    "keyword": Case(args=("-k", "health or admin")),
    "keyword of nothing": Case(args=("-k", "nothing")),
    "first failure": Case(flaws=FLAW, args=("-x",)),
    "deselect": Case(args=("--deselect", "::test_authorization[GET /health]")),
    "collect only": Case(args=("--collect-only",)),
    "setup plan": Case(args=("--setup-plan",)),
    "stepwise": Case(flaws=FLAW, args=("--stepwise",), line=(*PYTEST, "--zeroweight", "gate.toml")),
    "no terminal": Case(args=("-p", "no:terminal")),
    "no terminal, flawed": Case(flaws=FLAW, args=("-p", "no:terminal")),
    "no xdist": Case(args=("-p", "no:xdist")),
    "no cache": Case(line=ALLURE),
    "narrowed by the environment": Case(env={"PYTEST_ADDOPTS": "-k health"}),
    "a project with options": Case(files={"pyproject.toml": PROJECT}),
    "own test paths": Case(files={"pytest.ini": "[pytest]\ntestpaths = mine\n", "mine/test_mine.py": "def test_mine(): assert 0\n"}),
}
