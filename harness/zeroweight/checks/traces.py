"""How eight platforms write a stack trace: patterns of our own, in re2's syntax, over bytes.

Each was written from real traces or the platform's documented form, and asks for what prose does not have: a frame with its file and line,
or two frames in a row. Answers come wrapped in JSON and HTML: a newline may have become an escape, a tag or the next item of a list, and a
quote an escape or an entity.
"""

from __future__ import annotations

from collections.abc import Mapping

QUOTE = r"""(?:\\*["'`]|&(?:quot|apos|#0?3[49]|#x2[27]|#96|#x60);)"""
GAP = r"""(?:\s|\\[nrt]|<br\s*/?>|&nbsp;|&#(?:9|10|13|160);|",\s*"|,)+"""
"""What may lie between two lines of one trace."""
_NAME = r"(?:[\w$.<>\[\]#-]|&[lg]t;)"

_JAVA_FILE = r"(?:[\w$-]+\.(?:java|kts?|scala|groovy|clj):\d+|Native Method|Unknown Source)"
_NODE_AT = (
    rf"at (?:async |new |async new )?(?:{_NAME}+ (?:\[as {_NAME}+\] )?)?"
    r"(?:\((?:<|&lt;)anonymous(?:>|&gt;)\)|\(?(?:file://|node:|webpack|internal/|\.{0,2}/|[A-Za-z]:\\+)[^\s()\"]*:\d+:\d+\)?)"
)
_PHP_LEVEL = r"(?:Fatal error|Parse error|Warning|Notice|Deprecated)(?:</b>)?"
_NET_AT = r"at (?:[\w`+<>\[\],]|&[lg]t;)+\.(?:[\w`+<>\[\],.]|&[lg]t;)+\([\w\s.,&\[\]<>`*;?+]*\)"

TRACES: Mapping[str, tuple[str, ...]] = {
    "Python": (
        rf"File {QUOTE}[^\"\n]+{QUOTE}, line \d+, in (?:[\w<]|&lt;)",
        r"File <(?:cite|span|code) class=\\?\"(?:filename|frame-filename|fname)\\?\">[^\n]*</(?:cite|span|code)>",
        r"Traceback \(most recent call last\)[^\n]*(?:\n|\\n|<br>|\",\s*\")\W{0,20}[\w./-]+\.py:\d+ in \S",
    ),
    "Java": (
        rf"\bat (?:[\w.@-]*/)*{_NAME}+\.{_NAME}+\({_JAVA_FILE}\)",
        r"\\?\"fileName\\?\":\s*\\?\"[\w$-]+\.(?:java|kts?|scala|groovy|clj)\\?\",\s*\\?\"lineNumber\\?\":\s*\d+",
        rf"\bCaused by: [\w.$]+(?:Exception|Error)\b[^\n]*{GAP}at [\w.$/]+\(",
    ),
    "Rust": (
        rf"thread {QUOTE}[^\n]*{QUOTE} (?:\(\d+\) )?panicked at (?:{QUOTE}|\S+\.rs:\d+:\d+)",
        rf"\d+: (?:[\w:<>{{}}$ ,\[\]*]|&(?:lt|gt|amp|#x27|#39);)+{GAP}at \S+\.rs:\d+",
        rf"[Ss]tack backtrace:{GAP}0: ",
    ),
    "Go": (
        rf"goroutine \d+ \[[\w ,()]+\]:{GAP}[\w./*()%@\[\]-]+\(",
        r"[\w./@+-]+\.go:\d+ \+0x[0-9a-f]+",
        r"/[\w./@+-]+\.go:\d+ \(0x[0-9a-f]+\)",
        rf"/[\w./@+-]+\.go:\d+{GAP}[\w./*()-]+\.[\w.*()-]+{GAP}/[\w./@+-]+\.go:\d+",
    ),
    ".NET": (
        rf"{_NET_AT} in [^\n]+:line \d+",
        rf"Exception\b[^\n]*{GAP}(?:---(?:>|&gt;)[^\n]*{GAP})?{_NET_AT}",
        rf"{_NET_AT}{GAP}--- End of (?:inner exception )?stack trace",
        r"Source File:\s*(?:</b>)?\s*[^\n<]+\.\w{2,6}(?:\s|&nbsp;|<b>)+Line:\s*(?:</b>)?\s*\d+",
        rf"\[\w+(?:Exception|Error)\b[^\]\n]*\]{GAP}[\w.<>`]+\([^)\n]*\) \+\d+",
    ),
    "PHP": (
        r"#\d+ [^\s(]+\.\w+\(\d+\): (?:[\w\\:$>{}-]|&gt;)+\(",
        rf"{_PHP_LEVEL}:\s[^\n]+ in (?:<[bi]>)?[^\s<]+\.(?:php|inc)(?::\d+|(?:</[bi]>)? on line )",
        r"\"file\":\s*\"[^\"\n]+\.php\",\s*\"line\":\s*\d+,\s*\"function\":",
        r"\\?\"file\\?\":\s*\\?\"[^\"\n]*[/\\][^\"\n]+\.php\\?\",\s*\\?\"line\\?\":\s*\d+",
        r"File:</strong>\s*[^\s<]+\.php</div>\s*<div><strong>Line:</strong>\s*\d+",
    ),
    "Ruby": (rf"[\w./@+-]+\.(?:rb|erb|ru|rake|haml|slim):\d+:in {QUOTE}",),
    "Node": (
        rf"{_NODE_AT}{GAP}{_NODE_AT}",
        rf"\w*(?:Error|Exception)\b[^\n]*{GAP}{_NODE_AT}",
    ),
}
"""Platform → patterns. In this order, since a few frames of one platform read like another's."""
