/** Errors of the server (RFC 9457), as exceptions and as one line for people. */
import type { Problem } from './types'

/** The server answered, and refused. */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    readonly status: number,
    readonly problem: Problem | null,
    readonly retryAfterS: number | null = null,
  ) {
    super(problem?.detail || problem?.title || `The server answered ${status}.`)
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'detail' in body && 'title' in body
}

/** Make the exception for a refusal whose body may or may not be a problem document. */
export function toApiError(response: Response, body: unknown): ApiError {
  const retryAfterS = Number.parseInt(response.headers.get('Retry-After') ?? '', 10)
  return new ApiError(
    response.status,
    isProblem(body) ? body : null,
    Number.isNaN(retryAfterS) ? null : retryAfterS,
  )
}

/** Read a refusal's body and make its exception. */
export async function problemOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null)
  return toApiError(response, body)
}

/** Say what went wrong in one line. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError)
    return error.retryAfterS ? `${error.message} Try again in ${error.retryAfterS} s.` : error.message
  return 'The server cannot be reached.'
}

/** The id to quote to whoever runs the server. */
export function requestIdOf(error: unknown): string | null {
  return error instanceof ApiError ? error.problem?.request_id ?? null : null
}

/** What is wrong with one field, by the end of its path: `prompt` matches `$.prompt`. */
export function fieldMessage(error: unknown, field: string): string | undefined {
  if (!(error instanceof ApiError))
    return undefined
  return error.problem?.errors?.find(({ path }) => path.split(/[.[\]]+/).includes(field))?.message
}
