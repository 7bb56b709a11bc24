import type { Workload } from '@angee/core'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { compile } from '../src/definition/compile.ts'
import { job, service, stack } from './definition.ts'

const probe = { interval: 2_000, timeout: 1_500, retries: 3, startPeriod: 10_000 }

/** The service as it comes out of the compiled file. */
function compiled(one: Workload, ...others: Workload[]) {
  return parse(compile(stack([one, ...others]), 'p')).services[one.name]
}

describe('the compiled file', () => {
  it('says what a definition says, in the words of Compose', () => {
    const all = stack(
      [
        service('db', {
          command: ['postgres', '-c', 'log=$x'],
          env: { PASSWORD: [{ secret: 'db-password' }], URL: ['pg://u:', { secret: 'db-password' }, '@db/$name'] },
          mounts: [
            { type: 'bind', source: '/srv/shop/da$ta', target: '/data', readOnly: false },
            { type: 'volume', source: 'cache', target: '/cache', readOnly: true },
          ],
          ports: [{ address: '127.0.0.1', host: 8080, container: 80, protocol: 'tcp' }],
          workdir: '/work',
          user: '1000:1000',
          restart: 'unless-stopped',
          ready: { ...probe, cmd: 'pg_isready -U "$USER"' },
        }),
        service('web', {
          command: 'exec serve --port "$PORT"',
          ports: [{ container: 53, protocol: 'udp' }],
          dependsOn: [
            { name: 'db', condition: 'healthy' },
            { name: 'migrate', condition: 'completed' },
            { name: 'worker', condition: 'started' },
          ],
          engine: { init: true, volumes: ['/x:/y'], environment: { MORE: 'words ${OF_THE_PERSON}' } },
        }),
        service('worker', { runtime: 'local' }),
        job('migrate', { dependsOn: [{ name: 'db', condition: 'healthy' }], restart: 'always' }),
      ],
      { volumes: { cache: { driver: 'local' }, spare: {} } },
    )
    expect(compile(all, all.project)).toMatchInlineSnapshot(`
      "# written by angee from angee.yaml; edit that, this file is overwritten
      # Secrets are not in here: angee hands them to the engine when it brings services up. A call of docker compose by hand
      # finds them where they are in .env; else give it the file that has them: docker compose --env-file FILE ps
      name: "shop-12345678"
      services:
        db:
          image: "base"
          command:
            - "postgres"
            - "-c"
            - "log=$$x"
          environment:
            PASSWORD: "\${DB_PASSWORD?is a secret, see the top of this file}"
            URL: "pg://u:\${DB_PASSWORD?is a secret, see the top of this file}@db/$$name"
          ports:
            - target: 80
              published: "8080"
              host_ip: "127.0.0.1"
              protocol: "tcp"
          volumes:
            - type: "bind"
              source: "/srv/shop/da$$ta"
              target: "/data"
              bind:
                create_host_path: false
            - type: "volume"
              source: "cache"
              target: "/cache"
              read_only: true
          working_dir: "/work"
          user: "1000:1000"
          restart: "unless-stopped"
          healthcheck:
            test:
              - "CMD"
              - "/bin/sh"
              - "-c"
              - "pg_isready -U \\"$$USER\\""
            interval: "2000ms"
            timeout: "1500ms"
            retries: 3
            start_period: "10000ms"
        web:
          image: "base"
          command:
            - "/bin/sh"
            - "-c"
            - "exec serve --port \\"$$PORT\\""
          ports:
            - target: 53
              protocol: "udp"
          depends_on:
            db:
              condition: "service_healthy"
            migrate:
              condition: "service_completed_successfully"
              required: false
          init: true
          volumes:
            - "/x:/y"
          environment:
            MORE: "words \${OF_THE_PERSON}"
        migrate:
          profiles:
            - "jobs"
          image: "base"
          depends_on:
            db:
              condition: "service_healthy"
      volumes:
        cache:
          driver: "local"
        spare: {}
      x-angee:
        jobs:
          - "migrate"
        secrets:
          - "DB_PASSWORD"
      "
    `)
  })

  it('is the same for the same definition', () => {
    const all = [service('b'), service('a'), job('c')]
    expect(compile(stack(all), 'p')).toBe(compile(stack(structuredClone(all)), 'p'))
  })

  it('quotes whatever a reader of YAML could take for something else than text', () => {
    const odd = [
      '0777',
      '1_000',
      '2020-01-01',
      'yes',
      'null',
      '~',
      '1e3',
      '0x1F',
      '12:30:00',
      '',
      ' x ',
      'a: b',
      '\u0007é😀',
    ]
    const env = Object.fromEntries(odd.map((value, index) => [`ODD_${index}`, [value]]))
    const text = compile(stack([service('a', { env: { ...env, '1_0': ['x'], yes: ['y'] } })]), 'p')
    const values = parse(text, { version: '1.1' }).services.a.environment
    expect(odd.map((_, index) => values[`ODD_${index}`])).toEqual(odd)
    for (const line of text.split('\n').filter((one) => one.includes('ODD_')))
      expect(line).toMatch(/^ {6}ODD_\d+: ".*"$/)
    expect(text).toContain('"1_0": "x"')
  })

  it('holds no value of a secret', () => {
    const env = { PASSWORD: ['x', { secret: 'db-password' }] }
    const text = compile(stack([service('a', { env }), job('b', { env })]), 'p')
    expect(text).not.toContain('ecret\\nvalue')
    expect(text).toContain('"x${DB_PASSWORD?')
  })

  it('gives a secret another variable where the client would obey its own', () => {
    const secrets = new Map([['docker-host', { variable: 'DOCKER_HOST', value: 'x' }]])
    const text = compile(stack([service('a', { env: { X: [{ secret: 'docker-host' }] } })], { secrets }), 'p')
    expect(text).toContain('${ANGEE_SECRET_DOCKER_HOST?')
  })

  it('merges the engine’s own keys over the rest: blocks key by key, anything else as a whole', () => {
    const one = service('a', {
      env: { A: ['1'], B: ['2'] },
      command: ['x'],
      ports: [{ container: 1, protocol: 'tcp' }],
      engine: { environment: { B: '3', C: '${C}' }, ports: ['90:90'], command: null, labels: { l: 'x' } },
    })
    expect(compiled(one)).toEqual({
      image: 'base',
      environment: { A: '1', B: '3', C: '${C}' },
      ports: ['90:90'],
      command: null,
      labels: { l: 'x' },
    })
  })

  it('leaves out a job that runs nothing in a container, and what depends on it waits for others', () => {
    const restore = job('restore')
    const { image: _, ...without } = restore
    const web = service('web', { dependsOn: [{ name: 'restore', condition: 'completed' }] })
    const text = compile(stack([web, without as Workload]), 'p')
    expect(Object.keys(parse(text).services)).toEqual(['web'])
    expect(parse(text).services.web.depends_on).toBe(undefined)
  })

  it('does not demand what a profile leaves out', () => {
    const web = service('web', { dependsOn: [{ name: 'mail', condition: 'started' }] })
    const mail = service('mail', { engine: { profiles: ['dev'] } })
    expect(compiled(web, mail).depends_on).toEqual({ mail: { condition: 'service_started', required: false } })
  })

  it('refuses a service that has neither image nor build', () => {
    const { image: _, ...without } = service('web')
    expect(() => compile(stack([without as Workload]), 'p')).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID', message: expect.stringContaining('services.web') }),
    )
    expect(compiled({ ...without, engine: { image: 'x' } } as Workload)).toEqual({ image: 'x' })
    expect(compiled({ ...without, build: { context: '/srv' } } as Workload)).toEqual({ build: { context: '/srv' } })
  })

  it('refuses a secret that the stack does not have', () => {
    expect(() => compile(stack([service('web', { env: { X: [{ secret: 'no' }] } })]), 'p')).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID', message: expect.stringContaining('services.web.env.X') }),
    )
  })
})
