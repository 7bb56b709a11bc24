import { type CatalogRecord, lastDue } from '@angee/core'
import { planRetention } from '@angee/core/retention'
import { fakeClock } from '@angee/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { delayOf } from '../src/schedules/due.ts'
import { verifiedNext } from '../src/schedules/rotation.ts'
import { operatorOf } from './support/operator.ts'
import { recordAt, type World, worldOf } from './support/scheduled.ts'
import { makeStack } from './support/stack.ts'

const nightly = 'backup: { schedule: "0 3 * * *" }'
const day = 86_400_000

const times = ({ runs }: World, kind = 'backup'): string[] =>
  runs.filter((run) => run.kind === kind).map(({ at }) => at.replace('.000', ''))

describe('a schedule', () => {
  it('begins nothing when it is new, and then each due time once, as a snapshot on a schedule', async () => {
    const world = await worldOf(nightly, '2026-01-01T12:00:00Z')
    await world.scheduler.tick()
    expect(world.runs).toEqual([])
    await world.goOn('2026-01-04T12:00:00Z')
    expect(times(world)).toEqual(['2026-01-02T03:00:00Z', '2026-01-03T03:00:00Z', '2026-01-04T03:00:00Z'])
    expect(world.runs[0]?.input).toEqual({ purpose: 'schedule' })
  })

  it.each([
    ['an hour', '2026-01-02T04:00:00Z'],
    ['four days', '2026-01-06T03:30:00Z'],
    ['ten years', '2036-01-02T15:00:00Z'],
  ])('catches up once after %s of absence', async (_, back) => {
    const world = await worldOf(nightly, '2026-01-01T12:00:00Z')
    await world.scheduler.tick()
    world.clock.advance(Date.parse(back) - world.clock.now())
    await world.restart()
    await world.scheduler.tick()
    await world.scheduler.tick()
    expect(world.runs).toHaveLength(1)
  })

  it('is not done a second time when the clock goes back, and goes on', async () => {
    const world = await worldOf(nightly, '2026-01-01T12:00:00Z')
    await world.goOn('2026-01-02T03:00:10Z')
    world.clock.advance(-3_600_000)
    await world.goOn('2026-01-03T04:00:00Z')
    expect(times(world)).toEqual(['2026-01-02T03:00:00Z', '2026-01-03T03:00:00Z'])
  })

  it('begins anew when a clock that was years ahead is set right', async () => {
    const world = await worldOf(nightly, '2040-01-01T12:00:00Z')
    await world.goOn('2040-01-02T12:00:00Z')
    world.clock.advance(Date.parse('2026-05-01T12:00:00Z') - world.clock.now())
    await world.goOn('2026-05-03T12:00:00Z')
    expect(times(world).slice(1)).toEqual(['2026-05-02T03:00:00Z', '2026-05-03T03:00:00Z'])
  })

  it('does not begin one while the one before runs, and says so', async () => {
    const world = await worldOf(nightly, '2026-01-01T12:00:00Z')
    let running = ''
    world.on('backup', ({ id }) => {
      running = id
      return 'still running'
    })
    await world.goOn('2026-01-03T12:00:00Z')
    expect(times(world)).toEqual(['2026-01-02T03:00:00Z'])
    expect((await world.scheduler.facts())[0]?.last).toMatchObject({ state: 'skipped', message: /still runs/ })
    world.end(running)
    await world.goOn('2026-01-04T12:00:00Z')
    expect(times(world)).toHaveLength(2)
  })

  it('that cannot be taken on is due still', async () => {
    const world = await worldOf(nightly, '2026-01-01T12:00:00Z')
    world.on('backup', () => new Error('the queue is full'))
    await world.goOn('2026-01-02T03:00:30Z')
    expect(world.runs).toEqual([])
    world.on('backup', () => ({}))
    await world.scheduler.tick()
    expect(world.runs).toHaveLength(1)
  })

  it('that was asked for and not remembered, because of a kill, is not asked for again', async () => {
    const world = await worldOf(nightly, '2026-01-01T12:00:00Z')
    await world.scheduler.tick()
    const before = await world.store.get('operator/schedules.json')
    await world.goOn('2026-01-02T03:00:30Z')
    const now = await world.store.get('operator/schedules.json')
    await world.store.put('operator/schedules.json', before?.bytes ?? Buffer.of(), now?.version)
    await world.restart()
    await world.scheduler.tick()
    expect(world.runs).toHaveLength(1)
  })

  it.each(['', '{', '[]', '{"backup":{"cron":3}}', '{"backup":{"cron":"0 3 * * *","timezone":"UTC","handled":"x"}}'])(
    'begins anew where what was remembered is %s',
    async (text) => {
      const world = await worldOf(nightly, '2026-01-01T12:00:00Z')
      await world.store.put('operator/schedules.json', Buffer.from(text), undefined)
      await world.restart()
      await world.goOn('2026-01-02T12:00:00Z')
      expect(times(world)).toEqual(['2026-01-02T03:00:00Z'])
    },
  )

  it('is the one of the manifest as it is now; a broken one changes nothing and is told', async () => {
    const world = await worldOf(nightly, '2026-01-01T12:00:00Z')
    await world.goOn('2026-01-02T12:00:00Z')
    world.declare('backup: { schedule: "0 3 * *" }')
    await world.goOn('2026-01-03T12:00:00Z')
    expect(String(world.scheduler.problem())).toContain('it has 4 of 5 fields')
    world.declare('backup: { schedule: "0 15 * * *" }')
    await world.goOn('2026-01-03T14:00:00Z')
    expect(world.scheduler.problem()).toBeUndefined()
    // An hour that was not scheduled when it passed is no missed one.
    world.declare('backup: { schedule: "0 5 * * *" }')
    await world.goOn('2026-01-04T12:00:00Z')
    world.declare('name: shop')
    await world.goOn('2026-01-06T12:00:00Z')
    expect(times(world)).toEqual(['2026-01-02T03:00:00Z', '2026-01-03T03:00:00Z', '2026-01-04T05:00:00Z'])
    expect(await world.scheduler.facts()).toEqual([])
  })

  it('begins later by its jitter, by another amount each time and the same for the same time', async () => {
    const world = await worldOf('backup: { schedule: { backup: "0 3 * * *", jitter: 20m } }', '2026-01-01T12:00:00Z')
    await world.goOn('2026-01-31T12:00:00Z')
    const minutes = times(world).map((at) => (Date.parse(at) - Date.parse(`${at.slice(0, 10)}T03:00:00Z`)) / 60_000)
    expect(minutes).toHaveLength(30)
    expect(minutes.every((late) => late >= 0 && late <= 21)).toBe(true)
    expect(new Set(minutes.map(Math.round)).size).toBeGreaterThan(5)
  })

  it('never waits longer than half of the way to the next time', () => {
    const schedule = { cron: '*/10 * * * *', timezone: 'UTC', jitter: day, seed: 'x' }
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), (moment) => {
        const due = lastDue(schedule.cron, 'UTC', moment) ?? 0
        expect(delayOf(schedule, due)).toBeLessThanOrEqual(300_000)
      }),
      { numRuns: 50 },
    )
  })
})

describe('what is overdue', () => {
  it('is told once, when no success came, and no more when one has come', async () => {
    const world = await worldOf(nightly, '2026-01-01T12:00:00Z')
    world.on('backup', () => ({
      state: 'failed',
      error: { code: 'BACKEND_UNAVAILABLE', message: 'gone', context: {} },
    }))
    await world.goOn('2026-01-02T03:30:00Z')
    expect(world.overdue).toEqual([])
    await world.goOn('2026-01-02T04:00:30Z')
    await world.scheduler.tick()
    await world.restart()
    await world.scheduler.tick()
    expect(world.overdue).toMatchObject([{ kind: 'backup', overdueSince: '2026-01-02T03:00:00.000Z' }])
    expect((await world.scheduler.facts())[0]?.last).toMatchObject({ state: 'failed', code: 'BACKEND_UNAVAILABLE' })
    // Somebody takes one by hand.
    world.records.push(recordAt('01KDXXXXXXXXXXXXXXXXXXXXXX', '2026-01-02T09:00:00.000Z', { purpose: 'manual' }))
    expect((await world.scheduler.facts())[0]?.overdueSince).toBeNull()
  })

  it('is nothing while it runs, and nothing for a partial or a safety snapshot', async () => {
    const world = await worldOf(nightly, '2026-01-01T12:00:00Z')
    world.on('backup', () => 'still running')
    await world.goOn('2026-01-02T09:00:00Z')
    expect(world.overdue).toEqual([])
    await world.restart()
    world.records.push(recordAt('01KDXXXXXXXXXXXXXXXXXXXXXX', '2026-01-02T08:00:00.000Z', { status: 'partial' }))
    world.records.push(recordAt('01KDXXXXXXXXXXXXXXXXXXXXXY', '2026-01-02T08:00:00.000Z', { purpose: 'safety' }))
    await world.scheduler.tick()
    expect(world.overdue).toHaveLength(1)
  })
})

describe('a drill on a schedule', () => {
  it('takes the newest complete snapshot, and waits for one', async () => {
    const world = await worldOf('backup: { schedule: { drill: "0 5 * * 0" } }', '2026-01-01T12:00:00Z')
    await world.goOn('2026-01-05T12:00:00Z')
    expect((await world.scheduler.facts())[0]?.last).toMatchObject({
      state: 'skipped',
      message: /no complete snapshot/,
    })
    for (const [id, more] of [
      ['A', {}],
      ['B', {}],
      ['C', { status: 'partial' }],
      ['D', { purpose: 'safety' }],
    ] as const)
      world.records.push(recordAt(id.repeat(26), '2026-01-06T00:00:00.000Z', more))
    await world.goOn('2026-01-12T12:00:00Z')
    expect(world.runs).toMatchObject([{ kind: 'drill', input: { snapshot: 'B'.repeat(26) } }])
  })
})

describe('verifying in turn', () => {
  it('reads every snapshot once in the time that is set, and no more at once than that takes', () => {
    const within = 30 * day
    let now = Date.parse('2026-01-01T00:00:00Z')
    let records: CatalogRecord[] = []
    let most = 0
    for (let night = 0; night < 200; night++, now += day) {
      records.push(recordAt(String(night).padStart(26, '0'), new Date(now).toISOString()))
      if (records.length > 60) records.shift()
      const chosen = verifiedNext(records, now, within, day)
      most = Math.max(most, chosen.length)
      const verifiedAt = new Date(now).toISOString()
      records = records.map((record) => (chosen.includes(record.id) ? { ...record, verifiedAt } : record))
      for (const { verifiedAt: read, createdAt } of records)
        expect(now - Date.parse(read ?? createdAt)).toBeLessThanOrEqual(within)
    }
    expect(most).toBeLessThanOrEqual(6)
  })

  it('begins with what was not read for longest, whatever there is', () => {
    const moment = fc.integer({ min: 0, max: 100 })
    fc.assert(
      fc.property(fc.array(fc.tuple(moment, fc.option(moment)), { maxLength: 40 }), moment, (all, today) => {
        const records = all.map(([taken, read], index) => {
          const verified = read === null ? {} : { verifiedAt: new Date((taken + read) * day).toISOString() }
          return recordAt(String(index).padStart(26, '0'), new Date(taken * day).toISOString(), verified)
        })
        const age = (record: CatalogRecord) => today * day - Date.parse(record.verifiedAt ?? record.createdAt)
        const chosen = verifiedNext(records, today * day, 30 * day, day)
        const left = records.filter(({ id }) => !chosen.includes(id))
        for (const one of left) expect(age(one)).toBeLessThan(30 * day)
        const youngest = Math.min(...records.filter(({ id }) => chosen.includes(id)).map(age))
        for (const one of left)
          expect(age(one)).toBeLessThanOrEqual(Math.max(youngest, age(one) === youngest ? youngest : 0))
      }),
    )
  })
})

it.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'])(
  'a year of schedules and retention in %s, over both changes of clocks',
  async (zone) => {
    const retention = { keepDaily: 14, keepWeekly: 8, keepMonthly: 12 }
    const world = await worldOf(
      `backup:
  timezone: ${zone}
  schedule: { backup: "30 2 * * *", prune: "0 4 * * *", verify: "0 5 * * *", verify_within: 10d, drill: "0 6 * * 0" }`,
      '2026-01-01T20:00:00Z',
    )
    world.on('prune', () => {
      const { entries } = planRetention(world.records, retention, world.clock.now(), zone)
      const left = entries.flatMap(({ action, record }) => (action === 'keep' && record ? [record] : []))
      world.records.splice(0, Number.POSITIVE_INFINITY, ...left)
      return {}
    })
    world.on('verify', ({ input }) => {
      const verifiedAt = new Date(world.clock.now()).toISOString()
      for (const record of world.records)
        if ((input['snapshots'] as string[]).includes(record.id)) record.verifiedAt = verifiedAt
      return {}
    })
    await world.goOn('2027-01-01T20:00:00Z')
    const dates = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' })
    for (const kind of ['backup', 'prune'] as const) {
      const days = times(world, kind).map((at) => dates.format(Date.parse(at)))
      expect([days.length, new Set(days).size], kind).toEqual([365, 365])
    }
    expect(times(world, 'drill')).toHaveLength(52)
    expect(world.overdue).toEqual([])
    // 14 days, and of weeks and months those that are none of these days.
    expect(world.records.length).toBeGreaterThan(28)
    expect(world.records.length).toBeLessThan(36)
    const oldest = Math.min(...world.records.map(({ verifiedAt, createdAt }) => Date.parse(verifiedAt ?? createdAt)))
    expect(world.clock.now() - oldest).toBeLessThanOrEqual(11 * day)
  },
)

it('the operator does it, tells of it, and it is overdue for nobody', async () => {
  const stack = await makeStack({
    'angee.yaml': `name: shop
persist: { app: { subpath: ./data/app } }
backup: { schedule: { backup: "0 3 * * *", verify: "0 5 * * *" }, timezone: Europe/Berlin }
`,
  })
  const clock = fakeClock()
  const operator = await operatorOf(stack, { clock })
  await expect.poll(() => clock.sleepers).toBeGreaterThan(0)
  clock.advance(Date.parse('2026-01-01T02:00:05Z') - clock.now())
  await expect
    .poll(async () => (await operator.get('/stack/schedules')).json.schedules[0].last?.state, { timeout: 20_000 })
    .toBe('succeeded')
  const { json } = await operator.get('/stack/schedules')
  expect(json).toMatchObject({
    problem: null,
    schedules: [
      { kind: 'backup', timezone: 'Europe/Berlin', next_at: '2026-01-02T02:00:00.000Z', overdue_since: null },
      { kind: 'verify', next_at: '2026-01-01T04:00:00.000Z', last: null },
    ],
  })
  const { snapshots } = (await operator.get('/stack/backups')).json
  expect(snapshots).toMatchObject([{ purpose: 'schedule', status: 'complete' }])
  const operation = (await operator.get(`/operations/${json.schedules[0].last.operation}`)).json
  expect(operation.requested_by).toEqual({ token: 'schedule', name: 'schedule' })
})
