/** Numbers for people: locale-aware, a fixed precision a column, and a dash for unknown. */

/** What stands for an unknown value; never 0. */
export const UNKNOWN = '–'

const formats = new Map<number, Intl.NumberFormat>()

function formatOf(digits: number): Intl.NumberFormat {
  const known = formats.get(digits)
  if (known)
    return known
  const made = new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits })
  formats.set(digits, made)
  return made
}

/** Format with exactly `digits` decimals. */
export function decimal(value: number | null | undefined, digits = 0): string {
  return value === null || value === undefined || !Number.isFinite(value) ? UNKNOWN : formatOf(digits).format(value)
}

/** Format a whole number. */
export function count(value: number | null | undefined): string {
  return decimal(value, 0)
}

/** Format an interval as `lo – hi`. */
export function interval(value: readonly [number, number] | null | undefined, digits = 0): string {
  return value ? `${decimal(value[0], digits)} – ${decimal(value[1], digits)}` : UNKNOWN
}

/** `1 request`, `2 requests`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}
