/** Tells people who do not look: milestones for screen readers, progress in the tab's title. */
import { watch, type Ref } from 'vue'
import type { Job } from '../../api/types'
import { announce } from '../../composables/useAnnouncer'
import { useTitle } from '../../composables/useTitle'
import { decimal } from '../../format/numbers'
import type { ShownStatus } from '../../stores/feed'

const WORDS: Record<ShownStatus, string> = {
  queued: 'Queued',
  running: 'Running',
  cancelling: 'Cancelling',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
}

interface Run { name: Ref<string>, status: Ref<ShownStatus>, job: Ref<Job | undefined> }

function quarter(job: Job | undefined): number {
  return Math.floor((job?.progress.pct ?? 0) / 25) * 25
}

export function useRunNews({ name, status, job }: Run): void {
  useTitle(() => status.value === 'running' && job.value
    ? `${decimal(job.value.progress.pct)} % · ${name.value}`
    : `${WORDS[status.value]} · ${name.value}`)

  watch(() => quarter(job.value), (now, before) => {
    if (now > before && now < 100 && status.value === 'running')
      announce(`${now} percent of ${name.value} done`)
  })
  watch(status, now => announce(`${name.value}: ${WORDS[now].toLowerCase()}`))
}
