import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { AngeeError } from '@angee/core'

export interface Identity {
  uid: number
  gid: number
  /** What a login would set. */
  environment: Record<string, string>
}

const run = promisify(execFile)

/** Looks a user up by name or number. RUNTIME_FAILED when there is none. */
export async function lookUpUser(user: string): Promise<Identity> {
  const entry = await run('getent', ['passwd', user]).then(
    ({ stdout }) => stdout.trim().split(':'),
    () => undefined,
  )
  if (entry === undefined) return lookUpWithId(user)
  const [name = user, , uid, gid, , home = '/'] = entry
  return { uid: Number(uid), gid: Number(gid), environment: { USER: name, LOGNAME: name, HOME: home } }
}

/** For systems without getent. The home directory stays unknown. */
async function lookUpWithId(user: string): Promise<Identity> {
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, user])).stdout)),
    )
    if (uid !== undefined && gid !== undefined) return { uid, gid, environment: { USER: user, LOGNAME: user } }
  } catch {
    // `id` says no in its own words; ours name what asked for the user.
  }
  throw new AngeeError('RUNTIME_FAILED', `there is no user ${user} on this machine`, {
    hint: 'Correct the user: of the hook, or leave it out to run as the user of the service.',
    context: { user },
  })
}

/** The uid and gid to take on, or none when we are them already. RUNTIME_FAILED when we are not allowed to. */
export function takeOn(
  wanted: { uid: number; gid: number } | undefined,
  asked: string | undefined,
): { uid: number; gid: number } | Record<string, never> {
  const mine = process.getuid?.()
  if (wanted === undefined || wanted.uid === mine) return {}
  if (mine === 0) return { uid: wanted.uid, gid: wanted.gid }
  if (asked === undefined) return {} // another user's service: its hooks still run, as us
  throw new AngeeError('RUNTIME_FAILED', `the hook asks for user ${asked}, and angee does not run as root`, {
    hint: `Run angee as root or as ${asked}, or leave user: out of the hook.`,
    context: { user: asked, uid: mine },
  })
}
