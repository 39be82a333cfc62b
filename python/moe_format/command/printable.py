"""Text from a file, made safe to print."""


def printable(text: str) -> str:
    """`text` with everything that a terminal might obey written as an escape."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
