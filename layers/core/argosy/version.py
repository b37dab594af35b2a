"""Which version this is, where no installed package tells: in a function's layer there is none."""

from typing import Final

__all__ = ["VERSION"]

VERSION: Final = "0.1.0"
