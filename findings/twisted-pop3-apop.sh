#!/bin/sh
# The POP3 server of Twisted 26.10.0 refuses each APOP login, though its greeting offers APOP and the digest is right.
# RFC 1939, section 7: a server whose greeting has a timestamp takes APOP, and a correct digest opens the maildrop.
# `APOPCredentials.checkPassword` compares `md5(...).hexdigest()`, which is text, with the digest of the line, which
# is bytes. No two such values are equal. Twisted's own client prefers APOP where the greeting offers it, so it cannot
# log in to Twisted's own server.
# USER and PASS with the same password succeed, as does the check if the digest is handed over as text.
# Exit status: 0 as described, 1 it has changed, 2 it could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check Twisted==26.10.0
} || { echo "the packages cannot be had"; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import hashlib
import importlib.metadata
import sys

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm, Portal
from twisted.internet.testing import StringTransport
from twisted.mail import pop3
from zope.interface import implementer


class Empty(pop3.Mailbox):
    def listMessages(self, index=None):
        return []


@implementer(IRealm)
class Realm:
    def requestAvatar(self, name, mind, *interfaces):
        return pop3.IMailbox, Empty(), lambda: None


def session(commands):
    """What a fresh server with the user "fred" answers to commands(timestamp)."""
    users = InMemoryUsernamePasswordDatabaseDontUse()
    users.addUser(b"fred", b"tanstaaf")
    server = pop3.POP3()
    server.portal = Portal(Realm(), [users])
    line = StringTransport()
    server.makeConnection(line)
    greeting = line.value().strip()
    line.clear()
    for command in commands(greeting.split()[-1]):
        line.clear()
        server.dataReceived(command + b"\r\n")
    return greeting, line.value().strip()


def digest(timestamp):
    return hashlib.md5(timestamp + b"tanstaaf").hexdigest().encode()


print("Twisted", importlib.metadata.version("Twisted"))
# The example of RFC 1939, section 7, so that the digest of this script is beyond doubt.
if digest(b"<1896.697170952@dbc.mtview.ca.us>") != b"c4c9334bac560ecc979e58001b3e22fb":
    print("the digest is not that of the RFC")
    sys.exit(2)
greeting, plain = session(lambda timestamp: [b"USER fred", b"PASS tanstaaf"])
print("the greeting:    ", greeting.decode())
print("USER and PASS:   ", plain.decode())
_, apop = session(lambda timestamp: [b"APOP fred " + digest(timestamp)])
print("APOP, right:     ", apop.decode())
_, wrong = session(lambda timestamp: [b"APOP fred " + digest(b"<other>")])
print("APOP, wrong:     ", wrong.decode())
credentials = pop3.APOPCredentials(b"<1@a>", b"fred", digest(b"<1@a>"))
as_text = pop3.APOPCredentials(b"<1@a>", b"fred", digest(b"<1@a>").decode())
checks = credentials.checkPassword(b"tanstaaf"), as_text.checkPassword(b"tanstaaf")
print("the check, digest as bytes and as text:", *checks)
if not plain.startswith(b"+OK") or wrong.startswith(b"+OK"):
    sys.exit(2)
sys.exit(0 if apop.startswith(b"-ERR") and checks == (False, True) else 1)
PYTHON
