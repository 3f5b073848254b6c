"""The list of a benchmark's requests, for reading."""

from __future__ import annotations

from typing import cast

import msgspec

from domain.plan import Plan
from domain.samples import Sample
from domain.views import request_view
from domain.wire.benchmarks import Request, RequestStatus, Target
from storage.benchmarks import owned_plan
from storage.tables import RequestRow

_decode = msgspec.msgpack.Decoder(Sample).decode


def page(
    benchmark_id: str,
    *,
    owner_id: str,
    limit: int,
    before_id: str | None,
    superseded: bool,
) -> list[Request]:
    """Return up to `limit` requests, newest first; raises `NotFoundError`."""
    plan = owned_plan(benchmark_id, owner_id=owner_id)
    rows = RequestRow.select().where(RequestRow.benchmark == benchmark_id)
    if not superseded:
        rows = rows.where(RequestRow.status != "superseded")
    if before_id is not None:
        rows = rows.where(RequestRow.id < before_id)
    return [_view(row, plan) for row in rows.order_by(RequestRow.id.desc()).limit(limit)]


def _view(row: RequestRow, plan: Plan) -> Request:
    planned = plan.rows[row.row]
    target = plan.targets[planned.target]
    return request_view(
        _decode(row.sample),
        request_id=row.id,
        attempt=row.attempt,
        status=cast("RequestStatus", row.status),
        target=Target(provider_id=target.provider_id, model=target.model),
        tier=planned.tier,
        level=planned.level,
    )
