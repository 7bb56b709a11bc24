import { describe, expect, it } from 'vitest'
import { mainContainer, parseContainers, serviceStatus } from '../src/lifecycle/containers.ts'

/** As Compose 2.26.1 prints it: one object on each line. */
const lines = `{"Command":"\\"sleep infinity\\"","ExitCode":0,"Health":"","ID":"f7825cdb1479","Image":"base","Labels":"com.docker.compose.oneoff=False,com.docker.compose.container-number=1,com.docker.compose.service=app","Name":"p-app-1","Project":"p","Publishers":null,"Service":"app","State":"running","Status":"Up 47 seconds"}
{"Command":"\\"sh -c 'exit 3'\\"","ExitCode":3,"Health":"unhealthy","ID":"0123456789ab","Labels":"com.docker.compose.oneoff=False,com.docker.compose.container-number=2","Name":"p-db-2","Service":"db","State":"exited","Status":"Exited (3)"}
{"ExitCode":0,"Health":"","ID":"aaaaaaaaaaaa","Labels":"com.docker.compose.oneoff=True,com.docker.compose.container-number=1","Name":"p-app-run-1","Service":"app","State":"running"}
`

/** As versions before 2.21 print it: one array, without labels. */
const array = `[{"ID":"f7825cdb1479","Name":"p-app-1","Command":"sleep","Project":"p","Service":"app","State":"running","Health":"healthy","ExitCode":0,"Publishers":null}]`

const unlabelled = { configHash: '', hasDependencies: false }

describe('parseContainers', () => {
  it('reads an object on each line and leaves out what docker compose run made', () => {
    expect(parseContainers(lines)).toEqual([
      { id: 'f7825cdb1479', service: 'app', number: 1, state: 'running', health: 'none', exitCode: 0, ...unlabelled },
      {
        id: '0123456789ab',
        service: 'db',
        number: 2,
        state: 'exited',
        health: 'unhealthy',
        exitCode: 3,
        ...unlabelled,
      },
    ])
  })

  it('reads an array', () => {
    expect(parseContainers(array)).toEqual([
      {
        id: 'f7825cdb1479',
        service: 'app',
        number: 1,
        state: 'running',
        health: 'healthy',
        exitCode: 0,
        ...unlabelled,
      },
    ])
  })

  it('reads nothing as no container', () => {
    expect(parseContainers('')).toEqual([])
    expect(parseContainers('[]\n')).toEqual([])
  })

  it.each(['not json', '{"ID": 3}', '{"ID":"a","Service":"b","State":"dreaming"}'])('refuses %s', (text) => {
    expect(() => parseContainers(text)).toThrow(expect.objectContaining({ code: 'RUNTIME_FAILED' }))
  })
})

describe('the status of a service', () => {
  const container = {
    id: 'a',
    service: 'app',
    number: 1,
    state: 'running',
    health: 'none',
    exitCode: 0,
    ...unlabelled,
  } as const

  it('is that of the first container that runs, else of the first', () => {
    const second = { ...container, number: 2 }
    const first = { ...container, state: 'exited' } as const
    expect(mainContainer([second, first], 'app')).toBe(second)
    expect(mainContainer([{ ...second, state: 'paused' }, first], 'app')).toBe(first)
    expect(mainContainer([second], 'other')).toBe(undefined)
  })

  it.each([
    ['running', 'running', true],
    ['paused', 'paused', false],
    ['restarting', 'running', false],
    ['exited', 'stopped', false],
    ['created', 'stopped', false],
    ['removing', 'stopped', false],
    ['dead', 'stopped', false],
  ] as const)('%s is %s', (state, expected, canExec) => {
    expect(serviceStatus('app', { ...container, state })).toMatchObject({ state: expected, canExec, canStart: true })
  })

  it('is absent without a container', () => {
    expect(serviceStatus('app', undefined)).toMatchObject({ state: 'absent', health: 'none', canExec: false })
  })
})
