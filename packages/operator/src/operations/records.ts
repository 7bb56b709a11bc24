import { isAngeeError, type Store } from '@angee/core'
import { operatorKeys } from '../state/keys.ts'
import { hasEnded, type OperationRecord } from './record.ts'

/** So many operations that have ended are kept; older ones are forgotten. */
const most = 500

/** What is known of every operation without its result, which may be long. */
export type OperationHead = Omit<OperationRecord, 'result'>

export interface Records {
  /** Of all operations, the oldest first. */
  heads(): readonly OperationHead[]
  head(id: string): OperationHead | undefined
  /** With its result. */
  read(id: string): Promise<OperationRecord | undefined>
  /** Keeps it durably. Gives the operations that are forgotten for it. */
  write(record: OperationRecord): Promise<OperationHead[]>
}

/** The records of the operator of a stack. Nobody else writes them. */
export async function openRecords(store: Store): Promise<Records> {
  const heads = new Map<string, OperationHead>()
  for (const key of (await store.list(operatorKeys.operations)).filter((one) => one.endsWith('.json')).sort()) {
    const record = parse((await store.get(key))?.bytes)
    if (record) heads.set(record.id, headOf(record))
  }

  async function write(record: OperationRecord): Promise<OperationHead[]> {
    heads.set(record.id, headOf(record))
    await put(store, record)
    const ended = [...heads.values()].filter(hasEnded)
    const forgotten = ended.slice(0, Math.max(0, ended.length - most))
    for (const { id } of forgotten) {
      heads.delete(id)
      await store.delete(keyOf(id))
    }
    return forgotten
  }

  return {
    heads: () => [...heads.values()],
    head: (id) => heads.get(id),
    read: async (id) => (heads.has(id) ? parse((await store.get(keyOf(id)))?.bytes) : undefined),
    write,
  }
}

async function put(store: Store, record: OperationRecord): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const before = await store.get(keyOf(record.id))
    try {
      return await store.put(keyOf(record.id), Buffer.from(JSON.stringify(record)), before?.version)
    } catch (error) {
      if (!isAngeeError(error, 'STORE_CONFLICT') || attempt === 20) throw error
    }
  }
}

function keyOf(id: string): string {
  return `${operatorKeys.operations}${id}.json`
}

function headOf({ result: _, ...head }: OperationRecord): OperationHead {
  return head
}

/** One that cannot be read is as good as forgotten: what it was about is in the backend and the journal. */
function parse(bytes: Buffer | undefined): OperationRecord | undefined {
  if (bytes === undefined) return undefined
  try {
    return JSON.parse(bytes.toString()) as OperationRecord
  } catch {
    return undefined
  }
}
