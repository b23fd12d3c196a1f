from __future__ import annotations


class RefusedError(Exception):
    """The client asked for something that is not done; it becomes an `error` event."""

    def __init__(self, code: str | None, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param


def unknown_parameter(path: str) -> RefusedError:
    return RefusedError("unknown_parameter", f"Unknown parameter: '{path}'.", path)


def missing_parameter(path: str) -> RefusedError:
    return RefusedError(
        "missing_required_parameter", f"Missing required parameter: '{path}'.", path
    )


def invalid_value(path: str, why: str) -> RefusedError:
    return RefusedError("invalid_value", f"Invalid value for '{path}': {why}", path)
