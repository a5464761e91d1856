"""The guard: what people write in SQL is read here first, and only what is known to be harmless is given to Polars.

Three layers, each of which stops a read of a foreign file alone:

1. `guard_query` and `guard_expression` read the text themselves, let only listed forms and functions pass, and write
   it anew from what they understood. So nothing reaches Polars that was read one way here and another way there.
2. `refuse_foreign_paths` looks at the plan that Polars made of it: it may read the inputs and nothing else. For rules
   and filters `guard_condition` does both.
3. The walls around the child (`processor.confinement`): what is no input cannot be opened, and there is no network.

What Polars says about a failure quotes files and paths. `explain_failure` tells it without them.
"""

from processor.guard.condition import Condition, guard_condition
from processor.guard.expression import guard_expression
from processor.guard.failures import explain_failure
from processor.guard.query import GuardedQuery, guard_query, read_query
from processor.guard.sources import refuse_foreign_paths, sources
from processor.guard.widening import wide_frame

__all__ = [
    "Condition",
    "GuardedQuery",
    "explain_failure",
    "guard_condition",
    "guard_expression",
    "guard_query",
    "read_query",
    "refuse_foreign_paths",
    "sources",
    "wide_frame",
]
