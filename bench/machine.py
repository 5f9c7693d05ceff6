"""What kind of machine this is, and which releases were measured; nothing that names the machine."""

import os
import platform
import ssl
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("betterproto", "grpclib", "h2", "cryptography", "grpcio", "protobuf", "uvloop")


def describe() -> dict[str, str]:
    """By name."""
    return {
        "CPU": f"{_cpu()}, {os.cpu_count()} cores",
        "System": f"{platform.system()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}, {ssl.OPENSSL_VERSION}",
        "Packages": ", ".join(f"{package} {version(package)}" for package in PACKAGES),
    }


def _cpu() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor() or "unknown"
    models = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
    return models[0] if models else "unknown"
