"""An SMTP server of aiosmtpd for the tests: each mail is written to a file in a folder, as it was received.

Usage: smtp_server.py PORT FOLDER
"""

import asyncio
import os
import sys

from aiosmtpd.smtp import SMTP


class Kept:
    number = 0

    async def handle_DATA(self, server, session, envelope):
        Kept.number += 1
        with open(os.path.join(sys.argv[2], f"{Kept.number}.eml.part"), "wb") as file:
            file.write(envelope.original_content)
        os.rename(file.name, file.name.removesuffix(".part"))
        return "250 2.0.0 kept"


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Kept(), hostname="mail.test", loop=loop), "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
