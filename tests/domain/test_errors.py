"""The tree of errors."""

import http

import pytest

from domain import errors
from domain.errors import FieldError, InvalidRequestError, ServiceError

SERVICE_ERRORS = [
    error
    for error in ServiceError.__subclasses__()
    if error.__module__ == errors.__name__  # engine has one of its own
]


@pytest.mark.parametrize("error", SERVICE_ERRORS, ids=lambda error: error.__name__)
def test_each_error_has_a_status_of_its_own_and_a_title(error: type[ServiceError]):
    assert 400 <= http.HTTPStatus(error.status) < 600
    assert error.title != ServiceError.title
    assert [e for e in SERVICE_ERRORS if e.status == error.status] == [error]


@pytest.mark.parametrize("error", SERVICE_ERRORS, ids=lambda error: error.__name__)
def test_the_modules_table_names_each_error_with_its_status(error: type[ServiceError]):
    lines = (errors.__doc__ or "").splitlines()
    (line,) = [line for line in lines if f"x {error.__name__} " in line]

    assert str(error.status) in line


def test_a_field_error_names_its_field_in_text_and_as_data():
    error = InvalidRequestError.at("$.runs", "is too large")

    assert str(error) == "$.runs: is too large"
    assert error.errors == (FieldError("$.runs", "is too large"),)


def test_a_refused_setting_is_no_answer_to_a_request():
    assert not issubclass(errors.SettingsError, ServiceError)
