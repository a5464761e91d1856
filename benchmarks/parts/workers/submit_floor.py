"""The floor of a submit: Starlette and one INSERT a request, on the same server. `DSN`; prints its port.

It checks nothing but that the body is JSON, and records neither inputs nor an event.
"""

import asyncio
import json
import sys

import asyncpg
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from common.ids import uuid7
from gateway.server import listening_socket
from gateway.settings import GatewaySettings

SCHEMA = "CREATE TABLE job (id uuid PRIMARY KEY, kind text, body json, at timestamptz DEFAULT now())"
INSERT = "INSERT INTO job (id, kind, body) VALUES ($1, $2, $3) RETURNING at"


async def serve(dsn: str) -> None:
    async with asyncpg.create_pool(dsn, min_size=8, max_size=8) as pool:
        await pool.execute(SCHEMA)

        async def submit(request: Request) -> Response:
            asked = await request.json()
            identity = uuid7()
            at = await pool.fetchval(INSERT, identity, asked["kind"], json.dumps(asked))
            return JSONResponse({"id": str(identity), "at": at.isoformat()}, status_code=202)

        app = Starlette(routes=[Route("/v1/tasks", submit, methods=["POST"])])
        config = uvicorn.Config(app, loop="none", http="httptools", log_config=None, access_log=False, lifespan="off")
        with listening_socket(GatewaySettings(port=0)) as listening:
            print("port", listening.getsockname()[1], flush=True)
            await uvicorn.Server(config).serve(sockets=[listening])


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    uvloop.run(serve(sys.argv[1]))
