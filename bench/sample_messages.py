"""One message of every kind that a Fabric peer sends, of a likely size."""

from gossip.messages import (
    Acknowledgement,
    AliveMessage,
    Chaincode,
    ConnEstablish,
    DataDigest,
    DataMessage,
    DataRequest,
    DataUpdate,
    Empty,
    Envelope,
    GossipHello,
    GossipMessage,
    GossipMessageTag,
    LeadershipMessage,
    Member,
    MembershipRequest,
    MembershipResponse,
    Payload,
    PeerIdentity,
    PeerTime,
    PrivateDataMessage,
    PrivatePayload,
    Properties,
    PullMsgType,
    PvtDataDigest,
    PvtDataElement,
    RemotePvtDataRequest,
    RemotePvtDataResponse,
    RemoteStateRequest,
    RemoteStateResponse,
    StateInfo,
    StateInfoPullRequest,
    StateInfoSnapshot,
)

CHANNEL = b"mychannel"
PKI_ID = bytes(range(32))
IDENTITY = b"\x0a\x07Org1MSP\x12\xb0\x06" + b"-" * 816
TIME = PeerTime(inc_num=1_700_000_000_000_000_000, seq_num=1234)
BLOCK = bytes(1024)
PULL = PullMsgType(1)
SIGNED = Envelope(payload=bytes(200), signature=bytes(71))
MEMBER = Member(endpoint="peer0.org1.example.com:7051", pki_id=PKI_ID)


def sample_messages() -> dict[str, GossipMessage]:
    """By kind."""
    payload = Payload(seq_num=1234, data=BLOCK)
    digest = PvtDataDigest(tx_id="a" * 64, namespace="cc", collection="c1", block_seq=1234, seq_in_block=5)
    private = PrivatePayload(collection_name="c1", namespace="cc", tx_id="a" * 64, private_rwset=bytes(512))
    properties = Properties(ledger_height=1234, chaincodes=[Chaincode(name="cc", version="1.0")])
    contents: dict[str, dict[str, object]] = {
        "alive_msg": {"alive_msg": AliveMessage(membership=MEMBER, timestamp=TIME, identity=IDENTITY)},
        "mem_req": {"mem_req": MembershipRequest(self_information=SIGNED)},
        "mem_res": {"mem_res": MembershipResponse(alive=[SIGNED] * 4)},
        "data_msg 1 KiB": {"data_msg": DataMessage(payload=payload)},
        "hello": {"hello": GossipHello(nonce=1234, msg_type=PULL)},
        "data_dig": {"data_dig": DataDigest(nonce=1234, digests=[b"1234"] * 10, msg_type=PULL)},
        "data_req": {"data_req": DataRequest(nonce=1234, digests=[b"1234"] * 10, msg_type=PULL)},
        "data_update": {"data_update": DataUpdate(nonce=1234, data=[SIGNED] * 4, msg_type=PULL)},
        "empty": {"empty": Empty()},
        "conn": {"conn": ConnEstablish(pki_id=PKI_ID, identity=IDENTITY, tls_cert_hash=PKI_ID)},
        "state_info": {
            "state_info": StateInfo(timestamp=TIME, pki_id=PKI_ID, channel_mac=PKI_ID, properties=properties)
        },
        "state_snapshot": {"state_snapshot": StateInfoSnapshot(elements=[SIGNED] * 4)},
        "state_info_pull_req": {"state_info_pull_req": StateInfoPullRequest(channel_mac=PKI_ID)},
        "state_request": {"state_request": RemoteStateRequest(start_seq_num=1234, end_seq_num=1240)},
        "state_response": {"state_response": RemoteStateResponse(payloads=[payload] * 4)},
        "leadership_msg": {"leadership_msg": LeadershipMessage(pki_id=PKI_ID, timestamp=TIME, is_declaration=True)},
        "peer_identity": {"peer_identity": PeerIdentity(pki_id=PKI_ID, cert=IDENTITY)},
        "ack": {"ack": Acknowledgement()},
        "private_req": {"private_req": RemotePvtDataRequest(digests=[digest] * 4)},
        "private_res": {
            "private_res": RemotePvtDataResponse(elements=[PvtDataElement(digest=digest, payload=[BLOCK])])
        },
        "private_data": {"private_data": PrivateDataMessage(payload=private)},
    }
    tag = GossipMessageTag(4)
    return {
        kind: GossipMessage(nonce=1234, channel=CHANNEL, tag=tag, **content)  # type: ignore[arg-type]  # by field name
        for kind, content in contents.items()
    }
