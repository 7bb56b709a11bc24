import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { treeTools } from '@angee/archive'
import { backendDescriptor, parseOptions, redact } from '@angee/core'
import { testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import restic from '../src/index.ts'
import { failure } from '../src/program/failure.ts'
import { excludePattern } from '../src/put/exclude.ts'
import { repositoryPlace } from '../src/repository/place.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const parse = (given: Record<string, unknown>) => parseOptions(restic.options, given, 'backup_backend')

describe('the options', () => {
  it('need a repository and nothing else', () => {
    expect(parse({ repository: './backups' })).toEqual({ repository: './backups', program: 'restic' })
  })

  it.each([
    [{}, 'backup_backend.repository: write a restic repository'],
    [{ repository: '' }, 'backup_backend.repository: write a restic repository'],
    [{ repository: '~/backups' }, 'backup_backend.repository: "~" is not expanded'],
    [{ repository: './b', pasword: 'x' }, 'backup_backend: restic knows no "pasword"'],
    [{ repository: './b', password: 'canary-one', password_file: './p' }, 'give one of password, password_file'],
    [{ repository: './b', environment: { 'NOT A NAME': 'x' } }, 'backup_backend.environment'],
  ])('refuse %j', (given, message) => {
    expect(() => parse(given)).toThrow(message)
  })
})

describe('the descriptor', () => {
  it('is registered by the register entry', async () => {
    await import('../src/register.ts')
    expect(backendDescriptor('restic')).toBe(restic)
  })

  it('opens without writing, and without a restic', async () => {
    await using directory = await temporaryDirectory()
    const options = { repository: './backups', password: 'x', program: '/no/such/restic' }
    await using backend = await restic.open({ options, stackRoot: directory.path, trees: treeTools }, testContext())
    expect(backend).toMatchObject({
      type: 'restic',
      location: join(directory.path, 'backups'),
      localDirectory: join(directory.path, 'backups'),
      capabilities: { encrypts: true, incremental: true, remote: false },
    })
    expect(readdirSync(directory.path)).toEqual([])
  })

  it('makes secret what the environment holds, but not regions and the like', async () => {
    const environment = {
      AWS_SECRET_ACCESS_KEY: 'canary-aws-key',
      AWS_DEFAULT_REGION: 'eu-north-7',
      RESTIC_CACHE_DIR: '/cache-dir',
    }
    const options = { repository: 's3:host/bucket', password: 'canary-pass', environment, program: 'restic' }
    await restic.open({ options, stackRoot: '/', trees: treeTools }, testContext())
    expect(redact('canary-aws-key canary-pass eu-north-7 /cache-dir')).toBe(
      '[redacted] [redacted] eu-north-7 /cache-dir',
    )
  })
})

describe('where a repository lies', () => {
  it.each([
    ['./backups', '/srv/backups', '/srv/backups'],
    ['local:/mnt/x', '/mnt/x', '/mnt/x'],
    ['rest:https://host:8000/stack', 'rest:https://host:8000/stack', undefined],
    ['rest:https://me:s3cret-word@host/', 'rest:https://host/', undefined],
    ['s3:https://host/bucket/prefix', 's3:https://host/bucket/prefix', undefined],
    ['sftp:user@host:/srv/restic', 'sftp:user@host:/srv/restic', undefined],
    ['rclone:remote:path', 'rclone:remote:path', undefined],
  ])('%s', (repository, location, directory) => {
    const place = repositoryPlace(repository, '/srv')
    expect([place.location, place.directory]).toEqual([location, directory])
  })

  it('is a path where it only looks like a scheme that restic does not know', () => {
    expect(repositoryPlace('ftp:x', '/srv').url).toBe('local:/srv/ftp:x')
  })

  it('cannot be the stack itself or above it', () => {
    for (const repository of ['.', '..', '/', 'local:/srv'])
      expect(() => repositoryPlace(repository, '/srv')).toThrow('holds the stack itself')
  })

  it('hides the user and password of its URL in what restic says, however short', () => {
    const place = repositoryPlace('rest:http://a:b@host/', '/srv')
    expect(place.hide('dial rest:http://a:b@host/x')).toBe('dial rest:http://host/x')
  })
})

describe('what restic says', () => {
  const place = repositoryPlace('rest:http://host/', '/srv')
  it.each([
    [10, 'repository does not exist', 'REPOSITORY_NOT_FOUND'],
    [11, 'repository is already locked by PID 7 on host', 'LOCKED'],
    [12, 'wrong password or no key found', 'CREDENTIAL_WRONG'],
    [130, 'interrupted', 'INTERRUPTED'],
    [1, 'Fatal: something new', 'BACKEND_FAILED'],
    [2, '', 'BACKEND_FAILED'],
    [99, 'never seen', 'BACKEND_FAILED'],
    [1, 'Fatal: unable to save snapshot: write /x: no space left on device', 'SPACE_INSUFFICIENT'],
    [1, 'Fatal: unable to save snapshot: server response unexpected: 507 (507)', 'SPACE_INSUFFICIENT'],
    [1, 'Fatal: create repository at x failed: mkdir x: read-only file system', 'BACKEND_READ_ONLY'],
    [1, 'Save(<lock/1>) failed: open /x: permission denied', 'BACKEND_READ_ONLY'],
    [1, 'Fatal: unable to open config file: stat /x/config: permission denied', 'BACKEND_UNAVAILABLE'],
    [1, 'Fatal: unable to open config file: unexpected HTTP response (401): 401 Unauthorized', 'CREDENTIAL_WRONG'],
    [1, 'Fatal: Head "http://h/config": dial tcp 1.2.3.4:80: connect: connection refused', 'BACKEND_UNAVAILABLE'],
    [1, 'Fatal: unexpected HTTP response (502): 502 Bad Gateway', 'BACKEND_UNAVAILABLE'],
    [1, 'Fatal: dump: decrypting blob <data/1> from 2 failed: ciphertext verification failed', 'SNAPSHOT_CORRUPT'],
    [1, 'Fatal: ReadFull(<data/1>): unexpected HTTP response (404): 404 Not Found', 'SNAPSHOT_CORRUPT'],
    [1, 'Fatal: ReadFull(<data/1>): unexpected HTTP response (500): 500', 'BACKEND_UNAVAILABLE'],
  ] as const)('with exit code %i, "%s": %s', (exitCode, exitError, code) => {
    const error = failure(
      { command: 'x', exitCode, signal: undefined, sayings: { exitError, errors: [], lines: [] } },
      place,
    )
    expect(error.code).toBe(code)
    expect(error.message).toContain(exitError.replace('Fatal: ', '') || 'exit code 2')
    expect(error.hint).toBeDefined()
  })
})

it('a pattern leaves out one path, whatever its name means to restic', () => {
  expect(excludePattern('/srv/[a]', 'b*/c?')).toBe('/srv/\\[a\\]/b\\*/c\\?')
})
