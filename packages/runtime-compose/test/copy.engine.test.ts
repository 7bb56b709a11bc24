import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineSuite, testContext } from '@angee/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import compose from '../src/index.ts'
import { stack } from './definition.ts'
import { docker, remainsOf, removeProject } from './empty-stack.ts'
import { image, makeStack, type TestStack } from './stack.ts'

const ctx = () => testContext()

engineSuite('a copy of a definition by hand', ['docker', 'base-image'], () => {
  const number = 20_000 + (process.pid % 10_000)
  const project = `angee-test-copy-${number}`
  let original: TestStack
  let other: string
  beforeAll(async () => {
    other = await mkdtemp(join(tmpdir(), 'angee-copy-'))
    original = await makeStack(`
x-base: &base { image: "IMAGE", command: [sleep, infinity], init: true }
services:
  db:
    <<: *base
    container_name: angee-copy-\${NUMBER}
    restart: unless-stopped
    ports: ["127.0.0.1:\${NUMBER}:80"]
    env_file: [app.env]
    environment: { PASSWORD: "\${PASSWORD:?}", LITERAL: "a$$b", TAKEN_OVER: null }
    labels: { router.rule: "Host(shop)" }
    volumes:
      - ./data:/data
      - ./logs:/logs
      - ./conf:/conf:ro
      - ./app.env:/app.env
      - ./data/pg:/pg:ro
      - named:/named
      - bound:/bound
      - /anonymous
      - /etc/hostname:/host:ro
    networks:
      back: { ipv4_address: "172.31.\${OCTET}.9", aliases: [base] }
      shared: {}
    configs: [{ source: conf, target: /config }]
    secrets: [of-env]
  built:
    build: ./context
    command: [sleep, infinity]
    depends_on: [db]
    network_mode: service:db
  more: { <<: *base, profiles: [more], scale: 2 }
volumes:
  named: { name: "angee-copy-\${NUMBER}" }
  bound: { driver_opts: { type: none, o: bind, device: "\${PWD}/bound" } }
networks:
  back: { name: "angee-copy-back-\${NUMBER}", ipam: { config: [{ subnet: "172.31.\${OCTET}.0/24" }] } }
  shared: { external: true, name: "angee-copy-shared-\${NUMBER}" }
configs: { conf: { file: ./conf/a.conf } }
secrets: { of-env: { environment: PASSWORD } }
`)
    const { directory } = original
    for (const path of ['data/pg', 'logs', 'conf', 'bound', 'context'])
      await mkdir(join(directory, path), { recursive: true })
    await writeFile(join(directory, '.env'), `NUMBER=${number}\nOCTET=${number % 250}\nPASSWORD='hu$h "x"'\n`)
    await writeFile(join(directory, 'app.env'), "FROM_FILE='a b$c'\n")
    await writeFile(join(directory, 'conf/a.conf'), 'setting\n')
    await writeFile(join(directory, 'data/file'), 'of the original\n')
    await writeFile(join(directory, 'context/Dockerfile'), `FROM ${image}\n`)
    await docker('network', 'create', `angee-copy-shared-${number}`)
    await original.compose('up', '--detach', '--build')
  })
  afterAll(async () => {
    await removeProject(project)
    await rm(other, { recursive: true })
    await original.compose('--profile', '*', 'down', '--volumes', '--timeout', '0', '--rmi', 'local')
    await docker('network', 'rm', `angee-copy-shared-${number}`)
    await original[Symbol.asyncDispose]()
  })

  const copying = () => ({
    base: { from: original.directory, to: other },
    persist: [join(original.directory, 'data')],
    stackRoot: other,
    project,
  })
  /** Opens the copy and brings all of it up. */
  const upCopy = async (options: Record<string, unknown>) => {
    const runtime = await compose.open(
      { options: compose.options.parse(options), stackRoot: other, services: [] },
      ctx(),
    )
    const definition = stack([], { stackRoot: other, project: 'not-used', secrets: new Map() })
    expect((await runtime.prepare(definition, ctx())).outcome).toBe('by-hand')
    await runtime.up(['db', 'built', 'more'], definition, ctx())
    await runtime.waitHealthy(['db', 'built', 'more'], ctx())
    return runtime
  }
  const idsOf = async (name: string) =>
    (await docker('ps', '--all', '--quiet', '--no-trunc', '--filter', `label=com.docker.compose.project=${name}`))
      .split('\n')
      .filter(Boolean)
  const inspected = async (name: string): Promise<Inspected[]> =>
    JSON.parse(await docker('inspect', ...(await idsOf(name))))

  it('runs beside the original and shares nothing with it that could be written', async () => {
    const nameOfOriginal = (await original.compose('config', '--format', 'json').then((text) => JSON.parse(text))).name
    const before = await inspected(nameOfOriginal)
    const networks = await docker('network', 'inspect', ...new Set(before.flatMap(networksOf)))

    const options = await original.runtime.copyDefinition?.(copying(), ctx())
    expect(options).toEqual({
      file: 'compose.yaml',
      project_name: project,
      env_file: [join(original.directory, '.env')],
    })
    expect((await stat(join(other, 'compose.yaml'))).mode & 0o777).toBe(0o600)
    await mkdir(join(other, 'data'), { recursive: true })
    await writeFile(join(other, 'data/file'), 'restored\n')
    await using copy = await upCopy(options ?? {})

    const script = `set -e
grep -q restored /data/file; echo of the copy >/data/file; echo x >/logs/x; echo x >/named/x; echo x >/bound/x
grep -q setting /conf/a.conf; grep -q setting /config
! touch /conf/x 2>/dev/null; ! sh -c 'echo x >/app.env' 2>/dev/null; grep -q FROM_FILE /app.env
test "$PASSWORD" = 'hu$h "x"'; test "$FROM_FILE" = 'a b$c'; test "$LITERAL" = 'a$b'; test "$(cat /run/secrets/of-env)" = 'hu$h "x"'`
    const { exitCode, stderrTail } = await copy.exec('db', script, {}, {}, ctx())
    expect([exitCode, stderrTail]).toEqual([0, ''])

    const after = await inspected(nameOfOriginal)
    expect(after.map(stable)).toEqual(before.map(stable))
    expect(await readFile(join(original.directory, 'data/file'), 'utf8')).toBe('of the original\n')
    for (const path of ['logs/x', 'bound/x']) await expect(stat(join(original.directory, path))).rejects.toThrow()
    expect((await original.compose('exec', '-T', 'db', 'ls', '/named')).trim()).toBe('')
    const copied = await inspected(project)
    expect(overlap(copied.flatMap(networksOf), before.flatMap(networksOf))).toEqual([])
    expect(overlap(copied.flatMap(writableOf), before.flatMap(writableOf))).toEqual([])
    expect(copied.flatMap(portsOf)).toEqual([])
    expect(copied.map((one) => one.HostConfig.RestartPolicy.Name)).toContain('unless-stopped')
    expect(JSON.stringify(copied)).not.toContain('router.rule')

    await copy.down({ volumes: true }, ctx())
    expect(await remainsOf(project)).toEqual([])
    expect(await docker('image', 'ls', '--quiet', '--filter', `reference=${project}*`)).toBe('')
    expect((await inspected(nameOfOriginal)).map(stable)).toEqual(before.map(stable))
    const left = await docker('network', 'inspect', ...new Set(before.flatMap(networksOf)))
    expect(left).toBe(networks)
  })

  it('tells of a compiled file that there is nothing to copy', async () => {
    const root = await mkdtemp(join(tmpdir(), 'angee-copy-'))
    const runtime = await compose.open({ options: {}, stackRoot: root, services: [] }, ctx())
    expect(await runtime.copyDefinition?.(copying(), ctx())).toBe(undefined)
    await rm(root, { recursive: true })
  })
})

engineSuite('what cannot be kept apart', ['docker'], () => {
  const cases: Record<string, { file: string; says: RegExp }> = {
    'a directory of the machine that is written': {
      file: 'services: { a: { image: x, volumes: ["/srv/x:/x"] } }',
      says: /service a.*\/srv\/x/,
    },
    'the socket of the engine': {
      file: 'services: { a: { image: x, volumes: ["/var/run/docker.sock:/s:ro"] } }',
      says: /service a.*docker\.sock/,
    },
    'a directory that holds it': {
      file: 'services: { a: { image: x, volumes: ["/var/run:/s:ro"] } }',
      says: /service a.*\/var\/run/,
    },
    'the root of the machine': {
      file: 'services: { a: { image: x, volumes: ["/:/host:ro"] } }',
      says: /service a.* \/,/,
    },
    'a socket of the stack': {
      file: 'services: { a: { image: x, volumes: ["./own.sock:/s"] } }',
      says: /service a.*own\.sock/,
    },
    'an external volume': {
      file: 'services: { a: { image: x, volumes: ["vol:/x"] } }\nvolumes: { vol: { external: true, name: theirs } }',
      says: /volume vol.*theirs/,
    },
    'a volume on a share': {
      file: 'services: { a: { image: x, volumes: ["vol:/x"] } }\nvolumes: { vol: { driver_opts: { type: nfs, o: "addr=127.0.0.1", device: ":/x" } } }',
      says: /volume vol.*:\/x/,
    },
    'a volume elsewhere': {
      file: 'services: { a: { image: x, volumes: ["vol:/x"] } }\nvolumes: { vol: { driver_opts: { type: none, o: bind, device: /srv/x } } }',
      says: /volume vol.*\/srv\/x/,
    },
    'the network of the machine': {
      file: 'services: { a: { image: x, network_mode: host } }',
      says: /service a.*network_mode: host/,
    },
    'that of another container': {
      file: 'services: { a: { image: x, network_mode: "container:b" } }',
      says: /service a.*container:b/,
    },
    'processes of the machine': { file: 'services: { a: { image: x, pid: host } }', says: /service a.*pid: host/ },
    'volumes of another container': {
      file: 'services: { a: { image: x, volumes_from: ["container:b"] } }',
      says: /service a.*container:b/,
    },
    'links to what is outside': {
      file: 'services: { a: { image: x, external_links: [b] } }',
      says: /service a.*external_links: b/,
    },
    'a network card': {
      file: 'services: { a: { image: x, networks: [n] } }\nnetworks: { n: { driver: macvlan } }',
      says: /network n.*macvlan/,
    },
  }
  for (const [name, { file, says }] of Object.entries(cases)) {
    it(`${name} is refused by name`, async () => {
      await using original = await makeStack(file)
      const other = await mkdtemp(join(tmpdir(), 'angee-copy-'))
      const socket = createServer().listen(join(original.directory, 'own.sock'))
      const to = { base: { from: original.directory, to: other }, persist: [], stackRoot: other, project: 'never-made' }
      await expect(original.runtime.copyDefinition?.(to, ctx())).rejects.toMatchObject({
        code: 'RUNTIME_FAILED',
        message: expect.stringMatching(says),
      })
      await expect(stat(join(other, 'compose.yaml'))).rejects.toThrow()
      socket.close()
      await rm(other, { recursive: true })
    })
  }

  it('what of it lies in the stack is moved, or only read', async () => {
    await using original = await makeStack(`
services:
  a:
    image: x
    volumes: ["./:/all", "./data/sub$$x:/sub:ro", "./only-read:/r:ro", "./new:/n", "./file:/f", "/etc:/etc-of-host:ro"]
`)
    const other = await mkdtemp(join(tmpdir(), 'angee-copy-'))
    await writeFile(join(original.directory, 'file'), '')
    const { directory } = original
    const to = {
      base: { from: directory, to: other },
      persist: [join(directory, 'data')],
      stackRoot: other,
      project: 'p',
    }
    await original.runtime.copyDefinition?.(to, ctx())
    const { services } = parse(await readFile(join(other, 'compose.yaml'), 'utf8'))
    const mounts = services.a.volumes.map((one: { source: string; read_only?: boolean }) => [
      one.source,
      one.read_only ?? false,
    ])
    expect(mounts).toEqual([
      [other, false],
      [`${other}/data/sub$$x`, true],
      [`${directory}/only-read`, true],
      [`${other}/new`, false],
      [`${directory}/file`, true],
      ['/etc', true],
    ])
    expect((await stat(join(other, 'new'))).isDirectory()).toBe(true)
    await rm(other, { recursive: true })
  })
})

interface Inspected {
  Id: string
  State: { StartedAt: string; Pid: number }
  NetworkSettings: { Networks: Record<string, unknown>; Ports: Record<string, unknown[] | null> }
  Mounts: { Source: string; RW: boolean }[]
  HostConfig: { RestartPolicy: { Name: string } }
}

const networksOf = ({ NetworkSettings }: Inspected) => Object.keys(NetworkSettings.Networks)
const writableOf = ({ Mounts }: Inspected) => Mounts.filter(({ RW }) => RW).map(({ Source }) => Source)
const portsOf = ({ NetworkSettings }: Inspected) => Object.values(NetworkSettings.Ports).flatMap((port) => port ?? [])
const stable = ({ Id, State }: Inspected) => [Id, State.StartedAt, State.Pid]
const overlap = (some: string[], others: string[]) => some.filter((one) => others.includes(one))
