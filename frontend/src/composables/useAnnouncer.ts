/** Words for screen readers: one polite live region, at most one announcement in five seconds. */
import { readonly, ref } from 'vue'

export const QUIET_MS = 5000

const message = ref('')
let pending: string | null = null
let quiet = false

function speak(text: string): void {
  message.value = text
  quiet = true
  setTimeout(() => {
    quiet = false
    if (pending === null)
      return
    const next = pending
    pending = null
    speak(next)
  }, QUIET_MS)
}

/** Say something; what comes too soon waits, and only the newest of it is said. */
export function announce(text: string): void {
  if (quiet)
    pending = text
  else
    speak(text)
}

/** The text the live region shows. */
export const announcement = readonly(message)
