/** Trend lines as SVG paths in a box of 100 × 24, from zero to the largest value. */

export interface SparkPath { stroke: string, area: string }

/** A young trend starts at the right edge and grows to the left until it has this many values. */
export const SHORTEST = 30

const WIDTH = 100
const HEIGHT = 24

/** Draw the newest `length` values, the newest at the right edge; unknown ones are left out. */
export function sparkPath(values: readonly (number | null)[], length: number): SparkPath {
  const shown = values.slice(-length)
  const top = Math.max(...shown.map(value => value ?? 0), Number.MIN_VALUE)
  const start = length - shown.length
  const points = shown.flatMap((value, index) => value === null
    ? []
    : [[(start + index) / (length - 1) * WIDTH, HEIGHT - 1 - value / top * (HEIGHT - 2)] as const])
  if (points.length < 2)
    return { stroke: '', area: '' }
  const stroke = points.map(([x, y], index) => `${index ? 'L' : 'M'}${x.toFixed(2)} ${y.toFixed(2)}`).join('')
  const [first, last] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0]
  return { stroke, area: `${stroke}L${last.toFixed(2)} ${HEIGHT}L${first.toFixed(2)} ${HEIGHT}Z` }
}
