import { isAngeeError, type Store } from '@angee/core'

/** Changes a JSON value of a store. `update` may be called again when another process was quicker. */
export async function changeJson<Value>(
  store: Store,
  key: string,
  update: (value: Value | undefined) => Value,
): Promise<Value> {
  for (let attempt = 1; ; attempt++) {
    const before = await store.get(key)
    const next = update(before && (JSON.parse(before.bytes.toString()) as Value))
    try {
      await store.put(key, Buffer.from(JSON.stringify(next, undefined, 1)), before?.version)
      return next
    } catch (error) {
      if (!isAngeeError(error, 'STORE_CONFLICT') || attempt === 20) throw error
    }
  }
}
