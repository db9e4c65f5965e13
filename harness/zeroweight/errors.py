"""The three ways in which Zeroweight can fail to do its work.

ZeroweightError
├── ConfigError    the operator's mistake: a usage error before any traffic, naming file, key and fix
├── Unreachable    the target's silence: asked again, then a Gap
└── ToolFailed     the tool's failure (a schema that cannot be read, a scanner that died): a Gap
"""

from __future__ import annotations


class ZeroweightError(Exception):
    """The root of every error that Zeroweight raises on purpose."""


class ConfigError(ZeroweightError):
    """The operator's mistake, in one sentence that names file, key and fix."""

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        """Join `where` (file and key), `what` and `fix` to one sentence."""
        self.what, self.where, self.fix = what, where, fix
        head = f"{where}: {what}" if where else what
        super().__init__(f"{head}. {fix}" if fix else head)


class Unreachable(ZeroweightError):
    """The target did not answer, and how: `refused`, `reset`, `timeout`, `closed`, `protocol`, `tls`."""

    def __init__(self, what: str, *, kind: str = "closed") -> None:
        """Keep the kind beside the sentence: what is done next depends on it."""
        self.kind = kind
        super().__init__(what)


class ToolFailed(ZeroweightError):
    """A tool or a document that Zeroweight relies on could not do its part."""
