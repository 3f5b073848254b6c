/** What the form of the sign-in page does, and which extra fields a refusal asks for. */
import { ApiError, messageOf } from '../../api/problem'

export type Mode = 'sign-in' | 'register'
export type Extra = 'setup_token' | 'invite'

/** Name the field without which the server will not register anybody; null when it is something else. */
export function neededField(error: unknown): Extra | null {
  if (!(error instanceof ApiError) || ![403, 422].includes(error.status))
    return null
  const text = `${messageOf(error)} ${error.problem?.errors?.map(({ path }) => path).join(' ') ?? ''}`
  if (/set[-_ ]?up[-_ ]token/i.test(text))
    return 'setup_token'
  return /\binvit/i.test(text) ? 'invite' : null
}
