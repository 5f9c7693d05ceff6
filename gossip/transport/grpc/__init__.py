"""gRPC over HTTP/2: the client, the server, and the calls that both make streams of messages."""
