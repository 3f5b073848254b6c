/** Who is signed in; the access token itself stays in `api/access`. */
import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { onRenewal, renewAccess, setAccess } from '../api/access'
import { call } from '../api/client'
import { ApiError } from '../api/problem'
import type { Access, Login, Registration, User } from '../api/types'

/** Whether this browser has signed in before: without it there is no cookie worth asking about. */
const HINT = 'studio-signed-in'

function remember(isIn: boolean): void {
  try {
    if (isIn)
      localStorage.setItem(HINT, 'yes')
    else
      localStorage.removeItem(HINT)
  } catch {
    // Storage may be blocked; the cookie is then asked about at every start.
  }
}

function mayBeIn(): boolean {
  try {
    return localStorage.getItem(HINT) !== null
  } catch {
    return true
  }
}

export type SessionStatus = 'unknown' | 'in' | 'out' | 'unreachable'

export const useSessionStore = defineStore('session', () => {
  const status = ref<SessionStatus>('unknown')
  const user = shallowRef<User | null>(null)

  function adopt(access: Access | null): void {
    setAccess(access)
    user.value = access?.user ?? null
    status.value = access ? 'in' : 'out'
    remember(access !== null)
  }

  onRenewal(adopt)

  /** Come back from the refresh cookie; does nothing once it is known who is here. */
  async function restore(): Promise<void> {
    if (status.value === 'in' || status.value === 'out')
      return
    if (!mayBeIn())
      return adopt(null)
    try {
      await renewAccess()
    } catch {
      status.value = 'unreachable'
    }
  }

  async function signIn(login: Login): Promise<void> {
    adopt(await call('post', '/api/auth/login', { body: login }))
  }

  async function register(registration: Registration): Promise<void> {
    adopt(await call('post', '/api/auth/register', { body: registration }))
  }

  /** End the session on the server, then here; throws when the server was not reached. */
  async function signOut(): Promise<void> {
    try {
      await call('post', '/api/auth/logout')
    } catch (error) {
      // The server has no such session any more: that is what was asked for.
      if (!(error instanceof ApiError && error.status === 401))
        throw error
    }
    adopt(null)
  }

  /** The server ended the session. */
  function lose(): void {
    adopt(null)
  }

  return { status, user, restore, signIn, register, signOut, lose }
})
