import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { provisionedFact } from '@angee/testkit'
import { baseImage, postgresImage } from './compiled-stack.ts'

/** A workspace template and the stack template it chains, below the `.templates` of a stack. */
export async function experimentTemplates(root: string): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, '.templates', path)), { recursive: true })
    await writeFile(join(root, '.templates', path), content)
  }
}

const account = provisionedFact('POSTGRES_ACCOUNT') ?? 'postgres'
/** Postgres refuses to run as root. */
const asAccount = `setpriv --reuid=${account} --regid=${account} --clear-groups`

const files = {
  'workspaces/experiment/copier.yml': `
_subdirectory: template
_angee:
  kind: workspace
  name: experiment
  chain_root: stack
  chain:
    - template: stacks/app
      root: stack
      inputs: { project_name: "\${name}", db: "\${inputs.db}", port: "\${alloc.web}", seed: "\${inputs.seed}" }
  ensure: { operator.port_pool.web: { range: "18300-18399" } }
db: { type: str, default: none, choices: [none, postgres] }
seed: { type: str, default: "true", help: a command that masks }
`,
  'workspaces/experiment/template/README.md.jinja': '# {{ workspace_name }}, port {{ alloc_web }}\n',
  'stacks/app/copier.yml': `
_subdirectory: template
_angee: { kind: stack, name: app }
project_name: { type: str, default: app }
db: { type: str, default: none }
port: { type: int, default: 18399 }
seed: { type: str, default: "true" }
`,
  'stacks/app/template/angee.yaml.jinja': `# The stack of {{ project_name }}
name: {{ project_name }}
persist:
  files: { subpath: ./data }
{%- if db == "postgres" %}
  pgdata: { subpath: ./data/pgdata }
secrets:
  db-password: { generated: true }
{%- endif %}
services:
  web:
    image: ${baseImage}
    command: [sleep, infinity]
    mounts: ["persist://files:/files:ro"]
    ports: ["127.0.0.1:{{ port }}:8000"]
    engine: { init: true, stop_grace_period: 0s }
{%- if db == "postgres" %}
    depends_on: [migrate]
  postgres:
    image: ${postgresImage}
    env: { POSTGRES_USER: app, POSTGRES_DB: app, POSTGRES_PASSWORD: "\${secret.db-password}" }
    mounts: ["persist://pgdata:/var/lib/postgresql/data"]
    ready: { cmd: [pg_isready, -q, -h, 127.0.0.1, -U, app, -d, app], interval: 1s, retries: 60 }
    backup:
      dump: pg_dump --format=custom --compress=0 --username=app app
      restore: [pg_restore, --clean, --if-exists, --single-transaction, --exit-on-error, --username=app, --dbname=app]
      covers: [pgdata]
      seed: {{ seed | tojson }}
jobs:
  # The code of this experiment is ahead of the data: it has a column that the snapshot lacks.
  migrate:
    image: ${postgresImage}
    engine: { entrypoint: [] }
    env: { PGPASSWORD: "\${secret.db-password}", PGHOST: "\${service.postgres.host}", PGUSER: app, PGDATABASE: app }
    command: exec psql -v ON_ERROR_STOP=1 -qc "alter table items add column if not exists checked boolean not null default false"
    depends_on: [postgres]
{%- endif %}
`,
  'workspaces/local/copier.yml': `
_subdirectory: template
_angee: { kind: workspace, name: local, chain_root: stack, chain: [{ template: stacks/local, root: stack }] }
`,
  'workspaces/local/template/README.md': 'The same on processes of this machine.\n',
  'stacks/local/copier.yml': '_subdirectory: template\n_angee: { kind: stack, name: local }\n',
  'stacks/local/template/angee.yaml': `name: local
persist:
  files: { subpath: ./data }
  pgdata: { subpath: ./data/pgdata }
sources: { root: { path: . } }
services:
  postgres:
    runtime: local
    command: exec ${asAccount} postgres -D ./data/pgdata -k "$PGHOST" -c listen_addresses= -c fsync=off
    env: { PGHOST: "\${source.root.path}/data/pgdata", PGUSER: app, PGDATABASE: app }
    depends_on: [cluster]
    ready: { cmd: pg_isready -q, interval: 1s, retries: 60 }
    backup:
      dump: pg_dump --format=custom --compress=0
      restore: pg_restore --clean --if-exists --single-transaction --exit-on-error --dbname=app
      covers: [pgdata]
  web:
    runtime: local
    command: exec sleep 100000
    depends_on: [migrate]
jobs:
  cluster:
    runtime: local
    command: |
      [ ! -e data/pgdata/PG_VERSION ] || exit 0
      chown ${account} data/pgdata
      ${asAccount} initdb --no-sync -D data/pgdata -U app --auth=trust --encoding=UTF8 --locale=C.UTF-8 >/dev/null
      echo 'create database app' | ${asAccount} postgres --single -D data/pgdata postgres >/dev/null
  migrate:
    runtime: local
    env: { PGHOST: "\${source.root.path}/data/pgdata", PGUSER: app, PGDATABASE: app }
    command: exec psql -v ON_ERROR_STOP=1 -qc "alter table items add column if not exists checked boolean not null default false"
    depends_on: [postgres]
`,
}
