import msgspec
import pytest

from engine.filler import TOKENS_A_PIECE, WORDS, filler_pieces
from engine.prompts import compose
from tests.engine.made import WORKLOAD, item

pytestmark = pytest.mark.gen_test(timeout=10)
replace = msgspec.structs.replace
CACHED = replace(WORKLOAD, avoid_cache=False)


async def say(what, workload=WORKLOAD, system=None):
    return await compose(what, workload, system)


def nonce_of(prompt):
    return (prompt.system or prompt.user).partition("\n")[0]


async def test_a_nonce_of_16_characters_opens_the_first_message():
    prompt = await say(item())
    assert len(nonce_of(prompt)) == 16
    assert prompt.user.endswith("\nSay something.")
    assert prompt.system is None


async def test_the_system_prompt_is_the_first_message_if_there_is_one():
    prompt = await say(item(), system="Be brief.")
    assert len(nonce_of(prompt)) == 16
    assert prompt.system.endswith("\nBe brief.")
    assert prompt.user == "Say something."


async def test_with_a_cache_allowed_nothing_is_added():
    prompt = await say(item(), CACHED, "Be brief.")
    assert (prompt.system, prompt.user) == ("Be brief.", "Say something.")


async def test_no_two_requests_of_a_benchmark_begin_alike():
    items = [
        item(index, row=row, warmup=warmup)
        for row in range(4)
        for warmup in (False, True)
        for index in range(20)
    ]
    assert len({nonce_of(await say(one)) for one in items}) == len(items)


async def test_another_seed_makes_another_nonce_and_the_same_seed_the_same():
    other = replace(WORKLOAD, seed=43)
    assert nonce_of(await say(item())) == nonce_of(await say(item()))
    assert nonce_of(await say(item())) != nonce_of(await say(item(), other))


@pytest.mark.parametrize("tokens", [1, 1000, TOKENS_A_PIECE + 1])
async def test_filler_is_four_characters_a_token_and_goes_before_the_prompt(tokens):
    prompt = await say(item(filler_tokens=tokens), CACHED)
    filler, _, rest = prompt.user.partition("\n")
    assert len(filler) == 4 * tokens
    assert len(filler.split()) == tokens
    assert rest == "Say something."


async def test_filler_is_unique_a_request_even_with_a_cache_allowed():
    said = {
        (await say(item(index, filler_tokens=100), CACHED)).user[:32] for index in range(50)
    }
    assert len(said) == 50


async def test_filler_is_the_same_for_the_same_request():
    long = item(filler_tokens=3 * TOKENS_A_PIECE)
    assert await say(long, CACHED) == await say(long, CACHED)


def test_no_filler_is_no_text():
    assert list(filler_pieces("x", 0)) == []


def test_there_are_256_different_words_of_three_letters():
    assert len(set(WORDS)) == len(WORDS) == 256
    assert {len(word) for word in WORDS} == {3}
