import { join } from 'node:path'
import { testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createWorkspace } from '../src/index.ts'
import { failure, readTree } from './support/render.ts'
import { collection, parentStack } from './support/stack.ts'

const template = join(collection, 'workspaces/experiment')

async function create(inputs: Record<string, unknown>) {
  const host = parentStack()
  const made = await createWorkspace(host, { template, from: host.root, inputs }, testContext())
  const files = readTree(made.path)
  return { made, files, manifest: parse(files['stack/angee.yaml'] ?? '') }
}

describe('a collection with shared includes, a chain, ports and names that are expressions', () => {
  it('renders with what it says itself', async () => {
    const { made, files, manifest } = await create({ topic: 'Faster search!' })
    expect(made).toMatchObject({ name: 'faster-search', stackRoot: join(made.path, 'stack'), notes: [] })
    expect(made.message).toBe(
      `faster-search will listen on port ${made.leases['web']}. Bring it up:\n  angee stack up --root ${made.path}/stack`,
    )
    expect(Object.keys(files)).toEqual([
      '.copier-answers.yml',
      'README.md',
      'stack/.gitignore',
      'stack/angee.yaml',
      'stack/site/index.html',
    ])
    expect(files['stack/site/index.html']).toContain('<title>Faster search!</title>')
    expect(files['README.md']).toBe(
      '# Faster search!\n\nThe application keeps its data in files.\n\nWhat you find out goes into `stack/notes`.\n',
    )
    expect(manifest).toEqual({
      version: 1,
      kind: 'stack',
      name: 'faster-search',
      persist: {
        'app-data': { subpath: './data', scope: 'stack' },
        notes: { subpath: './notes', scope: 'workspace' },
      },
      services: {
        web: {
          runtime: 'container',
          image: 'busybox:stable',
          mounts: ['bind://./data:/data', 'bind://./site:/site'],
          command: ['sh', '-c', 'exec httpd -f -p 8000 -h /site'],
          env: { DATA_URL: 'file:///data' },
          ports: [`${made.leases['web']}:8000`],
        },
      },
    })
    expect(files['stack/angee.yaml']).toContain('# Snapshots hold what stands under persist and what hooks dump.\n')
  })

  it('renders with inputs that change what is there', async () => {
    const { made, files, manifest } = await create({ topic: 'Indexes', db: 'postgres', with_worker: 'yes' })
    expect(files['stack/worker/queues.txt']).toBe('default\n')
    expect(files['stack/.gitignore']).toBe('data/\nrun/\n.env\npgdata/\n')
    expect(parse(files['.copier-answers.yml'] ?? '')).toEqual({
      _src_path: template,
      topic: 'Indexes',
      db: 'postgres',
      with_worker: true,
    })
    expect(Object.keys(manifest.services)).toEqual(['web', 'db', 'worker-default'])
    expect(manifest.services.db.ports).toEqual([`127.0.0.1:${made.leases['db']}:5432`])
    expect(manifest.services.web.env.DATA_URL).toBe('postgres://app:${secret.db-password}@db/indexes')
    expect(manifest.jobs.migrate).toMatchObject({ depends_on: ['db'], command: ['sh', '-c', 'exec migrate'] })
  })

  it('gets the job that restores a snapshot, and what waits for it', async () => {
    const host = parentStack()
    const request = { template, from: host.root, inputs: { topic: 'x', db: 'postgres' } }
    const restore = { snapshot: '01M8338BDMC6MX86SDJEFZGCQY' }
    const made = await createWorkspace(host, { ...request, restore }, testContext())
    expect(made.restore).toEqual({ job: 'restore', ...restore })
    const { jobs } = parse(readTree(made.path)['stack/angee.yaml'] ?? '')
    expect(jobs.restore).toEqual({ restore: { ...restore, stack: '../../..' }, depends_on: ['db'] })
    expect(jobs.migrate.depends_on).toEqual(['restore', 'db'])
  })

  it('says what a chained template does not accept, and leaves nothing', async () => {
    const host = parentStack()
    const request = { template: join(collection, 'stacks/app'), from: host.root, name: 'it' }
    const wrong = { project_name: 'No', db: 'postgres', runtime_mode: 'process', web_port: '80' }
    expect(await failure(createWorkspace(host, { ...request, inputs: wrong }, testContext()))).toMatchObject({
      code: 'INPUT_INVALID',
      message: [
        'stacks/app:',
        '  input "project_name": Use lower-case letters, digits and dashes.',
        '  input "db": The database runs in a container: choose runtime_mode docker.',
        '  input "web_port": Ports below 1024 need root.',
      ].join('\n'),
    })
    expect(Object.keys(readTree(host.root))).not.toContain(expect.stringContaining('workspaces/'))
  })
})
