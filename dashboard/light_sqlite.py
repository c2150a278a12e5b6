"""sqlite-utils without pandas, which it imports wherever it finds it (streamlit brings it), only to know its types.

The collector has no use for them, and they cost it a second at its start and 60 MB for ever.
"""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations
else:
    hidden = "pandas" not in sys.modules
    if hidden:
        sys.modules["pandas"] = None  # what Python takes for "not installed"
    try:
        from sqlite_utils import Database
        from sqlite_utils.migrations import Migrations
    finally:
        if hidden:
            del sys.modules["pandas"]

__all__ = ["Database", "Migrations"]
