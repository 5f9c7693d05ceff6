"""What operators watch a running peer by: figures for Prometheus and a health check, over HTTP.

Needs the ``metrics`` extra. HTTP is read by h11, which is small, bounds what it holds and leaves the sockets to
asyncio; the server that prometheus_client brings gives each connection a thread and waits for it without end.

Mirrors: core/operations.
"""
