/** One key for each distinct thing that is started, so that a click sent twice starts it once. */

let last: { body: string, key: string } | null = null

function randomKey(): string {
  // `crypto.randomUUID` exists on HTTPS and loopback only; a studio on a private network may have neither.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')
}

/** The key of this submission: the same as the last one's while that is still on its way. */
export function idempotencyKey(body: unknown): string {
  const text = JSON.stringify(body)
  if (last?.body !== text)
    last = { body: text, key: randomKey() }
  return last.key
}

/** The submission was answered: the same form sent again means a new benchmark. */
export function forgetKey(): void {
  last = null
}
