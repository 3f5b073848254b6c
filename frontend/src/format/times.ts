/** Times and spans for people. */
import { UNKNOWN } from './numbers'

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
const stamp = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' })
const shortStamp = new Intl.DateTimeFormat(undefined, {
  day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
})

/** `14:03:59`. */
export function clockTime(at: number | string): string {
  return clock.format(new Date(at))
}

/** Date and time of an RFC 3339 stamp. */
export function dateTime(at: string | null): string {
  return at ? stamp.format(new Date(at)) : UNKNOWN
}

/** Day and time, for lists. */
export function dayTime(at: string | null): string {
  return at ? shortStamp.format(new Date(at)) : UNKNOWN
}

/** A span such as `41 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds))
    return UNKNOWN
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60)
    return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60)
    return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** Seconds between two RFC 3339 stamps; null when one is unknown. */
export function secondsBetween(from: string | null, to: string | null): number | null {
  return from && to ? (Date.parse(to) - Date.parse(from)) / 1000 : null
}
