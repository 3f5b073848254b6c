import { percent, progress, startBenchmark, state } from './actions'
import { expect, test } from './fixtures'

test('a simulator benchmark runs to its result table', async ({ signedIn: page }) => {
  await page.goto('/benchmarks/new')
  await expect(page.getByTestId('request-count')).toHaveText('11 requests')
  await startBenchmark(page, { runs: 3, label: 'First look' })

  await expect(page.getByRole('heading', { name: 'First look', level: 1 })).toBeVisible()
  await expect(state(page)).toHaveText('Done', { timeout: 60_000 })
  await expect(page).toHaveTitle(/^Done · First look/)

  const results = page.getByTestId('results')
  await expect(results.getByText('sim-fast')).toBeVisible()
  await expect(results.getByTestId('trust')).toBeVisible()
  for (const heading of ['TTFT ms', 'ITL ms', 'E2E ms', 'Output tok/s'])
    await expect(results.getByRole('columnheader', { name: heading })).toBeVisible()
  await expect(results.getByRole('cell', { name: '3', exact: true })).toBeVisible()
  await expect(page.getByTestId('requests').getByRole('row')).toHaveCount(1 + 4)
})

test('a second tab shows the same run, and both move', async ({ signedIn: page, context }) => {
  await startBenchmark(page, { model: 'sim-slow', runs: 6 })
  const second = await context.newPage()
  await second.goto(page.url())
  await expect(state(page)).toHaveText('Running')
  await expect(state(second)).toHaveText('Running')
  const before = [await percent(page), await percent(second)]
  for (const [index, tab] of [page, second].entries())
    await expect.poll(() => percent(tab), { timeout: 60_000 }).toBeGreaterThan(before[index] ?? 0)
  await expect(page).toHaveTitle(/^\d+ % · sim-slow/)
})

test('a cancel in one tab ends the run in the other', async ({ signedIn: page, context }) => {
  await startBenchmark(page, { model: 'sim-slow', runs: 200 })
  const second = await context.newPage()
  await second.goto(page.url())
  await expect(state(second)).toHaveText('Running')
  await expect.poll(() => percent(page)).toBeGreaterThanOrEqual(0)

  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(state(second)).toHaveText('Cancelled')
  await expect(state(page)).toHaveText('Cancelled')
  await expect(second.getByRole('button', { name: 'Cancel' })).toHaveCount(0)
})

test('a reload shows the same', async ({ signedIn: page }) => {
  await startBenchmark(page, { runs: 2 })
  await expect(state(page)).toHaveText('Done', { timeout: 60_000 })
  await expect(page.getByTestId('requests').getByRole('row')).toHaveCount(1 + 3)
  const shown = await page.getByTestId('results').innerText()
  const requests = await page.getByTestId('requests').innerText()
  await page.reload()
  await expect(state(page)).toHaveText('Done')
  await expect(page.getByTestId('results')).toHaveText(shown, { useInnerText: true })
  await expect(page.getByTestId('requests')).toHaveText(requests, { useInnerText: true })
  await expect(progress(page)).toHaveAttribute('aria-valuenow', '100')
})

test('a run can be repeated with its own settings', async ({ signedIn: page }) => {
  await startBenchmark(page, { runs: 2, prompt: 'Say hello.' })
  await page.getByRole('link', { name: 'Run again' }).click()
  await expect(page.getByLabel('Runs')).toHaveValue('2')
  await expect(page.getByRole('textbox', { name: 'Prompt', exact: true })).toHaveValue('Say hello.')
})

test('the list moves while a benchmark runs, and forgets what is deleted', async ({ signedIn: page, context }) => {
  await startBenchmark(page, { runs: 2, label: 'Short' })
  const second = await context.newPage()
  await second.goto('/benchmarks')
  await expect(second.getByRole('link', { name: 'Short', exact: true })).toBeVisible()
  await expect(state(second)).toHaveText('Done', { timeout: 60_000 })
  await second.getByRole('button', { name: 'Delete Short' }).click()
  await second.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(second.getByText('No benchmark yet')).toBeVisible()
})
