"""/ and /dashboard/: the static files of the dashboard, under a policy that lets nothing else run beside them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePath
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.conditional import is_known, not_modified
from gateway.errors import NotFoundError

MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file, with all that its answer needs."""

    body: bytes
    media_type: str
    etag: str


class DashboardRoutes:
    """Serves the files of the package's `dashboard` folder, from memory: a path that names none of them is a 404."""

    def __init__(self) -> None:
        self._assets = _read_assets()

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [
            Route("/", self._index, methods=["GET"]),
            Route("/login", self._login, methods=["GET"]),
            Route("/dashboard/{file:path}", self._file, methods=["GET"]),
        ]

    async def _index(self, request: Request) -> Response:
        return self._serve("index.html", request=request)

    async def _login(self, request: Request) -> Response:
        return self._serve("login.html", request=request)

    async def _file(self, request: Request) -> Response:
        return self._serve(request.path_params["file"], request=request)

    def _serve(self, name: str, *, request: Request) -> Response:
        asset = self._assets.get(name)
        if asset is None:
            raise NotFoundError("The dashboard has no such file.", advice="It begins at /.")
        if is_known(request, asset.etag):
            return not_modified(asset.etag)
        headers = {
            "etag": asset.etag,
            "cache-control": "no-cache",
            "content-security-policy": POLICY,
        }
        return Response(asset.body, headers=headers, media_type=asset.media_type)


def _read_assets() -> Mapping[str, Asset]:
    folder = files("gateway").joinpath("dashboard")
    if not folder.is_dir():
        return {}
    found = {entry.name: MEDIA_TYPES.get(PurePath(entry.name).suffix) for entry in folder.iterdir()}
    return {
        name: _asset(folder.joinpath(name).read_bytes(), media_type)
        for name, media_type in found.items()
        if media_type is not None
    }


def _asset(body: bytes, media_type: str) -> Asset:
    return Asset(body=body, media_type=media_type, etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"')
