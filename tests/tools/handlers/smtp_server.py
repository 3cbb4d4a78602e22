"""An SMTP server of aiosmtpd for the tests: each mail is written to a file in a folder, as it was received.

Usage: smtp_server.py PORT FOLDER [USER PASSWORD]
"""

import asyncio
import os
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Kept:
    number = 0

    async def handle_DATA(self, server, session, envelope):
        Kept.number += 1
        with open(os.path.join(sys.argv[2], f"{Kept.number}.eml.part"), "wb") as file:
            file.write(envelope.original_content)
        os.rename(file.name, file.name.removesuffix(".part"))
        return "250 2.0.0 kept"


def authenticate(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == tuple(text.encode() for text in sys.argv[3:5])
    return AuthResult(success=right, handled=False)


def server(loop):
    if len(sys.argv) <= 3:
        return SMTP(Kept(), hostname="mail.test", loop=loop)
    login = {"authenticator": authenticate, "auth_require_tls": False, "auth_required": True}
    return SMTP(Kept(), hostname="mail.test", loop=loop, **login)


async def main():
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: server(loop), "127.0.0.1", int(sys.argv[1]))
    await listening.serve_forever()


asyncio.run(main())
