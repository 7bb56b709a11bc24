import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineSuite } from '@angee/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { angee } from '../../packages/cli/test/support/angee.ts'
import { provisioned } from './place.ts'
import { must, runProgram } from './recipe.ts'

/** How a service is told its data, and asked for it. What the test image runs where the official one knows by itself. */
const services = {
  postgres: {
    command: [],
    write: (word: string) =>
      `psql -qU app -c "DROP TABLE IF EXISTS words; CREATE TABLE words AS SELECT '${word}' AS w"`,
    read: 'psql -qAtU app -c "SELECT w FROM words"',
  },
  mariadb: {
    command: ['mariadbd'],
    write: (word: string) =>
      `MYSQL_PWD="$MARIADB_PASSWORD" mariadb -uapp app -e "CREATE OR REPLACE TABLE words AS SELECT '${word}' AS w"`,
    read: 'MYSQL_PWD="$MARIADB_PASSWORD" mariadb -uapp -N app -e "SELECT w FROM words"',
  },
  redis: { command: [], write: (word: string) => `redis-cli -e SET word ${word}`, read: 'redis-cli -e GET word' },
  ldap: {
    command: ['slapd'],
    write: (word: string) => `umask 077; printf %s "$LDAP_INIT_ROOT_USER_PW" >/tmp/p
      as="-x -D $LDAP_INIT_ROOT_USER_DN -y /tmp/p"
      printf 'dn: dc=example,dc=org\\nobjectClass: dcObject\\nobjectClass: organization\\no: x\\ndc: example\\n' | ldapadd $as || true
      printf 'dn: dc=example,dc=org\\nchangetype: modify\\nreplace: o\\no: ${word}\\n' | ldapmodify $as`,
    read: "slapcat | sed -n 's/^o: //p'",
  },
  rabbitmq: {
    command: ['rabbitmq-server'],
    write: (word: string) => `rabbitmqctl -q set_global_parameter word '"${word}"'`,
    read: 'rabbitmqctl -q list_global_parameters | sed -n \'s/^word\\t"\\(.*\\)"$/\\1/p\'',
  },
}

engineSuite('a stack made of recipes', ['docker', 'recipes-image', 'postgres-image'], () => {
  let root: string
  const inside = (service: string, command: string) =>
    must(runProgram(['docker', 'compose', 'exec', '-T', service, 'sh', '-c', command], undefined, {}, root))
  const eachService = <Result>(
    work: (name: string, one: (typeof services)[keyof typeof services]) => Promise<Result>,
  ) => Promise.all(Object.entries(services).map(([name, one]) => work(name, one)))
  const done = async (...words: string[]) => {
    const finished = await angee(root, ...words)
    expect(finished.exitCode, finished.stderr + finished.stdout).toBe(0)
    return finished.stdout
  }

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'angee-recipes-'))
    await writeFile(join(root, 'angee.yaml'), 'name: recipes\n')
  })
  afterAll(async () => {
    await angee(root, 'stack', 'down', '--volumes')
    await rm(root, { recursive: true, force: true })
  })

  it('comes up as it was added, is snapshotted, restored and drilled', async () => {
    for (const name of Object.keys(services)) await done('recipe', 'add', name === 'ldap' ? 'openldap' : name)
    await useTestImages(join(root, 'angee.yaml'))
    await done('stack', 'up')
    await eachService((name, { write }) => inside(name, write('first')))
    await done('stack', 'backup', '--name', 'kept')
    await eachService((name, { write }) => inside(name, write('second')))
    await done('stack', 'restore', 'kept', '--yes')
    await eachService(async (name, { read }) => expect([name, await inside(name, read)]).toEqual([name, 'first\n']))
    const drilled = JSON.parse(
      (await done('stack', 'backup', 'drill', 'kept', '--json')).trimEnd().split('\n').at(-1) ?? '',
    )
    for (const name of Object.keys(services)) {
      expect(drilled.parts).toContainEqual({ part: `service/${name}`, proof: 'checked' })
    }
  }, 600_000)
})

/** The images that the recipes name cannot be fetched here: the test images take their place. */
async function useTestImages(file: string): Promise<void> {
  const text = await readFile(file, 'utf8')
  const replaced = text.replaceAll(/^( *)image: ([a-z]+)[/:].*$/gm, (_, indent: string, image: string) => {
    const name = image === 'vegardit' ? 'ldap' : image
    const command = services[name as keyof typeof services].command
    const line = `${indent}image: ${provisioned(name === 'postgres' ? 'POSTGRES_IMAGE' : 'RECIPES_IMAGE')}`
    return command.length === 0 ? line : `${line}\n${indent}command: [${command}]`
  })
  await writeFile(file, replaced)
}
