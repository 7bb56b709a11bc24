import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { pruned } from '../../core/test/retention/pruned-stack.ts'
import { fakeStack } from '../../core/test/support/runtimes.ts'
import { angee, startAngee, startAtTerminal } from './support/angee.ts'
import { errorOf } from './support/stack.ts'

const day = 24 * 3_600_000

/** A stack with so many snapshots, one each day until yesterday. */
async function stackWith(amount: number, retention = '{ keep_last: 2 }', bytes = 100) {
  const { stack, root } = await fakeStack(`name: shop\nbackup: { timezone: Asia/Tokyo, retention: ${retention} }\n`)
  const shop = pruned(stack, Date.now() - (amount + 1) * day)
  const ids = await shop.snapshots(amount, bytes)
  return { ...shop, root, ids, prune: (...args: string[]) => angee(root, 'stack', 'backup', 'prune', ...args) }
}

describe('prune', () => {
  it('shows on a dry run what would go and why, and changes nothing', async () => {
    const { ids, prune, stored } = await stackWith(3)
    const { exitCode, stdout } = await prune('--dry-run')
    expect(exitCode).toBe(0)
    const [head, ...rows] = stdout.split('\n')
    expect(head).toMatch(/^ID +CREATED +SIZE +KEEP\/REMOVE +REASONS$/)
    expect(rows[0]).toMatch(
      new RegExp(`^${ids[0]}  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d +\\d+ B  REMOVE +no rule keeps it$`),
    )
    expect(rows[1]).toMatch(new RegExp(`^${ids[1]} .* keep +last 2 of 2$`))
    expect(rows[2]).toMatch(new RegExp(`^${ids[2]} .* keep +last 1 of 2; newest complete$`))
    expect(stdout).toContain('are those of Asia/Tokyo')
    expect(stdout).toMatch(/1 snapshot would be removed \(\d+ B\)\. Nothing was changed\./)
    expect(await stored()).toEqual(ids)
  })

  it('shows times in the time zone in which days are counted', async () => {
    const { prune, ids, root } = await stackWith(1)
    const manifest = await readFile(join(root, 'backups', 'snapshots', ids[0] as string, 'manifest.json'), 'utf8')
    const { createdAt } = JSON.parse(manifest) as { createdAt: string }
    const tokyo = new Date(Date.parse(createdAt) + 9 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ')
    expect((await prune('--dry-run')).stdout).toContain(tokyo)
  })

  it('refuses without a terminal and without --yes, and says which flag', async () => {
    const { ids, prune, stored } = await stackWith(3)
    const { exitCode, stderr } = await prune()
    expect(exitCode).toBe(2)
    expect(stderr).toContain('--yes')
    expect(stderr).toContain('(CONFIRMATION_REQUIRED)')
    expect(await stored()).toEqual(ids)
  })

  it('removes with --yes, tells each, and lists what is left', async () => {
    const { root, ids, prune, stored } = await stackWith(4)
    const { exitCode, stdout, stderr } = await prune('--yes')
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^Removed 2 snapshots \(\d+ B\), kept 2\n$/),
    })
    expect(stderr).toContain(`removing ${ids[1]} (2 of 2)`)
    expect(await stored()).toEqual(ids.slice(2))
    expect((await angee(root, 'stack', 'backup', 'ls', '-q')).stdout).toBe(`${ids.slice(2).join('\n')}\n`)
  })

  it('tells a program the plan with its reasons, and prints ids alone for -q', async () => {
    const { ids, prune } = await stackWith(3)
    const dry = JSON.parse((await prune('--dry-run', '--json')).stdout.trimEnd().split('\n').at(-1) ?? '')
    expect(dry).toMatchObject({
      type: 'result',
      operation: 'prune',
      dryRun: true,
      timezone: 'Asia/Tokyo',
      emptyPolicy: false,
      removed: [],
      alarms: [],
      exitCode: 0,
      snapshots: [
        { id: ids[0], action: 'remove', reasons: [{ rule: 'not-kept', text: 'no rule keeps it' }] },
        { id: ids[1], action: 'keep', reasons: [{ rule: 'last', text: 'last 2 of 2' }] },
        { id: ids[2], action: 'keep' },
      ],
    })
    expect((await prune('--dry-run', '-q')).stdout).toBe(`${ids[0]}\n`)
    expect((await prune('--yes', '-q')).stdout).toBe(`${ids[0]}\n`)
    const none = JSON.parse((await prune('--yes', '--json')).stdout.trimEnd().split('\n').at(-1) ?? '')
    expect(none).toMatchObject({ removed: [], forgotten: [], exitCode: 0 })
  })

  it('takes rules from its options in place of those declared, whatever stands before them', async () => {
    const { ids, prune, root } = await stackWith(5)
    const wouldGo = async (...args: string[]) =>
      (await prune('--dry-run', '-q', ...args)).stdout.split('\n').slice(0, -1)
    expect(await wouldGo('--keep-last', '4')).toEqual(ids.slice(0, 1))
    expect(await wouldGo('--keep-daily', '1', '--keep-within', '60h')).toEqual(ids.slice(0, 3))
    expect(await wouldGo('--name', 'nightly-*')).toEqual([])
    expect(await wouldGo('--label', 'kind=nightly', '--keep-last', '1')).toEqual([])
    const parsedByParent = await angee(root, 'stack', 'backup', '--dry-run', 'prune', '-q')
    expect(parsedByParent.stdout.split('\n').slice(0, -1)).toEqual(ids.slice(0, 3))
  })

  it.each([
    [['--keep-last', 'three'], 'Write a whole number'],
    [['--keep-daily', '-1'], 'Write a whole number'],
    [['--keep-within', '30 days'], '--keep-within: "30 days" says nothing: write years, months'],
    [['--keep-label', 'nothing'], 'key=value'],
    [['--keep-lats', '3'], 'Did you mean --keep-last'],
    [['--include-secrets'], 'is no option of "angee stack backup prune"'],
  ])('refuses %j', async (args, words) => {
    const { ids, prune, stored } = await stackWith(1)
    const { exitCode, stderr } = await prune('--yes', ...args)
    expect(exitCode).toBe(2)
    expect(stderr).toContain(words)
    expect(await stored()).toEqual(ids)
  })

  it('removes nothing without a rule, and says so', async () => {
    const { ids, prune, stored } = await stackWith(3, '{}')
    const { exitCode, stdout, stderr } = await prune('--yes')
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining('Removed 0 snapshots') })
    expect(stderr).toContain('the policy has no rule, so everything is kept')
    expect(await stored()).toEqual(ids)
  })

  it('stops where the newest snapshot has shrunk, says so beforehand, and goes on when told to', async () => {
    const { ids, prune, stored, snapshots } = await stackWith(3, '{ keep_last: 2 }', 20_000)
    const [small = ''] = await snapshots(1, 40)
    const dry = await prune('--dry-run')
    expect(dry.exitCode).toBe(3)
    expect(dry.stderr).toContain('has 40 bytes; before, it had 20000 (median)')
    expect(dry.stderr).toContain('--allow-shrink')
    const stopped = await prune('--yes', '--json')
    expect(stopped.exitCode).toBe(1)
    expect(errorOf(stopped)).toMatchObject({
      code: 'RETENTION_STOPPED',
      hint: expect.stringContaining('--allow-shrink'),
    })
    expect(await stored()).toEqual([...ids, small])
    expect((await prune('--yes', '--allow-shrink')).exitCode).toBe(0)
    expect(await stored()).toEqual([ids[2], small])
  })
})

describe('prune at a terminal', () => {
  it.each([
    ['y', 'Removed 2 snapshots', 2],
    ['n', 'not confirmed; nothing was changed', 0],
  ])('shows what would go and why, and asks: %s', async (answer, outcome, gone) => {
    const { root, ids, stored } = await stackWith(4)
    const child = startAtTerminal(root, ['stack', 'backup', 'prune'])
    let screen = ''
    for await (const text of child.stdout.setEncoding('utf8')) {
      const before = screen.includes('[y/N]')
      screen += text
      if (!before && screen.includes('[y/N]')) child.stdin.write(`${answer}\r`)
    }
    expect(screen).toMatch(/KEEP\/REMOVE +REASONS/)
    expect(screen).toMatch(new RegExp(`${ids[1]} .* REMOVE +no rule keeps it`))
    expect(screen).toMatch(new RegExp(`${ids[3]} .* keep +last 1 of 2; newest complete`))
    expect(screen).toMatch(/Remove 2 snapshots \(\d+ B\) for ever\?/)
    expect(screen).toContain(outcome)
    expect(await stored()).toEqual(ids.slice(gone))
  })

  it('asks nothing where nothing would go, or where it stops', async () => {
    const { root, ids, stored, snapshots } = await stackWith(2, '{ keep_last: 2 }', 20_000)
    const screenOf = async (): Promise<string> => {
      const child = startAtTerminal(root, ['stack', 'backup', 'prune'])
      return (await child.stdout.setEncoding('utf8').toArray()).join('')
    }
    expect(await screenOf()).toContain('Removed 0 snapshots')
    await snapshots(1, 40)
    const stopped = await screenOf()
    expect(stopped).toContain('(RETENTION_STOPPED)')
    expect(stopped).not.toContain('[y/N]')
    expect(await stored()).toEqual(expect.arrayContaining(ids))
  })
})

describe('a prune that is killed', () => {
  it('leaves every snapshot whole or gone, and the next ones finish it', async () => {
    const { root, ids, stored, listed } = await stackWith(60)
    const args = ['stack', 'backup', 'prune', '--yes', '--keep-last', '3']
    let left = ids
    let kills = 0
    for (let round = 0; round < 6; round++) {
      const { child, finished, stderr } = startAngee(root, args)
      while (child.exitCode === null && !stderr().includes('(2 of ')) await setTimeout(2)
      await setTimeout(round)
      child.kill('SIGKILL')
      const { exitCode } = await finished
      if (exitCode === null) kills++
      const before = left
      left = await stored()
      // The oldest go first: what is left is the end of what there was, and always the newest three.
      expect(left).toEqual(before.slice(before.length - left.length))
      expect(left.slice(-3)).toEqual(ids.slice(-3))
      const verified = await angee(root, 'stack', 'backup', 'verify', '--all', '--json')
      expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, snapshots: { length: left.length } })
    }
    expect(kills).toBeGreaterThan(0)
    const { exitCode, stdout } = await startAngee(root, [...args, '--json']).finished
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ operation: 'prune', alarms: [] })
    expect([await stored(), await listed()]).toEqual([ids.slice(-3), ids.slice(-3)])
  })

  it('ends at Ctrl-C between two snapshots', async () => {
    const { root, ids, stored, listed } = await stackWith(40)
    const { child, finished, stderr } = startAngee(root, ['stack', 'backup', 'prune', '--yes'])
    while (child.exitCode === null && !stderr().includes('(2 of ')) await setTimeout(2)
    child.kill('SIGINT')
    const { exitCode } = await finished
    const left = await stored()
    expect(await listed()).toEqual(left)
    expect(left).toEqual(ids.slice(ids.length - left.length))
    if (exitCode === 130) expect(stderr()).toContain('what was not removed by then is whole')
    else expect({ exitCode, left: left.length }).toEqual({ exitCode: 0, left: 2 })
  })
})
