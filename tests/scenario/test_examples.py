"""The programs in examples/ do what they say."""

import re
import subprocess
import sys
from pathlib import Path

from tests.support.core_yaml import write_core_yaml
from tests.support.organizations import organization_folder, peer_folder
from tests.support.served import peer_options, serving

EXAMPLES = Path(__file__).parents[2] / "examples"


def run_example(name: str, *arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of one program."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout, done.stderr


def test_own_identities() -> None:
    code, printed, logged = run_example("own_identities.py")

    assert code == 0, logged
    *said, refused = printed.splitlines()
    assert said == ["from alice: hello", "bob acknowledged: True"]
    assert "failed classifying identity: 'mallory' is not in the directory" in refused


def test_round_trips(tmp_path: Path) -> None:
    ours = peer_folder(1, 1)
    config = write_core_yaml(
        tmp_path,
        ("mspConfigPath: msp", f"mspConfigPath: {ours / 'msp'}"),
        ("tls/server.crt", str(ours / "tls/server.crt")),
        ("tls/server.key", str(ours / "tls/server.key")),
        ("rootcert:\n      file: tls/ca.crt", f"rootcert:\n      file: {ours / 'tls/ca.crt'}"),
        ("files:\n        - tls/ca.crt", f"files:\n        - {ours / 'tls/ca.crt'}"),
    )
    org2 = organization_folder(2) / "msp"
    with serving(*peer_options(2), "--ack") as served:
        code, printed, logged = run_example(
            "round_trips.py", f"--config={config}", f"--org=Org2MSP={org2}", "--count=3", served.endpoint, "127.0.0.1:1"
        )

    reached, lost = printed.splitlines()
    assert re.fullmatch(
        rf"{served.endpoint}  3 round trips, ms: [\d.]+ / [\d.]+ / [\d.]+",
        reached,
    ), reached
    assert lost.startswith("127.0.0.1:1  DialError: cannot connect to 127.0.0.1:1: tcp:")
    assert code == 1, logged
