"""A plugin in Python: each export of the contract that an author meets first."""

import asyncio
import json

from componentize_py_async_support import spawn
from componentize_py_types import Err
from wit_world import byte_stream, exports
from wit_world.exports.tools import (
    Definition, Hints, Outcome_Done, Outcome_InputRequired, Output, Question, Reply_Accepted,
)
from wit_world.imports import calls, cancellation, ip_name_lookup, wasi_sockets_types as sockets
from wit_world.imports.content import Blob, Block_Image, Block_Text

GREETING = {"value": "Hello"}
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
READS = Hints(read_only=True, additive=True, idempotent=True, closed_world=True, pages=False)
CHANGES = Hints(read_only=False, additive=False, idempotent=False, closed_world=True, pages=False)
CONNECTS = Hints(read_only=True, additive=True, idempotent=True, closed_world=False, pages=False)


def arguments_of(**types):
    properties = {name: {"type": type_} for name, type_ in types.items()}
    return json.dumps({"type": "object", "properties": properties, "required": list(types)})


def done(*content, **structured):
    """An answer of blocks, of members, or of both."""
    return Outcome_Done(Output(list(content), json.dumps(structured) if structured else None))


def failed(code, message, retry=calls.Retry.UNKNOWN):
    return Err(calls.Ending_Failed(calls.Failure(code, message, None, retry)))


class Lifecycle(exports.Lifecycle):
    async def init(self, settings):
        GREETING["value"] = json.loads(settings).get("greeting", "Hello")
        if not GREETING["value"]:
            raise Err("`greeting` is empty")

    async def close(self):
        print("the guest in Python is closed")


class Tools(exports.Tools):
    """The functions of the interface stand in a class of its name, made of the generated one."""

    def list(self):
        text = json.dumps(TEXT)
        return [
            Definition("greet", "Greet", "Greets by name.", arguments_of(name="string"), text, READS, None),
            Definition("show", None, "Shows a picture.", arguments_of(), None, READS, None),
            Definition("ask", None, "Clears after a question.", arguments_of(), text, CHANGES, None),
            Definition(
                "fetch", None, "Says a line to a host and hears the answer.",
                arguments_of(host="string", port="integer", line="string"), text, CONNECTS, None,
            ),
        ]

    async def call(self, context, name, arguments, replies):
        arguments = json.loads(arguments)
        match name:
            case "greet":
                return done(text=f"{GREETING['value']}, {arguments['name']}!")
            case "show":
                context.progress(0.5, 1.0, "half of it")
                context.emit(Block_Text("shown before"))
                return done(Block_Image(Blob(b"\x89PNG\r\n\x1a\n", "image/png")))
            case "ask":
                return ask(dict(replies))
            case "fetch":
                return await unless_ended(context, fetch(**arguments))
            case _:
                raise failed("not_found", f"there is no tool `{name}`")


def ask(replies):
    """The tool is called again, from its beginning, with the replies to all it has asked."""
    match replies.get("sure"):
        case None:
            return Outcome_InputRequired([Question("sure", "Clear it?", arguments_of(sure="boolean"))])
        case Reply_Accepted(value) if json.loads(value)["sure"]:
            return done(text="cleared")
        case _:
            return done(text="left as it is")


async def unless_ended(context, work):
    """What comes first: the end of the work, or the word that the call should end.

    An import that is awaited cannot be given up: both are spawned, and outlive the call.
    """
    first = asyncio.get_running_loop().create_future()

    async def watch():
        # The context is lent for as long as this waits, and may not be dropped before.
        reason = await cancellation.wait(context)
        if not first.done():
            late = reason is cancellation.Reason.DEADLINE
            first.set_result(Err(calls.Ending_Deadline() if late else calls.Ending_Cancelled()))

    async def run():
        try:
            result = await work
        except Err as error:
            result = error
        if not first.done():
            first.set_result(result)

    spawn(watch())
    spawn(run())
    result = await first
    if isinstance(result, Err):
        raise result
    return result


async def fetch(host, port, line):
    try:
        address = (await ip_name_lookup.resolve_addresses(host))[0]
        match address:
            case sockets.IpAddress_Ipv4(value):
                family = sockets.IpAddressFamily.IPV4
                target = sockets.IpSocketAddress_Ipv4(sockets.Ipv4SocketAddress(port, value))
            case sockets.IpAddress_Ipv6(value):
                family = sockets.IpAddressFamily.IPV6
                target = sockets.IpSocketAddress_Ipv6(sockets.Ipv6SocketAddress(port, 0, value, 0))
        with sockets.TcpSocket.create(family) as socket:
            await socket.connect(target)
            return done(text=await exchange(socket, line))
    except Err as error:
        # An error of these interfaces is a class for each case: its name says which.
        case = type(error.value).__name__.removeprefix("ErrorCode_")
        raise failed("connect_failed", f"{host} port {port}: {case}", calls.Retry.CAN_HELP)


async def exchange(socket, line):
    writer, reader = byte_stream()
    socket.send(reader)
    received, _ended = socket.receive()
    with writer, received:
        await writer.write_all(line.encode() + b"\n")
        answer = b""
        while b"\n" not in answer and not received.writer_dropped:
            answer += await received.read(4096)
    return answer.decode().strip()
