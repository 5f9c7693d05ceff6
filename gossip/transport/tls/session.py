"""What OpenSSL keeps of a client of TLS 1.2 for two hours, so that it may come back: megabytes, where it sent many
certificates, of up to 20,480 clients. Python cannot tell it not to.

It lets go of the session of a connection that failed, and, but for later releases of Python, which mark each as closed,
of one that nobody closed. So each is made to fail at its end; one whose client said goodbye cannot any more.
"""

import ssl
from contextlib import suppress

from gossip.transport.record_size import RECORD_BYTES


def is_kept(tls: ssl.SSLObject) -> bool:
    """Whether OpenSSL keeps the session of a connection that ends as others do."""
    return tls.server_side and tls.version() == "TLSv1.2"


def forget_session(tls: ssl.SSLObject, incoming: ssl.MemoryBIO) -> None:
    """Let OpenSSL let go of the session of a connection that is over, where it would keep it."""
    if not is_kept(tls):
        return
    incoming.read()
    incoming.write_eof()  # a client that ends without a goodbye has failed
    with suppress(ssl.SSLError):
        while tls.read(RECORD_BYTES):
            pass
