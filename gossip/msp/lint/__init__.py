"""Looks an MSP folder over and says everything that is wrong with it at once, each with its remedy."""

from gossip.msp.lint.finding import FileFacts, Finding, Severity
from gossip.msp.lint.lint import Lint, lint_msp_folder

__all__ = ["FileFacts", "Finding", "Lint", "Severity", "lint_msp_folder"]
