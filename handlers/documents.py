"""The API describing itself: the OpenAPI document and a page that renders it."""

from __future__ import annotations

import html
from typing import Any

from handlers.base import ApiHandler
from handlers.operations import operation


class OpenApiHandler(ApiHandler):
    """`/api/openapi.json`."""

    @operation("This document", access="public")
    async def get(self) -> dict[str, Any]:
        return _document(self.services.settings.version)


class DocsHandler(ApiHandler):
    """`/api/docs`: one page, no script, nothing from elsewhere."""

    @operation("A page that renders this document", access="public")
    async def get(self) -> dict[str, Any]:
        return _document(self.services.settings.version)

    def answer(self, status: int, value: dict[str, Any]) -> None:
        """Send the document as a page."""
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(page(value))


def page(document: dict[str, Any]) -> str:
    """Return an OpenAPI document as HTML."""
    rows = [
        _operation(path, method, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]
    schemas = [
        f'<details id="{html.escape(name)}"><summary><code>{html.escape(name)}</code> '
        f"{html.escape(schema.get('description', ''))}</summary>{_fields(schema)}</details>"
        for name, schema in sorted(document["components"]["schemas"].items())
    ]
    title = html.escape(f"{document['info']['title']} {document['info']['version']}")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}: API</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{STYLE}</style><main><h1>{title}: API</h1>"
        '<p>The same as <a href="/api/openapi.json">OpenAPI 3.1</a>.</p>'
        f"<table><tbody>{''.join(rows)}</tbody></table>"
        f"<h2>Structs</h2>{''.join(schemas)}</main></html>"
    )


def _operation(path: str, method: str, described: dict[str, Any]) -> str:
    access = "public" if not described["security"] else ""
    body = described.get("requestBody", {}).get("content", {})
    answers = ", ".join(
        f"{status} {_named(answer.get('content', {}))}".strip()
        for status, answer in described["responses"].items()
    )
    return (
        f"<tr><td><b>{method.upper()}</b> <code>{html.escape(path)}</code> <i>{access}</i>"
        f"<td>{html.escape(described['summary'])}<td>{_named(body)}<td>{answers}"
    )


def _named(content: dict[str, Any]) -> str:
    names = [c["schema"]["$ref"].rpartition("/")[2] for c in content.values()]
    return " ".join(f'<a href="#{html.escape(n)}">{html.escape(n)}</a>' for n in names)


def _fields(schema: dict[str, Any]) -> str:
    required = set(schema.get("required", []))
    rows = [
        f"<tr><td><code>{html.escape(name)}</code>{'' if name in required else ' ?'}"
        f"<td><code>{html.escape(_type(field))}</code>"
        for name, field in schema.get("properties", {}).items()
    ]
    return f"<table>{''.join(rows)}</table>"


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "anyOf" in field:
        return " | ".join(_type(option) for option in field["anyOf"])
    if "enum" in field:
        return " | ".join(str(value) for value in field["enum"])
    if field.get("type") == "array":
        return f"{_type(field.get('items') or {})}[]"
    return str(field.get("type", "any"))


def _document(version: str) -> dict[str, Any]:
    from handlers import openapi  # noqa: PLC0415 - the document lists this very handler

    return openapi.document(version)


STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
main { max-width: 76rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
td { border-top: 1px solid #8884; padding: .35rem .5rem; vertical-align: top }
details { margin: .35rem 0 } code { font-size: 90% }
"""
