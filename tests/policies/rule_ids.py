"""Which rules a policy file can deny by, read from its source: no table and no wording may forget one."""

import ast
import inspect
from types import ModuleType


def denials_of(module: ModuleType) -> set[str]:
    """Collect the rule ids that `module` passes to its `deny`."""
    calls = (node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Call))
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Name)
        and call.func.id in ("deny", "_deny")
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }
