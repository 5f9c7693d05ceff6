"""Says of a certificate that its CA was made anew, and that the CA of that name here is not the one that issued it."""

from collections.abc import Sequence

from gossip.msp.lint.finding import Finding, error
from gossip.msp.lint.folder import LintedCertificate


def other_generation(entry: LintedCertificate, name: str, old: Sequence[str], *, is_tls: bool = False) -> Finding:
    """``old`` are the files that hold a CA of this name with another key."""
    subject, files = entry.certificate.subject, " and ".join(old)
    rule, what = ("tls-other-generation", "TLS certificate") if is_tls else ("other-generation", "certificate")
    problem = (
        f"the {name} that issued {subject} has another key than the {name} in {files}: they belong to "
        "different generations of crypto material"
    )
    remedy = (
        f"put the certificate of the {name} that issued it into {files}, and give it to the other organisations; or go "
        f"back to the {what} and key of the generation of that CA"
    )
    return error(entry.file, rule, problem, remedy)
