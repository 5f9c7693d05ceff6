"""The entry point: help, version, and what users see when something is missing or broken."""

import os
import subprocess
import sys
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest

from gossip._version import __version__
from tests.support.cli import run_process


def test_help_lists_the_commands_and_exit_codes() -> None:
    outcome = run_process("--help")

    assert outcome.exit_code == 0
    for word in ("crypto", "identity", "message", "msp", "Exit codes"):
        assert word in outcome.stdout


def test_version() -> None:
    assert run_process("--version").stdout == f"gossip {__version__}\n"


def test_an_unknown_command_is_a_usage_error_that_names_it() -> None:
    outcome = run_process("handshaek")

    assert outcome.exit_code == 2
    assert "handshaek" in outcome.stderr


def test_help_imports_nothing_heavy() -> None:
    outcome = run_process("--help", python_options=("-X", "importtime"))

    loaded = {line.rsplit("|", 1)[-1].strip() for line in outcome.stderr.splitlines()}
    assert loaded.isdisjoint({"cryptography", "betterproto", "gossip_protos", "grpclib", "h2", "asyncio", "yaml"})


def run_script(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python that calls ``run()`` after having prepared something."""
    command = [sys.executable, *arguments[:-1], "-c", script, arguments[-1]]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_the_message_says_what_to_install(missing: str) -> None:
    script = f"import sys; sys.modules[{missing!r}] = None; from gossip.cli.main import run; run()"

    done = run_script(script, "--help")

    assert done.returncode == 2
    assert done.stderr == f"gossip: the command line needs {missing}: pip install 'fabric-gossip[cli]'\n"


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_closed_standard_stream_is_no_bug(closed: int) -> None:
    command = [sys.executable, "-m", "gossip.cli.main", "message", "decode", "--json"]
    script = f"import os; os.close({closed}); os.execv({sys.executable!r}, {command!r})"

    done = subprocess.run([sys.executable, "-c", script], input=b"", capture_output=True, timeout=30, check=False)

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"{") == (closed != 1)


PREPARED = """
import os
from gossip.cli.main import _prepare_streams
_prepare_streams()
print([os.path.samestat(os.fstat(number), os.stat(os.devnull)) for number in range(3)])
"""


@pytest.mark.parametrize("closed", [0, 2])
def test_the_number_of_a_closed_standard_stream_stays_taken(closed: int) -> None:
    """Or what is said there would go into a connection, or a file, that gets it."""
    script = f"import os; os.close({closed}); os.execv({sys.executable!r}, [{sys.executable!r}, '-c', {PREPARED!r}])"

    done = subprocess.run([sys.executable, "-c", script], input=b"", capture_output=True, timeout=30, check=False)

    assert done.stdout.decode() == f"{[number == closed for number in range(3)]}\n"


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_full_disk_is_named_and_no_bug(options: list[str]) -> None:
    command = [sys.executable, "-m", "gossip.cli.main", "message", "decode", *options]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, input=b"", stdout=full, stderr=subprocess.PIPE, timeout=30, check=False)

    assert (done.returncode, done.stderr) == (2, b"gossip: No space left on device\n")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["misbehave", "--list"], ["send", "--help"]])
@pytest.mark.parametrize("buffering", [{}, {"PYTHONUNBUFFERED": "1"}])
def test_neither_is_one_where_no_command_is_under_way(arguments: list[str], buffering: dict[str, str]) -> None:
    command = [sys.executable, "-m", "gossip.cli.main", *arguments]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | buffering
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=30, check=False, env=environ)

    told = b"gossip: standard output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, told)


@pytest.mark.parametrize("arguments", [["identity", "show", "/nowhere"], ["foo"], ["serve", "--listen"], ["--nack"]])
@pytest.mark.parametrize("kind", ["full disk", "full pipe", "nobody reads"])
def test_an_exit_code_needs_nobody_who_reads_the_error(kind: str, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "gossip.cli.main", *arguments]
    reading, stderr = os.pipe()
    if kind == "full disk":
        with Path("/dev/full").open("wb") as full:
            os.dup2(full.fileno(), stderr)
    elif kind == "full pipe":
        fill(stderr)
    else:
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), reading)
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=stderr, timeout=30, check=False)
    finally:
        os.close(stderr)
        os.close(reading)
    assert done.returncode == 2


def fill(pipe: int) -> None:
    """Leave no room in a pipe, which does not block from now on."""
    os.set_blocking(pipe, False)
    with suppress(BlockingIOError):
        while True:
            os.write(pipe, bytes(4096))


def test_a_bug_and_what_it_says_need_nobody_either() -> None:
    reading, stderr = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run([sys.executable, "-c", BUG, "crypto"], stderr=stderr, timeout=30, check=False)
    finally:
        os.close(stderr)
    assert done.returncode == 70


def test_what_an_encoding_has_no_bytes_for_is_escaped(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gossip.cli.main", "crypto", "--org=Org1", f"--out={tmp_path / 'žlutý'}"]
    environ = os.environ | {"PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, capture_output=True, timeout=30, check=False, env=environ)

    assert (done.returncode, done.stderr) == (0, b"")
    assert "\\u017elutý/peerOrganizations" in done.stdout.decode("latin-1")


def test_an_interruption_while_commands_are_being_found_is_quiet() -> None:
    done = run_script(BUG.replace('TypeError("a bug")', "KeyboardInterrupt"), "crypto")

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


INTERRUPTED = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, *_):
        if name == "gossip.cli.unread":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from gossip.__main__ import run
run()
"""


def test_an_interruption_while_the_entry_point_is_imported_is_quiet() -> None:
    done = run_script(INTERRUPTED, "crypto")

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_the_command_and_the_module_are_one() -> None:
    pyproject = Path(__file__).parents[3] / "pyproject.toml"

    assert tomllib.loads(pyproject.read_text())["project"]["scripts"] == {"gossip": "gossip.__main__:run"}


BUG = """
import gossip.cli.commands
def app(): raise TypeError("a bug")
gossip.cli.commands.app = app
from gossip.cli.main import run
run()
"""


def test_a_bug_shows_no_traceback() -> None:
    done = run_script(BUG, "crypto")

    assert done.returncode == 70
    assert done.stderr == "gossip: internal error, please report it: TypeError: a bug\n"


def test_a_bug_in_a_task_is_named_itself() -> None:
    bug = 'raise ExceptionGroup("unhandled", [ExceptionGroup("inner", [TypeError("a bug")])])'

    done = run_script(BUG.replace('raise TypeError("a bug")', bug), "crypto")

    assert done.stderr == "gossip: internal error, please report it: TypeError: a bug\n"


def test_neither_does_an_installation_that_lacks_something() -> None:
    script = "import sys; sys.modules['gossip.cli.commands'] = None; from gossip.cli.main import run; run()"

    done = run_script(script, "crypto")

    assert done.returncode == 70
    assert done.stderr.startswith("gossip: internal error, please report it: ModuleNotFoundError: ")
    assert done.stderr.count("\n") == 1


def test_developers_see_the_traceback_of_a_bug() -> None:
    done = run_script(BUG, "-X", "dev", "crypto")

    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
