"""What the scripts of the clients share: the six steps, what each has to show, and how they are told.

A script is called as `SCRIPT FOLDER PROGRAM ARGUMENT...`: the server's command line, and a folder that it may read, with a long
`page.txt`. It prints one JSON object: `{"versions": {...}, "steps": {NAME: {"ok": BOOL, "said": TEXT}}}`.
"""

import importlib.metadata
import json
import os
import sys
import traceback

STEPS = ["list", "convert", "success", "failure", "page", "cancel"]

folder, program, *arguments = sys.argv[1:]
page = os.path.join(folder, "page.txt")
environment = {"HOME": os.environ["HOME"], "PATH": os.environ["PATH"]}

SUCCESS = ("tcp_list_connections", {})
FAILURE = ("tcp_send", {"connection_id": "none", "data": "x"})
PAGE = ("cat_tool", {"file_path": page})
# A call that goes on for longer than any step waits.
LONG = ("tail_tool", {"file_path": page, "follow": True, "seconds": 30})


def text(shown):
    return shown if isinstance(shown, str) else json.dumps(shown, default=str, ensure_ascii=False)


def succeeded(shown):
    assert "total_connections" in text(shown), shown
    return "shown"


def failed(shown):
    assert "Connection none not found" in text(shown), shown
    return "its message is shown"


def paged(shown):
    shown = text(shown)
    assert "line 0" in shown and "line 1000" in shown, shown[:300]
    assert "cursor" in shown, shown[-300:]
    return f"{len(shown)} characters, with the cursor"


def calls(shown):
    """The three steps that are one call each; `shown` makes a call, and gives what a model would read of it."""

    async def success():
        return succeeded(await shown(SUCCESS))

    async def failure():
        return failed(await shown(FAILURE))

    async def first_page():
        return paged(await shown(PAGE))

    return [("success", success), ("failure", failure), ("page", first_page)]


class Steps:
    def __init__(self, *packages):
        self.versions = {name: importlib.metadata.version(name) for name in packages}
        self.steps = {}

    async def run(self, name, step):
        try:
            self.steps[name] = {"ok": True, "said": await step()}
        except BaseException as error:
            traceback.print_exc()
            self.steps[name] = {"ok": False, "said": f"{type(error).__name__}: {error}"[:300]}

    def print(self):
        print(json.dumps({"versions": self.versions, "steps": self.steps}))
