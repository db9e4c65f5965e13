"""The office: logins, one's own profile, practices, what administrators do, and the laboratory's machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .house import Refusal, Resource, admits, known
from .people import PASSPHRASES, PRACTICES, USERS, User
from .reading import Body, Field, identity, paged

if TYPE_CHECKING:
    from falcon.asgi import Request, Response

LOGIN: Final = Body(fields=(Field(name="userName", example="someone"), Field(name="passphrase", example="not-a-passphrase")))
PROFILE: Final = Body(fields=(Field(name="contactPhone", example="+49 30 12", most=40),))
NEW_USER: Final = Body(
    fields=(
        Field(name="userName", example="dora", pattern="^[a-z][a-z0-9-]{2,30}$"),
        Field(name="practice_id", example=next(iter(PRACTICES)), least=36, most=36, form="uuid"),
    )
)
SETTINGS: Final = Body(
    fields=(
        Field(name="opensAt", example=8, type="integer", least=0, most=12),
        Field(name="letterhead", example="North Practice, Quay 1", required=False),
    )
)
RESULT: Final = Body(
    fields=(Field(name="sampleCode", example="S-100", pattern="^S-[0-9]{1,6}$"), Field(name="finding", example="negative", most=200))
)


class Status(Resource):
    """`/v1/status`."""

    async def on_get(self, _req: Request, resp: Response) -> None:
        self.house.tell(resp, {"status": "up"})


class Token(Resource):
    """`/v1/auth/token`."""

    async def on_post(self, req: Request, resp: Response) -> None:
        told = await LOGIN.read(req, self.house)
        token = self.records.desk.log_in(told["userName"], told["passphrase"])
        if token is None:
            raise Refusal(200, "BAD_CREDENTIALS", "Name or passphrase is wrong.")
        self.house.tell(resp, {"accessToken": token, "token_type": "bearer"})


class Me(Resource):
    """`/v1/me`."""

    def _told(self, user: User) -> dict[str, Any]:
        return {**user.told(), "contactPhone": self.records.contacts.get(user.name, "")}

    @admits()
    async def on_get(self, req: Request, resp: Response) -> None:
        self.house.tell(resp, self._told(known(req)))

    @admits("clinician", "admin", body=PROFILE)
    async def on_patch(self, req: Request, resp: Response) -> None:
        self.records.contacts[known(req).name] = req.context.told["contactPhone"]
        self.house.tell(resp, self._told(known(req)))


class Practices(Resource):
    """`/v1/practices`."""

    @admits("admin")
    async def on_get(self, req: Request, resp: Response) -> None:
        rows = [{"practice_id": identifier, "displayName": name} for identifier, name in PRACTICES.items()]
        self.house.tell(resp, paged(req, self.house, rows))


class Practice(Resource):
    """`/v1/practices/{practiceId}`."""

    @admits("clinician", "admin")
    async def on_get(self, req: Request, resp: Response, practiceId: str) -> None:  # noqa: N803 - the template's name
        name = PRACTICES.get(identity(req, self.house, practiceId))
        row = {"practice_id": practiceId, "displayName": name, **self.records.settings[practiceId]} if name else None
        self.house.tell(resp, self.house.of_practice(req, row, "practice"))


class Settings(Resource):
    """`/v1/admin/practices/{practiceId}/settings`."""

    @admits("admin", body=SETTINGS)
    async def on_put(self, req: Request, resp: Response, practiceId: str) -> None:  # noqa: N803 - the template's name
        settings = self.records.settings.get(identity(req, self.house, practiceId))
        if settings is None:
            raise Refusal(404, "NOT_FOUND", "There is no such practice.")
        settings.update(req.context.told)
        self.house.tell(resp, settings)


class Users(Resource):
    """`/v1/admin/users`."""

    @admits("admin")
    async def on_get(self, req: Request, resp: Response) -> None:
        self.house.tell(resp, paged(req, self.house, [user.told() for user in self.records.desk.users.values()]))

    @admits("admin", body=NEW_USER)
    async def on_post(self, req: Request, resp: Response) -> None:
        told, users = req.context.told, self.records.desk.users
        name = told["userName"]
        if name in users:
            quiet = self.house.holds("database-words", req)
            raise Refusal(200, "USER_EXISTS", "This name is taken." if quiet else _constraint(name))
        if told["practice_id"] not in PRACTICES:
            raise Refusal(422, "INVALID", "Some values are not acceptable.", fields={"practice_id": "there is no such practice"})
        users[name] = User(name=name, role="clinician", practice=told["practice_id"])
        self.records.note(known(req).name, "user added")
        self.house.tell(resp, users[name].told(), 201)


def _constraint(name: str) -> str:
    """Say it as the database's library does, which is not for callers."""
    return (
        'psycopg.errors.UniqueViolation: duplicate key value violates unique constraint "app_user_user_name_key"\n'
        f"DETAIL:  Key (user_name)=({name}) already exists."
    )


class UserOfClinic(Resource):
    """`/v1/admin/users/{userName}`."""

    @admits("admin")
    async def on_delete(self, req: Request, resp: Response, userName: str) -> None:  # noqa: N803 - the template's name
        if any(user.name == userName for user in USERS) or userName in PASSPHRASES:
            raise Refusal(200, "PROTECTED", "This user stays.")
        if self.records.desk.users.pop(userName, None) is None:
            raise Refusal(404, "NOT_FOUND", "There is no such user.")
        self.records.note(known(req).name, "user removed")
        self.house.tell(resp, {"deleted": True})


class Audit(Resource):
    """`/v1/admin/audit`."""

    @admits("admin")
    async def on_get(self, req: Request, resp: Response) -> None:
        self.house.tell(resp, paged(req, self.house, self.records.done))


class LabQueue(Resource):
    """`/v1/lab/queue`."""

    @admits("lab")
    async def on_get(self, _req: Request, resp: Response) -> None:
        self.house.tell(resp, {"samples": ["S-100", "S-101"]})


class LabResults(Resource):
    """`/v1/lab/results`."""

    @admits("lab", body=RESULT)
    async def on_post(self, req: Request, resp: Response) -> None:
        self.records.results.append(req.context.told)
        self.house.tell(resp, {"received": len(self.records.results) > 0}, 201)


class Sessions(Resource):
    """`/v1/debug/sessions`, which a release that was not tidied up still has."""

    async def on_get(self, _req: Request, resp: Response) -> None:
        self.house.tell(resp, {"loggedIn": [user.told() for user in USERS]})
