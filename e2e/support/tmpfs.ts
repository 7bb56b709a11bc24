import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { describe, it } from 'vitest'
import { must } from './angee.ts'

/** A suite that mounts file systems. Where that is not allowed it is reported as not run, or fails when required. */
export function mountSuite(name: string, body: () => void): void {
  const reason = whyNoMounts()
  if (reason === undefined) {
    describe(name, body)
    return
  }
  if (process.env['ANGEE_REQUIRE_ENGINES']) {
    describe(name, () => {
      it('may mount file systems', () => {
        throw new Error(reason)
      })
    })
    return
  }
  const report = process.env['ANGEE_SKIPPED_REPORT']
  if (report) appendFileSync(report, `${JSON.stringify({ suite: name, reason })}\n`)
  describe.skip(`${name} (not run: ${reason})`, () => {
    it('needs mounts', () => undefined)
  })
}

/** A file system in memory at `directory`, for example with `size=8m`. Disposing unmounts it. */
export async function tmpfs(directory: string, options: string): Promise<AsyncDisposable> {
  await mkdir(directory, { recursive: true })
  await must('mount', ['-t', 'tmpfs', '-o', options, 'angee-test', directory], '/')
  return {
    [Symbol.asyncDispose]: async () => {
      await must('umount', ['--lazy', directory], '/')
    },
  }
}

function whyNoMounts(): string | undefined {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'mounting a file system is not allowed here (run as root)'
  }
}
