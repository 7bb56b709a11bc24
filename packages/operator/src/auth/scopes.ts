/** What a token may do. `admin` may do everything. */
export const scopes = ['read', 'backup', 'restore', 'prune', 'admin'] as const
export type Scope = (typeof scopes)[number]
