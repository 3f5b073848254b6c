"""The API described by itself."""

import html.parser
import json
import re
from pathlib import Path
from typing import Any

import pytest

from domain.wire.base import Problem
from handlers.documents import page
from handlers.openapi import document
from handlers.routes import ROUTES
from studio.commands.openapi import openapi
from tests.handlers.made import OPERATIONS
from tests.service import a_studio

ROOT = Path(__file__).parents[2]
DOCUMENT = document("1.2.0")
DESCRIBED = {
    (path, method): described
    for path, methods in DOCUMENT["paths"].items()
    for method, described in methods.items()
}


class Page(html.parser.HTMLParser):
    """A page as a browser sees it: its tags, its attributes, its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def references(of: Any) -> set[str]:
    """Return every `$ref` below `of`."""
    if isinstance(of, dict):
        found = {of["$ref"]} if "$ref" in of else set()
        return found.union(*map(references, of.values()))
    return set().union(*map(references, of)) if isinstance(of, list) else set()


def test_every_operation_is_described_and_nothing_else_is():
    assert set(DESCRIBED) == {(route.path, method) for route, method, _ in OPERATIONS}
    assert set(DOCUMENT["paths"]) == {route.path for route in ROUTES}


@pytest.mark.parametrize(("route", "method", "declared"), OPERATIONS, ids=str)
def test_an_operation_says_who_may_and_what_comes_of_it(route, method, declared):
    described = DESCRIBED[route.path, method]

    assert described["summary"] == declared.summary
    assert described["tags"]
    security = {"public": [], "cookie": [{"refreshCookie": []}]}
    assert described["security"] == security.get(declared.access, [{"bearer": []}])
    assert str(declared.status) in described["responses"]
    assert ("401" in described["responses"]) >= (declared.access in {"user", "admin"})
    assert ("403" in described["responses"]) >= (declared.access == "admin")
    assert ("requestBody" in described) == (declared.body is not None)
    in_path = [p["name"] for p in described.get("parameters", []) if p["in"] == "path"]
    assert in_path == re.findall(r"\{(\w+)\}", route.path)
    assert ("404" in described["responses"]) >= bool(in_path)


def test_every_error_is_a_problem_and_every_reference_leads_somewhere():
    for described in DESCRIBED.values():
        for status, answer in described["responses"].items():
            if int(status) >= 400:
                assert set(answer["content"]) == {"application/problem+json"}
    schemas = DOCUMENT["components"]["schemas"]
    assert references(DOCUMENT) <= {f"#/components/schemas/{name}" for name in schemas}
    assert set(schemas["Problem"]["properties"]) == set(Problem.__struct_fields__)


def test_operation_ids_are_names_and_unique():
    ids = [described["operationId"] for described in DESCRIBED.values()]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][A-Za-z]+", found) for found in ids)


def test_the_command_prints_what_the_web_apps_types_are_made_of(capsys):
    assert openapi() == 0

    stored = (ROOT / "frontend" / "openapi.json").read_text()
    assert capsys.readouterr().out == stored, "run `make generate`"


@pytest.mark.gen_test(timeout=30)
async def test_the_studio_serves_its_document_to_anybody(tmp_path: Path):
    async with a_studio(tmp_path, APP_VERSION="1.2.0") as studio:
        answer = await studio.client.get("/api/openapi.json")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == json.loads(json.dumps(DOCUMENT))


@pytest.mark.gen_test(timeout=30)
async def test_the_docs_are_a_page_without_script_that_asks_nobody_else(tmp_path: Path):
    async with a_studio(tmp_path) as studio:
        answer = await studio.client.get("/api/docs")
    found = Page(answer.text)

    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert not {"script", "iframe", "object", "embed", "form", "img", "link"} & set(
        found.tags
    )
    names = {name for name, _ in found.attributes}
    assert not {name for name in names if name.startswith("on")} | (
        names & {"src", "style"}
    )
    links = {value for name, value in found.attributes if name == "href"}
    targets = {f"#{value}" for name, value in found.attributes if name == "id"}
    assert links <= targets | {"/api/openapi.json"}
    assert "url(" not in answer.text
    assert "@import" not in answer.text


def test_the_docs_name_every_operation_and_every_struct():
    found = Page(page(DOCUMENT))

    for (path, method), described in DESCRIBED.items():
        assert f"{method.upper()} {path}" in found.text
        assert described["summary"] in found.text
    for name in DOCUMENT["components"]["schemas"]:
        assert ("id", name) in found.attributes


def test_nothing_in_the_document_can_become_a_tag():
    hostile = "<script>alert('x')</script>"
    made = json.loads(
        json.dumps(DOCUMENT).replace("List providers with their models", hostile)
    )
    made["info"]["version"] = hostile
    made["components"]["schemas"]['"><b>'] = {
        "description": hostile,
        "properties": {hostile: {"type": hostile}},
    }
    found = Page(page(made))

    assert "script" not in found.tags
    assert found.text.count(hostile) == 6
