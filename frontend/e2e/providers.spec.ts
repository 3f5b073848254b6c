import { startBenchmark } from './actions'
import { expect, test } from './fixtures'

test('a provider is added with its key and models, offered for a benchmark, and deleted', async ({ signedIn: page }) => {
  await page.goto('/providers')
  await page.getByRole('button', { name: 'Add provider' }).click()
  await expect(page.getByLabel('Name')).toBeFocused()
  await page.getByLabel('Name').fill('My endpoint')
  await page.getByLabel('Base URL').fill('https://llm.example.org/v1')
  await page.getByLabel('API key').fill('sk-secret')
  await page.getByRole('textbox', { name: 'Models' }).fill('model-a\nmodel-b')
  await page.getByRole('button', { name: 'Add provider' }).click()

  const card = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'My endpoint' }) })
  await expect(card.getByText('own key')).toBeVisible()
  await expect(card.getByText('model-b')).toBeVisible()
  await expect(page.locator('body')).not.toContainText('sk-secret')

  await page.goto('/benchmarks/new')
  await expect(page.getByRole('checkbox', { name: 'model-a' })).not.toBeChecked()

  await page.goto('/providers')
  await page.getByRole('button', { name: 'Delete My endpoint' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByRole('heading', { name: 'My endpoint' })).toHaveCount(0)
})

test('a run whose requests all failed does not look like a good one', async ({ signedIn: page }) => {
  await page.goto('/providers')
  await page.getByRole('button', { name: 'Add provider' }).click()
  await page.getByLabel('Name').fill('Nobody there')
  await page.getByLabel('Base URL').fill('http://127.0.0.1:9/v1')
  await page.getByRole('textbox', { name: 'Models' }).fill('model-x')
  await page.getByRole('button', { name: 'Add provider' }).click()
  await expect(page.getByRole('heading', { name: 'Nobody there' })).toBeVisible()

  await startBenchmark(page, { model: 'model-x', runs: 2 })
  await expect(page.getByTestId('state')).toHaveText('Done')
  await expect(page.getByTestId('failures')).toHaveText('All requests failed')
})
