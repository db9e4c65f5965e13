"""The library's JSON, for the pages' scripts and for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, g, jsonify, make_response, session
from werkzeug.exceptions import NotFound, Unauthorized

from .house import admits, caller, his, known, release, shelf, words
from .people import PEOPLE, person_of
from .reading import Body, Field, asked
from .shelf import due
from .site import BORROWING, ISBN, PAGE, QUERY, book_of, borrow, cached, contact, enter, found

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from .people import Person

api = Blueprint("api", __name__, url_prefix="/api")

SESSION: Final = Body(
    fields=(
        Field(name="email", example="someone@readers.example", least=1),
        Field(name="password", example="not-a-password", least=1),
    )
)
CONTACT: Final = Body(fields=(Field(name="phone", example="+46 8 123", most=40), Field(name="address", example="Quay 3", required=False)))
LIST: Final = Body(
    fields=(
        Field(name="title", example="Summer", least=1, most=100),
        Field(name="description", example="For the beach", required=False, most=500),
    )
)
CHANGE: Final = Body(fields=(Field(name="note", example="from the north door"),))
COPY: Final = Body(forms=True, fields=(ISBN, Field(name="shelf", example="B7", pattern="^[A-Z][0-9]{1,2}$")))


def told_loan(row: dict[str, Any]) -> dict[str, Any]:
    """Tell a loan."""
    more = {"branch": "north"} if release().brings("branch-field") else {}
    return {"loan": {**row, **more}}


def loan_of(number: str) -> dict[str, Any]:
    """Find a loan of the caller's."""
    return his(shelf().row("select * from loans where number = ?", number))


def list_of(number: str) -> dict[str, Any]:
    """Find a reading list of the caller's."""
    return his(shelf().row("select * from lists where list_id = ?", number))


@api.get("/health")
def health() -> Response:
    return jsonify(status="up")


@api.post("/session")
def log_in() -> ResponseReturnValue:
    told = SESSION.read("POST /api/session")
    person = person_of(told["email"], told["password"])
    if person is None:
        raise Unauthorized(words("E-mail or password is wrong."))
    enter(person)
    return jsonify(member={"name": person.name, "role": person.role}, csrf_token=session["csrf"]), 201


@api.get("/books")
def books() -> Response:
    listed = found(asked("q", QUERY, "GET /api/books"), asked("page", PAGE, "GET /api/books"), "GET /api/books")
    return cached(jsonify(books=listed))


@api.get("/books/<isbn>")
def book(isbn: str) -> Response:
    return cached(jsonify(book=book_of(isbn)))


@api.get("/me")
@admits("member")
def me() -> Response:
    return _about(known())


def _about(person: Person) -> Response:
    return jsonify(member={"name": person.name, "full_name": person.full_name, "role": person.role, **contact(person)})


@api.put("/me")
@admits("member", body=CONTACT)
def change_me() -> Response:
    shelf().run("insert or replace into contacts values (?, ?, ?)", known().name, g.told["phone"], g.told["address"])
    return _about(known())


@api.get("/loans")
@admits("member")
def loans() -> Response:
    person, order = caller(), "desc" if release().brings("loans-order") else "asc"
    if person is None:  # only where the login is not asked for
        listed = shelf().rows("select * from loans order by rowid")
    else:
        listed = shelf().rows(f"select * from loans where member = ? order by rowid {order}", person.name)
    return jsonify(loans=listed, count=len(listed))


@api.post("/loans")
@admits("member", body=BORROWING)
def lend() -> ResponseReturnValue:
    number = borrow(g.told, known())
    answer = make_response(jsonify(told_loan(loan_of(number))), 201)
    answer.headers["Location"] = f"/api/loans/{number}"
    return answer


@api.get("/loans/<number>")
@admits("member")
def loan(number: str) -> Response:
    return jsonify(told_loan(loan_of(number)))


@api.patch("/loans/<number>")
@admits("member", body=CHANGE)
def annotate(number: str) -> Response:
    row = loan_of(number)
    shelf().run("update loans set note = ? where number = ?", g.told["note"], number)
    return jsonify(told_loan({**row, "note": g.told["note"]}))


@api.delete("/loans/<number>")
@admits("member")
def give_back(number: str) -> ResponseReturnValue:
    loan_of(number)
    shelf().run("delete from loans where number = ?", number)
    return "", 204


@api.post("/loans/<number>/renewal")
@admits("member")
def renew(number: str) -> Response:
    row = loan_of(number)
    renewed = {**row, "renewals": row["renewals"] + 1, "due_on": due(row["weeks"] + 1)}
    shelf().run("update loans set renewals = renewals + 1, due_on = ? where number = ?", renewed["due_on"], number)
    return jsonify(told_loan(renewed))


@api.get("/lists")
@admits("member")
def lists() -> Response:
    return jsonify(lists=shelf().rows("select * from lists where member = ? order by rowid", known().name))


@api.post("/lists")
@admits("member", body=LIST)
def make_list() -> ResponseReturnValue:
    row = {"list_id": shelf().number(), "member": known().name, **g.told}
    shelf().run("insert into lists values (?, ?, ?, ?)", *row.values())
    return jsonify(list=row), 201


@api.get("/lists/<list_id>")
@admits("member")
def read_list(list_id: str) -> Response:
    return jsonify(list=list_of(list_id))


@api.put("/lists/<list_id>")
@admits("member", body=LIST)
def write_list(list_id: str) -> Response:
    row = {**list_of(list_id), **g.told}
    shelf().run("update lists set title = ?, description = ? where list_id = ?", row["title"], row["description"], list_id)
    return jsonify(list=row)


@api.delete("/lists/<list_id>")
@admits("member")
def drop_list(list_id: str) -> ResponseReturnValue:
    list_of(list_id)
    shelf().run("delete from lists where list_id = ?", list_id)
    return "", 204


@admits("member")
def waiting() -> Response:
    """Tell which books a member waits for; mounted only where the release brings it."""
    return jsonify(holds=[])


@api.get("/staff/members")
@admits("staff")
def members() -> Response:
    return jsonify(members=[{"name": person.name, "email": person.email, "role": person.role} for person in PEOPLE.values()])


@api.get("/staff/overdue")
@admits("staff")
def overdue() -> Response:
    listed = shelf().rows("select number, member, due_on from loans where weeks > 4 order by rowid limit 100")
    return jsonify(overdue=listed)


@api.get("/staff/report.csv")
@admits("staff")
def report() -> Response:
    lines = ["number,member,isbn", *(f"{row['number']},{row['member']},{row['isbn']}" for row in shelf().rows("select * from loans"))]
    return Response("\r\n".join(lines) + "\r\n", mimetype="text/csv")


@api.post("/staff/copies")
@admits("staff", body=COPY)
def add_copy() -> ResponseReturnValue:
    row = {"barcode": f"C{shelf().number()}", **g.told}
    shelf().run("insert into copies values (?, ?, ?)", *row.values())
    return jsonify(copy=row), 201


@api.delete("/staff/copies/<barcode>")
@admits("staff")
def withdraw(barcode: str) -> ResponseReturnValue:
    if shelf().row("select * from copies where barcode = ?", barcode) is None:
        raise NotFound(words("There is no such copy."))
    shelf().run("delete from copies where barcode = ?", barcode)
    return "", 204
