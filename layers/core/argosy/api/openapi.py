"""Writes the API's OpenAPI document: `python -m argosy.api.openapi > docs/reference/openapi.json`.

In: nothing. Out: the document on standard output, the same text for the same routes and models; a test compares the
committed file with it.
"""

from __future__ import annotations

import sys

from argosy.api.app import schema

__all__ = ["main"]


def main() -> None:
    """Write the document."""
    sys.stdout.write(schema())


if __name__ == "__main__":
    main()
