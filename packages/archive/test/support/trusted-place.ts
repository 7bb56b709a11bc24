import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { describe, it } from 'vitest'

const trusted = new Set([0xef53, 0x58465342, 0x9123683e])
const ownCache = new URL('../../../../node_modules/.cache/angee-test', import.meta.url).pathname

/**
 * A suite that needs a file system whose times are trusted: that of temporary files, else that of this repository. Where
 * neither is one (a container's own file system, for example) it is reported as not run, or fails when required.
 */
export function trustedPlaceSuite(name: string, body: (place: string) => void): void {
  mkdirSync(ownCache, { recursive: true })
  const place = process.platform === 'linux' && [tmpdir(), ownCache].find((one) => trusted.has(statfsSync(one).type))
  if (place) {
    describe(name, () => body(place))
    return
  }
  const reason = `neither ${tmpdir()} nor ${ownCache} lies on ext4, XFS or Btrfs under Linux`
  if (process.env['ANGEE_REQUIRE_ENGINES']) {
    describe(name, () => {
      it('has a file system whose times are trusted', () => {
        throw new Error(reason)
      })
    })
    return
  }
  const report = process.env['ANGEE_SKIPPED_REPORT']
  if (report) appendFileSync(report, `${JSON.stringify({ suite: name, reason })}\n`)
  describe.skip(`${name} (not run: ${reason})`, () => {
    it('needs another file system', () => undefined)
  })
}

/** Whether this user may mount file systems; what needs one is then tested too. */
export function mayMount(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
