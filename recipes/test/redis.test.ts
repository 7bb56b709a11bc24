import { setTimeout as wait } from 'node:timers/promises'
import { engineSuite } from '@angee/testkit'
import { expect, it } from 'vitest'
import { hookCases } from './hook-cases.ts'
import { type ContainerPlace, containerPlace, type Place, provisioned, until, writeUntilStopped } from './place.ts'
import { must, recipeService } from './recipe.ts'

const redis = (place: Place, commands: string) => must(place.shell('redis-cli -e', Buffer.from(commands)))

/** As the recipe starts it, but without the five seconds it waits for further replicas before it sends a dump. */
async function openRedis(): Promise<ContainerPlace> {
  const service = recipeService('redis/container.yaml', 'redis')
  const place = await containerPlace(provisioned('RECIPES_IMAGE'), service, ['sh', '-c', String(service.command)])
  await until(place, 'redis-cli -e PING')
  await redis(place, 'CONFIG SET repl-diskless-sync-delay 0\n')
  return place
}

async function fill(place: Place): Promise<void> {
  const numbers = Array.from({ length: 2000 }, (_, i) => `SET number:${i} ${'x'.repeat(1 + (i % 300))}\n`)
  const accounts = Array.from({ length: 100 }, (_, i) => `SET account:${i} 100\n`)
  const others = `HSET person name Ada born 1815
ZADD board 3 third 1 first
XADD log 1-1 event begin
SET leaves:soon x EXAT 4102444800
SELECT 3
RPUSH line one two three
FUNCTION LOAD "#!lua name=mine\\nredis.register_function('answer', function() return 42 end)"
`
  await redis(place, `FLUSHALL\nFUNCTION FLUSH\n${numbers.join('')}${accounts.join('')}${others}`)
}

const drift = async (place: Place) =>
  void (await redis(
    place,
    `DEL number:7 board
HSET person name Grace
SET later x
PERSIST leaves:soon
SELECT 7
SET later x
FUNCTION FLUSH
FUNCTION LOAD "#!lua name=other\\nredis.register_function('other', function() return 1 end)"
`,
  ))

const everything = `
  local found = {}
  for _, key in ipairs(redis.call("KEYS", "*")) do
    found[#found + 1] = key .. " " .. redis.call("EXPIRETIME", key) .. " " .. redis.sha1hex(redis.call("DUMP", key))
  end
  table.sort(found)
  return found`
const contents = (place: Place) =>
  must(
    place.shell(`for database in 0 3 7; do redis-cli -e -n $database EVAL '${everything}' 0; done
      redis-cli -e FUNCTION LIST WITHCODE`),
  )

engineSuite('recipe redis', ['docker', 'recipes-image'], () => {
  const { hook, place, dump, restore } = hookCases<ContainerPlace>({
    recipe: 'redis',
    open: openRedis,
    fill,
    contents,
    drift,
    client: /redis-cli/,
    emptyIsSound: true,
  })
  const fact = (name: string) => must(place().shell(`redis-cli INFO | tr -d '\\r' | grep ^${name}:`))

  it('dumps one state while others write', async () => {
    await fill(place())
    // Half a second for the dump, in which transfers go on.
    await redis(place(), 'CONFIG SET rdb-key-save-delay 200\n')
    const transfers = Array.from({ length: 500 }, (_, i) =>
      ['MULTI', `DECR account:${i % 100}`, `INCR account:${(i * 7 + 3) % 100}`, 'EXEC', ''].join('\n'),
    )
    const writing = writeUntilStopped(place(), 'redis-cli -e', transfers.join(''))
    while ((await redis(place(), 'GET account:0\n')) === '100\n');
    const { code, stdout, stderr } = await dump()
    await writing.stop()
    await redis(place(), 'CONFIG SET rdb-key-save-delay 0\n')
    expect([code, stderr]).toEqual([0, ''])
    expect((await restore(stdout)).code).toBe(0)
    const total = 'local sum = 0 for i = 0, 99 do sum = sum + redis.call("GET", "account:" .. i) end return sum'
    expect(await must(place().shell(`redis-cli -e EVAL '${total}' 0`))).toBe('10000\n')
  })

  it.each(['yes', 'no'])('holds what was restored also after a crash, with appendonly %s', async (appendonly) => {
    await fill(place())
    await redis(place(), `CONFIG SET appendonly ${appendonly}\n`)
    const original = await contents(place())
    const { stdout } = await dump()
    await drift(place())
    expect((await restore(stdout)).code).toBe(0)
    await place().crash()
    await until(place(), 'redis-cli -e PING')
    await redis(place(), 'CONFIG SET repl-diskless-sync-delay 0\n')
    expect(await contents(place())).toBe(original)
  })

  it('fails to dump when the connection is cut', async () => {
    await fill(place())
    await redis(place(), 'CONFIG SET rdb-key-save-delay 5000\n')
    const dumping = dump()
    while (!(await fact('connected_slaves')).includes(':1'));
    await redis(place(), 'CLIENT KILL TYPE replica\nCONFIG SET rdb-key-save-delay 0\n')
    const { code, stdout, stderr } = await dumping
    expect(code).not.toBe(0)
    expect(stderr).toContain('there is no dump')
    expect(stdout.length).toBe(0)
  })

  it('leaves what is there when the server cannot take the dump, and stays a master with its own settings', async () => {
    await fill(place())
    const { stdout } = await dump()
    await drift(place())
    const present = await contents(place())
    await redis(place(), 'CONFIG SET masterauth before\n')
    await must(place().shell('chown root /data; chmod 755 /data'))
    const { code, stderr } = await restore(stdout, { REDIS_SYNC_TRIES: '10' })
    await must(place().shell('chown redis /data'))
    expect(code).not.toBe(0)
    expect(stderr).toContain('holds what it held')
    expect(await contents(place())).toBe(present)
    expect(await fact('role')).toBe('role:master\n')
    expect(await redis(place(), 'CONFIG GET masterauth\nCONFIG GET masteruser\n')).toBe(
      'masterauth\nbefore\nmasteruser\n\n',
    )
    await redis(place(), 'CONFIG SET masterauth ""\n')
  })

  it('restores after a restore that was killed, and refuses a replica of another server', async () => {
    await fill(place())
    const original = await contents(place())
    const { stdout } = await dump()
    await redis(place(), 'CONFIG SET masteruser angee\nREPLICAOF 127.0.0.1 9\n')
    expect((await restore(stdout)).code).toBe(0)
    expect(await contents(place())).toBe(original)
    expect(await redis(place(), 'CONFIG GET masteruser\n')).toBe('masteruser\n\n')

    await redis(place(), 'REPLICAOF 127.0.0.1 9\n')
    const refused = await restore(stdout)
    await redis(place(), 'REPLICAOF NO ONE\n')
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('is a replica')
  })

  it('lets go of its spare server when it is told to end', async () => {
    await fill(place())
    const { stdout } = await dump()
    await must(place().shell('chown root /data; chmod 755 /data')) // so that it waits
    const restoring = place().shell(`echo $$ >/tmp/hook; exec sh -c ${quoted(String(hook.restore))}`, stdout)
    while (!(await fact('role')).includes('slave')) await wait(50)
    await must(place().shell('kill -TERM $(cat /tmp/hook)'))
    expect((await restoring).code).not.toBe(0)
    await must(place().shell('chown redis /data'))
    expect(await fact('role')).toBe('role:master\n')
    expect(await must(place().shell('pgrep -c redis-server'))).toBe('1\n')
  })
})

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
