"""The syntax of Python 2 brought up to date, and nothing else: what a user's converter does to an old script."""

from __future__ import annotations

from fissix.pgen2.parse import ParseError
from fissix.refactor import RefactoringTool

# print, except, raise, exec, backticks, <>, integer literals, parameters that are tuples.
_FIXERS = ("print", "except", "raise", "exec", "repr", "ne", "numliterals", "tuple_params")


def python3(text: str) -> str:
    """A script of Python 2 in the syntax of Python 3; one of Python 3 comes back as it is.

    Raises:
        fissix.pgen2.parse.ParseError: the text is neither.
    """
    text = text.expandtabs(8).rstrip() + "\n"
    fixers = [f"fissix.fixes.fix_{name}" for name in _FIXERS]
    try:
        return str(RefactoringTool(fixers).refactor_string(text, "script"))
    except ParseError:
        # print is a function here already
        options = {"print_function": True}
        return str(RefactoringTool(fixers[1:], options).refactor_string(text, "script"))
