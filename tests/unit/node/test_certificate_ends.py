"""Certificates of ours that have ended, or are about to, are warned of."""

from datetime import timedelta

import pytest

from gossip.node.certificate_ends import warn_of_ends
from tests.support.organizations import NOW


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(seconds=-1), ["The server TLS certificate has expired"]),
        (timedelta(days=6, hours=5, minutes=1), ["The server TLS certificate expires within 6 days and 5 hours"]),
        (timedelta(days=7), []),
    ],
)
def test_the_end_of_a_certificate_is_warned_of(
    left: timedelta, said: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    warn_of_ends({"identity": NOW + timedelta(days=30), "tls": NOW + left}, NOW)

    assert caplog.messages == said
