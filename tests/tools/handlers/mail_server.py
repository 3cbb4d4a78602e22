"""A mail server of Twisted for the tests: CRAM-MD5 for POP3, IMAP and SMTP.

Usage: mail_server.py PORT pop3|imap|smtp USER SECRET
"""

import sys

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.credentials import CramMD5Credentials
from twisted.cred.portal import IRealm, Portal
from twisted.internet import protocol, reactor
from twisted.mail import imap4, pop3, smtp
from zope.interface import implementer

PORT, KIND, USER, SECRET = sys.argv[1:5]


@implementer(smtp.IMessageDelivery)
class Delivery:
    def validateFrom(self, helo, origin):
        return origin


@implementer(IRealm)
class Realm:
    def requestAvatar(self, avatar, mind, *interfaces):
        avatars = {pop3.IMailbox: pop3.Mailbox, imap4.IAccount: lambda: imap4.MemoryAccount(b"x"), smtp.IMessageDelivery: Delivery}
        kind = next(kind for kind in interfaces if kind in avatars)
        return kind, avatars[kind](), lambda: None


class Mail(protocol.Factory):
    # POP3 asks its factory what it can do.
    challengers = {b"CRAM-MD5": CramMD5Credentials}

    def cap_IMPLEMENTATION(self):
        return "Twisted"

    def cap_EXPIRE(self):
        return 60

    def cap_LOGIN_DELAY(self):
        return 0

    def perUserExpiration(self):
        return False

    def perUserLoginDelay(self):
        return False

    def buildProtocol(self, address):
        portal = Portal(Realm(), [InMemoryUsernamePasswordDatabaseDontUse(**{USER: SECRET.encode()})])
        if KIND == "pop3":
            server = pop3.POP3()
            server.portal = portal
        elif KIND == "imap":
            server = imap4.IMAP4Server()
            server.challengers = self.challengers
            server.portal = portal
        else:
            server = smtp.ESMTP(self.challengers)
            server.portal = portal
            server.host = b"mail.test"
        server.factory = self
        return server


reactor.listenTCP(int(PORT), Mail(), interface="127.0.0.1")
reactor.run()
