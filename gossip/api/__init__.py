"""The seams: typed Protocols and records that mirror Fabric's Go interfaces. No behaviour lives here.

``comm``: Comm, ReceivedMessage, Subscription. ``crypto``: MessageCryptoService, BlockVerifier. ``security``:
SecurityAdvisor. ``mapper``: Mapper. ``peer``: RemotePeer, ConnectionInfo. ``results``: AggregatedSendResults.
``options``: DialOptions, TlsFiles.
"""
