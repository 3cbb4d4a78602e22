"""Web servers for the tests: Twisted's, which answers a request with what it was; and one of websockets, which echoes.

Usage: web_server.py PORT twisted|websockets
"""

import asyncio
import sys

PORT, KIND = int(sys.argv[1]), sys.argv[2]

if KIND == "twisted":
    from twisted.internet import reactor
    from twisted.web import resource, server

    class Told(resource.Resource):
        isLeaf = True

        def render(self, request):
            # Written in parts, it is sent in chunks.
            request.write(request.method + b" " + request.uri + b"\n")
            request.write(request.content.read())
            request.finish()
            return server.NOT_DONE_YET

    reactor.listenTCP(PORT, server.Site(Told()), interface="127.0.0.1")
    reactor.run()
else:
    from websockets.asyncio.server import serve

    async def echo(socket):
        async for message in socket:
            await socket.send(message)

    async def main():
        async with serve(echo, "127.0.0.1", PORT, compression=None) as listening:
            await listening.serve_forever()

    asyncio.run(main())
