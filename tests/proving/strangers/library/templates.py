"""The library's templates."""

from __future__ import annotations

from typing import Final

_LAYOUT: Final = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{% block title %}Library{% endblock %}</title></head>
<body{% if airy %} class="airy"{% endif %}>
<nav><a href="/">Home</a> <a href="/books">Books</a> {% if person %}<a href="/loans">Loans of {{ person.full_name }}</a>
<form method="post" action="/logout"><input type="hidden" name="csrf_token" value="{{ csrf }}"><button>Log out</button></form>
{% else %}<a href="/login">Log in</a>{% endif %}</nav>
{% if airy %}<main>{% endif %}
{% block main %}{% endblock %}
{% if airy %}</main><footer>Branch library, open from ten</footer>{% endif %}
</body>
</html>
"""

_PAGES: Final = {
    "home.html": "<h1>Branch library</h1>{% for notice in notices %}<h2>{{ notice.title }}</h2><p>{{ notice.text }}</p>{% endfor %}",
    "login.html": (
        '<h1>Log in</h1>{% if failed %}<p>E-mail or password is wrong.</p>{% endif %}<form method="post" action="/login">'
        '<label>E-mail <input name="email" type="email"></label> <label>Password <input name="password" type="password"></label>'
        "<button>Log in</button></form>"
    ),
    "books.html": (
        '<h1>Books</h1><form action="/books"><input name="q" value="{{ term }}"></form><ul>'
        '{% for book in books %}<li><a href="/books/{{ book.isbn }}">{{ book.title }}</a></li>{% else %}<li>None</li>{% endfor %}</ul>'
    ),
    "book.html": (
        '<h1>{{ book.title }}</h1><img src="/covers/{{ book.isbn }}.svg" alt=""><p>{{ book.author }}, {{ book.year }}</p>'
        '{% if person %}<form method="post" action="/loans"><input type="hidden" name="csrf_token" value="{{ csrf }}">'
        '<input type="hidden" name="isbn" value="{{ book.isbn }}"><button>Borrow</button></form>{% endif %}'
    ),
    "me.html": "<h1>{{ person.full_name }}</h1><p>{{ person.email }}</p><p>{{ contact.phone }}</p><p>{{ contact.address }}</p>",
    "loans.html": (
        '<h1>Your loans</h1><ul>{% for loan in loans %}<li><a href="/loans/{{ loan.number }}">{{ loan.isbn }}</a> '
        "until {{ loan.due_on }}</li>{% endfor %}</ul>"
    ),
    "loan.html": (
        "<h1>Loan {{ loan.number }}</h1><p>{{ loan.member }} has {{ loan.isbn }} until {{ loan.due_on }}</p><p>{{ loan.note }}</p>"
    ),
    "staff.html": (
        "<h1>Staff</h1><ul>{% for one in people %}<li>{{ one.full_name }} {{ one.email }}</li>{% endfor %}</ul>"
        "<ol>{% for loan in loans %}<li>{{ loan.member }} {{ loan.isbn }}</li>{% endfor %}</ol>"
    ),
    "console.html": "<h1>Console</h1><dl>{% for name, value in settings.items() %}<dt>{{ name }}<dd>{{ value }}{% endfor %}</dl>",
    "error.html": (
        "<h1>{{ name }}</h1><p>{{ description }}</p>{% if inner %}<pre>{{ inner }}</pre>{% endif %}"
        '<p><a href="/">Back to the library</a></p>'
    ),
}

TEMPLATES: Final = {
    "layout.html": _LAYOUT,
    **{name: '{% extends "layout.html" %}{% block main %}' + text + "{% endblock %}" for name, text in _PAGES.items()},
    "cover.svg": (
        '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="180"><rect width="120" height="180" fill="#345"/>'
        '<text x="8" y="90" fill="#fff" font-size="9">{{ book.title | e }}</text></svg>'
    ),
}
