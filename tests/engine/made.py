"""Shards, workloads and endpoints as the tests need them."""

from domain.load import Endpoint, RequestItem, Shard, ShardKey, Workload

WORKLOAD = Workload(
    prompt="Say something.",
    max_tokens=16,
    temperature=0.7,
    params={},
    avoid_cache=True,
    seed=42,
    timeout_s=10,
    fresh_connections=False,
)


def endpoint(base_url, model="m", **fields):
    return Endpoint(kind="openai", base_url=base_url, model=model, **fields)


def item(index=0, **fields):
    defaults = {"row": 0, "warmup": False, "endpoint": 0, "filler_tokens": 0}
    return RequestItem(index=index, **(defaults | fields))


def key(shard=0):
    return ShardKey(job_id="job-1", attempt=1, shard=shard, shard_attempt=1)


def shard(*endpoints, count=1, number=0, workload=WORKLOAD):
    return Shard(
        key=key(number),
        endpoints=list(endpoints),
        workload=workload,
        items=[item(index) for index in range(count)],
    )
