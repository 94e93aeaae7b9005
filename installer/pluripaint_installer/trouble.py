"""The one way an installation ends badly: a sentence and the next step."""

from __future__ import annotations


class Trouble(Exception):
    """Something the user must know. ``sentence`` says what happened, ``next_step`` what to do about it."""

    def __init__(self, sentence: str, next_step: str = "") -> None:
        super().__init__(f"{sentence} {next_step}".strip())
        self.sentence = sentence
        self.next_step = next_step
