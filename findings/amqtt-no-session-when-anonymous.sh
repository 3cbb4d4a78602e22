#!/bin/sh
# The broker of amqtt 0.12.1 keeps no session in its default set-up, whatever clients ask for. Where anonymous login
# is allowed, it takes each client for an anonymous one, those with a user name too, and deletes the session of a
# client within a second of its disconnection.
# MQTT 3.1.1 ties the session to the client identifier. With CleanSession 0 the server must go on with the stored
# state (MQTT-3.1.2-4), and must store QoS 1 and 2 messages for the subscriptions of a client that is away
# (MQTT-3.1.2-5). The broker acknowledges such a message to its publisher and drops it.
# The same clients are served as the standard says with the password plugin in place of the anonymous one. The
# broker's documentation of its plugins and settings says nothing of sessions here.
# Exit status: 0 as described, 1 it has changed, 2 it could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check amqtt==0.12.1 paho-mqtt==2.2.0
} || { echo "the packages cannot be had"; exit 2; }
cd "$folder"
venv/bin/python - <<'PYTHON'
import asyncio
import importlib.metadata
import logging
import socket
import sys
import threading
import time

import argon2
import paho.mqtt.client as paho
from amqtt.broker import Broker

logging.disable(logging.CRITICAL)
for name in ("amqtt", "paho-mqtt"):
    print(name, importlib.metadata.version(name))
with open("passwords", "w") as file:
    for user in ("meter", "sender"):
        file.write(f"{user}:{argon2.PasswordHasher().hash('secret')}\n")


def serve(plugins):
    """A broker in a thread of its own; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = threading.Event()

    async def run():
        listeners = {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}
        await Broker({"listeners": listeners, "plugins": plugins}).start()
        started.set()
        await asyncio.Event().wait()

    threading.Thread(target=lambda: asyncio.run(run()), daemon=True).start()
    if not started.wait(20):
        print("the broker does not start")
        sys.exit(2)
    return port


def connected(port, user, clean):
    """A client that is connected, Session Present, and the list of what it receives."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=user, clean_session=clean)
    client.username_pw_set(user, "secret")
    present, received = [], []
    done = threading.Event()

    def on_connect(client, data, flags, reason, properties):
        if not reason.is_failure:
            present.append(flags.session_present)
            done.set()

    client.on_connect = on_connect
    client.on_message = lambda client, data, message: received.append(message.payload.decode())
    client.connect("127.0.0.1", port)
    client.loop_start()
    if not done.wait(10):
        print("a client is refused")
        sys.exit(2)
    return client, present[0], received


def left(client):
    client.disconnect()
    client.loop_stop()


def trial(port, away):
    """Session Present after that many seconds, and what was received of a message that was sent in between."""
    meter, _, received = connected(port, "meter", False)
    subscribed = threading.Event()
    meter.on_subscribe = lambda *_: subscribed.set()
    meter.subscribe("orders", 1)
    subscribed.wait(10)
    sender, _, _ = connected(port, "sender", True)
    sender.publish("orders", "while there", 1).wait_for_publish(10)
    time.sleep(0.5)
    left(meter)
    time.sleep(away)
    order = sender.publish("orders", "while away", 1)
    order.wait_for_publish(10)
    left(sender)
    meter, present, later = connected(port, "meter", False)
    time.sleep(2)
    left(meter)
    print(f"   away for {away} s: acknowledged {order.is_published()}, Session Present {present}, received", end=" ")
    print(received, "and then", later)
    return received, order.is_published(), present, later


print("FileAuthPlugin:")
named = trial(serve({"amqtt.plugins.authentication.FileAuthPlugin": {"password_file": "passwords"}}), 3)
print("AnonymousAuthPlugin, the default:")
anonymous = trial(serve({"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}), 3)
if named != (["while there"], True, True, ["while away"]):
    sys.exit(2)
sys.exit(0 if anonymous == (["while there"], True, False, []) else 1)
PYTHON
