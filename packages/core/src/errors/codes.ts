/**
 * The one table of error codes: what each means to a shell (exit code) and to a REST client (HTTP status).
 * A code is a promise to scripts: it may be added, never renamed or given another meaning.
 */
export const errorCodes = {
  // Usage: the request or the manifest is wrong; nothing was started.
  USAGE: { exit: 2, http: 400 },
  CONFIRMATION_REQUIRED: { exit: 2, http: 400 },
  STACK_NOT_FOUND: { exit: 2, http: 404 },
  MANIFEST_INVALID: { exit: 2, http: 422 },
  SCOPE_ESCAPES_ROOT: { exit: 2, http: 422 },
  SCOPE_EMPTY: { exit: 2, http: 422 },
  PART_UNKNOWN: { exit: 2, http: 422 },
  BACKEND_UNKNOWN: { exit: 2, http: 422 },
  BACKEND_OPTIONS_INVALID: { exit: 2, http: 422 },
  RUNTIME_UNKNOWN: { exit: 2, http: 422 },
  PLUGIN_INVALID: { exit: 2, http: 422 },
  ID_AMBIGUOUS: { exit: 2, http: 409 },
  NAME_TAKEN: { exit: 2, http: 409 },
  TEMPLATE_NOT_FOUND: { exit: 2, http: 404 },
  TEMPLATE_INVALID: { exit: 2, http: 422 },
  TEMPLATE_ESCAPES: { exit: 2, http: 422 },
  INPUT_INVALID: { exit: 2, http: 422 },
  WORKSPACE_NAME_INVALID: { exit: 2, http: 422 },
  WORKSPACE_EXISTS: { exit: 2, http: 409 },
  // The world is not as the operation needs it.
  PERSIST_MISSING: { exit: 1, http: 409 },
  SERVICE_NOT_RUNNING: { exit: 1, http: 409 },
  RUNTIME_UNAVAILABLE: { exit: 1, http: 503 },
  RUNTIME_TOO_OLD: { exit: 1, http: 503 },
  RUNTIME_FAILED: { exit: 1, http: 502 },
  SPACE_INSUFFICIENT: { exit: 1, http: 507 },
  BACKEND_READ_ONLY: { exit: 1, http: 503 },
  BACKEND_UNAVAILABLE: { exit: 1, http: 503 },
  BACKEND_FAILED: { exit: 1, http: 502 },
  OBJECT_EXISTS: { exit: 1, http: 409 },
  STORE_CONFLICT: { exit: 1, http: 409 },
  PORT_POOL_EXHAUSTED: { exit: 1, http: 409 },
  WORKSPACE_IN_USE: { exit: 1, http: 409 },
  // A hook or a part failed.
  HOOK_FAILED: { exit: 1, http: 502 },
  JOB_FAILED: { exit: 1, http: 502 },
  HOOK_TIMEOUT: { exit: 1, http: 504 },
  DUMP_EMPTY: { exit: 1, http: 502 },
  PART_FAILED: { exit: 1, http: 502 },
  TREE_UNREADABLE: { exit: 1, http: 500 },
  SNAPSHOT_FAILED: { exit: 1, http: 500 },
  // Restore.
  RESTORE_CONFLICT: { exit: 1, http: 409 },
  RESTORE_FAILED: { exit: 1, http: 500 },
  RESTORE_UNFINISHED: { exit: 1, http: 409 },
  DRILL_FAILED: { exit: 1, http: 500 },
  SAFETY_SNAPSHOT_FAILED: { exit: 1, http: 500 },
  NOTHING_TO_UNDO: { exit: 13, http: 404 },
  SNAPSHOT_PINNED: { exit: 1, http: 409 },
  SNAPSHOT_PARTIAL: { exit: 1, http: 409 },
  // Finding and trusting what is stored.
  REPOSITORY_NOT_FOUND: { exit: 10, http: 404 },
  LOCKED: { exit: 11, http: 423 },
  CREDENTIAL_WRONG: { exit: 12, http: 401 },
  KEY_MISSING: { exit: 12, http: 401 },
  KEY_WRONG: { exit: 12, http: 401 },
  SNAPSHOT_NOT_FOUND: { exit: 13, http: 404 },
  WORKSPACE_NOT_FOUND: { exit: 13, http: 404 },
  OBJECT_NOT_FOUND: { exit: 13, http: 404 },
  SNAPSHOT_CORRUPT: { exit: 14, http: 500 },
  CATALOG_CORRUPT: { exit: 14, http: 500 },
  ARCHIVE_CORRUPT: { exit: 14, http: 500 },
  ARCHIVE_HOSTILE: { exit: 14, http: 422 },
  FORMAT_TOO_NEW: { exit: 14, http: 422 },
  // Ending.
  INTERRUPTED: { exit: 130, http: 499 },
  INTERNAL: { exit: 1, http: 500 },
} as const

export type ErrorCode = keyof typeof errorCodes

/** Exit codes that are no error's: the other half of the promise made in docs/exit-codes. */
export const exitCodes = { done: 0, failed: 1, usage: 2, withWarnings: 3, interrupted: 130 } as const
