"""What sound models say, as a client that nobody here wrote hears it."""

import itertools
import json

import pytest

USAGE = {"include_usage": True}


def deltas(events, key):
    found = (e["choices"][0]["delta"].get(key) for e in events if has_choice(e))
    return [text for text in found if text]


def has_choice(event):
    return isinstance(event, dict) and bool(event.get("choices"))


def test_a_stream_has_its_tokens_a_finish_reason_and_an_end_marker(simulator):
    events = simulator.stream("sim-n5")
    assert deltas(events, "content") == ["a", " steady", " clock", " counts", " each"]
    assert deltas(events, "role") == ["assistant"]
    assert events[-2]["choices"][0]["finish_reason"] == "stop"
    assert events[-1] == "[DONE]"
    assert {event["object"] for event in events[:-1]} == {"chat.completion.chunk"}
    assert {event["model"] for event in events[:-1]} == {"sim-n5"}
    assert len({event["id"] for event in events[:-1]}) == 1


def test_usage_comes_last_without_choices_and_only_when_asked_for(simulator):
    *before, usage, done = simulator.stream("sim-n5", stream_options=USAGE)
    assert done == "[DONE]"
    assert usage["choices"] == []
    assert usage["usage"]["prompt_tokens"] == 2
    assert usage["usage"]["completion_tokens"] == 5
    assert usage["usage"]["total_tokens"] == 7
    assert {event["usage"] for event in before} == {None}
    assert all("usage" not in event for event in simulator.stream("sim-n5")[:-1])


def test_usage_may_run_along_in_every_chunk(simulator):
    options = {"include_usage": True, "continuous_usage_stats": True}
    events = simulator.stream("sim-n5-bundle2", stream_options=options)
    running = [event["usage"]["completion_tokens"] for event in events[:-1]]
    assert running == [2, 4, 5, 5, 5]


def test_a_model_without_usage_gives_none_even_when_asked(simulator):
    events = simulator.stream("sim-n5-nousage", stream_options=USAGE)
    assert all("usage" not in event for event in events[:-1])
    assert "usage" not in simulator.ask("sim-n5-nousage").json()


def test_cached_tokens_are_told_as_far_as_the_prompt_goes(simulator):
    details = simulator.ask("sim-n1-cached9").json()["usage"]["prompt_tokens_details"]
    assert details == {"cached_tokens": 2}


def test_a_whole_reply_says_what_the_stream_would_have(simulator):
    reply = simulator.ask("sim-n6-think2").json()
    events = simulator.stream("sim-n6-think2", stream_options=USAGE)
    (choice,) = reply["choices"]
    assert reply["object"] == "chat.completion"
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["content"] == "".join(deltas(events, "content"))
    thought = "".join(deltas(events, "reasoning_content"))
    assert choice["message"]["reasoning_content"] == thought
    assert reply["usage"] == events[-2]["usage"]


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_the_token_limit_cuts_a_reply_off_and_says_so(simulator, field):
    events = simulator.stream("sim-n50", **{field: 3})
    assert len(deltas(events, "content")) == 3
    assert events[-2]["choices"][0]["finish_reason"] == "length"
    reply = simulator.ask("sim-n50", **{field: 3}).json()
    assert reply["choices"][0]["finish_reason"] == "length"
    assert reply["usage"]["completion_tokens"] == 3


def test_bundles_hold_so_many_tokens_an_event(simulator, sim_id):
    texts = deltas(simulator.stream("sim-n10-bundle4", sim_id=sim_id), "content")
    assert [len(text.split()) for text in texts] == [4, 4, 2]
    assert simulator.record(sim_id)["tokens"] == [4, 4, 2]


def test_thinking_comes_first_and_counts_as_output(simulator):
    events = simulator.stream("sim-n5-think3", stream_options=USAGE)
    kinds = [
        "thought" if "reasoning_content" in event["choices"][0]["delta"] else "answer"
        for event in events[:5]
    ]
    assert kinds == ["thought"] * 3 + ["answer"] * 2
    usage = events[-2]["usage"]
    assert usage["completion_tokens"] == 5
    assert usage["completion_tokens_details"] == {"reasoning_tokens": 3}


def test_an_early_role_event_holds_no_token(simulator, sim_id):
    events = simulator.stream("sim-ttft30-n2-role0", sim_id=sim_id)
    assert events[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert deltas(events[1:], "role") == []
    assert simulator.record(sim_id)["tokens"] == [1, 1]


def test_comments_come_before_the_first_token(simulator):
    text = simulator.stream_text("sim-ttft250-n2-comment-role150")
    kinds = [
        "comment" if part[0] == ":" else "role" if '"content":""' in part else "other"
        for part in text.split("\n\n")[:5]
    ]
    assert kinds == ["comment", "comment", "role", "comment", "other"]


def test_a_tool_call_comes_in_pieces_that_make_valid_json(simulator):
    tools = [{"type": "function", "function": {"name": "look_up"}}]
    events = simulator.stream("sim-n6-think2-tool", tools=tools)
    calls = [call for piece in deltas(events, "tool_calls") for call in piece]
    assert len(calls) == 4
    assert calls[0]["function"]["name"] == "look_up"
    assert [call.get("id") for call in calls] == ["call_0", None, None, None]
    arguments = "".join(call["function"]["arguments"] for call in calls)
    assert json.loads(arguments) == {"text": "a steady clock counts"}
    assert events[-2]["choices"][0]["finish_reason"] == "tool_calls"


def test_a_whole_reply_holds_the_tool_call_in_one_piece(simulator):
    (choice,) = simulator.ask("sim-n3-tool").json()["choices"]
    (call,) = choice["message"]["tool_calls"]
    assert choice["message"]["content"] is None
    assert json.loads(call["function"]["arguments"]) == {"text": "a steady clock"}


def test_a_tool_call_that_is_cut_off_is_no_json_as_with_real_models(simulator):
    (choice,) = simulator.ask("sim-n9-tool", max_tokens=3).json()["choices"]
    arguments = choice["message"]["tool_calls"][0]["function"]["arguments"]
    assert choice["finish_reason"] == "length"
    with pytest.raises(json.JSONDecodeError):
        json.loads(arguments)


def test_every_preset_answers(simulator):
    names = [model["id"] for model in simulator.client.get("/v1/models").json()["data"]]
    assert len(names) == 5
    for name in names:
        assert simulator.ask(name, max_tokens=2).status_code in {200, 429, 500}


def test_a_thousand_tokens_without_any_itl_arrive_whole(simulator):
    texts = deltas(simulator.stream("sim-n1000"), "content")
    assert len(texts) == 1000
    assert len("".join(texts).split()) == 1000


def test_replies_have_ids_of_their_own(simulator):
    ids = [simulator.ask("sim-n1").json()["id"] for _ in range(3)]
    assert all(one != two for one, two in itertools.combinations(ids, 2))
