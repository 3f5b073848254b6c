"""What load workers are given."""

import msgspec

from domain.load import Endpoint, RequestItem, Shard, ShardKey
from tests.domain.made_samples import WORKLOAD

SECRET = Endpoint(
    kind="openai",
    base_url="http://127.0.0.1:9/v1",
    model="m1",
    api_key="s3cret-key",
    headers={"X-Key": "s3cret-header"},
)
SHARD = Shard(
    key=ShardKey(job_id="j", attempt=1, shard=0, shard_attempt=2),
    endpoints=[SECRET],
    workload=WORKLOAD,
    items=[RequestItem(row=0, index=1, warmup=False, endpoint=0, filler_tokens=9)],
)


def test_no_secret_shows_in_a_repr():
    for shown in (repr(SECRET), str(SECRET), f"{SHARD}", repr([SECRET])):
        assert "s3cret" not in shown
        assert "http://127.0.0.1:9/v1" in shown


def test_a_shard_reaches_a_worker_whole():
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(SHARD), type=Shard) == SHARD


def test_an_endpoint_carries_no_secret_unless_given_one():
    plain = Endpoint(kind="openai", base_url="http://a.example", model="m")

    assert (plain.api_key, plain.headers, plain.system_prompt) == (None, {}, None)
