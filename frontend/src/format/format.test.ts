import { describe, expect, it } from 'vitest'
import { decimal, interval, plural } from './numbers'
import { benchmarkName, modelsText } from './targets'
import { duration } from './times'

describe('numbers', () => {
  it('shows a dash for the unknown and never 0', () => {
    expect([null, undefined, Number.NaN].map(value => decimal(value, 1))).toEqual(['–', '–', '–'])
    expect(interval(null, 1)).toBe('–')
    expect(decimal(0, 1)).toMatch(/^0.0$/)
  })

  it('counts one thing in the singular', () => {
    expect([plural(1, 'request'), plural(2, 'request')]).toEqual(['1 request', '2 requests'])
  })
})

describe('spans', () => {
  it('is as coarse as the span is long', () => {
    expect([41.4, 185, 7800, null].map(duration)).toEqual(['41 s', '3 min 05 s', '2 h 10 min', '–'])
  })
})

describe('names of benchmarks', () => {
  const targets = ['a', 'b', 'c', 'c'].map(model => ({ provider_id: 'p', model }))

  it('prefers the label and else names the models', () => {
    expect(benchmarkName('Mine', targets)).toBe('Mine')
    expect(modelsText(targets.slice(0, 2))).toBe('a and b')
    expect(modelsText(targets)).toBe('a and 2 more')
  })
})
