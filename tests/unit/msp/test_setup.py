"""What an MSP is set up from."""

from gossip.msp.chain import CaTree
from gossip.msp.setup import _find_ca
from tests.support.certificates import make_ca, with_s


def test_a_ca_far_below_its_root_is_found_by_either_s_of_its_issuer() -> None:
    root = make_ca("root")
    upper = make_ca("upper", root)
    lower = with_s(make_ca("lower", upper).certificate, in_lower_half=True)
    tree = CaTree([root.certificate], [upper.certificate, lower])

    for in_lower_half in (True, False):
        assert _find_ca(tree, with_s(lower, in_lower_half=in_lower_half)) is lower
    assert _find_ca(tree, make_ca("lower", upper).certificate) is None
