"""How databases and their drivers word an error: patterns of our own, in re2's syntax, over bytes.

Written from the documented messages of each product. A phrase counts only with what a server writes around it (quoted names, a code, a
driver's class), since "SQL error" alone is ordinary English.
"""

from __future__ import annotations

from collections.abc import Mapping

from zeroweight.checks.traces import GAP
from zeroweight.checks.traces import QUOTE as Q

_NAMED = rf"{Q}[\w.$ -]+{Q}"
_ORACLE = (
    "SQL command|quoted string|table or view|invalid|missing|unique constraint|cannot|value too|not a|no data|integrity|inconsistent|FROM|"
    "column|group|maximum|deadlock|TNS|resource busy|insufficient|literal|date format|ORDER BY|not all|single-row|error occurred|string|"
    "numeric|character|bind|expression|too many|not enough|query block|user|parent|end-of-file|unable|object|operation|statement|at "
)

DATABASES: Mapping[str, tuple[str, ...]] = {
    "PostgreSQL": (
        rf"syntax error at (?:or near {Q}|end of input)",
        rf"unterminated quoted (?:string|identifier) at or near {Q}",
        rf"relation {_NAMED} does not exist",
        rf"column [\w.\\\"]+ does not exist(?:{Q}|\s|\\n)+(?:LINE|Position|HINT)",
        rf"invalid input syntax for (?:type )?[\w ]+: {Q}",
        rf"violates (?:unique|foreign key|check|exclusion) constraint {_NAMED}",
        rf"null value in column {_NAMED} (?:of relation {_NAMED} )?violates not-null",
        r"operator does not exist: \w+ [^\s\w]{1,3} \w+",
        r"value too long for type character",
        rf"invalid byte sequence for encoding {Q}",
        rf"permission denied for (?:table|relation|schema|sequence) \w+(?:{Q}|$|\\n|\n|<)",
        r"current transaction is aborted, commands ignored",
        rf"column reference {_NAMED} is ambiguous|invalid input value for enum \w+: {Q}|function [\w.]+\([\w, ]*\) does not exist",
        rf"date/time field value out of range: {Q}|could not serialize access due to|deadlock detected(?:\s|\\n)+DETAIL",
        r"Key \([\w, ]+\)=\([^\n]*\) (?:already exists|is not present in table|is still referenced)",
        rf"FATAL:\s+(?:password authentication failed for user|database|role|no pg_hba\.conf entry for host) {Q}",
        rf"connection to server at {_NAMED}[^\n]*, port \d+ failed: ",
        r"\b(?:psycopg2?|asyncpg)\.(?:errors|exceptions|[A-Z]\w*Error)",
        r"\bPG::[A-Z]\w+",
        r"\bPSQLException: |\bNpgsql\.PostgresException|\bpq: [a-z]+ ",
        r"ERROR: [^\n]* \(SQLSTATE [0-9A-Z]{5}\)",
    ),
    "MySQL": (
        r"You have an error in your SQL syntax; check the manual",
        rf"Unknown column {_NAMED} in {Q}(?:field list|\w+ clause|SELECT|WHERE|ORDER BY){Q}",
        rf"Table {Q}[\w.-]+\.[\w.-]+{Q} doesn(?:{Q})t exist",
        rf"Duplicate entry {Q}[^\n]*{Q} for key {Q}",
        rf"Data too long for column {_NAMED} at row \d",
        rf"(?:Incorrect|Truncated incorrect) \w+ value: {Q}",
        rf"Access denied for user {Q}[^\n]*{Q}@{Q}",
        rf"Column {_NAMED} (?:cannot be null|in [\w ]+ is ambiguous)|Field {_NAMED} doesn(?:{Q})t have a default value",
        rf"Out of range value for column {_NAMED}|Unknown table {_NAMED} in {Q}",
        r"Deadlock found when trying to get lock|Lock wait timeout exceeded; try restarting transaction",
        r"\bMySql(?:Connector|\.Data\.MySqlClient)\.MySqlException",
        r"The used SELECT statements have a different number of columns",
        r"Cannot (?:add or update a child|delete or update a parent) row: a foreign key constraint fails",
        r"\bERROR \d{4} \([0-9A-Z]{5}\)",
        r"\bER_(?:PARSE_ERROR|BAD_FIELD_ERROR|NO_SUCH_TABLE|DUP_ENTRY|DATA_TOO_LONG|TRUNCATED_WRONG_VALUE\w*|NO_REFERENCED_ROW\w*)\b",
        r"\b(?:pymysql\.err|MySQLdb\.|mysql\.connector\.errors|com\.mysql\.(?:cj\.)?jdbc|org\.mariadb\.jdbc|Mysql2::Error)",
        r"\bmysqli?_(?:fetch_\w+|num_rows|query)\(\)|\bmysqli_sql_exception",
    ),
    "SQLite": (
        rf"near {Q}[^\n]*{Q}: syntax error",
        rf"unrecognized token: {Q}",
        rf"no such (?:table|column|function|index|view): [\w.]+(?:{Q}|\n|$|\\n|<|\)| \()",
        r"(?:UNIQUE|NOT NULL|CHECK) constraint failed: [\w.]+|FOREIGN KEY constraint failed",
        r"ambiguous column name: [\w.]+|table \w+ has no column named \w+|\b\d+ values for \d+ columns\b|row value misused",
        rf"fts5: syntax error near {Q}|unable to use function MATCH in the requested context",
        rf"attempt to write a readonly database|database disk image is malformed|\bSQLite Error \d+: {Q}",
        r"SELECTs to the left and right of (?:UNION|INTERSECT|EXCEPT)",
        r"\bSQLITE_(?:ERROR|CONSTRAINT\w*|BUSY|LOCKED|MISMATCH|RANGE|READONLY|CANTOPEN)\b",
        r"\bsqlite3\.(?:Operational|Integrity|Programming|Database|Interface)Error|\bSQLite3::\w*Exception|\borg\.sqlite\.",
    ),
    "SQL Server": (
        rf"Unclosed quotation mark (?:after|before) the character string {Q}",
        rf"Incorrect syntax near (?:the keyword )?{Q}",
        rf"Invalid (?:column|object) name {_NAMED}",
        rf"Conversion failed when converting (?:the )?[\w ]+ value {Q}",
        rf"Violation of (?:PRIMARY|UNIQUE) KEY constraint {Q}|Cannot insert duplicate key row in object {Q}",
        r"String or binary data would be truncated",
        rf"The multi-part identifier {_NAMED} could not be bound|Cannot insert the value NULL into column {Q}|Login failed for user {Q}",
        rf"Must declare the scalar variable {Q}|Ambiguous column name {Q}|Could not find stored procedure {Q}",
        rf"Procedure or function {Q}?\w+{Q}? expects parameter {Q}|Arithmetic overflow error converting \w+ to data type",
        r"statement conflicted with the (?:FOREIGN KEY|REFERENCE|CHECK) constraint",
        r"All queries combined using a UNION",
        r"\bMsg \d+, Level \d+, State \d+",
        r"\b(?:System|Microsoft)\.Data\.SqlClient\.|\bcom\.microsoft\.sqlserver\.jdbc\.|\[SQL Server\]",
    ),
    "Oracle": (
        rf"\b(?:ORA|PLS|TNS)-\d{{5}}: (?:{_ORACLE}|{Q})",
        r"\b(?:cx_Oracle|oracledb(?:\.exceptions)?)\.\w*Error|\boracle\.jdbc\.|\bDP[IY]-\d{4}: ",
    ),
    "DB2": (
        r"\bSQLCODE[=:]\s?-\d+, SQLSTATE[=:]\s?[0-9A-Z]{5}",
        r"\bSQL\d{4,5}N\s+[A-Z\"]",
        r"\bDB2 SQL [Ee]rror\b:? SQLCODE|\[IBM\]\[CLI Driver\]|\bcom\.ibm\.db2\.jcc",
    ),
    "MongoDB": (
        r"\bMongo(?:Server|Bulk\w*|Network|Write\w*)?Error: ",
        r"\bE11000 duplicate key error",
        rf"unknown (?:top level )?operator: \$|Unrecognized (?:expression|pipeline stage name):? {Q}\$|\$regex has to be a string",
        r"Argument passed in must be a string of 12 bytes or a string of 24 hex characters|\bBSONError: ",
        rf"Cast to \w+ failed for value {Q}",
        r"Command failed with error \d+ \(\w+\)",
        r"\bpymongo\.errors\.|\bcom\.mongodb\.\w*Exception|\bMongoDB\.Driver\.Mongo\w*Exception",
    ),
    "Cassandra": (
        rf"line \d+:\d+ (?:no viable alternative at|mismatched|extraneous) input {Q}",
        r"Error from server: code=[0-9a-f]{4}|\bcom\.datastax\.\w+\.",
    ),
    "ClickHouse": (r"\bCode: \d+\. DB::|\bDB::Exception: ",),
    "Redis": (
        r"WRONGTYPE Operation against a key holding|\bERR (?:unknown command|wrong number of arguments for|value is not an integer or out)",
        r"\b(?:MISCONF Redis is configured|READONLY You can|OOM command not allowed when used memory|CROSSSLOT Keys in request)",
        r"\bNOAUTH Authentication required|\bredis\.exceptions\.|\bReplyError: [A-Z]+ ",
    ),
    "a database driver": (
        r"\bSQLSTATE\[[0-9A-Z]{5}\]",
        r"\bjava\.sql\.SQL\w*Exception|\borg\.h2\.jdbc\.|\borg\.hibernate\.exception\.|\bJDBCException\b|\bcould not extract ResultSet",
        r"\bsqlalchemy\.exc\.|\bdjango\.db\.utils\.|\bSequelize(?:Database|UniqueConstraint)Error|\bQueryFailedError: ",
        r"\bDoctrine\\+DBAL\\+\w|\bIlluminate\\+Database\\+QueryException|\bMicrosoft\.EntityFrameworkCore\.\w*Exception",
        rf"### Error (?:querying|updating) database\.|\berror returned from database: |Invalid {Q}prisma\.\w+\.\w+\(\){Q} invocation",
        r"\\?\"type\\?\":\s*\\?\"(?:search_phase_execution|query_shard|parsing|mapper_parsing|index_not_found|document_parsing)_exception\b",
        r"\bNeo\.(?:Client|Database|Transient)Error\.\w+\.\w+|\bcom\.amazonaws\.dynamodb\.v\d+#\w+",
        rf"SQL compilation error:{GAP}(?:error line \d+ at position|syntax error line) \d+|error parsing query: found \w",
        r"\bActiveRecord::(?:StatementInvalid|RecordNotUnique)|\bPDOException: |\bPrismaClient\w+Error",
    ),
}
"""Database → patterns; what only a driver says comes last, when no product's own words were found."""
