"""The page's server: its files, the form, and two questions to the endpoint, which it signs.

    GET  form      what the page is made of, from the endpoint's card
    POST explain   one record, answered with prediction and contributions
    POST score     a table, answered with its predictions
    GET  example   a table that the model takes

Whatever fails is answered as the endpoint does it: a problem (RFC 9457) with the faults of fields. Nothing is logged.
"""

import mimetypes
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ml_inference_client.client import JSON, AsyncClient
from ml_inference_client.errors import ForbiddenError, InferenceError, RequestRefusedError
from ml_inference_client.playground import table
from ml_inference_client.playground.form import Told, form
from ml_inference_client.playground.guard import Guard

PAGE = Path(__file__).with_name("page")
HOSTS = ["127.0.0.1", "localhost"]

TOO_LARGE, UNPROCESSABLE, BAD_GATEWAY = 413, 422, 502

# Some Windows machines call it text, which a browser then does not run.
mimetypes.add_type("text/javascript", ".js")


def app(
    client: Callable[[], AsyncClient],
    token: str,
    told: Told,
) -> Starlette:
    """The server as an ASGI application.

    Args:
        client: Makes the client of the endpoint.
        token: Without it in the address nothing is answered.
        told: What somebody knows of the model besides the endpoint.
    """
    page = _Page(told)
    routes = [
        Route("/form", page.form),
        Route("/example", page.example),
        Route("/explain", page.explain, methods=["POST"]),
        Route("/score", page.score, methods=["POST"]),
        Mount("/", StaticFiles(directory=PAGE, html=True)),
    ]

    @asynccontextmanager
    async def opened(_app: Starlette) -> AsyncIterator[None]:
        async with client() as page.client:
            yield

    return Starlette(
        routes=[Mount(f"/{token}", routes=routes)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS), Middleware(Guard, token=token)],
        exception_handlers={InferenceError: _refusal},
        lifespan=opened,
    )


class _Page:
    """What the routes share.

    Attributes:
        client: The endpoint's.
    """

    client: AsyncClient

    def __init__(self, told: Told) -> None:
        self._told = told

    async def form(self, _request: Request) -> Response:
        return _json(await self._form())

    async def example(self, _request: Request) -> Response:
        return PlainTextResponse(table.example((await self._form())["examples"]), media_type="text/csv")

    async def explain(self, request: Request) -> Response:
        body = await request.body()
        unexplained = None
        try:
            answer = await self.client.send("POST", "/explain", body)
            (row,) = answer.json()
        except RequestRefusedError as error:
            if error.status != TOO_LARGE and (error.status != UNPROCESSABLE or error.faults):
                raise
            unexplained = error.detail
        if unexplained:  # a model may be too large to be explained and still predict
            answer = await self.client.send("POST", "/", body)
            row = {"prediction": answer.json()[0], "unexplained": unexplained}
        return _json({**row, "version": answer.model_version})

    async def score(self, request: Request) -> Response:
        content = bytearray()
        async for part in request.stream():
            content += part
            if len(content) > table.MOST_BYTES:
                raise InferenceError(
                    f"the table is larger than {table.MOST_BYTES >> 20} MB, which is what this page takes; "
                    "`ml-inference score` takes files of any size"
                )
        return _json(await table.scored(self.client, request.query_params.get("name", "the table"), bytes(content)))

    async def _form(self) -> dict[str, Any]:
        card = (await self.client.send("GET", "/")).json()
        return form(card, self._told.of(card))


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type=JSON)


async def _refusal(_request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, RequestRefusedError) else BAD_GATEWAY
    detail = error.detail if isinstance(error, RequestRefusedError) else str(error)
    faults = list(error.faults) if isinstance(error, RequestRefusedError) else []
    title = "Forbidden" if isinstance(error, ForbiddenError) else "Refused"
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail, "errors": faults}
    return Response(orjson.dumps(problem), status, media_type="application/problem+json")
