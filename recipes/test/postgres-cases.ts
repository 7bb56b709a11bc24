import { afterAll, beforeAll, expect, it } from 'vitest'
import type { PostgresPlace } from './postgres-place.ts'
import { must, type Outcome, recipeHook } from './recipe.ts'

const schema = `
  CREATE EXTENSION vector;
  CREATE SCHEMA billing;
  CREATE TYPE mood AS ENUM ('well', 'ill');
  CREATE TABLE people (id bigserial PRIMARY KEY, name text NOT NULL, mood mood DEFAULT 'well', place vector(3));
  CREATE TABLE billing.accounts (id int PRIMARY KEY, owner bigint REFERENCES people, balance int NOT NULL);
  CREATE VIEW rich AS SELECT p.name FROM people p JOIN billing.accounts a ON a.owner = p.id WHERE a.balance > 100;
  CREATE INDEX ON people USING hnsw (place vector_l2_ops);
  CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := upper(NEW.name); RETURN NEW; END $$;
  CREATE TRIGGER shouting BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION shout();
  INSERT INTO people (name, place) SELECT 'name ' || i, ARRAY[i, random(), -i]::vector FROM generate_series(1, 5000) i;
  INSERT INTO billing.accounts SELECT i, i, 100 FROM generate_series(1, 1000) i;
  CREATE PUBLICATION everything FOR TABLE people;
  SELECT lo_from_bytea(0, 'a large object');
  GRANT SELECT ON people TO reader;
  COMMENT ON TABLE people IS 'who is there';`

/** What a migration that went wrong may leave: things added, changed, dropped, and in the way of dropping the rest. */
const drift = `
  CREATE SCHEMA later;
  CREATE TABLE later.visits (person bigint REFERENCES people, at timestamptz);
  CREATE VIEW later.copied AS SELECT * FROM people;
  CREATE EXTENSION pg_trgm;
  CREATE PUBLICATION later FOR ALL TABLES;
  ALTER TABLE people ADD COLUMN extra jsonb;
  DROP VIEW rich;
  DROP TABLE billing.accounts;
  ALTER TYPE mood ADD VALUE 'merry';
  SELECT lo_from_bytea(0, 'another large object');
  GRANT CREATE ON SCHEMA public TO PUBLIC;
  DELETE FROM people WHERE id % 2 = 0;`

/** The same promises in a container and on the host. */
export function postgresCases(recipe: string, open: () => Promise<PostgresPlace>): void {
  const hook = recipeHook(recipe, 'postgres')
  let place: PostgresPlace

  const dump = (more?: Record<string, string>): Promise<Outcome> => place.shell(String(hook.dump), undefined, more)
  const restore = (input: Buffer, more?: Record<string, string>): Promise<Outcome> =>
    place.shell(String(hook.restore), input, more)
  const check = (more?: Record<string, string>): Promise<Outcome> => place.shell(String(hook.check), undefined, more)
  const sql = (text: string, database = 'app') =>
    must(place.shell(`psql -X -v ON_ERROR_STOP=1 -qAt -U app -d ${database} -f -`, Buffer.from(text)))
  /** Everything the database holds, as text that is the same for the same contents. */
  const contents = (database = 'app') =>
    must(place.shell(`pg_dump -U app -d ${database} --restrict-key=test --no-subscriptions | sha256sum`))

  async function freshDatabase(): Promise<void> {
    await sql('DROP DATABASE IF EXISTS app WITH (FORCE); DROP DATABASE IF EXISTS empty', 'postgres')
    await sql('DROP ROLE IF EXISTS reader; CREATE ROLE reader; CREATE DATABASE app', 'postgres')
    await sql(schema)
  }

  beforeAll(async () => {
    place = await open()
  })
  afterAll(() => place[Symbol.asyncDispose]())

  it('dumps one state while others write', async () => {
    await freshDatabase()
    const transfers = Array.from({ length: 3000 }, (_, i) => {
      const [from, to] = [(i % 1000) + 1, ((i * 7) % 1000) + 1]
      return `BEGIN; UPDATE billing.accounts SET balance = balance - 1 WHERE id = ${from};
          UPDATE billing.accounts SET balance = balance + 1 WHERE id = ${to}; COMMIT;`
    })
    const writing = sql(transfers.join('\n'))
    while (Number(await sql('SELECT count(*) FROM billing.accounts WHERE balance <> 100')) === 0);
    const { code, stdout, stderr } = await dump()
    await writing
    expect([code, stderr]).toEqual([0, ''])
    expect(await restore(stdout)).toMatchObject({ code: 0 })
    expect(await sql('SELECT sum(balance), count(*) FROM billing.accounts')).toBe('100000|1000\n')
    const first = await contents()
    expect((await restore(stdout)).code).toBe(0)
    expect(await contents()).toBe(first)
  })

  it('restores the same contents into a database that has drifted', async () => {
    await freshDatabase()
    const original = await contents()
    const { stdout } = await dump()
    await sql(drift)
    expect(await contents()).not.toBe(original)
    expect(await restore(stdout)).toMatchObject({ code: 0 })
    expect(await contents()).toBe(original)
    expect(await sql("SELECT name FROM rich; SELECT nextval('people_id_seq')")).toBe('5001\n')
  })

  it('restores the same contents into an empty database', async () => {
    await freshDatabase()
    const { stdout } = await dump()
    await sql('DROP DATABASE IF EXISTS empty; CREATE DATABASE empty', 'postgres')
    expect((await check({ PGDATABASE: 'empty' })).code).not.toBe(0)
    expect(await restore(stdout, { PGDATABASE: 'empty' })).toMatchObject({ code: 0 })
    expect(await contents('empty')).toBe(await contents())
    expect(await check({ PGDATABASE: 'empty' })).toMatchObject({ code: 0, stdout: Buffer.alloc(0) })
  })

  it('refuses a dump that is empty, cut, damaged or none, and leaves the old data', async () => {
    await freshDatabase()
    const { stdout } = await dump()
    const original = await contents()
    const damaged = Buffer.from(stdout)
    damaged.fill(0, Math.floor(stdout.length / 2), Math.floor(stdout.length / 2) + 4096)
    const cuts = [0, 3, 1000, Math.floor(stdout.length / 2), stdout.length - 1].map((end) => stdout.subarray(0, end))
    for (const bad of [...cuts, damaged, Buffer.from('no dump at all'.repeat(1000))]) {
      const { code, stderr } = await restore(bad)
      expect(code, `${bad.length} bytes: ${stderr}`).not.toBe(0)
      expect(stderr).not.toBe('')
      expect(await contents()).toBe(original)
    }
  })

  it('leaves the old data when the dump asks for a role that is not there', async () => {
    await freshDatabase()
    const { stdout } = await dump()
    await sql('REVOKE ALL ON people FROM reader; DROP ROLE reader; UPDATE people SET name = name || id')
    const original = await contents()
    const { code, stderr } = await restore(stdout)
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/role "reader" does not exist/)
    expect(await contents()).toBe(original)
  })

  it('fails to dump and to restore what is not there', async () => {
    const missing = await dump({ PGDATABASE: 'nowhere' })
    expect(missing.code).not.toBe(0)
    expect(missing.stderr).toMatch(/"nowhere" does not exist/)
    expect(missing.stdout.length).toBe(0)
    expect((await restore(Buffer.from('x'), { PGDATABASE: 'nowhere' })).code).not.toBe(0)
    await place.stop().catch(() => undefined)
    expect((await dump()).code).not.toBe(0)
    expect((await restore(Buffer.from('x'))).code).not.toBe(0)
  })
}
