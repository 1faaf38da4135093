"""Every rule about Dockerfiles: one literal tuple, in the order of their codes."""

from __future__ import annotations

from mlbox.lint.rules import syntax
from mlbox.lint.rules.rule import Hit, Rule

__all__ = ["RULES", "Hit", "Rule"]

RULES: tuple[Rule, ...] = (
    Rule(
        "MLD901", "syntax-error", "error", None, "BuildKit refuses it", syntax.syntax_error,
    ),
    Rule(
        "MLD902", "unterminated-heredoc", "error", None, "a heredoc never ends",
        syntax.unterminated_heredoc,
    ),
)
