"""The REST API: read-only, bounded, cached by block. Every list answers as CSV too."""

import sqlite3
import time
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from indexer.api import answers, details, parameters, queries
from indexer.api.lists import LISTS, List
from indexer.api.metrics import Metrics
from indexer.api.openapi import VERSION, document
from indexer.api.parameters import BadRequest
from indexer.sync import Status

MAX_QUERY_S = 2.0
# SQLite asks this often, in steps of its machine, whether to go on.
_CHECK_EVERY_STEPS = 10_000

_View = Callable[[Request, sqlite3.Connection, dict[str, str]], Response]


class Api:
    """The routes over one database. `status` is the indexer's own, in the same process."""

    def __init__(self, database: str, chain_id: int, status: Status) -> None:
        self._database = database
        self._chain_id = chain_id
        self._status = status
        self._metrics = Metrics(status)

    def app(self) -> Starlette:
        """The ASGI application."""
        listed = [
            ("/datasets", self.datasets),
            ("/purchases", self.purchases),
            ("/earnings/{account}", self.earnings),
        ]
        routes = [Route(path + end, self._cached(view)) for path, view in listed for end in (".csv", "")]
        routes += [Route(known.path + end, self._cached(_view_of(known))) for known in LISTS for end in (".csv", "")]
        routes += [
            Route("/agents/{id}", self._cached(self.agent)),
            Route("/agents/{id}/summary", self._cached(self.agent_summary)),
            Route("/models/{key:path}", self._cached(self.model)),
            Route("/operators/{operator}", self._cached(self.operator)),
            Route("/accounts/{account}", self._cached(self.account)),
            Route("/parameters", self._cached(self.parameters)),
            Route("/datasets/{key}", self._cached(self.dataset)),
            Route("/access/{key}/{account}", self._cached(self.access)),
            Route("/status", self._cached(self.status)),
            Route("/healthz", self.health),
            Route("/metrics", self.metrics),
            Route("/openapi.json", self.openapi),
        ]
        # Anybody's page may read what is public anyhow.
        cors = Middleware(
            CORSMiddleware,
            allow_origins=["*"],
            allow_methods=["GET"],
            allow_headers=["if-none-match"],
            expose_headers=["etag", "x-block", "x-next"],
        )
        return Starlette(
            routes=routes,
            middleware=[cors],
            exception_handlers={HTTPException: _http_error, BadRequest: _bad_request, Exception: _failed},
        )

    def _cached(self, view: _View) -> Callable[[Request], Awaitable[Response]]:
        """Answers from one snapshot of the database, in a thread; says 304 to who has this block's answer."""

        def answer(request: Request) -> Response:
            db = queries.open_reader(self._database)
            try:
                until = time.monotonic() + MAX_QUERY_S
                db.set_progress_handler(lambda: time.monotonic() > until, _CHECK_EVERY_STEPS)
                db.execute("BEGIN")
                at = queries.checkpoint(db)
                if at is None:
                    return answers.error(503, "not_ready", "the tables are being filled; try again in a moment")
                tag = f'"{VERSION}-{at["hash"]}"'
                headers = {"etag": tag, "x-block": str(at["block"]), "cache-control": "no-cache"}
                if view != self.status and tag in request.headers.get("if-none-match", ""):
                    return Response(status_code=304, headers=headers)
                return view(request, db, headers)
            except sqlite3.OperationalError as error:
                # The low byte is the kind of error, the rest says more of it.
                if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY):
                    raise
                return answers.error(503, "too_slow", f"not answered within {MAX_QUERY_S:.0f} s; ask for less")
            finally:
                db.close()

        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(answer, request)

        return endpoint

    def datasets(self, request: Request, db: sqlite3.Connection, headers: dict[str, str]) -> Response:
        """Datasets, searched and sorted."""
        parameters.only(request, "q", "show", "creator", "holder", "sort", "after", "limit")
        page = queries.datasets(
            db,
            words=parameters.search(request),
            show=parameters.choice(request, "show", ("offered", "all")),
            creator=parameters.optional_address(request, "creator"),
            holder=parameters.optional_address(request, "holder"),
            sort=parameters.choice(request, "sort", ("newest", "purchases")),
            after=parameters.after(request),
            limit=parameters.limit(request),
        )
        return _list(request, page, headers)

    def dataset(self, request: Request, db: sqlite3.Connection, headers: dict[str, str]) -> Response:
        """One dataset."""
        parameters.only(request)
        key = parameters.key(request.path_params["key"])
        found = queries.dataset(db, key)
        return _unknown(key) if found is None else answers.as_json(found, headers=headers)

    def purchases(self, request: Request, db: sqlite3.Connection, headers: dict[str, str]) -> Response:
        """Purchases, filtered."""
        parties = ("buyer", "recipient", "referrer", "holder")
        parameters.only(request, "dataset", *parties, "after", "limit")
        filters: dict[str, str | int] = {}
        for name in parties:
            address = parameters.optional_address(request, name)
            if address is not None:
                filters[name] = address
        key = request.query_params.get("dataset")
        if key is not None:
            id_ = queries.dataset_id(db, parameters.key(key))
            if id_ is None:
                return _unknown(key)
            filters["dataset_id"] = id_
        page = queries.purchases(db, filters, parameters.after(request), parameters.limit(request))
        return _list(request, page, headers)

    def earnings(self, request: Request, db: sqlite3.Connection, headers: dict[str, str]) -> Response:
        """What an account earned and can claim."""
        parameters.only(request)
        account = parameters.address("account", request.path_params["account"])
        page = queries.earnings(db, account)
        if request.url.path.endswith(".csv"):
            return answers.as_csv(page, headers)
        found = {"account": account, "data": page.rows, "claimable": queries.claimable(db, account)}
        return answers.as_json(found, headers=headers)

    def access(self, request: Request, db: sqlite3.Connection, headers: dict[str, str]) -> Response:
        """What an account may do with a dataset."""
        parameters.only(request)
        key = parameters.key(request.path_params["key"])
        found = queries.access(db, key, parameters.address("account", request.path_params["account"]))
        return _unknown(key) if found is None else answers.as_json(found, headers=headers)

    def agent(self, request: Request, db: sqlite3.Connection, headers: dict[str, str]) -> Response:
        """One agent."""
        parameters.only(request)
        id_ = parameters.integer("id", request.path_params["id"])
        return _one("agent", id_, details.agent(db, id_), headers)

    def agent_summary(self, request: Request, db: sqlite3.Connection, headers: dict[str, str]) -> Response:
        """The mean of some clients' feedback."""
        parameters.only(request, "clients", "tag1", "tag2")
        id_ = parameters.integer("id", request.path_params["id"])
        # The registry wants them named, too: anybody can give feedback, under as many names as he likes.
        clients = parameters.addresses("clients", request.query_params.get("clients", ""))
        tags = [parameters.short_text(name, request.query_params.get(name, "")) for name in ("tag1", "tag2")]
        return _one("agent", id_, details.agent_summary(db, id_, clients, *tags), headers)

    def model(self, request: Request, db: sqlite3.Connection, headers: dict[str, str]) -> Response:
        """One model."""
        parameters.only(request)
        key = parameters.model_key(request.path_params["key"])
        return _one("model", key, details.model(db, key), headers)

    def operator(self, request: Request, db: sqlite3.Connection, headers: dict[str, str]) -> Response:
        """One operator."""
        parameters.only(request)
        operator = parameters.address("operator", request.path_params["operator"])
        return _one("operator", operator, details.operator(db, operator), headers)

    def account(self, request: Request, db: sqlite3.Connection, headers: dict[str, str]) -> Response:
        """One account's money."""
        parameters.only(request)
        account = parameters.address("account", request.path_params["account"])
        return answers.as_json(details.account(db, account), headers=headers)

    def parameters(self, request: Request, db: sqlite3.Connection, headers: dict[str, str]) -> Response:
        """What governance set."""
        parameters.only(request)
        return answers.as_json(details.parameters(db), headers=headers)

    def status(self, request: Request, db: sqlite3.Connection, _: dict[str, str]) -> Response:
        """How far the indexer is, by the database; what it waits out and took back, since it was started."""
        parameters.only(request)
        at, status = queries.checkpoint(db) or {}, self._status
        return answers.as_json(
            {
                "chainId": self._chain_id,
                "head": status.head,
                "indexed": at["block"],
                "indexedHash": at["hash"],
                "lag": None if status.head is None else max(status.head - at["block"], 0),
                "reorganizations": status.reorgs,
                "lastReorganization": status.last_reorg,
                "error": status.error,
            }
        )

    async def health(self, request: Request) -> Response:
        """200 while the indexer follows the node, 503 while it can't."""
        parameters.only(request)
        error = self._status.error
        return answers.as_json({"ok": True}) if error is None else answers.error(503, "not_following", error)

    async def metrics(self, _: Request) -> Response:
        """Figures for Prometheus."""
        return self._metrics.page()

    async def openapi(self, _: Request) -> Response:
        """This API's description."""
        return answers.as_json(document())


def _view_of(known: List) -> _View:
    def view(request: Request, db: sqlite3.Connection, headers: dict[str, str]) -> Response:
        where, values = known.conditions(request)
        page = queries.listed(db, known, where, values, parameters.after(request), parameters.limit(request))
        return _list(request, page, headers)

    return view


def _list(request: Request, page: queries.Page, headers: dict[str, str]) -> Response:
    if request.url.path.endswith(".csv"):
        return answers.as_csv(page, headers)
    return answers.as_json({"data": page.rows, "next": page.next}, headers=headers)


def _one(kind: str, key: str | int, found: queries.Row | None, headers: dict[str, str]) -> Response:
    if found is None:
        return answers.error(404, f"{kind}_not_found", f"there is no {kind} {key}")
    return answers.as_json(found, headers=headers)


def _unknown(key: str) -> Response:
    return answers.error(404, "dataset_not_found", f"there is no dataset {key}")


async def _http_error(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return answers.error(404, "not_found", "there is nothing at this path; /openapi.json lists what there is")
    if status == 405:
        return answers.error(405, "method_not_allowed", "everything here is read with GET")
    return answers.error(status, "http_error", str(getattr(error, "detail", error)))


async def _bad_request(_: Request, error: Exception) -> Response:
    return answers.error(400, "invalid_parameter", str(error))


async def _failed(_: Request, __: Exception) -> Response:
    return answers.error(500, "internal_error", "the indexer failed to answer; its log says why")
