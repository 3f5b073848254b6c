/** What a user does, in the user's words. */
import type { Page } from '@playwright/test'

interface Wishes { model?: string, runs?: number, label?: string, prompt?: string }

/** Fill in the form of a new benchmark and start it; ends on its page. */
export async function startBenchmark(page: Page, { model = 'sim-fast', runs = 3, label, prompt }: Wishes = {}): Promise<void> {
  await page.goto('/benchmarks/new')
  const chosen = page.getByRole('checkbox', { checked: true })
  await chosen.first().waitFor()
  if (model !== 'sim-fast') {
    await page.getByRole('checkbox', { name: 'sim-fast', exact: true }).click()
    await page.getByRole('checkbox', { name: model, exact: true }).click()
  }
  await page.getByLabel('Runs').fill(String(runs))
  if (prompt)
    await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill(prompt)
  if (label) {
    await page.getByText('More settings').click()
    await page.getByLabel('Label').fill(label)
  }
  await page.getByRole('button', { name: 'Start' }).click()
  await page.waitForURL(/\/benchmarks\/[0-9a-f-]{32,}$/)
}

export function state(page: Page) {
  return page.getByTestId('state')
}

export function progress(page: Page) {
  return page.getByRole('progressbar', { name: 'Requests done' })
}

/** How far the progress bar is, 0 to 100. */
export async function percent(page: Page): Promise<number> {
  return Number(await progress(page).getAttribute('aria-valuenow'))
}
