import { describe, expect, it } from 'vitest'
import type { Provider } from '../../api/types'
import { draftFrom, emptyDraft, requestsOf, simulatorTarget, submissionOf } from './draft'
import { forgetKey, idempotencyKey } from './idempotency'

const target = { provider_id: 'p', model: 'm' }

function provider(kind: Provider['kind'], ...names: string[]): Provider {
  return { id: `p-${kind}`, kind, enabled: true, models: names.map(name => ({ name })) } as Provider
}

describe('the draft', () => {
  it('counts the warm-up of every target', () => {
    expect(requestsOf({ ...emptyDraft(), targets: [target, target], runs: 3, warmup: 1 })).toBe(8)
  })

  it('chooses the fast simulator, and nothing where there is none', () => {
    expect(simulatorTarget([provider('openai', 'x'), provider('simulator', 'sim-slow', 'sim-fast')]))
      .toEqual([{ provider_id: 'p-simulator', model: 'sim-fast' }])
    expect(simulatorTarget([provider('openai', 'x')])).toEqual([])
  })

  it('sends empty texts as unknown', () => {
    expect(submissionOf({ ...emptyDraft(), label: '  ', system_prompt: '' })).toMatchObject({ label: null, system_prompt: null })
  })

  it('keeps what an earlier benchmark asked for, a missing temperature included', () => {
    expect(draftFrom({ targets: [target], prompt: 'Hi', runs: 9, temperature: null }))
      .toMatchObject({ targets: [target], prompt: 'Hi', runs: 9, warmup: 1, temperature: null })
  })
})

describe('the idempotency key', () => {
  it('stays for the same form until it was answered', () => {
    const first = idempotencyKey({ runs: 1 })
    expect(idempotencyKey({ runs: 1 })).toBe(first)
    expect(idempotencyKey({ runs: 2 })).not.toBe(first)
    const second = idempotencyKey({ runs: 2 })
    forgetKey()
    expect(idempotencyKey({ runs: 2 })).not.toBe(second)
  })
})
