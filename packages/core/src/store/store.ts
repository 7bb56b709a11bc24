/**
 * Keys to bytes with compare-and-set: the lowest storage layer, under catalog and journal.
 * Keys are `/`-joined segments of `[A-Za-z0-9._-]+`. A write is atomic and durable before it resolves.
 */
export interface Store {
  /** The value and the version it has, or undefined. */
  get(key: string): Promise<Versioned | undefined>
  /**
   * Writes `bytes` when the stored version is still `expected` (undefined: the key must be absent).
   * STORE_CONFLICT when another writer came first: read again and retry.
   */
  put(key: string, bytes: Uint8Array, expected: string | undefined): Promise<void>
  /** Keys that start with `prefix`, ascending. */
  list(prefix: string): Promise<string[]>
  /** Removes a key; an absent one is done already. */
  delete(key: string): Promise<void>
}

export interface Versioned {
  bytes: Buffer
  /** Equal versions mean equal bytes. */
  version: string
}
