"""Known providers: where they are, what they speak, whose shared key may go there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# An operator's key from the environment is offered only for the host it belongs to.
SHARED_KEY_HOSTS: Mapping[str, str] = {
    "api.openai.com": "OPENAI_API_KEY",
    "api.anthropic.com": "ANTHROPIC_API_KEY",
    "generativelanguage.googleapis.com": "GEMINI_API_KEY",
    "api.z.ai": "ZAI_API_KEY",
    "api.cerebras.ai": "CEREBRAS_API_KEY",
    "api.cohere.ai": "COHERE_API_KEY",
    "api.deepseek.com": "DEEPSEEK_API_KEY",
    "api.fireworks.ai": "FIREWORKS_API_KEY",
    "api.groq.com": "GROQ_API_KEY",
    "api.mistral.ai": "MISTRAL_API_KEY",
    "openrouter.ai": "OPENROUTER_API_KEY",
    "api.together.xyz": "TOGETHER_API_KEY",
    "api.x.ai": "XAI_API_KEY",
}


@dataclass(frozen=True, slots=True)
class Preset:
    """A provider as somebody would set it up; `notes` are sentences.

    What is changed in calls is not told here: see `providers.quirks`.
    """

    name: str
    kind: Literal["openai", "anthropic", "gemini"]
    base_url: str
    notes: tuple[str, ...] = ()


PRESETS = (
    Preset("OpenAI", "openai", "https://api.openai.com/v1"),
    Preset(
        "Anthropic",
        "anthropic",
        "https://api.anthropic.com",
        (
            (
                "Thinking is asked for under params.extra, as"
                ' {"thinking": {"type": "adaptive"}}, for models before 4.6 as'
                ' {"thinking": {"type": "enabled", "budget_tokens": 1024}}.'
            ),
        ),
    ),
    Preset(
        "Gemini",
        "gemini",
        "https://generativelanguage.googleapis.com",
        (
            (
                "Thoughts are shown only when asked for under params.extra, as"
                ' {"generationConfig": {"thinkingConfig": {"includeThoughts": true}}}.'
            ),
            (
                "Not every model takes top_k (topK): register one that refuses it"
                " with unsupported_params."
            ),
        ),
    ),
    Preset("Z.AI", "openai", "https://api.z.ai/api/paas/v4"),
    Preset("DeepSeek", "openai", "https://api.deepseek.com"),
    Preset("Mistral", "openai", "https://api.mistral.ai/v1"),
    Preset("Groq", "openai", "https://api.groq.com/openai/v1"),
    Preset("Together", "openai", "https://api.together.xyz/v1"),
    Preset("Fireworks", "openai", "https://api.fireworks.ai/inference/v1"),
    Preset(
        "xAI",
        "openai",
        "https://api.x.ai/v1",
        ("Reasoning tokens are counted beside the completion; output_tokens has both.",),
    ),
    Preset("OpenRouter", "openai", "https://openrouter.ai/api/v1"),
    Preset("Cohere", "openai", "https://api.cohere.ai/compatibility/v1"),
    Preset("Ollama", "openai", "http://localhost:11434/v1"),
    Preset("LM Studio", "openai", "http://localhost:1234/v1"),
    Preset("vLLM", "openai", "http://localhost:8000/v1"),
    Preset("SGLang", "openai", "http://localhost:30000/v1"),
    Preset("llama.cpp", "openai", "http://localhost:8080/v1"),
)
