"""Runs the calls of a client one by one: says of each whether it works, and goes on after one that does not."""

import sys
import traceback
from typing import Any, Callable


class Calls:
    def __init__(self) -> None:
        self.failed = 0

    def run(self, name: str, call: Callable[[], Any]) -> Any:
        """What the call answers, or None where it fails."""
        try:
            answer = call()
        except Exception as error:  # the next calls are tried all the same
            self.failed += 1
            print(f"FAIL {name}: {type(error).__name__}: {str(error)[:600]}")
            if not str(error):
                traceback.print_exc()
            return None
        print(f"ok   {name}")
        return answer

    def same(self, name: str, found: Any, expected: Any) -> None:
        if found == expected:
            print(f"ok   {name}")
        else:
            self.failed += 1
            print(f"FAIL {name}: {found!r} is not {expected!r}")

    def end(self) -> None:
        sys.exit(1 if self.failed else 0)
