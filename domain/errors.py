"""Every error this service raises on purpose.

* ServiceError                500
  x InvalidRequestError       422  the caller can fix it; names the field
  x MalformedRequestError     400  not even readable
  x UnauthenticatedError      401
  x NotAllowedError           403
  x NotFoundError             404  also for what belongs to somebody else
  x ConflictError             409  e.g. cancelling a job that has ended
  x TooManyRequestsError      429  a limit was reached; retry later
  x UnavailableError          503  starting, stopping, or a bounded queue is full
  x SettingsError             refuses the start of the server
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with a request: `path` such as `$.targets[0].model`."""

    path: str
    message: str


class ServiceError(Exception):
    """Base of all expected errors; the text goes to the caller, so no secrets."""

    status = 500
    title = "Internal error"


class MalformedRequestError(ServiceError):
    """The request cannot be read at all."""

    status = 400
    title = "Malformed request"


class UnauthenticatedError(ServiceError):
    """Nobody we know sent this."""

    status = 401
    title = "Not signed in"


class NotAllowedError(ServiceError):
    """The caller is known, and may not."""

    status = 403
    title = "Not allowed"


class NotFoundError(ServiceError):
    """No such object for this caller."""

    status = 404
    title = "Not found"


class ConflictError(ServiceError):
    """The object is in a state that rules the request out."""

    status = 409
    title = "Conflict"


class InvalidRequestError(ServiceError):
    """The request is readable and wrong; `errors` names the fields."""

    status = 422
    title = "Invalid request"

    def __init__(self, detail: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.errors = errors

    @classmethod
    def at(cls, path: str, message: str) -> InvalidRequestError:
        """Return the error for the single field at `path`."""
        return cls(f"{path}: {message}", (FieldError(path, message),))


class TooManyRequestsError(ServiceError):
    """A limit was reached; the caller may try again after `retry_after_s` seconds."""

    status = 429
    title = "Too many requests"

    def __init__(self, detail: str, *, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class UnavailableError(ServiceError):
    """The service cannot take this now; it may in `retry_after_s` seconds."""

    status = 503
    title = "Unavailable"

    def __init__(self, detail: str, *, retry_after_s: int = 1) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class SettingsError(Exception):
    """The environment holds a value the studio cannot start with."""
