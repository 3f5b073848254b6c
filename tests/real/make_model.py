"""Makes a tiny random language model and its tokenizer, where a model hub's cache has them.

Runs in the environment of the model server, never in ours:

    .cache/real-venv/bin/python tests/real/make_model.py .cache/real-hub

The server lists and loads it as `local/tiny-random-llama`, without a network. Its text is
nonsense; its speed, its tokens and its protocol are those of any small model.
"""

import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging

ROOT = Path(__file__).parents[2]
REPOSITORY = "models--local--tiny-random-llama"
REVISION = "0" * 40
END, ROLES = "<|end|>", ["<|system|>", "<|user|>", "<|assistant|>"]
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "<|{{ message['role'] }}|>{{ message['content'] }}<|end|>"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
# more than a request that is cancelled asks for: positions must not run out before
LONGEST = 200_000


def trained_tokenizer():
    """Return a byte-level BPE tokenizer of about 2,000 tokens, trained on our own docs."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=2_000,
        special_tokens=[END, *ROLES],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md"))]
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=END,
        chat_template=CHAT_TEMPLATE,
    )


def random_model(tokenizer):
    """Return a Llama of two layers that samples, and never ends a reply by itself."""
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=LONGEST,
            bos_token_id=None,
            eos_token_id=None,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    # so that a reply has exactly the tokens asked for, and a test knows their number
    model.generation_config = GenerationConfig(
        do_sample=True, eos_token_id=None, pad_token_id=tokenizer.pad_token_id
    )
    return model


def main(hub):
    """Write both into the cache folder `hub`."""
    logging.disable_progress_bar()
    tokenizer = trained_tokenizer()
    model = random_model(tokenizer)
    snapshot = hub / REPOSITORY / "snapshots" / REVISION
    tokenizer.save_pretrained(snapshot)
    model.save_pretrained(snapshot)
    reference = hub / REPOSITORY / "refs" / "main"
    reference.parent.mkdir(parents=True, exist_ok=True)
    reference.write_text(REVISION)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
