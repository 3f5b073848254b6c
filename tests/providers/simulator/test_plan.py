import pytest

from providers.simulator.chat_request import decode
from providers.simulator.model_names import parse
from providers.simulator.plan import DEFAULT_TOKENS, plan_of


def plan(model, *, limit=None, number=1):
    field = f', "max_tokens": {limit}' if limit else ""
    body = '{"model": "%s", "messages": [{"role": "user", "content": "12345"}]%s}'
    return plan_of(decode((body % (model, field)).encode()), parse(model), number)


@pytest.mark.parametrize(
    ("model", "limit", "tokens", "reason"),
    [
        ("sim-n10", None, 10, "stop"),
        ("sim-n10", 10, 10, "stop"),
        ("sim-n10", 9, 9, "length"),
        ("sim-ttft0", None, DEFAULT_TOKENS, "stop"),
        ("sim-ttft0", 300, 300, "length"),
        ("sim-n10-tool", None, 10, "tool_calls"),
        ("sim-n10-tool", 5, 5, "length"),
        ("sim-n10-empty", None, 0, "stop"),
    ],
)
def test_the_name_says_how_long_a_reply_is_and_the_limit_caps_it(
    model, limit, tokens, reason
):
    made = plan(model, limit=limit)
    assert (made.tokens, made.finish_reason) == (tokens, reason)


@pytest.mark.parametrize(
    ("model", "sent"),
    [("sim-n10-drop3", 3), ("sim-n10-drop30", 10), ("sim-n10", 10), ("sim-n9-empty", 0)],
)
def test_a_fault_strikes_after_so_many_tokens_or_at_the_end(model, sent):
    assert plan(model).tokens_sent == sent


def test_usage_counts_thinking_within_the_output():
    usage = plan("sim-n10-think4-cached1").usage(10)
    assert usage == {
        "prompt_tokens": 2,
        "completion_tokens": 10,
        "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 1},
        "completion_tokens_details": {"reasoning_tokens": 4},
    }


def test_no_more_tokens_are_cached_than_there_are():
    assert plan("sim-cached99").usage(1)["prompt_tokens_details"] == {"cached_tokens": 2}
