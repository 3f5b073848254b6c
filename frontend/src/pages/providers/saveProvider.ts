/** Adding a provider takes several requests; this keeps them in order and says how far they came. */
import { call } from '../../api/client'

export interface ProviderForm { name: string, base_url: string, key: string, models: string }

/** The names in a text field: one a line, or separated by commas. */
export function modelNames(text: string): string[] {
  return [...new Set(text.split(/[\n,]/).map(name => name.trim()).filter(Boolean))]
}

/** The provider exists, but its key or one of its models was refused. */
export class HalfSavedError extends Error {
  override readonly name = 'HalfSavedError'

  constructor(readonly part: string, override readonly cause: unknown) {
    super(`The provider was added, but not its ${part}.`)
  }
}

async function step<T>(part: string, call: Promise<T>): Promise<T> {
  return call.catch((reason: unknown) => {
    throw new HalfSavedError(part, reason)
  })
}

export async function addModel(providerId: string, name: string): Promise<void> {
  await call('post', '/api/providers/{provider_id}/models', { path: { provider_id: providerId }, body: { name } })
}

export async function setKey(providerId: string, value: string): Promise<void> {
  await call('put', '/api/providers/{provider_id}/key', { path: { provider_id: providerId }, body: { value } })
}

export async function saveProvider({ name, base_url, key, models }: ProviderForm): Promise<void> {
  const { id } = await call('post', '/api/providers', {
    body: { name: name.trim(), kind: 'openai', base_url: base_url.trim() },
  })
  if (key.trim())
    await step('key', setKey(id, key.trim()))
  for (const model of modelNames(models))
    await step(`model ${model}`, addModel(id, model))
}
