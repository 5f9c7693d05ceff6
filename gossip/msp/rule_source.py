"""Where the rule stands that an identity breaks."""

from gossip.errors import IdentityError


def find_rule_source(refusal: BaseException | None) -> str | None:
    """Find the file, with the line where one line says it, behind a refusal: a rule of config.yaml, or a CRL."""
    while refusal is not None:
        if isinstance(refusal, IdentityError) and refusal.source is not None:
            return refusal.source
        refusal = refusal.__cause__
    return None
