import {
  AngeeError,
  type CatalogRecord,
  type Manifest,
  newSnapshotId,
  parseManifest,
  type Store,
  type Versioned,
} from '@angee/core'
import { type FakeClock, fakeClock, testContext } from '@angee/testkit'
import type { OperationRecord } from '../../src/index.ts'
import type { Submission } from '../../src/operations/operations.ts'
import { makeScheduler, type ScheduleFacts, type Scheduler } from '../../src/schedules/index.ts'

export interface Run {
  kind: string
  /** ISO 8601. */
  at: string
  input: object
}

/** A stack with schedules in a world without disks, whose clock is turned by hand. */
export interface World {
  clock: FakeClock
  store: Store
  records: CatalogRecord[]
  runs: Run[]
  overdue: ScheduleFacts[]
  scheduler: Scheduler
  /** Its `angee.yaml` from now on. */
  declare(yaml: string): void
  /** What an operation of that kind does; by default it succeeds at once. */
  on(kind: string, act: (record: OperationRecord) => Partial<OperationRecord> | 'still running' | Error): void
  /** Ends one that was left running. */
  end(id: string): void
  /** The operator is killed and started again; what it kept is as it was. */
  restart(): Promise<void>
  /** Looks at what is due each time something is, until that moment. */
  goOn(until: string): Promise<void>
}

export async function worldOf(yaml: string, begin = '2026-01-01T00:00:00Z'): Promise<World> {
  const clock = fakeClock(Date.parse(begin))
  const ctx = testContext()
  const store = memoryStore()
  const records: CatalogRecord[] = []
  const acts = new Map<string, (record: OperationRecord) => Partial<OperationRecord> | 'still running' | Error>()
  const live = new Map<string, OperationRecord>()
  const keys = new Map<string, string>()
  let text = yaml
  let parsed: { text: string; manifest: Manifest } | undefined
  const at = (): string => new Date(clock.now()).toISOString()

  const world: World = {
    clock,
    store,
    records,
    runs: [],
    overdue: [],
    scheduler: undefined as unknown as Scheduler,
    declare: (next) => {
      text = next
    },
    on: (kind, act) => void acts.set(kind, act),
    end: (id) => finish(live.get(id) as OperationRecord, {}),
    restart: async () => {
      live.clear()
      world.scheduler = await start()
    },
    goOn: async (until) => {
      const end = Date.parse(until)
      for (;;) {
        await world.scheduler.tick()
        const next = (await world.scheduler.facts()).flatMap(({ nextAt }) =>
          nextAt === null ? [] : [Date.parse(nextAt)],
        )
        const moment = Math.max(Math.min(...next), clock.now() + 1000)
        if (moment > end) break
        clock.advance(moment - clock.now())
      }
      clock.advance(Math.max(0, end - clock.now()))
      await world.scheduler.tick()
    },
  }

  function finish(record: OperationRecord, ending: Partial<OperationRecord>): void {
    Object.assign(record, { state: 'succeeded', endedAt: at(), ...ending })
    live.delete(record.id)
    if (record.kind === 'backup' && record.state === 'succeeded') records.push(recordAt(record.id, at()))
    world.scheduler.listener.ended?.(record)
  }

  // biome-ignore lint/suspicious/noExplicitAny: every kind is submitted alike
  async function submit({ kind, input, requestedBy, idempotency }: Submission<any> & { input: object }) {
    const before = keys.get(idempotency?.key ?? '')
    if (before !== undefined) return { record: { id: before } as OperationRecord, replayed: true }
    const record: OperationRecord = {
      id: newSnapshotId(clock, ctx.random),
      kind,
      state: 'running',
      input: { ...input },
      requestedBy,
      createdAt: at(),
      startedAt: at(),
      endedAt: null,
      warnings: 0,
      result: null,
      error: null,
    }
    const outcome = acts.get(kind)?.(record) ?? {}
    if (outcome instanceof Error) throw outcome
    world.runs.push({ kind, at: at(), input })
    keys.set(idempotency?.key ?? '', record.id)
    if (outcome === 'still running') live.set(record.id, record)
    else finish(record, outcome)
    return { record, replayed: false }
  }

  const start = (): Promise<Scheduler> =>
    makeScheduler({
      root: '/srv/shop',
      store,
      catalog: { read: async () => ({ records, damagedLines: [] }) },
      operations: { submit, isLive: (id) => live.has(id) },
      readManifest: async () => {
        if (parsed?.text !== text) parsed = { text, manifest: parseManifest(text, 'angee.yaml') }
        return parsed.manifest
      },
      clock,
      logger: ctx.logger,
      onOverdue: (one) => world.overdue.push(one),
    })
  world.scheduler = await start()
  return world
}

export function recordAt(id: string, createdAt: string, more: Partial<CatalogRecord> = {}): CatalogRecord {
  return {
    id,
    labels: {},
    createdAt,
    finishedAt: createdAt,
    status: 'complete',
    purpose: 'schedule',
    stack: 'shop',
    parts: [{ part: 'service/db', rawBytes: 1000, storedBytes: 300 }],
    warnings: 0,
    location: '/backups',
    ...more,
  }
}

function memoryStore(): Store {
  const values = new Map<string, Versioned>()
  let version = 0
  return {
    get: async (key) => values.get(key),
    put: async (key, bytes, expected) => {
      if (values.get(key)?.version !== expected) throw new AngeeError('STORE_CONFLICT', `${key} has changed`)
      values.set(key, { bytes: Buffer.from(bytes), version: String(++version) })
    },
    delete: async (key) => void values.delete(key),
    list: async (prefix) => [...values.keys()].filter((key) => key.startsWith(prefix)),
  } as Store
}
