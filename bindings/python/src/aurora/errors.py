# SPDX-License-Identifier: MIT
"""What can go wrong: AuroraError, a class for each kind of failure, and under them in
aurora.statuses one for each status of the library."""

from __future__ import annotations

import errno


class AuroraError(Exception):
    """A call that did not work. What the business answered is not here: "declined" and "out of
    stock" are data in the order."""

    status: int = 0
    """The number, as in the header: -2."""

    code: str = "AURORA_UNKNOWN"
    """The name of the status: "AURORA_ENOTFOUND"."""

    retryable: bool = False
    """Whether the same call may work later, unchanged."""

    version: int | None = None
    """Of a VersionError by products.put: the current version, 0 = there is none."""

    def __init__(self, message: str = "", field: str = "") -> None:
        super().__init__(message, field)
        self.message = message or (type(self).__doc__ or "").rstrip(".")
        self.field = field
        if isinstance(self, OSError):  # TimedOutError is a TimeoutError; ours is no number of the system's
            for name, value in (("errno", errno.ETIMEDOUT), ("strerror", self.message)):
                setattr(self, name, value)

    @property
    def rule(self) -> str:
        """The rule that was broken, as the library says it: "must be 1 to 1000000, is 0"."""
        return self.message

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class UsageError(AuroraError):
    """The caller's argument or state: the same call fails again."""


class RetriableError(AuroraError):
    """The same call may work later, unchanged."""

    retryable = True


class FatalError(AuroraError):
    """The handle or its data need a person."""
