/** The access token: kept in memory only, renewed from the HttpOnly refresh cookie. */
import type { Access } from './types'
import { problemOf } from './problem'

let token: string | null = null
let renewal: Promise<Access | null> | null = null
const listeners = new Set<(access: Access | null) => void>()

/** Take the token of a sign-in; null forgets it. */
export function setAccess(access: Access | null): void {
  token = access?.access_token ?? null
}

/** Hear of every renewal; null when the cookie was refused and the user is signed out. */
export function onRenewal(listener: (access: Access | null) => void): void {
  listeners.add(listener)
}

async function requestRenewal(): Promise<Access | null> {
  const response = await fetch('/api/auth/refresh', { method: 'POST' })
  if (response.ok)
    return await response.json() as Access
  if (response.status === 401)
    return null
  throw await problemOf(response)
}

/**
 * Trade the refresh cookie for a new token; null when the server refuses the cookie.
 *
 * Calls that overlap share one request: the cookie is rotated by each use.
 * Throws when the server cannot be reached, which says nothing about the session.
 */
export function renewAccess(): Promise<Access | null> {
  renewal ??= requestRenewal()
    .then((access) => {
      setAccess(access)
      listeners.forEach(listener => listener(access))
      return access
    })
    .finally(() => renewal = null)
  return renewal
}

function authorised(request: Request): Request {
  if (token)
    request.headers.set('Authorization', `Bearer ${token}`)
  return request
}

/** `fetch` with the token; a 401 renews it once and tries again. */
export async function authorisedFetch(request: Request): Promise<Response> {
  const again = request.clone()
  const response = await fetch(authorised(request))
  // Without a token there is nothing to renew: this is a sign-in that was refused.
  if (response.status !== 401 || !token)
    return response
  return await renewAccess() ? fetch(authorised(again)) : response
}
