"""The five ready-made models of the simulator: short names for names of the grammar."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A short model name, what it stands for, and what a catalogue shows of it.

    Prices are invented, in US dollars per million tokens, so that costs can be shown.
    """

    name: str
    stands_for: str  # a name of the grammar, see `model_names`
    display_name: str
    description: str
    input_usd_per_mtok: float
    output_usd_per_mtok: float
    context_window: int = 32_768


PRESETS: tuple[Preset, ...] = (
    Preset(
        name="sim-fast",
        stands_for="sim-ttft40-itl5-n128",
        display_name="Simulator: fast",
        description="First token after 40 ms, then 200 tokens/s; 128 tokens.",
        input_usd_per_mtok=0.10,
        output_usd_per_mtok=0.40,
    ),
    Preset(
        name="sim-slow",
        stands_for="sim-ttft800-itl40-n96",
        display_name="Simulator: slow",
        description="First token after 800 ms, then 25 tokens/s; 96 tokens.",
        input_usd_per_mtok=2.50,
        output_usd_per_mtok=10.00,
    ),
    Preset(
        name="sim-reasoning",
        stands_for="sim-ttft150-itl8-n192-think96",
        display_name="Simulator: reasoning",
        description="Thinks for 96 of its 192 tokens, then answers; 125 tokens/s.",
        input_usd_per_mtok=1.10,
        output_usd_per_mtok=4.40,
    ),
    Preset(
        name="sim-bursty",
        stands_for="sim-ttft150-itl10-n120-bundle4-jitter60",
        display_name="Simulator: bursty",
        description="Four tokens an event, at moments that vary by up to 60 %.",
        input_usd_per_mtok=0.25,
        output_usd_per_mtok=1.25,
    ),
    Preset(
        name="sim-flaky",
        stands_for="sim-ttft80-itl8-n64-err429x8-err500x6-drop20x6",
        display_name="Simulator: flaky",
        description="One request in five fails: 8 % with 429, 6 % with 500, 6 % cut off.",
        input_usd_per_mtok=0.05,
        output_usd_per_mtok=0.20,
    ),
)
