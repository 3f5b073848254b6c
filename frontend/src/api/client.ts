/** The HTTP client: generated paths and types, the session's token, refusals as exceptions. */
import { authorisedFetch } from './access'
import { problemOf } from './problem'
import type { paths } from './schema'

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type PathOf<M extends Method> = { [P in keyof paths]: paths[P][M] extends object ? P : never }[keyof paths]
type Operation<M extends Method, P extends keyof paths> = NonNullable<paths[P][M]>

interface Json<Body> { content: { 'application/json': Body } }
type BodyOf<T> = T extends Json<infer Body> ? Body : undefined
type Answer<O> = O extends { responses: infer R } ? BodyOf<R[keyof R & (200 | 201 | 202 | 204)]> : never

type PathPart<O> = O extends { parameters: { path: infer Path } } ? { path: Path } : { path?: undefined }
type QueryPart<O> = O extends { parameters: { query?: infer Query } } ? { query?: Query } : { query?: undefined }
type BodyPart<O> = O extends { requestBody: Json<infer Body> } ? { body: Body } : { body?: undefined }
type Options<O> = PathPart<O> & QueryPart<O> & BodyPart<O> & { headers?: Record<string, string> }
type Arguments<O> = Partial<Record<never, never>> extends Options<O> ? [options?: Options<O>] : [options: Options<O>]

interface Given {
  path?: Record<string, string>
  query?: Record<string, unknown>
  body?: unknown
  headers?: Record<string, string>
}

function urlOf(template: string, { path = {}, query = {} }: Given): string {
  const url = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''))
  const known = Object.entries(query).filter(([, value]) => value !== undefined && value !== null)
  const search = new URLSearchParams(known.map(([name, value]) => [name, String(value)])).toString()
  return search ? `${url}?${search}` : url
}

function requestOf(method: Method, template: string, given: Given): Request {
  const url = new URL(urlOf(template, given), location.origin)
  const headers = new Headers(given.headers)
  if (given.body === undefined)
    return new Request(url, { method: method.toUpperCase(), headers })
  headers.set('Content-Type', 'application/json')
  return new Request(url, { method: method.toUpperCase(), headers, body: JSON.stringify(given.body) })
}

/** Call the server; returns the body of a success, throws `ApiError` for a refusal. */
export async function call<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  ...[options]: Arguments<Operation<M, P>>
): Promise<Answer<Operation<M, P>>> {
  const given: Given | undefined = options
  const response = await authorisedFetch(requestOf(method, path, given ?? {}))
  if (!response.ok)
    throw await problemOf(response)
  const body: unknown = response.status === 204 ? undefined : await response.json()
  return body as Answer<Operation<M, P>>
}
