/** The form of a new benchmark: its defaults, its count of requests, and what is sent. */
import type { Provider, Submission, Target } from '../../api/types'

export interface Draft {
  targets: Target[]
  context_tiers: number[]
  prompt: string
  system_prompt: string
  runs: number
  warmup: number
  max_tokens: number
  temperature: number | null
  timeout_s: number
  cache: 'avoid' | 'allow'
  connection: 'reuse' | 'fresh'
  label: string
}

export const SAMPLE_PROMPT = 'Explain how a suspension bridge carries its load, in about two hundred words.'

export function emptyDraft(): Draft {
  return {
    targets: [],
    context_tiers: [0],
    prompt: SAMPLE_PROMPT,
    system_prompt: '',
    runs: 10,
    warmup: 1,
    max_tokens: 512,
    temperature: 0.7,
    timeout_s: 120,
    cache: 'avoid',
    connection: 'reuse',
    label: '',
  }
}

/** Start from what an earlier benchmark asked for. */
export function draftFrom(spec: Submission): Draft {
  const empty = emptyDraft()
  return {
    ...empty,
    ...spec,
    context_tiers: spec.context_tiers ?? empty.context_tiers,
    runs: spec.runs ?? empty.runs,
    warmup: spec.warmup ?? empty.warmup,
    max_tokens: spec.max_tokens ?? empty.max_tokens,
    temperature: spec.temperature === undefined ? empty.temperature : spec.temperature,
    timeout_s: spec.timeout_s ?? empty.timeout_s,
    cache: spec.cache ?? empty.cache,
    connection: spec.connection ?? empty.connection,
    system_prompt: spec.system_prompt ?? '',
    label: spec.label ?? '',
  }
}

/** The simulator's first model, so that a first run needs no key and costs nothing. */
export function simulatorTarget(providers: readonly Provider[]): Target[] {
  const simulator = providers.find(({ kind, enabled, models }) => kind === 'simulator' && enabled && models.length > 0)
  const model = simulator?.models.find(({ name }) => name === 'sim-fast') ?? simulator?.models[0]
  return simulator && model ? [{ provider_id: simulator.id, model: model.name }] : []
}

export function sameTarget(a: Target, b: Target): boolean {
  return a.provider_id === b.provider_id && a.model === b.model
}

/** Requests the benchmark will send: each target and context tier, its runs and its warm-up. */
export function requestsOf({ targets, context_tiers, runs, warmup }: Draft): number {
  return targets.length * context_tiers.length * (runs + warmup)
}

export function submissionOf(draft: Draft): Submission {
  return { ...draft, system_prompt: draft.system_prompt || null, label: draft.label.trim() || null }
}
