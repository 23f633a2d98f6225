"""Shows what the service does, on customers that are made up."""

from typing import Final

SEED: Final = 20_090_101
"""Which customers are made up unless another number is given."""
