import { join } from 'node:path'
import { requireSame } from './compare.ts'
import type { Demo } from './demo.ts'
import { describeFiles, writeFiles } from './files.ts'
import type { Playground } from './playground.ts'
import { say, title } from './words.ts'

const rowCount = 20_000
const { POSTGRES_IMAGE: image = 'angee-test/postgres:17' } = process.env

const schema = `
CREATE EXTENSION vector;
CREATE TABLE items (id int PRIMARY KEY, name text NOT NULL, embedding vector(8) NOT NULL);
INSERT INTO items SELECT i, 'item ' || i,
  ARRAY(SELECT (random() * 2 - 1 + i * 0)::real FROM generate_series(1, 8))::vector
  FROM generate_series(1, ${rowCount}) i;
CREATE INDEX ON items USING hnsw (embedding vector_l2_ops) WITH (m = 4, ef_construction = 8);`

/** Files, and Postgres with pgvector on Docker Compose. */
export const composeDemo: Demo = {
  title: 'A stack: files, uploads nested in them, and Postgres with pgvector in a container',

  async run(playground) {
    const { directory, copyExample, type, ask, atEnd } = playground
    await requireEngine(playground)
    const data = join(directory, 'data')
    await copyExample('postgres')
    await writeFiles(directory)
    atEnd(() => ask('docker compose down --volumes --timeout 0 2>/dev/null'))
    await type('cat angee.yaml')
    await type('docker compose up --detach --wait')
    await ask(psql(`--quiet --command "${schema}"`))
    const files = await describeFiles(data)
    const rows = await readRows(playground)
    say(`\nIn it: ${files.length} files and directories, ${rows.length} rows with a vector each.`)

    title('A snapshot')
    await type('angee stack backup --name before')
    await type('angee stack backup ls')

    title('A disaster')
    await type('docker compose down --volumes && rm -r data')

    title('The way back')
    await type('angee stack restore before --dry-run')
    await type('angee stack restore before --yes')
    await type('docker compose up --detach --wait')

    requireSame('files', files, await describeFiles(data))
    requireSame('rows', rows, await readRows(playground))
    return `${files.length} files and directories (contents by SHA-256, modes, times, links) and ${rows.length} rows, each vector value by value`
  },
}

async function requireEngine({ ask }: Playground): Promise<void> {
  const provide = 'On Debian, scripts/provision brings it (as root). The demo without --compose needs neither.'
  const has = async (command: string): Promise<boolean> =>
    ask(`${command} >/dev/null 2>&1`).then(
      () => true,
      () => false,
    )
  if (!(await has('docker info'))) throw new Error(`no Docker engine answers here. ${provide}`)
  if (!(await has('docker compose version'))) throw new Error(`Docker is here, its Compose plugin is not. ${provide}`)
  if (!(await has(`docker image inspect ${image}`))) {
    throw new Error(
      `the image ${image} is not here. ${provide} Or name one with Postgres and pgvector: POSTGRES_IMAGE=pgvector/pgvector:pg17`,
    )
  }
}

/** Every row with its vector as text, which Postgres writes so that it reads back as the same value. */
async function readRows({ ask }: Playground): Promise<string[]> {
  const text = await ask(psql('--command "COPY (SELECT * FROM items ORDER BY id) TO STDOUT"'))
  return text.trimEnd().split('\n')
}

function psql(options: string): string {
  return `docker compose exec -T postgres psql --username=app --dbname=app --set=ON_ERROR_STOP=1 ${options} </dev/null`
}
