"""The pages, for people: rendered here, with forms that post and redirect."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, session
from werkzeug.exceptions import BadRequest, NotFound

from .house import admits, caller, his, holds, known, release, shelf, words
from .people import PEOPLE, person_of
from .reading import Body, Field, asked
from .shelf import due

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from .people import Person

site = Blueprint("site", __name__)

ISBN: Final = Field(name="isbn", example="9780140449136", least=13, most=13, pattern="^97[89][0-9]{10}$")
QUERY: Final = Field(name="q", example="war", most=100, required=False)
PAGE: Final = Field(name="page", example=1, kind="integer", least=1, most=500, required=False, default=1)
BORROWING: Final = Body(
    forms=True,
    fields=(
        ISBN,
        Field(name="weeks", example=2, kind="integer", least=1, most=8, required=False, default=3),
        Field(name="note", example="for the train", required=False),
    ),
)
REVIEW: Final = Body(
    forms=True,
    json=False,
    fields=(
        Field(name="stars", example=4, kind="integer", least=1, most=5),
        Field(name="text", example="Long, but worth it.", least=1, most=1000),
    ),
)
LOGIN: Final = Body(
    forms=True,
    json=False,
    fields=(
        Field(name="email", example="someone@readers.example", least=1),
        Field(name="password", example="not-a-password", least=1),
    ),
)
NOTICE: Final = Body(
    forms=True,
    json=False,
    fields=(Field(name="title", example="Open day", least=1), Field(name="text", example="Come and see the stacks.", most=1000)),
)
_AT_ONCE: Final = 20


def page(template: str, status: int = 200, **values: Any) -> Response:
    """Render a page."""
    told = render_template(template, person=caller(), csrf=session.get("csrf", ""), airy=release().brings("new-pages"), **values)
    return make_response(told, status)


def cached(answer: Response) -> Response:
    """Let browsers keep an answer and ask whether it is still good (RFC 9110 section 8.8.3)."""
    answer.cache_control.public = True
    answer.cache_control.max_age = 3600 if release().brings("longer-cache") else 60
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def found(term: str, number: int, operation: str) -> list[dict[str, Any]]:
    """Search the catalogue."""
    first = (number - 1) * _AT_ONCE
    if not holds("binding", operation=operation):
        pasted = f"select * from books where title like '%{term}%' order by title limit {_AT_ONCE} offset {first}"  # the flaw
        return shelf().rows(pasted)
    meant = term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    bound = "select * from books where title like ? escape '\\' order by title limit ? offset ?"
    return shelf().rows(bound, f"%{meant}%", _AT_ONCE, first)


def book_of(isbn: str) -> dict[str, Any]:
    """Find a book."""
    book = shelf().row("select * from books where isbn = ?", isbn)
    if book is None:
        where = "" if holds("inner-names") else " (asked catalog-db-03.branch.internal:5432, replica of 10.20.4.17)"
        raise NotFound(words("We have no such book.") + where)
    return book


def enter(person: Person) -> None:
    """Begin a session."""
    session.clear()
    session["member"] = person.name
    session["csrf"] = secrets.token_urlsafe(16)


def borrow(told: dict[str, Any], member: Person) -> str:
    """Lend a book; give the loan's number."""
    book_of(told["isbn"])
    number = secrets.token_hex(8) if release().brings("random-numbers") else shelf().number()
    statement = "insert into loans values (?, ?, ?, ?, ?, 0, ?)"
    shelf().run(statement, number, member.name, told["isbn"], told["weeks"], told["note"], due(told["weeks"]))
    return number


@site.get("/")
def home() -> Response:
    return cached(page("home.html", notices=shelf().rows("select * from notices order by rowid limit 5")))


@site.get("/login")
def login_form() -> Response:
    return page("login.html", failed=False)


@site.post("/login")
def login() -> ResponseReturnValue:
    told = LOGIN.read("POST /login")
    person = person_of(told["email"], told["password"])
    if person is None:
        return page("login.html", status=401, failed=True)
    enter(person)
    # Only a path of ours: a login must not send people elsewhere.
    onwards = request.args.get("next", "/loans")
    safe = onwards.startswith("/") and onwards.isascii() and onwards.isprintable() and "//" not in onwards and "\\" not in onwards
    return redirect(onwards if safe else "/loans", 303)


@site.post("/logout")
@admits("member")
def logout() -> ResponseReturnValue:
    session.clear()
    return redirect("/", 303)


@site.get("/books")
def books() -> Response:
    term, number = asked("q", QUERY, "GET /books"), asked("page", PAGE, "GET /books")
    return cached(page("books.html", books=found(term, number, "GET /books"), term=term))


@site.get("/books/<isbn>")
def book(isbn: str) -> Response:
    return cached(page("book.html", book=book_of(isbn)))


@site.post("/books/<isbn>/reviews")
@admits("member", body=REVIEW)
def review(isbn: str) -> ResponseReturnValue:
    return redirect(f"/books/{book_of(isbn)['isbn']}", 303)


@site.get("/covers/<isbn>.svg")
def cover(isbn: str) -> Response:
    drawn = render_template("cover.svg", book=book_of(isbn))
    return cached(Response(drawn, mimetype="image/svg+xml"))


@site.get("/me")
@admits("member")
def me() -> Response:
    return page("me.html", contact=contact(known()))


def contact(person: Person) -> dict[str, Any]:
    """Give a member's phone and address."""
    kept = shelf().row("select phone, address from contacts where member = ?", person.name)
    return kept or {"phone": "", "address": ""}


@site.get("/loans")
@admits("member")
def loans() -> Response:
    return page("loans.html", loans=shelf().rows("select * from loans where member = ? order by rowid", known().name))


@site.post("/loans")
@admits("member", body=BORROWING)
def borrow_by_form() -> ResponseReturnValue:
    return redirect(f"/loans/{borrow(g.told, known())}", 303)


@site.get("/loans/<number>")
@admits("member")
def loan(number: str) -> Response:
    return page("loan.html", loan=his(shelf().row("select * from loans where number = ?", number)))


@site.get("/staff")
@admits("staff")
def staff() -> Response:
    return page("staff.html", people=PEOPLE.values(), loans=shelf().rows("select * from loans order by rowid limit 50"))


def console() -> Response:
    """Show the settings; mounted only by a release that was not tidied up."""
    return page("console.html", settings={"ENV": "production", "DATABASE": "sqlite:///branch.db", "WORKERS": "4"})


@site.post("/staff/notices")
@admits("staff", body=NOTICE)
def publish() -> ResponseReturnValue:
    if not g.told["title"].strip():
        raise BadRequest(words("A notice needs a title."))
    shelf().run("insert into notices values (?, ?)", g.told["title"], g.told["text"])
    return redirect("/", 303)
